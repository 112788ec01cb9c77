"""An answer that comes through an HTTP client of somebody else's, who may close it at any moment.

Closing such a client does not wake a thread that reads through it (see streams.py), and the socket is gone by then, so
that nobody can. So the answer is read in a thread of its own, which is left behind when the client is found closed.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from bridge.records import Object
from bridge.upstream import StreamBroken, UpstreamStream
from bridge.upstream.failures import CLOSED

LOOK_EVERY: Final = 0.5
"""Seconds of silence between two looks at the client."""


class WatchedStream:
    """Implements UpstreamStream over what `begin` opens, and raises what that raises. `is_closed`: the client is."""

    def __init__(self, begin: Callable[[], UpstreamStream], is_closed: Callable[[], bool]) -> None:
        self._is_closed = is_closed
        self._pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._is_left = False
        threading.Thread(target=self._read, args=(begin,), name="bridge-read", daemon=True).start()
        self._stream: UpstreamStream = self._next()

    def __iter__(self) -> Iterator[Object]:
        while (event := self._next()) is not None:
            yield event

    def close(self) -> None:
        self._stream.close()

    def _read(self, begin: Callable[[], UpstreamStream]) -> None:
        end: Exception | None = None
        try:
            stream = begin()
            self._pieces.put(stream)
            if self._is_left:
                stream.close()
            for event in stream:
                self._pieces.put(event)
        except Exception as error:  # raised again where it is read
            end = error
        self._pieces.put(end)

    def _next(self) -> Any:
        """The stream, then its events, then None."""
        while True:
            try:
                piece = self._pieces.get(timeout=LOOK_EVERY)
            except queue.Empty:
                if not self._is_closed():
                    continue
                self._is_left = True
                raise StreamBroken(CLOSED) from None
            if isinstance(piece, Exception):
                raise piece
            return piece
