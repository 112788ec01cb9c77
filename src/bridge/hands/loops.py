"""The bridge's own event loop, in a daemon thread: legs of async clients run there, never on the caller's loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

from bridge.upstream.lending import is_closing, retire_all

T = TypeVar("T")

LAST_SECONDS: Final = 1.0
"""How long `close` waits for tasks that were cancelled."""


class DaemonThreads(ThreadPoolExecutor):
    """A daemon thread for each job. The standard library's executors refuse work once the main thread has ended, when
    legs are still being finished; without one a loop cannot even look up a host."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()

        def work() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as error:
                    future.set_exception(error)

        threading.Thread(target=work, name="bridge-io", daemon=True).start()
        return future


class BridgeLoop:
    """Made at first use."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()  # the loop itself keeps only weak references

    def submit(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start the coroutine on the bridge's loop, from any thread."""
        loop = self._running()
        loop.call_soon_threadsafe(lambda: self.keep(loop.create_task(coroutine)))

    def keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                loop.set_default_executor(DaemonThreads())
                thread = threading.Thread(target=_run, args=(loop,), name="bridge-loop", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # no more threads: the next leg tries again
                    loop.close()
                    raise
                self._loop, self._thread = loop, thread
            return self._loop

    def close(self) -> None:
        with self._lock:
            loop, self._loop = self._loop, None
            thread, self._thread = self._thread, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(LAST_SECONDS)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Until it is stopped; what still waits on it then is cancelled, so that nothing is left open."""
    try:
        loop.run_forever()
        loop.run_until_complete(_cancelled({task for task in asyncio.all_tasks(loop) if not is_closing(task)}))
        loop.run_until_complete(retire_all())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _cancelled(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
