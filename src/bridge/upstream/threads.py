"""Async calls made in threads, where a client of our own cannot live on the loop: under trio, whose runs let no one
close anything once their main task has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import anyio.to_thread

from bridge.upstream.bodies import ResponseBytes

T = TypeVar("T")


def is_asyncio() -> bool:
    """Whether this is a task of asyncio."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def call(work: Callable[[], T]) -> T:
    """What the work answers; given up when the caller is cancelled, while it may go on."""
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


class BytesInThreads:
    """Implements AsyncUpstreamBytes over bytes that are read in threads, a piece at a time."""

    def __init__(self, inner: ResponseBytes) -> None:
        self.media_type = inner.media_type
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = iter(self._inner)
        try:
            while (piece := await call(lambda: next(pieces, None))) is not None:
                yield piece
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        self._inner.close()
