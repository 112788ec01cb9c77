"""HAR files: what a browser's network panel or a proxy like mitmproxy saved (HAR 1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bridge.diff.readers import exchanges
from bridge.diff.readers.exchanges import Got, Recorded, Sent
from bridge.diff.tape import Tape


def is_har(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("log"), dict) and "entries" in value["log"]


def read(value: Any, name: str) -> Tape:
    """`value` is the parsed file. Raises ConfigurationError."""
    notes: list[str] = []
    entries = value["log"]["entries"]
    recorded = list(_recorded(entries if isinstance(entries, list) else [], notes))
    return exchanges.tape(recorded, "HAR file", name, notes)


def _recorded(entries: list[Any], notes: list[str]) -> Iterator[Recorded]:
    for number, entry in enumerate(entries, 1):
        try:
            seconds = entry.get("time")
            got = _got(entry.get("response") or {}, seconds / 1000 if isinstance(seconds, (int, float)) else None)
            yield Recorded(_sent(entry["request"]), got, _moment(entry.get("startedDateTime")))
        except exchanges.BROKEN as error:
            notes.append(f"entry {number} could not be read: {type(error).__name__} {error}")


def _sent(request: Any) -> Sent:
    posted = request.get("postData") or {}
    data = _data(posted.get("text") or "", posted.get("encoding"))
    return Sent(str(request["method"]).upper(), str(request["url"]), _headers(request), data)


def _got(response: Any, seconds: float | None) -> Got | None:
    """A status of 0 is a browser's word for no answer at all."""
    status = int(response.get("status") or 0)
    if not status:
        return None
    content = response.get("content") or {}
    headers = _headers(response)
    headers.setdefault("content-type", str(content.get("mimeType") or ""))
    text = content.get("text")
    if text is None and content.get("size") not in (0, None, -1):
        return Got(status, headers, remark="the file holds no content of it", seconds=seconds)
    headers.pop("content-encoding", None)  # a browser's file holds the unpacked body, under the headers as they came
    return Got(status, headers, _data(text or "", content.get("encoding")), seconds=seconds)


def _headers(message: Any) -> dict[str, str]:
    return exchanges.lower((pair["name"], pair["value"]) for pair in message.get("headers") or ())


def _data(text: str, encoding: str | None) -> bytes:
    return exchanges.from_base64(text) if encoding == "base64" else text.encode("utf-8", "surrogatepass")


def _moment(text: Any) -> float | None:
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None
