"""A folder of requests and answers, one pair of files each, in the order of their names:

    0001.request.http   0001.response.http     as on the wire: first line, headers, a blank line, the body
    0001.request.json   0001.response.json     {"method", "url", "headers", "body"}   {"status", "headers", "body"}

What stands before `.request` may be any name; both kinds may lie side by side. A request without an answer is one whose
connection broke. In JSON, `path` may stand for `url`; `body` is a value, or a text as it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

from bridge.diff.readers import exchanges
from bridge.diff.readers.exchanges import Got, Recorded, Sent
from bridge.diff.tape import Tape, read_json
from bridge.wire.render import encode_compact

NAME: Final = re.compile(r"(?P<pair>.+)\.(?P<side>request|response)\.(?P<kind>http|json)")
REQUEST_LINE: Final = re.compile(rb"([A-Z]+) (\S+)(?: HTTP/[\d.]+)?")
STATUS_LINE: Final = re.compile(rb"HTTP/[\d.]+ (\d{3})\b.*")


def is_pair(path: PurePath) -> bool:
    return NAME.fullmatch(path.name) is not None


def read(files: Mapping[str, bytes], name: str) -> Tape:
    """`files` are the contents by file name. Raises ConfigurationError."""
    notes: list[str] = []
    return exchanges.tape(list(_recorded(files, notes)), "folder of requests", name, notes)


def _recorded(files: Mapping[str, bytes], notes: list[str]) -> Iterator[Recorded]:
    sides: dict[str, dict[str, tuple[str, bytes]]] = {}
    for name, data in files.items():
        if (found := NAME.fullmatch(name)) is not None:
            sides.setdefault(found["pair"], {})[found["side"]] = (found["kind"], data)
    for pair in sorted(sides, key=_natural):
        try:
            yield _pair(sides[pair])
        except exchanges.BROKEN as error:
            notes.append(f"{pair} could not be read: {_why(error)}")


def _why(error: Exception) -> str:
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)


def _natural(name: str) -> list[tuple[int, str]]:
    """Ordered as people count: 9 before 10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", name)]


def _pair(sides: Mapping[str, tuple[str, bytes]]) -> Recorded:
    kind, data = sides["request"]
    sent = _sent_json(read_json(data)) if kind == "json" else _sent_raw(data)
    if "response" not in sides:
        return Recorded(sent, None)
    kind, data = sides["response"]
    return Recorded(sent, _got_json(read_json(data)) if kind == "json" else _got_raw(data))


# --- as on the wire


def _sent_raw(data: bytes) -> Sent:
    first, headers, body = _message(data)
    found = REQUEST_LINE.fullmatch(first)
    if found is None:
        raise ValueError(f"{first[:60]!r} is no request line")
    target = found[2].decode("latin-1")
    host = headers.get("host", "")
    url = target if "://" in target else f"{'https://' + host if host else ''}{target}"
    return Sent(found[1].decode(), url, headers, body)


def _got_raw(data: bytes) -> Got:
    first, headers, body = _message(data)
    found = STATUS_LINE.fullmatch(first)
    if found is None:
        raise ValueError(f"{first[:60]!r} is no status line")
    return Got(int(found[1]), headers, body)


def _message(data: bytes) -> tuple[bytes, dict[str, str], bytes]:
    """First line, headers, body. Editors and tools leave lines that end with LF alone."""
    parts = re.split(rb"\r?\n\r?\n", data.lstrip(b"\r\n"), maxsplit=1)
    first, *lines = re.split(rb"\r?\n", parts[0].rstrip(b"\r\n"))
    pairs = (line.decode("latin-1").partition(":") for line in lines if b":" in line)
    headers = exchanges.lower((name.strip(), value.strip()) for name, _, value in pairs)
    body = parts[1] if len(parts) > 1 else b""
    is_chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    return first, headers, _unchunked(body) if is_chunked else body


def _unchunked(data: bytes) -> bytes:
    """The body within its chunks (RFC 9112 §7.1). Tools that took them away leave the header: then it stays."""
    body, rest = b"", data
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        try:
            length = int(size.partition(b";")[0], 16)
        except ValueError:
            return body or data
        if length == 0:
            break
        body, rest = body + rest[:length], rest[length:].removeprefix(b"\r\n")
    return body


# --- as JSON


def _sent_json(value: Any) -> Sent:
    url = value["url"] if "url" in value else value["path"]
    return Sent(str(value["method"]).upper(), str(url), _headers(value), _data(value.get("body")))


def _got_json(value: Any) -> Got:
    return Got(int(value["status"]), _headers(value), _data(value.get("body")))


def _headers(value: Any) -> dict[str, str]:
    return exchanges.lower((value.get("headers") or {}).items())


def _data(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else encode_compact(body)
