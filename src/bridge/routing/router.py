"""The service's door when there are routes: each call is answered within, or by another server (docs/routing.md)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from attrs import evolve

from bridge import errors
from bridge.calls import Answering, Call, Reply
from bridge.destinations import Destination
from bridge.engine.effects import Refused
from bridge.hands.drive import AsyncHands, Hands, adrive, drive
from bridge.hands.world import World
from bridge.routing.answering import answered
from bridge.routing.asked import Outcome, Preceded, Relayed, headers_of
from bridge.routing.effects import Errand, Within
from bridge.routing.plan import Plan
from bridge.routing.relaying import Led, Relay
from bridge.service import Service
from bridge.upstream import UpstreamRefused
from bridge.upstream.assistants import Answer, Ask
from bridge.wire import render

T = TypeVar("T")
JSON: Final = ("content-type", "application/json")
VERSION: Final = ("openai-version", "2020-10-01")

log = logging.getLogger("bridge")


class Router:
    """Implements calls.Answering around a service; `within` answers in its name. Raises ConfigurationError where a
    server's key is not set."""

    def __init__(self, service: Service, destinations: Sequence[Destination], within: Answering) -> None:
        self.service, self.within = service, within
        self.plan = Plan(destinations)

    def owns(self, method: str, path: str) -> bool:
        return self.within.owns(method, path)

    def call(self, call: Call) -> Reply:
        hands = RoutingHands(self.service.runner.world, self.within)
        try:
            return self._reply(drive(answered(self.plan, call), hands), hands.lost)
        except errors.APIError as error:
            return _refusal(error)
        except Exception:
            return _broken(call)

    async def acall(self, call: Call) -> Reply:
        hands = AsyncRoutingHands(self.service.runner.world, self.within)
        try:
            return self._reply(await adrive(answered(self.plan, call), hands), hands.lost)
        except errors.APIError as error:
            return _refusal(error)
        except Exception:
            return _broken(call)

    def close(self) -> None:
        self.plan.close()
        self.within.close()

    # --- what streams ask for

    def run(self, errand: Errand[T], call: Call) -> T:
        return drive(errand, RoutingHands(self.service.runner.world, self.within))

    async def arun(self, errand: Errand[T], call: Call) -> T:
        return await adrive(errand, AsyncRoutingHands(self.service.runner.world, self.within))

    def _reply(self, outcome: Outcome, lost: Sequence[str]) -> Reply:
        reply = self._told(outcome)
        return evolve(reply, headers=(*reply.headers, ("bridge-degraded", ", ".join(lost)))) if lost else reply

    def _told(self, outcome: Outcome) -> Reply:
        if isinstance(outcome, Relayed):
            answer = outcome.answer
            return Reply(answer.status, headers_of(answer), stream=Relay(outcome, self))
        if isinstance(outcome, Preceded):
            assert outcome.reply.stream is not None
            return evolve(outcome.reply, stream=Led(outcome.opening, outcome.reply.stream))
        return outcome


class RoutingHands(Hands):
    """The hands of an operation, and those for the effects of routing."""

    def __init__(self, world: World, within: Answering | None = None) -> None:
        super().__init__(world)
        self._within = within

    def perform(self, effect: Any) -> Any:
        if isinstance(effect, Within) and self._within is not None:
            return self._within.call(effect.call)
        return self._asked(effect) if isinstance(effect, Ask) else super().perform(effect)

    def _asked(self, effect: Ask) -> Answer | Refused:
        try:
            return effect.server.ask(effect)
        except UpstreamRefused as error:
            return error.refused


class AsyncRoutingHands(AsyncHands):
    """The same on an event loop."""

    def __init__(self, world: World, within: Answering | None = None) -> None:
        super().__init__(world)
        self._within = within

    async def perform(self, effect: Any) -> Any:
        if isinstance(effect, Within) and self._within is not None:
            return await self._within.acall(effect.call)
        return await (self._asked(effect) if isinstance(effect, Ask) else super().perform(effect))

    async def _asked(self, effect: Ask) -> Answer | Refused:
        try:
            return await effect.server.aask(effect)
        except UpstreamRefused as error:
            return error.refused


def _refusal(error: errors.APIError) -> Reply:
    return Reply(error.status, (JSON, *_standing(), *error.headers.items()), render.encode_pretty(error.body()))


def _broken(call: Call) -> Reply:
    """An error of ours, told as the old service told its own."""
    standing = _standing()
    log.exception("%s %s failed (%s)", call.method, call.path, standing[0][1])
    return Reply(500, (JSON, *standing), render.encode_pretty(errors.server_error(standing[0][1]).body()))


def _standing() -> tuple[tuple[str, str], ...]:
    """On every answer (assistants-wire §1.2)."""
    return (("x-request-id", f"req_{secrets.token_hex(16)}"), VERSION)
