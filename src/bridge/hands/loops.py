"""The bridge's own event loop, in a daemon thread: legs of async clients run there, never on the caller's loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class BridgeLoop:
    """Made at first use."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()  # the loop itself keeps only weak references

    def submit(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start the coroutine on the bridge's loop, from any thread."""
        loop = self._running()
        loop.call_soon_threadsafe(lambda: self.keep(loop.create_task(coroutine)))

    def keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def in_thread(function: Callable[..., T], *args: Any) -> T:
        return await asyncio.to_thread(function, *args)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="bridge-loop", daemon=True).start()
            return self._loop

    def close(self) -> None:
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is None:
            return
        stopped = threading.Event()

        def stop() -> None:
            loop.stop()
            loop.call_soon(stopped.set)

        loop.call_soon_threadsafe(stop)
