"""Streams of other servers, told to the caller event by event in the ids that the caller knows.

The store learns of a run's end before the caller does: who then asks for the messages finds them.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol, TypeAlias

from attrs import define, field

from bridge.calls import ReplyStream
from bridge.errors import BridgeError
from bridge.records import Object, Run
from bridge.routing import moving, renaming
from bridge.routing.asked import Relayed
from bridge.routing.effects import Errand
from bridge.wire import sse

Due: TypeAlias = tuple[bytes, Errand[None] | None]
"""A frame for the caller, and what is to be done before it is told."""

log = logging.getLogger("bridge")


class Drivers(Protocol):
    """Who performs errands: the router."""

    def run(self, errand: Errand[Any], call: Any) -> Any: ...

    async def arun(self, errand: Errand[Any], call: Any) -> Any: ...


@define
class Reading:
    """What is known of a stream as it is read. Pure; `names` grows by what the run is called at its server."""

    relayed: Relayed
    decoder: sse.Decoder = field(factory=sse.Decoder)
    is_paired: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.is_paired = self.relayed.run.id in self.relayed.names.values()

    def events(self, piece: bytes | None) -> list[sse.ServerSentEvent]:
        """Those that the piece completes; None is the end."""
        return self.decoder.end() if piece is None else self.decoder.feed(piece)

    def frame(self, event: sse.ServerSentEvent) -> Due:
        """The event for the caller, and what is to be done before it is told."""
        data = renaming.data(event)
        errand = self._pairing(data) if not self.is_paired and _is_run(data) else None
        if event.data == b"[DONE]":
            errand = _caught_up(self.relayed)
        return renaming.frame(event, data, self.relayed.names), errand

    def _pairing(self, run: Object) -> Errand[None]:
        self.is_paired = True
        self.relayed.names[run["id"]] = self.relayed.run.id
        return moving.paired(self.relayed.server, self.relayed.run, run["id"])


def _is_run(data: Any) -> bool:
    return isinstance(data, dict) and data.get("object") == "thread.run" and isinstance(data.get("id"), str)


def _caught_up(relayed: Relayed) -> Errand[None]:
    """What the run made, brought in. Where that fails, the next call about the thread does it."""
    run = yield from moving.stored_run(relayed.run)
    if run is not None:
        yield from moving.settled(relayed.server, relayed.call, run)


class Relay:
    """Implements calls.ReplyStream. How long it waits for a piece was told to the server's client at the call, so
    `patience` changes nothing; leaving early ends no run."""

    patience: float | None = None

    def __init__(self, relayed: Relayed, drivers: Drivers) -> None:
        self._relayed, self._drivers = relayed, drivers
        self._reading = Reading(relayed)
        self._opening, self._is_over = relayed.opening, False
        self._ready: deque[Due] = deque()

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._relayed.answer.stream)
        while not self._is_over:
            for frame, errand in self._read(next(pieces, None)):
                if errand is not None:
                    self._do(errand)
                yield frame

    def __aiter__(self) -> AsyncIterator[bytes]:
        """No generator: one that is dropped half-read is closed by the garbage collector, whenever that comes."""
        self._pieces = aiter(self._relayed.answer.stream)
        return self

    async def __anext__(self) -> bytes:
        while not self._ready:
            if self._is_over:
                raise StopAsyncIteration
            self._ready.extend(self._read(await anext(self._pieces, None)))
        frame, errand = self._ready.popleft()
        if errand is not None:
            await self._ado(errand)
        return frame

    def _read(self, piece: bytes | None) -> list[Due]:
        """What a piece completes; None is the end."""
        self._is_over = piece is None
        opening, self._opening = self._opening, b""
        told = [self._reading.frame(event) for event in self._reading.events(piece)]
        return [*([(opening, None)] if opening else []), *told]

    def _do(self, errand: Errand[None]) -> None:
        try:
            self._drivers.run(errand, self._relayed.call)
        except BridgeError as error:
            self._told(error)

    async def _ado(self, errand: Errand[None]) -> None:
        try:
            await self._drivers.arun(errand, self._relayed.call)
        except BridgeError as error:
            self._told(error)

    def _told(self, error: BridgeError) -> None:
        run: Run = self._relayed.run
        log.warning("run %s: what it made is brought in later (%s)", run.id, error)

    def close(self) -> None:
        self._relayed.answer.stream.close()

    async def aclose(self) -> None:
        await self._relayed.answer.stream.aclose()


class Led:
    """Implements calls.ReplyStream: some bytes, then another stream."""

    def __init__(self, opening: bytes, rest: ReplyStream) -> None:
        self._opening, self._rest = opening, rest

    @property
    def patience(self) -> float | None:
        return self._rest.patience

    @patience.setter
    def patience(self, seconds: float | None) -> None:
        self._rest.patience = seconds

    def __iter__(self) -> Iterator[bytes]:
        yield self._opening
        yield from self._rest

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._pieces = aiter(self._rest)
        return self

    async def __anext__(self) -> bytes:
        opening, self._opening = self._opening, b""
        return opening or await anext(self._pieces)

    def close(self) -> None:
        self._rest.close()

    async def aclose(self) -> None:
        await self._rest.aclose()
