"""What a listener hears of a leg: changes in, frames of the old event stream out (assistants-wire §8).

The leg publishes whether or not anybody listens; a listener who leaves is forgotten and the run goes on. For a listener
that lags, or never comes, pieces of one text are joined: what waits for it is no larger than what the run has made.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

from attrs import evolve

from bridge.hands.bells import Bell
from bridge.records import Change, Delta, Object, Put, Told
from bridge.wire import render, sse

DONE: Final = b"event: done\ndata: [DONE]\n\n"
ERROR_EVENT: Final = "error"

LAG: Final = 64
"""How many frames may wait before deltas are joined."""

LONGEST: Final = 4096
"""Characters of a joined piece, about: joining for ever would copy the text again and again."""


class Feed:
    """The stream of one leg, for one listener. Made before the leg starts, so that nothing is missed.

    `request_id` is the one of the request that is answered with this stream.
    """

    def __init__(self, include_results: bool = False, request_id: str = "") -> None:
        self.request_id = request_id
        self.patience: float | None = None
        self._include_results = include_results
        self._waiting: deque[Delta | bytes] = deque()
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

    def _frames_of(self, change: Change) -> Iterator[Delta | bytes]:
        if isinstance(change, Delta):
            yield change
        elif isinstance(change, (Put, Told)):
            for event in change.events if isinstance(change, Put) else (change.event,):
                shown = render.event(event, change.record, include_results=self._include_results)
                yield sse.encode(event, render.encode_compact(shown))

    def _put(self, frames: list[Delta | bytes], ended: bool = False) -> None:
        with self._changed:
            if self._ended or self._left:
                return
            for frame in frames:
                self._append(frame)
            self._ended = ended
            self._changed.notify_all()
            if self._bell is not None:
                self._bell.ring()

    def _append(self, frame: Delta | bytes) -> None:
        if len(self._waiting) >= LAG and isinstance(frame, Delta):
            both = joined(self._waiting[-1], frame)
            if both is not None:
                self._waiting[-1] = both
                return
        self._waiting.append(frame)

    # --- the listener's side

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                while not self._waiting and not self._ended and not self._left:
                    if not self._changed.wait(self.patience):
                        raise self._silence()
                frames, over = self._take()
            if frames:
                yield _bytes(frames)
            elif over:
                return

    def __aiter__(self) -> AsyncIterator[bytes]:
        """No generator, so that nothing has to be closed where it is dropped."""
        self._bell = Bell()
        return self

    async def __anext__(self) -> bytes:
        assert self._bell is not None
        while True:
            with self._changed:
                frames, over = self._take()
            if frames:
                return _bytes(frames)
            if over:
                raise StopAsyncIteration
            if not await self._bell.wait(self.patience):
                raise self._silence()

    def _silence(self) -> TimeoutError:
        return TimeoutError(f"nothing came for {self.patience} seconds")

    def close(self) -> None:
        """The listener leaves; the run goes on (§6.3)."""
        with self._changed:
            self._left = True
            self._waiting.clear()
            self._changed.notify_all()
            if self._bell is not None:
                self._bell.ring()

    async def aclose(self) -> None:
        self.close()

    def _take(self) -> tuple[list[Delta | bytes], bool]:
        """What waits, and whether nothing comes after it."""
        frames = list(self._waiting)
        self._waiting.clear()
        return frames, self._ended or self._left


def _bytes(frames: Iterable[Delta | bytes]) -> bytes:
    return b"".join(frame if isinstance(frame, bytes) else _encoded(frame) for frame in frames)


def joined(first: Delta | bytes, then: Delta) -> Delta | None:
    """The two deltas as one, or None where they do not simply go on with one text.

    content     [{index, type: text,     text: {value, …}}]           + {value}     => values joined
    content     [{index, type: refusal,  refusal}]                    + refusal     => refusals joined
    tool_calls  [{index, type: function, function: {arguments, …}}]   + {arguments} => arguments joined
    tool_calls  [{index, type: code_interpreter, …: {input, …}}]      + {input}     => inputs joined
    """
    if isinstance(first, bytes) or (first.event, first.id) != (then.event, then.id):
        return None
    both = _joined(_only(first), _only(then))
    if both is None:
        return None
    if then.event == "thread.message.delta":
        return evolve(first, delta={"content": [both]})
    return evolve(first, delta={"step_details": {"type": "tool_calls", "tool_calls": [both]}})


def _only(delta: Delta) -> Object:
    """The one block or call of a delta; an empty one where there are several, or none."""
    parts: list[Object] = delta.delta.get("content") or delta.delta.get("step_details", {}).get("tool_calls") or []
    return parts[0] if len(parts) == 1 else {}


def _joined(first: Object, then: Object) -> Object | None:
    kind = then.get("type", "")
    if "id" in then or (first.get("index"), first.get("type")) != (then.get("index"), kind):
        return None
    before, after = first.get(kind), then.get(kind)
    if isinstance(before, str) and isinstance(after, str):
        return {**first, kind: before + after} if len(before) < LONGEST else None
    if not isinstance(before, dict) or not isinstance(after, dict) or len(after) != 1:
        return None
    name, text = next(iter(after.items()))
    start = before.get(name)
    if not isinstance(start, str) or not isinstance(text, str) or len(start) >= LONGEST:
        return None
    return {**first, kind: {**before, name: start + text}}


def _encoded(change: Delta) -> bytes:
    return sse.encode(change.event, render.encode_compact(render.delta(change.event, change.id, change.delta)))
