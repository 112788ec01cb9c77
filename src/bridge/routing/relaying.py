"""Streams of other servers, told to the caller event by event in the ids that the caller knows.

The store learns of a run's end before the caller does: who then asks for the messages finds them.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

from attrs import define, field

from bridge.calls import ReplyStream
from bridge.errors import BridgeError
from bridge.records import Object, Run
from bridge.routing import moving, renaming
from bridge.routing.asked import Relayed
from bridge.routing.effects import Errand
from bridge.wire import sse

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

    def frame(self, event: sse.ServerSentEvent) -> tuple[bytes, Errand[None] | None]:
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

    def __iter__(self) -> Iterator[bytes]:
        if self._relayed.opening:
            yield self._relayed.opening
        for piece in self._pieces():
            for event in self._reading.events(piece):
                frame, errand = self._reading.frame(event)
                if errand is not None:
                    self._do(errand)
                yield frame

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._relayed.opening:
            yield self._relayed.opening
        async for piece in self._apieces():
            for event in self._reading.events(piece):
                frame, errand = self._reading.frame(event)
                if errand is not None:
                    await self._ado(errand)
                yield frame

    def _pieces(self) -> Iterator[bytes | None]:
        yield from self._relayed.answer.stream
        yield None

    async def _apieces(self) -> AsyncIterator[bytes | None]:
        async for piece in self._relayed.answer.stream:
            yield piece
        yield None

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

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._opening
        async for piece in self._rest:
            yield piece

    def close(self) -> None:
        self._rest.close()

    async def aclose(self) -> None:
        await self._rest.aclose()
