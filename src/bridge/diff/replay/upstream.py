"""A Responses server that plays what a tape says the model answered, run by run, leg by leg.

Which recorded run a request belongs to is told by a header that the replay puts on its calls and that bridge hands on
with the caller's other headers. The end of a leg is held back until the replay has come to where the tape shows it, so
that a program that asks while a run works finds it working.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Final

import anyio.to_thread

from bridge.calls import Credential
from bridge.diff.replay import inverse
from bridge.diff.replay.answers import OtherCalls
from bridge.diff.replay.conversation import GARBAGE, Conversation
from bridge.diff.replay.pieces import Leg
from bridge.diff.tape import Leg as Asked
from bridge.diff.tape import Object
from bridge.engine.effects import Refused, Resume, Send, Sent
from bridge.profiles import SCRIPTED, Profile
from bridge.upstream import UpstreamRefused

RUN_HEADER: Final = "x-bridge-replayed-run"
PATIENCE: Final = 30.0
"""Seconds that a leg waits at most for the replay to come to its end."""


class TapeUpstream:
    """Implements upstream.Upstream. `asked` are the requests of the legs, with the recorded run they belong to."""

    name: str = "tape"
    profile: Profile = SCRIPTED

    def __init__(self, conversation: Conversation) -> None:
        self.asked: list[Asked] = []
        self._runs = conversation.runs
        self._played: dict[str, int] = {}
        self._gates: dict[tuple[str, int], threading.Event] = {}
        self._lock = threading.Lock()
        self._others = OtherCalls(conversation)

    def let_end(self, run_id: str, leg: int) -> None:
        """The end of this leg may be told from now on."""
        self._gate(run_id, leg).set()

    # --- the protocol

    def open(self, request: Object, credential: Credential) -> Playing:
        run_id = credential.headers.get(RUN_HEADER, "")
        with self._lock:
            self.asked.append(Asked(request, run_id or None))
            number = self._played.get(run_id, 0)
            self._played[run_id] = number + 1
        legs = self._runs.get(run_id, [])
        if number >= len(legs):
            raise UpstreamRefused(Refused(500, f"The tape has no leg {number + 1} of {run_id or 'this run'}."))
        try:
            events = inverse.events_of(legs[number], f"resp_{run_id}_{number}")
        except GARBAGE as error:
            why = f"Leg {number + 1} of {run_id} cannot be played: {type(error).__name__} {error}"
            raise UpstreamRefused(Refused(500, why)) from error
        return Playing(events, self._gate(run_id, number), hangs(legs[number]))

    async def aopen(self, request: Object, credential: Credential) -> Playing:
        return self.open(request, credential)

    def resume(self, resume: Resume, credential: Credential) -> Playing:
        raise UpstreamRefused(Refused(404, "A tape keeps no responses."))

    async def aresume(self, resume: Resume, credential: Credential) -> Playing:
        return self.resume(resume, credential)

    def fetch(self, path: str, credential: Credential) -> NoBytes:
        return NoBytes()

    async def afetch(self, path: str, credential: Credential) -> NoBytes:
        return NoBytes()

    def send(self, effect: Send, credential: Credential) -> Sent:
        return self._others.answer(effect, credential.headers.get(RUN_HEADER, ""))

    async def asend(self, effect: Send, credential: Credential) -> Sent:
        return self.send(effect, credential)

    def close(self) -> None:
        """Lets everything end."""
        with self._lock:
            gates = list(self._gates.values())
        for gate in gates:
            gate.set()

    def _gate(self, run_id: str, leg: int) -> threading.Event:
        with self._lock:
            return self._gates.setdefault((run_id, leg), threading.Event())


def hangs(leg: Leg) -> bool:
    """Whether the model was still at work when the run ended: somebody cancelled it, or its time was over."""
    return leg.ending in ("cancelled", "expired")


class Playing:
    """One answer: its events, the last one when the gate is open; one that hangs is only closed from outside."""

    def __init__(self, events: list[Object], gate: threading.Event, hangs: bool) -> None:
        self._events, self._gate, self._hangs = events, gate, hangs
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Object]:
        before, last = (self._events, []) if self._hangs else (self._events[:-1], self._events[-1:])
        for event in before:
            if self._closed.is_set():
                return
            yield event
        if self._hangs:
            self._closed.wait(PATIENCE)
            return
        self._wait()
        yield from last

    async def __aiter__(self) -> AsyncIterator[Object]:
        for event in self._events if self._hangs else self._events[:-1]:
            yield event
        if self._hangs:
            await anyio.to_thread.run_sync(lambda: self._closed.wait(PATIENCE), abandon_on_cancel=True)
            return
        await anyio.to_thread.run_sync(self._wait, abandon_on_cancel=True)
        yield self._events[-1]

    def close(self) -> None:
        self._closed.set()
        self._gate.set()

    async def aclose(self) -> None:
        self.close()

    def _wait(self) -> None:
        self._gate.wait(PATIENCE)


class NoBytes:
    """The content of a file: tapes have none."""

    media_type: str | None = "application/octet-stream"

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        nothing: tuple[bytes, ...] = ()
        for piece in nothing:
            yield piece

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        self.close()
