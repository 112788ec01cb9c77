"""Server-sent events as bytes: frames out, and frames in from bytes in any cut (assistants-wire §1.2).

Reading follows the WHATWG rules: lines end with LF, CR or CRLF, `data` lines are joined by LF, comments and unknown
fields are passed over, an event without data is none. One leniency: an event that lacks its closing blank line when
the stream ends is still given out, since some servers leave that line away.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from bridge.errors import BridgeError

BOM: Final = b"\xef\xbb\xbf"
LIMIT: Final = 64 * 1024 * 1024
"""The largest event taken in, in bytes: a whole response with its images, several times over."""


class EventTooLarge(BridgeError):
    """An event grew above the limit: no server means that, and memory is finite."""


@frozen
class ServerSentEvent:
    """One event. `event` is None when the server sent no such line, as several do (upstreams.md)."""

    data: bytes
    event: str | None = None


def encode(event: str, data: bytes) -> bytes:
    """One frame. Compact JSON has no line breaks; other data gets one `data` line for each of its lines."""
    if b"\n" in data or b"\r" in data:
        data = b"\ndata: ".join(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    return b"event: %b\ndata: %b\n\n" % (event.encode(), data)


DONE: Final = encode("done", b"[DONE]")


class Decoder:
    """Bytes in, events out. Feed it what arrives, call `end` once at the end."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._line: list[bytes] = []  # pieces of the line that has not ended yet
        self._data: list[bytes] = []
        self._event: str | None = None
        self._size = 0  # of the event under way, all its lines together
        self._skips_lf = False  # the last piece ended with CR: an LF that follows belongs to it
        self._head: bytes | None = b""  # the first bytes, until it is known whether they are a BOM

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The events that this piece completes. Raises EventTooLarge."""
        piece = self._without_bom(piece)
        if self._skips_lf and piece:
            piece, self._skips_lf = piece.removeprefix(b"\n"), False
        events: list[ServerSentEvent] = []
        for line in piece.splitlines(keepends=True):  # bytes: at LF, CR and CRLF only
            self._grow(len(line))
            if not line.endswith((b"\n", b"\r")):
                self._line.append(line)
            elif self._take_line(line.rstrip(b"\r\n")):
                events += self._dispatch()
        self._skips_lf = self._skips_lf or piece.endswith(b"\r")
        return events

    def end(self) -> list[ServerSentEvent]:
        """The event that was under way when the stream ended, if it had data."""
        head, self._head = self._head or b"", None
        self._line.append(head)
        self._take_line(b"")
        return self._dispatch()

    def _without_bom(self, piece: bytes) -> bytes:
        if self._head is None:
            return piece
        self._head += piece
        if len(self._head) < len(BOM) and BOM.startswith(self._head):
            return b""
        head, self._head = self._head, None
        return head.removeprefix(BOM)

    def _take_line(self, last: bytes) -> bool:
        """Read the line that ends with `last`; whether it was blank and thus ends the event."""
        line = b"".join([*self._line, last])
        self._line.clear()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value.decode(errors="replace")
        return not line

    def _dispatch(self) -> list[ServerSentEvent]:
        data, self._data = self._data, []
        event, self._event = self._event, None
        self._size = 0
        return [ServerSentEvent(b"\n".join(data), event or None)] if data else []

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._limit:
            raise EventTooLarge(f"a server-sent event is larger than {self._limit:,} bytes")
