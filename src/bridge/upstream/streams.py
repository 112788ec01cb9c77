"""The answer to one streamed call, read from an HTTP response: bytes → server-sent events → JSON.

Stopping. A thread that blocks in a read is woken by shutting down the socket under it: httpcore and httpcore2 both hand
it out as the response's ``network_stream`` (``get_extra_info("socket")``), the read then returns nothing, and the
connection leaves the pool as broken. A mere `Response.close()` from another thread does not wake the read (Linux keeps
a blocked ``recv`` on a closed descriptor). Where there is no socket of our own (HTTP/2 shares one among calls, custom
transports may have none) the reader is abandoned: it ends with the next piece that arrives, which nobody gets.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

import orjson

from bridge.records import Object
from bridge.upstream import StreamBroken, failures, family
from bridge.upstream.whole import ENDED, event_of
from bridge.wire import sse

LAST: Final = frozenset({*(f"response.{status}" for status in ENDED), "error"})
"""Types of events after which nothing is left to stop."""


class ResponseStream:
    """Implements UpstreamStream over a streamed response of an HTTP family. `on_end` is called when it is closed, and
    `is_closed` tells of the client it comes through."""

    def __init__(
        self, response: Any, on_end: Callable[[], None], is_closed: Callable[[], bool] = lambda: False
    ) -> None:
        self._response = response
        self._on_end, self._is_closed = on_end, is_closed
        self._lock = threading.Lock()
        self._reading = False
        self._over = False  # nothing is left to stop: never touch a socket that may serve another call by now
        self._stopped = False

    def __iter__(self) -> Iterator[Object]:
        with self._lock:
            if self._stopped:
                return
            self._reading = True
        try:
            for event in _events(self._response.iter_bytes(), self._response):
                if self._stopped:
                    return
                self._over = event.get("type") in LAST
                yield event
        except family.network_errors(RuntimeError, sse.EventTooLarge) as error:
            if not self._stopped:
                raise failures.broken(error, self._is_closed()) from error
        finally:
            self._over = True
            self._close_response()

    def close(self) -> None:
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            reading = self._reading
        if not reading:
            self._close_response()
        elif not self._over:
            shut_down(self._response)

    def _close_response(self) -> None:
        with contextlib.suppress(RuntimeError, *family.network_errors()):
            self._response.close()
        self._on_end()


class AsyncResponseStream:
    """Implements AsyncUpstreamStream over a streamed response of an HTTP family; the rest as above."""

    def __init__(
        self, response: Any, on_end: Callable[[], None], is_closed: Callable[[], bool] = lambda: False
    ) -> None:
        self._response = response
        self._on_end, self._is_closed = on_end, is_closed
        self._stopped = False

    async def __aiter__(self) -> AsyncIterator[Object]:
        decoding = _Decoding(self._response)
        try:
            async for piece in self._response.aiter_bytes():
                for event in decoding.feed(piece):
                    yield event
            for event in decoding.end():
                yield event
        except family.network_errors(RuntimeError, sse.EventTooLarge) as error:
            if not self._stopped:
                raise failures.broken(error, self._is_closed()) from error
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        with contextlib.suppress(RuntimeError, *family.network_errors()):
            await self._response.aclose()
        self._on_end()


def shut_down(response: Any) -> None:
    """Wake whoever reads this response, at once, if its socket is its own."""
    network = response.extensions.get("network_stream")
    if network is None or response.http_version == "HTTP/2":
        return
    own = network.get_extra_info("socket")
    if isinstance(own, socket.socket):
        with contextlib.suppress(OSError):
            # Not the method of an SSLSocket: that one drops its TLS state under the reading thread.
            socket.socket.shutdown(own, socket.SHUT_RDWR)


def _events(pieces: Iterator[bytes], response: Any) -> Iterator[Object]:
    decoding = _Decoding(response)
    for piece in pieces:
        yield from decoding.feed(piece)
    yield from decoding.end()


class _Decoding:
    """Bytes of an answer → events, whether it is an event stream or, from servers that do not stream, JSON."""

    def __init__(self, response: Any) -> None:
        self._type: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        self._whole: list[bytes] | None = [] if "json" in self._type else None
        self._size = 0
        self._any = False
        self._decoder = sse.Decoder(sse.LIMIT)

    def feed(self, piece: bytes) -> Iterator[Object]:
        if self._whole is None:
            yield from self._read(self._decoder.feed(piece))
            return
        self._whole.append(piece)
        self._size += len(piece)
        if self._size > sse.LIMIT:
            raise StreamBroken(f"the server's answer is larger than {sse.LIMIT:,} bytes")

    def end(self) -> Iterator[Object]:
        if self._whole is not None:
            yield event_of(_loads(b"".join(self._whole)))
        else:
            yield from self._read(self._decoder.end())
        if not self._any and self._whole is None and self._type != "text/event-stream":
            raise StreamBroken(f"the server's answer is {self._type or 'of no type'} with no events in it")

    def _read(self, events: list[sse.ServerSentEvent]) -> Iterator[Object]:
        for event in events:
            if event.data and not event.data.startswith(b"[DONE]"):
                self._any = True
                yield _event(event)


def _event(event: sse.ServerSentEvent) -> Object:
    """The JSON of an event; its type from the `event:` line where the JSON does not tell."""
    data = _loads(event.data)
    if not isinstance(data, dict):
        raise StreamBroken("the server sent an event that is no JSON object")
    if "type" not in data and event.event:
        return {"type": event.event, **data}
    return data


def _loads(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise StreamBroken(f"the server sent what is no JSON: {error}") from error
