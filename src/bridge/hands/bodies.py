"""The bytes of a file as the body of a reply: out of the store, or fetched from the container it was made in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from bridge.calls import ReplyStream
from bridge.engine.effects import Refused
from bridge.engine.flows.files import lost
from bridge.hands.pumps import AsyncDirect, Direct
from bridge.hands.world import World
from bridge.records import File
from bridge.upstream import AsyncUpstreamBytes, StreamBroken, UpstreamBytes
from bridge.wire.downloads import source


def body(file: File, world: World, line: Direct) -> ReplyStream:
    """For a caller in a thread. Raises APIError where the bytes are not to be had."""
    if file.copy:
        return KeptBody(file, world)
    answer = line.ask(lambda upstream, credential: upstream.fetch(source(file), credential))
    if isinstance(answer, Refused):
        raise lost(file, answer)
    return FetchedBody(answer)


async def abody(file: File, world: World, line: AsyncDirect) -> ReplyStream:
    """The same on an event loop."""
    if file.copy:
        return KeptBody(file, world)
    answer = await line.ask(lambda upstream, credential: upstream.afetch(source(file), credential))
    if isinstance(answer, Refused):
        raise lost(file, answer)
    return AsyncFetchedBody(answer)


class KeptBody:
    """Implements ReplyStream over the store, for threads and event loops. Nothing is open between two pieces."""

    def __init__(self, file: File, world: World) -> None:
        self.patience: float | None = None
        self._file, self._world = file, world
        self._number = self._sent = 0
        self._left = False

    def __iter__(self) -> Iterator[bytes]:
        while self._goes_on():
            yield self._checked(self._world.store.piece(self._file.copy, self._number))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._goes_on():
            yield self._checked(await self._world.readers.run(self._world.store.piece, self._file.copy, self._number))

    def close(self) -> None:
        self._left = True

    async def aclose(self) -> None:
        self.close()

    def _goes_on(self) -> bool:
        return self._sent < self._file.size and not self._left

    def _checked(self, piece: bytes | None) -> bytes:
        """The answer has promised the file's size: fewer bytes are a body that broke off."""
        if not piece:
            raise StreamBroken(f"{self._file.id} was deleted while it was read")
        self._number += 1
        self._sent += len(piece)
        return piece


class FetchedBody:
    """Implements ReplyStream over an answer of the upstream, for a caller in a thread."""

    def __init__(self, answer: UpstreamBytes) -> None:
        self.patience: float | None = None
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise TypeError("this body belongs to a thread, not to an event loop")

    def close(self) -> None:
        self._answer.close()

    async def aclose(self) -> None:
        self.close()


class AsyncFetchedBody:
    """The same on an event loop."""

    def __init__(self, answer: AsyncUpstreamBytes) -> None:
        self.patience: float | None = None
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        raise TypeError("this body belongs to an event loop, not to a thread")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._answer:
            yield piece

    def close(self) -> None:
        raise TypeError("this body belongs to an event loop, not to a thread")

    async def aclose(self) -> None:
        await self._answer.aclose()
