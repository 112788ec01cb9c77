"""A leg's line to its upstream: a pump owns the socket and fills the inbox, so that a leg never waits on a socket.

The inbox is also where everything else arrives that happens to a leg: a cancel, a lost lease, the end of the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable

from bridge.calls import Credential
from bridge.engine.effects import End, Event, Refused, Signal, Timeout
from bridge.records import Object
from bridge.upstream import AsyncUpstreamStream, StreamBroken, Upstream, UpstreamRefused, UpstreamStream

log = logging.getLogger("bridge")


class Line:
    """The line of a leg that is driven in a thread."""

    def __init__(self, upstream: Upstream, credential: Credential, clock: Callable[[], float]) -> None:
        self._upstream = upstream
        self._credential = credential
        self._clock = clock
        self._inbox: queue.SimpleQueue[tuple[int, Signal]] = queue.SimpleQueue()
        self._call = 0  # pieces of an earlier call are ignored
        self._stream: UpstreamStream | None = None
        self._lock = threading.Lock()

    def open(self, request: Object) -> None:
        self.close()
        threading.Thread(target=self._pump, args=(self._call, request), name="bridge-pump", daemon=True).start()

    def next(self, until: float) -> Signal:
        while True:
            try:
                call, signal = self._inbox.get(timeout=max(0.0, until - self._clock()))
            except queue.Empty:
                return Timeout()
            if call in (0, self._call):
                return signal

    def post(self, signal: Signal) -> None:
        """A signal from outside; any thread."""
        self._inbox.put((0, signal))

    def close(self) -> None:
        with self._lock:
            self._call += 1
            stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            except Exception:
                log.exception("the upstream's stream could not be closed")

    def _pump(self, call: int, request: Object) -> None:
        try:
            stream = self._upstream.open(request, self._credential)
            if not self._keep(call, stream):
                stream.close()
                return
            for event in stream:
                self._inbox.put((call, Event(event)))
            end: Signal = End()
        except UpstreamRefused as error:
            end = error.refused
        except StreamBroken as error:
            end = End(str(error))
        except Exception as error:
            if call != self._call:
                return  # nobody listens any more: it may well be the closing that broke it
            end = _broken_pump(error)
        self._inbox.put((call, end))

    def _keep(self, call: int, stream: UpstreamStream) -> bool:
        with self._lock:
            if call == self._call:
                self._stream = stream
            return call == self._call


class AsyncLine:
    """The line of a leg that is driven on an event loop; `post` alone may be called from other threads."""

    def __init__(self, upstream: Upstream, credential: Credential, clock: Callable[[], float]) -> None:
        self._upstream = upstream
        self._credential = credential
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[tuple[int, Signal]] = asyncio.Queue()
        self._call = 0
        self._pump_task: asyncio.Task[None] | None = None

    async def open(self, request: Object) -> None:
        await self.close()
        self._pump_task = asyncio.create_task(self._pump(self._call, request))

    async def next(self, until: float) -> Signal:
        while True:
            try:
                call, signal = self._inbox.get_nowait()
            except asyncio.QueueEmpty:
                try:
                    call, signal = await asyncio.wait_for(self._inbox.get(), max(0.0, until - self._clock()))
                except asyncio.TimeoutError:
                    return Timeout()
            if call in (0, self._call):
                return signal

    def post(self, signal: Signal) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the leg with it
            self._loop.call_soon_threadsafe(self._inbox.put_nowait, (0, signal))

    async def close(self) -> None:
        self._call += 1
        task, self._pump_task = self._pump_task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _pump(self, call: int, request: Object) -> None:
        stream: AsyncUpstreamStream | None = None
        try:
            stream = await self._upstream.aopen(request, self._credential)
            async for event in stream:
                self._inbox.put_nowait((call, Event(event)))
            end: Signal = End()
        except UpstreamRefused as error:
            end = error.refused
        except StreamBroken as error:
            end = End(str(error))
        except Exception as error:
            end = _broken_pump(error)
        finally:
            if stream is not None:
                await stream.aclose()
        self._inbox.put_nowait((call, end))


def _broken_pump(error: Exception) -> Signal:
    """An upstream that raises what it should not is still only an upstream that failed: the run must end."""
    log.exception("the upstream failed in an unforeseen way", exc_info=error)
    return Refused(0, f"{type(error).__name__}: {error}")
