"""The steps of an answer as streams: waits are waited for, and closing ends them at once."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator

import anyio
from anyio.lowlevel import checkpoint

from bridge.engine.effects import Refused
from bridge.records import Object
from bridge.upstream import StreamBroken, UpstreamRefused
from bridge.upstream.scripted.steps import FINAL, Garbled, Pause, Step

PIECE = 65_536
"""Bytes of a body that are given out at once."""

SLICE = 0.05
"""Seconds after which an async wait looks whether another thread closed the upstream."""


class ScriptedStream:
    """UpstreamStream over the steps of one answer. Iterate it once."""

    def __init__(self, steps: Iterator[Step], on_closed_early: Callable[[], None]) -> None:
        self.quirks: frozenset[str] = frozenset()
        self._steps = steps
        self._on_closed_early = on_closed_early
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._is_over = False

    def __iter__(self) -> Iterator[Object]:
        for step in self._steps:
            if self._closed.is_set():
                return
            if isinstance(step, Pause):
                self._closed.wait(step.seconds)
            else:
                self._note(step)
                yield event(step)
        self._over()

    def close(self) -> None:
        """Whatever the script still had to say is dropped, and counted as closed early."""
        self._closed.set()
        if self._over():
            self._on_closed_early()

    def _note(self, step: Step) -> None:
        """Nothing is generated any more once the last event is out; leaving then is not early."""
        if not isinstance(step, dict) or step["type"] in FINAL:
            self._over()

    def _over(self) -> bool:
        """The answer is at its end. True the first time."""
        with self._lock:
            was, self._is_over = self._is_over, True
        return not was


class AsyncScriptedStream(ScriptedStream):
    """AsyncUpstreamStream over the same steps; `close` may still be called from any thread."""

    def __init__(self, steps: Iterator[Step], on_closed_early: Callable[[], None]) -> None:
        super().__init__(steps, on_closed_early)
        self._wake = anyio.Event()

    async def __aiter__(self) -> AsyncIterator[Object]:
        async for step in self.steps():
            yield event(step)

    async def steps(self) -> AsyncIterator[Step]:
        """The same with Reset and Garbled as they are, for whoever writes bytes."""
        for step in self._steps:
            if self._closed.is_set():
                return
            if isinstance(step, Pause):
                await self._pause(time.monotonic() + step.seconds)
            else:
                await checkpoint()
                if self._closed.is_set():
                    return
                self._note(step)
                yield step
        self._over()

    async def aclose(self) -> None:
        self.close()
        self._wake.set()

    async def _pause(self, until: float) -> None:
        while not self._closed.is_set() and (left := until - time.monotonic()) > 0:
            with anyio.move_on_after(min(left, SLICE)):
                await self._wake.wait()


class ScriptedBytes:
    """Implements UpstreamBytes and AsyncUpstreamBytes."""

    def __init__(self, content: bytes, media_type: str = "application/octet-stream") -> None:
        self.media_type: str | None = media_type
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._content), PIECE):
            yield self._content[start : start + PIECE]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            await checkpoint()
            yield piece

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""


def event(step: Step) -> Object:
    """An event as it is; what is none breaks the stream."""
    if isinstance(step, dict):
        return step
    raise StreamBroken(f"Not an event: {step.data}" if isinstance(step, Garbled) else "The connection was reset.")


def first_response(stream: ScriptedStream) -> Object:
    """What the first event of a background response holds: it is queued."""
    response: Object = next(iter(stream))["response"]
    return response


def final_response(stream: ScriptedStream) -> Object:
    """What the last event holds. Raises UpstreamRefused with status 0 where the connection ends before."""
    try:
        events = list(stream)
    except StreamBroken as error:
        raise UpstreamRefused(Refused(0, str(error))) from error
    if not events or events[-1]["type"] not in FINAL:
        raise UpstreamRefused(Refused(0, "The connection was closed before the answer was complete."))
    response: Object = events[-1]["response"]
    return response
