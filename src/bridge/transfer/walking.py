"""Values → the objects of the old API in them, laid out in the staging.

An object says what it is (`object`); where it does not, the key that it lies under does. So it is with the thread and
the run that it belongs to.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

from attrs import evolve, frozen

from bridge import ids
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


class Walker:
    """Lays out what it is given. `place` says where a value comes from, for people."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._count = itertools.count(1)
        self._missing: set[str] = set()

    def take(self, value: Any, place: str) -> None:
        """Whatever a file or a line of one holds."""
        self._value(value, _Around(), place)

    def lose(self, reason: str, id: str, detail: str, kind: str = "file") -> None:
        self._staging.lose(Loss(reason, kind, id, detail))

    # --- values

    def _value(self, value: Any, around: _Around, place: str) -> None:
        if around.depth > DEEPEST:
            self.lose("unreadable", place, "nested too deeply")
        elif isinstance(value, list):
            inner = evolve(around, is_newest_first=_is_newest_first(value, around), depth=around.depth + 1)
            for each in value:
                self._value(each, inner, place)
        elif isinstance(value, dict):
            self._object(value, around, place)
        elif around.depth:
            self.lose("unreadable", place, f"{value!r} is no object")

    def _object(self, value: Object, around: _Around, place: str) -> None:
        said = _text(value, "object")
        if said in KINDS:
            self._take(KINDS[said], value, around, place)
        elif said is None and around.kind is not None and "id" in value:
            self._take(around.kind, value, around, place)
        elif said is not None and said not in ENVELOPES:
            self._staging.lose(Loss("unknown_object", said, str(value.get("id") or place)))
        else:
            self._envelope(value, around, place)

    def _envelope(self, value: Object, around: _Around, place: str) -> None:
        """What holds objects: a page, a thread of an export, a manifest."""
        for error in [*_listed(value, "errors"), *_listed(value, "threads_failed")]:
            self._export_error(error, _id_of_thread(value))
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

    def _export_error(self, error: Any, thread_id: str | None) -> None:
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
        wrong = _wrong(kind, known)
        if wrong is not None:
            reason, detail = wrong
            return self.lose(reason, str(known.get("id") or place), detail, kind)
        id, thread_id = known["id"], str(known.get("id" if kind == "thread" else "thread_id") or "")
        number = next(self._count)
        place_in_second = -number if around.is_newest_first else number
        staged = Staged(kind, id, int(known["created_at"]), place_in_second, known, thread_id)
        self._staging.put(evolve(staged, run_id=_text(known, "run_id"), message_id=_message_of(known)))
        inner = _Around("step", thread_id, id, depth=around.depth + 1)
        for name in INSIDE.get(kind, ()):
            self._value(value.get(name) or [], evolve(inner, kind=HOLDERS[name]), place)


# --- pieces


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


def _wrong(kind: ids.Kind, known: Object) -> tuple[str, str] | None:
    """Why the object cannot be laid out: (reason, detail)."""
    id, at = known.get("id"), known.get("created_at")
    if not isinstance(id, str) or isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 <= at < 2**53:
        return "invalid", "it has no id, or no created_at"
    if kind == "file":
        return None
    if not ids.has_prefix(kind, id):
        return "invalid", f"its id does not begin with {ids.PREFIXES[kind]}_"
    if kind in ("assistant", "thread"):
        return None
    thread_id = known.get("thread_id")
    if not isinstance(thread_id, str):
        return "no_thread", ""
    has_prefix = ids.has_prefix("thread", thread_id)
    return None if has_prefix else ("invalid", f"its thread_id does not begin with {ids.PREFIXES['thread']}_")


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
