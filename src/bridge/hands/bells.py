"""Waking a waiting task from any thread, under asyncio and under trio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import anyio

T = TypeVar("T")


class Bell:
    """An event of the current loop that any thread may ring, as often as it likes."""

    def __init__(self) -> None:
        self._call_soon = call_soon_threadsafe()
        self._event = anyio.Event()

    def ring(self) -> None:
        try:
            self._call_soon(lambda: self._event.set())
        except RuntimeError:
            return  # the loop has ended, and whoever waited with it

    async def wait(self, seconds: float | None = None) -> bool:
        """Until it rings (True), or `seconds` passed (False); then the bell is silent again."""
        with anyio.move_on_after(seconds):
            await self._event.wait()
        has_rung = self._event.is_set()
        self._event = anyio.Event()
        return has_rung


def call_soon_threadsafe() -> Callable[[Callable[[], Any]], Any]:
    """How to make the current loop call a function, from any thread. Raises RuntimeError once the loop has ended."""
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        import trio

        return trio.lowlevel.current_trio_token().run_sync_soon


async def result_of(future: Future[T]) -> T:
    """The future's result, awaited under any loop."""
    bell = Bell()
    future.add_done_callback(lambda _: bell.ring())
    while not future.done():
        await bell.wait()
    return future.result()
