"""A leg's line to its upstream: a pump owns the socket and fills the inbox, so that a leg never waits on a socket.

The inbox is also where everything else arrives that happens to a leg: a cancel, a lost lease, the end of the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from typing import Any, Final, TypeVar

import anyio

from bridge.calls import Credential
from bridge.engine.effects import End, Event, Open, Refused, Signal, Timeout
from bridge.upstream import AsyncUpstreamStream, StreamBroken, Upstream, UpstreamRefused, UpstreamStream

T = TypeVar("T")
INTERRUPTED: Final = "Given up: something more urgent happened to the run."
LATE: Final = "Given up: the upstream did not answer in time."

log = logging.getLogger("bridge")


class Direct:
    """The line of an operation that is no leg: it asks, and waits for the answer."""

    def __init__(self, upstream: Upstream, credential: Credential, clock: Callable[[], float] = time.time) -> None:
        self._upstream, self._credential, self._clock = upstream, credential, clock

    def ask(
        self,
        work: Callable[[Upstream, Credential], T],
        until: float | None = None,
        give_up: Callable[[], None] | None = None,
        is_urgent: bool = False,
    ) -> T | Refused:
        """What `work` answers; given up at `until` (Unix seconds). No signals come to an operation."""
        answer: Future[T] = Future()
        args = (work, self._upstream, self._credential, answer)
        if until is None:
            _work(*args)
            return _answered(answer)
        threading.Thread(target=_work, args=args, name="bridge-ask", daemon=True).start()
        wait([answer], max(0.0, until - self._clock()))
        if answer.done():
            return _answered(answer)
        if give_up is not None:
            give_up()
        return Refused(0, LATE)


class AsyncDirect:
    """The same on an event loop."""

    def __init__(self, upstream: Upstream, credential: Credential, clock: Callable[[], float] = time.time) -> None:
        self._upstream, self._credential, self._clock = upstream, credential, clock

    async def ask(
        self,
        work: Callable[[Upstream, Credential], Coroutine[Any, Any, T]],
        until: float | None = None,
        is_urgent: bool = False,
    ) -> T | Refused:
        seconds = math.inf if until is None else max(0.0, until - self._clock())
        try:
            with anyio.move_on_after(seconds):
                return await work(self._upstream, self._credential)
            return Refused(0, LATE)
        except (UpstreamRefused, StreamBroken) as error:
            return _refusal(error)


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
        self._posted = 0  # signals from outside that nobody has taken yet
        self._turn = threading.Condition()

    def open(self, effect: Open) -> None:
        self.close()
        threading.Thread(target=self._pump, args=(self._call, effect), name="bridge-pump", daemon=True).start()

    def next(self, until: float) -> Signal:
        while True:
            try:
                call, signal = self._inbox.get(timeout=max(0.0, until - self._clock()))
            except queue.Empty:
                return Timeout()
            if call == 0:
                with self._turn:
                    self._posted -= 1
            if call in (0, self._call):
                return signal

    def post(self, signal: Signal) -> None:
        """A signal from outside; any thread."""
        with self._turn:
            self._posted += 1
            self._inbox.put((0, signal))
            self._turn.notify_all()

    def ask(
        self,
        work: Callable[[Upstream, Credential], T],
        until: float | None = None,
        give_up: Callable[[], None] | None = None,
        is_urgent: bool = False,
    ) -> T | Refused:
        """What `work` answers, which asks the upstream in a thread of its own; given up at `until` (Unix seconds), and
        unless it `is_urgent` when a signal is posted. `give_up` is then called, while the work may go on."""
        with self._turn:
            if self._posted and not is_urgent:
                return Refused(0, INTERRUPTED)
        answer: Future[T] = Future()
        answer.add_done_callback(lambda _: self._notify())
        args = (work, self._upstream, self._credential, answer)
        threading.Thread(target=_work, args=args, name="bridge-ask", daemon=True).start()
        with self._turn:
            self._turn.wait_for(lambda: answer.done() or (self._posted > 0 and not is_urgent), self._seconds(until))
            if answer.done():
                return _answered(answer)
            refused = Refused(0, INTERRUPTED if self._posted and not is_urgent else LATE)
        if give_up is not None:
            give_up()
        return refused

    def _seconds(self, until: float | None) -> float | None:
        return None if until is None else max(0.0, until - self._clock())

    def _notify(self) -> None:
        with self._turn:
            self._turn.notify_all()

    def close(self) -> None:
        with self._lock:
            self._call += 1
            stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            except Exception:
                log.exception("the upstream's stream could not be closed")

    def _pump(self, call: int, effect: Open) -> None:
        try:
            stream = self._begin(effect)
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

    def _begin(self, effect: Open) -> UpstreamStream:
        if effect.resume is not None:
            return self._upstream.resume(effect.resume, self._credential)
        return self._upstream.open(effect.request, self._credential)

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
        self._posted = 0  # as above
        self._news = asyncio.Event()

    async def open(self, effect: Open) -> None:
        await self.close()
        self._pump_task = asyncio.create_task(self._pump(self._call, effect))

    async def next(self, until: float) -> Signal:
        while True:
            try:
                call, signal = self._inbox.get_nowait()
            except asyncio.QueueEmpty:
                try:
                    call, signal = await asyncio.wait_for(self._inbox.get(), max(0.0, until - self._clock()))
                except asyncio.TimeoutError:
                    return Timeout()
            if call == 0:
                self._posted -= 1
            if call in (0, self._call):
                return signal

    def post(self, signal: Signal) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the leg with it
            self._loop.call_soon_threadsafe(self._take, signal)

    def _take(self, signal: Signal) -> None:
        self._posted += 1
        self._inbox.put_nowait((0, signal))
        self._news.set()

    async def ask(
        self,
        work: Callable[[Upstream, Credential], Coroutine[Any, Any, T]],
        until: float | None = None,
        is_urgent: bool = False,
    ) -> T | Refused:
        """What `work` answers; given up at `until`, and unless it `is_urgent` when a signal is posted."""
        self._news.clear()
        if self._posted and not is_urgent:
            return Refused(0, INTERRUPTED)
        answer = asyncio.create_task(work(self._upstream, self._credential))
        news = asyncio.create_task(self._news.wait())
        try:
            seconds = None if until is None else max(0.0, until - self._clock())
            awaited = (answer,) if is_urgent else (answer, news)
            await asyncio.wait(awaited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            return Refused(0, INTERRUPTED if self._posted and not is_urgent else LATE)
        except (UpstreamRefused, StreamBroken) as error:
            return _refusal(error)
        finally:
            left = [task for task in (answer, news) if task.cancel()]
            if left:
                await asyncio.wait(left)

    async def close(self) -> None:
        self._call += 1
        task, self._pump_task = self._pump_task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _pump(self, call: int, effect: Open) -> None:
        stream: AsyncUpstreamStream | None = None
        try:
            stream = await self._begin(effect)
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

    async def _begin(self, effect: Open) -> AsyncUpstreamStream:
        if effect.resume is not None:
            return await self._upstream.aresume(effect.resume, self._credential)
        return await self._upstream.aopen(effect.request, self._credential)


def _work(
    work: Callable[[Upstream, Credential], T], upstream: Upstream, credential: Credential, answer: Future[T]
) -> None:
    try:
        answer.set_result(work(upstream, credential))
    except Exception as error:
        answer.set_exception(error)


def _answered(answer: Future[T]) -> T | Refused:
    try:
        return answer.result()
    except (UpstreamRefused, StreamBroken) as error:
        return _refusal(error)


def _refusal(error: UpstreamRefused | StreamBroken) -> Refused:
    return error.refused if isinstance(error, UpstreamRefused) else Refused(0, str(error))


def _broken_pump(error: Exception) -> Signal:
    """An upstream that raises what it should not is still only an upstream that failed: the run must end."""
    log.exception("the upstream failed in an unforeseen way", exc_info=error)
    return Refused(0, f"{type(error).__name__}: {error}")
