"""What `bridge explain` is asked about: request bodies, one call, lines of curl, or a recording."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bridge.cli import curl, output
from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from bridge.diff.tape import Tape

PARTS: Final = ("assistant", "thread", "run")
ONE_CALL: Final = ("method", "path", "url", "headers", "body")
SAYING: Final = ("kind", "interactions", "http_interactions", "log", "object", "export_schema")
Document = dict[str, Any]


def read(file: str) -> Document | Tape:
    """The parts that were sent, or a recording. Ends the command with a sentence for what is neither."""
    if file != "-" and Path(file).is_dir():
        return _recording(file, None)
    data = _bytes(file)
    text = data.decode("utf-8", "replace")
    if curl.is_curl(text):
        return document((each.method, each.url, each.body) for each in curl.read(text))
    try:
        value = json.loads(text)
    except ValueError as error:
        if text.lstrip()[:1] in ("{", "[") and "\n{" not in text:
            output.fail(f"{file} cannot be read: {error}", output.USAGE)
        return _recording(file, data)
    if isinstance(value, dict) and value.keys() <= {*ONE_CALL} and ("path" in value or "url" in value):
        url = str(value.get("path") or value.get("url"))
        return document([(str(value.get("method") or "POST"), url, value.get("body"))])
    if not value or not isinstance(value, (dict, list)) or (isinstance(value, dict) and not _is_recording(value)):
        return _parts(value)
    return _recording(file, data)


def _bytes(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        output.fail(f"{file} cannot be read: {error}", output.USAGE)


def _is_recording(value: Document) -> bool:
    """A tape, a cassette, a HAR file, exported objects: they say what they are."""
    return any(name in value for name in SAYING)


def _recording(file: str, data: bytes | None) -> Tape:
    from bridge.diff.readers import parsed, read_any

    try:
        return read_any(Path(file)) if data is None else parsed(data, file)
    except ConfigurationError as error:
        output.fail(
            f"{error} Request bodies and lines of curl are taken, too: see `bridge explain --help`", output.USAGE
        )


def _parts(value: Any) -> Document:
    if isinstance(value, dict) and "model" in value:
        return {"assistant": value}
    if not isinstance(value, dict) or any(not isinstance(part, dict) for part in value.values()):
        output.fail("expected a JSON object of JSON objects, see `bridge explain --help`", output.USAGE)
    if unknown := [name for name in value if name not in PARTS]:
        output.fail(f"there is no part {unknown[0]!r}: the parts are {', '.join(PARTS)}", output.USAGE)
    found: Document = value
    return found


# --- calls


def document(calls: Iterable[tuple[str, str, Any]]) -> Document:
    """The parts that calls of the API make: method, URL and body of each. Raises ConfigurationError."""
    from bridge.diff.readers.roots import CALL, Address

    made: Document = {}
    for method, url, body in calls:
        matched = CALL.fullmatch(Address.of(url).path)
        if matched is None:
            raise ConfigurationError(f"{method} {url} is no call of the Assistants API")
        _put(made, method.upper(), matched["path"], {} if body is None else body)
    if not made:
        raise ConfigurationError("none of these calls makes a Responses request: bridge answers them from its store")
    return made


def _put(made: Document, method: str, path: str, body: Any) -> None:
    if method != "POST":
        return
    if not isinstance(body, dict):
        raise ConfigurationError(f"POST {path}: the body must be a JSON object")
    parts = path.strip("/").split("/")
    if parts == ["assistants"]:
        made["assistant"] = body
    elif parts == ["threads"]:
        made["thread"] = body
    elif parts == ["threads", "runs"]:
        made["thread"] = body.get("thread") or {}
        made["run"] = {name: value for name, value in body.items() if name not in ("thread", "tool_resources")}
        if body.get("tool_resources"):
            made["thread"] = {**made["thread"], "tool_resources": body["tool_resources"]}
    elif len(parts) == 3 and parts[2] == "messages":
        thread = made.setdefault("thread", {})
        thread["messages"] = [*(thread.get("messages") or []), body]
    elif len(parts) == 3 and parts[2] == "runs":
        made["run"] = body
