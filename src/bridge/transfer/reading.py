"""Paths → the values in them, whatever holds them (docs/import.md).

a folder            => every .json, .jsonl and .ndjson file in it, however deep, in the order of their names
files/<id>[.<any>]  => the bytes of the file with this id; so is the one file in a folder files/<id>/
a JSON file         => read whole: an object, a page of a list, an array, a thread of an export
an NDJSON file      => line by line, each as a JSON file
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from bridge.errors import ConfigurationError
from bridge.transfer.staging import Staging
from bridge.transfer.walking import Walker

SUFFIXES: Final = (".json", ".jsonl", ".ndjson")
FILE_ID: Final = re.compile(r"(?:file|assistant)[-_][A-Za-z0-9_-]+")
METADATA: Final = 10_000
"""Bytes: what is longer is no answer of the Files API about one file."""


def read(path: Path, staging: Staging) -> None:
    """Raises ConfigurationError where there is nothing at the path. What cannot be read is a loss."""
    if not path.exists():
        raise ConfigurationError(f"there is no file or folder {path}")
    walker = Walker(staging)
    for each in _files(path, walker) if path.is_dir() else [path]:
        try:
            _file(each, walker, staging, is_named=each == path)
        except OSError as error:
            walker.lose("unreadable", str(each), error.strerror or str(error))


def _files(folder: Path, walker: Walker) -> Iterator[Path]:
    try:
        found = [(each, each.is_dir()) for each in sorted(folder.iterdir()) if not each.name.startswith(".")]
    except OSError as error:
        walker.lose("unreadable", str(folder), error.strerror or str(error))
        return
    for each, is_folder in found:
        if is_folder:
            yield from _files(each, walker)
        else:
            yield each


def _file(path: Path, walker: Walker, staging: Staging, is_named: bool) -> None:
    """`is_named`: somebody named this very file, so that it is read whatever its name ends with."""
    id = _bytes_of(path)
    if id is not None and not _is_metadata(path, id):
        staging.put_bytes(id, str(path))
    elif path.suffix in (".jsonl", ".ndjson"):
        _lines(path, walker)
    elif path.suffix in SUFFIXES or is_named:
        _whole(path, walker)


def _whole(path: Path, walker: Walker) -> None:
    data = path.read_bytes()
    try:
        value = _json(data)
    except ValueError as error:
        if _is_json(data.partition(b"\n")[0]):
            _lines(path, walker)
        else:
            walker.lose("unreadable", str(path), str(error))
    else:
        walker.take(value, str(path))


def _lines(path: Path, walker: Walker) -> None:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            place = f"{path}, line {number}"
            try:
                value = _json(line)
            except ValueError as error:
                walker.lose("unreadable", place, str(error))
            else:
                walker.take(value, place)


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


def _is_json(line: bytes) -> bool:
    try:
        _json(line)
    except ValueError:
        return False
    return True


def _bytes_of(path: Path) -> str | None:
    """The id of the file whose bytes these are, by where they lie."""
    for folder, name in ((path.parent, path.name), (path.parent.parent, path.parent.name)):
        found = FILE_ID.fullmatch(name.partition(".")[0])
        if folder.name == "files" and found is not None:
            return found[0]
    return None


def _is_metadata(path: Path, id: str) -> bool:
    """A file of JSON beside the bytes that says that it is what the API answered of them."""
    if path.suffix != ".json" or path.stat().st_size > METADATA:
        return False
    try:
        value = orjson.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("object") == "file" and value.get("id") == id
