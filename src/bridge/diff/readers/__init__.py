"""What others recorded, as tapes: `read_any` looks what a path is (docs/tapes.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bridge.diff.readers import har, jsonl, objects, raw, threads, vcr
from bridge.diff.tape import Tape, read_json
from bridge.errors import ConfigurationError

KNOWN: Final = (
    "a tape of bridge, a vcr cassette (YAML or JSON), a HAR file, a folder of requests and answers, "
    "exported threads (a folder or a file), pages of messages and runs"
)
OTHERS: Final = {
    b"SQLite format 3\x00": "an SQLite file; of a store of bridge, `bridge diff tape STORE --thread ID` makes a tape",
    b"PK\x03\x04": "a zip archive: unpack it first",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
}
NEWER: Final = b"\xef\xbb\xbf"
WIDE: Final = (b"\xff\xfe", b"\xfe\xff")


def read_any(path: Path) -> Tape:
    """The tape of a file or folder, whatever made it. Raises ConfigurationError, which says what it looked like."""
    if path.is_dir():
        return _folder(path)
    return parsed(_bytes(path), str(path))


def parsed(data: bytes, name: str) -> Tape:
    """The tape of a file's content; `name` is what errors call it, and its ending tells of YAML."""
    for magic, what in OTHERS.items():
        if data.startswith(magic):
            raise ConfigurationError(f"{name} is {what}.")
    text = _utf8(data, name)
    if not text.strip():
        raise ConfigurationError(f"{name} is empty.")
    if jsonl.is_tape(text):
        return jsonl.read(text, name)
    try:
        value = read_json(text)
    except ValueError as error:
        value = _yaml(text, name, error)
    return _of_value(value, name)


def _of_value(value: Any, name: str) -> Tape:
    try:
        if har.is_har(value):
            return har.read(value, name)
        if vcr.is_cassette(value):
            return vcr.read(value, name)
        found = objects.collect({name: value})
        if found.count:
            return threads.tape(found, "threads", name)
    except RecursionError as error:
        raise ConfigurationError(f"{name} is nested too deeply.") from error
    raise ConfigurationError(f"{name} is {_look(value)}: none of {KNOWN}.")


def _folder(path: Path) -> Tape:
    """Requests and answers lie side by side; an export has its threads one folder further down."""
    files = sorted(each for each in (*path.glob("*"), *path.glob("*/*.json")) if each.is_file())
    pairs = [each for each in files if each.parent == path and raw.is_pair(each)]
    if pairs:
        return raw.read({each.name: _bytes(each) for each in pairs}, str(path))
    notes: list[str] = []
    values = {str(each.relative_to(path)): _json(each, notes) for each in files if each.suffix == ".json"}
    found = objects.collect(values)
    found.notes += notes
    if found.count:
        return threads.tape(found, "exported threads", str(path))
    names = ", ".join(each.name for each in files[:5]) or "nothing"
    more = f"; {notes[0]}" if notes else ""
    raise ConfigurationError(
        f"{path} is a folder with {names}{' …' if len(files) > 5 else ''}: neither pairs like 0001.request.http and "
        f"0001.response.http nor exported threads{more}. Of cassettes and HAR files name one."
    )


def _json(path: Path, notes: list[str]) -> Any:
    try:
        return read_json(_utf8(_bytes(path), path.name))
    except ValueError as error:
        notes.append(f"{path.name} could not be read: {error}")
        return None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error


def _utf8(data: bytes, name: str) -> bytes:
    """Some tools of Windows write UTF-16, with its mark."""
    if not data.startswith(WIDE):
        return data.removeprefix(NEWER)
    try:
        return data.decode("utf-16").encode()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name} looks like UTF-16, but cannot be read: {error}") from error


def _yaml(text: bytes, name: str, error: ValueError) -> Any:
    is_yaml = name.endswith((".yaml", ".yml")) or any(each.encode() + b":" in text[:200] for each in vcr.LISTS)
    if is_yaml:
        return vcr.parsed(text, name)
    if text.lstrip()[:1] in (b"{", b"["):
        raise ConfigurationError(f"{name} looks like JSON, but cannot be read: {error}") from error
    raise ConfigurationError(f"{name} begins with {text.lstrip()[:40]!r}: it is none of {KNOWN}.") from error


def _look(value: Any) -> str:
    if isinstance(value, Mapping):
        keys = ", ".join(f"{each}" for each in list(value)[:6])
        return f"an object with the keys {keys}" if keys else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)} values"
    return f"a single value ({type(value).__name__})"
