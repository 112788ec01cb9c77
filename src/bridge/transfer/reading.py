"""Paths → the objects of the old API in them, whatever holds them (docs/import.md).

    a folder            => every .json, .jsonl and .ndjson file in it, however deep, in the order of their names
    files/<id>[.<any>]  => the bytes of the file with this id; so is the one file in a folder files/<id>/
    a JSON file         => read whole: an object, a page of a list, an array, a thread of an export
    an NDJSON file      => line by line, each as a JSON file

An object says what it is (`object`); where it does not, the key that it lies under does. So it is with the thread and
the run that it belongs to.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson
from attrs import evolve, frozen

from bridge import ids
from bridge.errors import ConfigurationError
from bridge.records import Object
from bridge.transfer.losses import Loss
from bridge.transfer.staging import Staged, Staging

KINDS: Final[dict[str, ids.Kind]] = {
    "assistant": "assistant",
    "thread": "thread",
    "thread.message": "message",
    "thread.run": "run",
    "thread.run.step": "step",
    "file": "file",
}
"""What objects call themselves => what we call them."""

HOLDERS: Final[dict[str, ids.Kind | None]] = {
    "assistant": "assistant",
    "assistants": "assistant",
    "thread": "thread",
    "threads": "thread",
    "message": "message",
    "messages": "message",
    "run": "run",
    "runs": "run",
    "steps": "step",
    "files": "file",
    "data": None,
}
"""Keys below which objects lie, in values that are none themselves, and what those are that do not say so."""

INSIDE: Final = {"thread": ("messages", "runs"), "run": ("steps",)}
"""What exporters put into an object that is an object of its own."""

NOTES: Final = frozenset({"export_schema", "exported_at", "errors", "error"})
"""Keys of what an exporter says of its work."""

ENVELOPES: Final = ("list", "assistants-export")
SUFFIXES: Final = (".json", ".jsonl", ".ndjson")
FILE_ID: Final = re.compile(r"(?:file|assistant)[-_][A-Za-z0-9_-]+")
DEEPEST: Final = 12
"""Values within values; no export is half as deep."""


@frozen
class _Around:
    """What an object knows of itself by where it lies."""

    kind: ids.Kind | None = None
    thread_id: str | None = None
    run_id: str | None = None
    is_newest_first: bool = False
    depth: int = 0


def read(path: Path, staging: Staging) -> None:
    """Raises ConfigurationError where there is nothing at the path. What cannot be read is a loss."""
    if not path.exists():
        raise ConfigurationError(f"there is no file or folder {path}")
    reader = Reader(staging)
    for each in _files(path) if path.is_dir() else [path]:
        reader.file(each, is_named=each == path)


def _files(folder: Path) -> Iterator[Path]:
    for each in sorted(folder.iterdir()):
        if each.name.startswith("."):
            continue
        if each.is_dir():
            yield from _files(each)
        else:
            yield each


class Reader:
    """Lays out what it is given."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._count = itertools.count(1)
        self._missing: set[str] = set()

    def file(self, path: Path, is_named: bool) -> None:
        """`is_named`: somebody named this very file, so that it is read whatever its name ends with."""
        id = _bytes_of(path)
        if id is not None and not self._is_metadata(path, id):
            self._staging.put_bytes(id, str(path))
        elif path.suffix in (".jsonl", ".ndjson"):
            self._lines(path)
        elif path.suffix in SUFFIXES or is_named:
            self._whole(path)

    def _is_metadata(self, path: Path, id: str) -> bool:
        """A file of JSON beside the bytes that says that it is what the API answered of them."""
        if path.suffix != ".json" or path.stat().st_size > 10_000:
            return False
        try:
            value = orjson.loads(path.read_bytes())
        except ValueError:
            return False
        return isinstance(value, dict) and value.get("object") == "file" and value.get("id") == id

    def _whole(self, path: Path) -> None:
        try:
            data = path.read_bytes()
            value = _json(data)
        except ValueError as error:
            if b"\n" in data.strip():
                return self._lines(path)
            return self._lose("unreadable", str(path), str(error))
        except OSError as error:
            return self._lose("unreadable", str(path), error.strerror or str(error))
        self._value(value, _Around(), str(path))

    def _lines(self, path: Path) -> None:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                place = f"{path}, line {number}"
                try:
                    value = _json(line)
                except ValueError as error:
                    self._lose("unreadable", place, str(error))
                else:
                    self._value(value, _Around(), place)

    # --- values

    def take(self, value: Object, place: str) -> None:
        """An object that says what it is."""
        self._value(value, _Around(), place)

    def _value(self, value: Any, around: _Around, place: str) -> None:
        if around.depth > DEEPEST:
            self._lose("unreadable", place, "nested too deeply")
        elif isinstance(value, list):
            inner = evolve(around, is_newest_first=_is_newest_first(value, around), depth=around.depth + 1)
            for each in value:
                self._value(each, inner, place)
        elif isinstance(value, dict):
            self._object(value, around, place)
        elif around.depth:
            self._lose("unreadable", place, f"{value!r} is no object")

    def _object(self, value: Object, around: _Around, place: str) -> None:
        said = value.get("object")
        if said in KINDS:
            self._take(KINDS[said], value, around, place)
        elif said is None and around.kind is not None and "id" in value:
            self._take(around.kind, value, around, place)
        elif isinstance(said, str) and said not in ENVELOPES:
            self._staging.lose(Loss("unknown_object", said, str(value.get("id") or place)))
        else:
            self._envelope(value, around, place)

    def _envelope(self, value: Object, around: _Around, place: str) -> None:
        """What holds objects: a page, a thread of an export, a manifest."""
        for error in [*_listed(value, "errors"), *_listed(value, "threads_failed")]:
            self._export_error(error, value.get("thread_id"))
        inner = evolve(around, depth=around.depth + 1, thread_id=_id_of_thread(value) or around.thread_id)
        if not value.keys() & HOLDERS.keys() and not value.keys() & NOTES:
            self._staging.lose(Loss("unknown_object", "value", place, "its keys: " + ", ".join(list(value)[:6])))
        for name, kind in HOLDERS.items():
            held = value.get(name)
            if name == "files" and isinstance(held, dict):
                held = [each for each in held.values() if isinstance(each, dict)]
            if isinstance(held, (list, dict)):
                newest_first = value.get("object") == "list"
                self._value(held, evolve(inner, kind=kind or around.kind, is_newest_first=newest_first), place)

    def _export_error(self, error: Any, thread_id: Any) -> None:
        """What an exporter noted that it could not get."""
        told = error if isinstance(error, dict) else {"id": error}
        kind, id = str(told.get("object") or "thread"), str(told.get("id") or told.get("thread_id") or thread_id)
        if f"{kind} {id}" in self._missing:
            return  # the manifest says it again
        self._missing.add(f"{kind} {id}")
        reason = "no_bytes" if kind == "file" else "export_error"
        detail = ", ".join(str(each) for name, each in told.items() if name not in ("object", "id"))
        self._staging.lose(Loss(reason, kind, id, detail, thread_id))

    def _take(self, kind: ids.Kind, value: Object, around: _Around, place: str) -> None:
        known = _completed(kind, value, around)
        at, id = known.get("created_at"), known.get("id")
        if not isinstance(id, str) or not isinstance(at, (int, float)) or isinstance(at, bool) or not 0 <= at < 2**53:
            return self._lose("invalid", str(id or place), "it has no id, or no created_at", kind)
        if kind != "file" and not ids.has_prefix(kind, id):
            return self._lose("invalid", id, f"its id does not begin with {ids.PREFIXES[kind]}_", kind)
        thread_id = known.get("id" if kind == "thread" else "thread_id")
        if kind not in ("assistant", "file") and not isinstance(thread_id, str):
            return self._lose("no_thread", id, place, kind)
        if thread_id and not ids.has_prefix("thread", thread_id):
            return self._lose("invalid", id, f"its thread_id does not begin with {ids.PREFIXES['thread']}_", kind)
        number = next(self._count)
        staged = Staged(kind, id, int(at), -number if around.is_newest_first else number, known, str(thread_id or ""))
        self._staging.put(evolve(staged, run_id=_text(known, "run_id"), message_id=_message_of(known)))
        inner = _Around("step", str(thread_id), id, depth=around.depth + 1)
        for name in INSIDE.get(kind, ()):
            self._value(value.get(name) or [], evolve(inner, kind=HOLDERS[name]), place)

    def _lose(self, reason: str, id: str, detail: str, kind: str = "file") -> None:
        self._staging.lose(Loss(reason, kind, id, detail))


# --- pieces


def _json(data: bytes) -> Any:
    """Raises ValueError. Windows writes UTF-16 with its mark. Half of a surrogate pair becomes a question mark: no
    store and no server takes it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return orjson.loads(json.dumps(json.loads(data), ensure_ascii=False).encode("utf-8", "replace"))
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error


def _bytes_of(path: Path) -> str | None:
    """The id of the file whose bytes these are, by where they lie."""
    for folder, name in ((path.parent, path.name), (path.parent.parent, path.parent.name)):
        found = FILE_ID.fullmatch(name.partition(".")[0])
        if folder.name == "files" and found is not None:
            return found[0]
    return None


def _is_newest_first(values: list[Any], around: _Around) -> bool:
    """Lists come newest first unless somebody asked for the other order. Where all are of one second, what holds them
    tells: pages of the API are newest first, an exporter's arrays are not."""
    ends = [values[place].get("created_at") for place in (0, -1) if values and isinstance(values[place], dict)]
    if len(ends) < 2 or not all(isinstance(end, (int, float)) for end in ends) or ends[0] == ends[1]:
        return around.is_newest_first
    return bool(ends[0] > ends[1])


def _completed(kind: str, value: Object, around: _Around) -> Object:
    """The object with the ids that only its surroundings know, and without what is an object of its own."""
    known = {name: each for name, each in value.items() if name not in INSIDE.get(kind, ())}
    if kind in ("message", "run", "step") and around.thread_id is not None:
        known.setdefault("thread_id", around.thread_id)
    if kind == "step" and around.run_id is not None:
        known.setdefault("run_id", around.run_id)
    return known


def _message_of(value: Object) -> str | None:
    """The message that a step made."""
    details = value.get("step_details")
    made = details.get("message_creation") if isinstance(details, dict) else None
    return _text(made, "message_id") if isinstance(made, dict) else None


def _id_of_thread(value: Object) -> str | None:
    thread = value.get("thread")
    inner = thread.get("id") if isinstance(thread, dict) else None
    found = value.get("thread_id") or inner
    return found if isinstance(found, str) else None


def _text(value: Object, name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) else None


def _listed(value: Object, name: str) -> list[Any]:
    found = value.get(name)
    return found if isinstance(found, list) else []
