"""Bodies of answers of either HTTP family, noted while the program reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from typing import Any

from bridge.diff.recording.taking import Taking
from bridge.upstream import family


def listen(response: Any, taking: Taking, client: Any) -> None:
    """Have what the program reads of the response noted. It must not be read or closed yet."""
    sync, asynchronous = _kinds(family.module_of(client).__name__)
    is_async = isinstance(client, family.module_of(client).AsyncClient)
    response.stream = (asynchronous if is_async else sync)(response.stream, taking)


@lru_cache
def _kinds(name: str) -> tuple[Any, Any]:
    """The streams for the family, which wants bodies to be of classes of its own."""
    import importlib

    module: Any = importlib.import_module(name)
    return type("Heard", (Heard, module.SyncByteStream), {}), type("Heard", (AsyncHeard, module.AsyncByteStream), {})


class Heard:
    """A body that is read: each piece is noted, then given out."""

    def __init__(self, real: Any, taking: Taking) -> None:
        self._real, self._taking = real, taking

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._real:
                self._taking.piece(piece)
                yield piece
        except GeneratorExit:
            raise  # the reader left: `close` says so
        except Exception:
            self._taking.end("server")
            raise
        self._taking.end()

    def close(self) -> None:
        try:
            self._real.close()
        finally:
            self._taking.end("caller")

    def __del__(self) -> None:
        self._taking.end("caller")  # dropped half-read, and never closed


class AsyncHeard:
    """The same on an event loop. No generator: one that is dropped half-read is closed by the garbage collector, in
    whatever thread."""

    def __init__(self, real: Any, taking: Taking) -> None:
        self._real, self._taking = real, taking

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._pieces = aiter(self._real)
        return self

    async def __anext__(self) -> bytes:
        try:
            piece: bytes = await anext(self._pieces)
        except StopAsyncIteration:
            self._taking.end()
            raise
        except Exception:
            self._taking.end("server")
            raise
        self._taking.piece(piece)
        return piece

    async def aclose(self) -> None:
        try:
            await self._real.aclose()
        finally:
            self._taking.end("caller")

    def __del__(self) -> None:
        self._taking.end("caller")
