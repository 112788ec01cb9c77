"""What a listener hears of a leg: changes in, frames of the old event stream out (assistants-wire §8).

The leg publishes whether or not anybody listens; a listener who leaves is forgotten and the run goes on. A listener
that lags gets several frames in one piece of bytes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

from bridge.hands.bells import Bell
from bridge.records import Change, Delta, Object, Put, Told
from bridge.wire import render, sse

DONE: Final = b"event: done\ndata: [DONE]\n\n"
ERROR_EVENT: Final = "error"


class Feed:
    """The stream of one leg, for one listener. Made before the leg starts, so that nothing is missed."""

    def __init__(self, include_results: bool = False) -> None:
        self._include_results = include_results
        self._frames: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._bell: Bell | None = None
        self._ended = False
        self._left = False

    # --- the leg's side, any thread

    def publish(self, changes: Iterable[Change]) -> None:
        if not self._left:
            self._put([frame for change in changes for frame in self._frames_of(change)])

    def end(self, error: Object | None = None) -> None:
        """The stream is over: with `done`, or with an error event and nothing after it (§8.12)."""
        last = DONE if error is None else sse.encode(ERROR_EVENT, render.encode_compact(error))
        self._put([last], ended=True)

    def _frames_of(self, change: Change) -> Iterator[bytes]:
        if isinstance(change, Delta):
            data = render.encode_compact(render.delta(change.event, change.id, change.delta))
            yield sse.encode(change.event, data)
        elif isinstance(change, (Put, Told)):
            for event in change.events if isinstance(change, Put) else (change.event,):
                shown = render.event(event, change.record, include_results=self._include_results)
                yield sse.encode(event, render.encode_compact(shown))

    def _put(self, frames: list[bytes], ended: bool = False) -> None:
        with self._changed:
            if self._ended or self._left:
                return
            self._frames.extend(frames)
            self._ended = ended
            self._changed.notify_all()
            if self._bell is not None:
                self._bell.ring()

    # --- the listener's side

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                while not self._frames and not self._ended and not self._left:
                    self._changed.wait()
                piece = self._take()
            if piece:
                yield piece
            elif self._ended or self._left:
                return

    async def __aiter__(self) -> AsyncIterator[bytes]:
        bell = self._bell = Bell()
        while True:
            with self._changed:
                piece, over = self._take(), self._ended or self._left
            if piece:
                yield piece
            elif over:
                return
            else:
                await bell.wait()

    def close(self) -> None:
        """The listener leaves; the run goes on (§6.3)."""
        with self._changed:
            self._left = True
            self._frames.clear()
            self._changed.notify_all()
            if self._bell is not None:
                self._bell.ring()

    def _take(self) -> bytes:
        piece = b"".join(self._frames)
        self._frames.clear()
        return piece
