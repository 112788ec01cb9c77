"""A process that dies at any call to the other server, before it is sent or before its answer is seen, and at any
commit: whatever it left, the next one goes on with, and both sides have heard everything once."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.engine.effects import Commit
from bridge.routing import moving
from bridge.routing.router import RoutingHands
from bridge.upstream.assistants import Server
from routing.test_routing_trouble import Died, said_there
from routing.two_servers import go_on, said, thread_with

pytestmark = pytest.mark.slow
CALLS, COMMITS = 8, 6
"""So many the run makes that moves the thread, until it is brought in."""


class Deaths:
    """Dies at the call of this number that is made through it."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == -1


def at_a_call(monkeypatch: Any, at: int, sees_answer: bool) -> None:
    ask, deaths = Server.ask, Deaths(at)

    def dying(self: Server, *args: Any) -> Any:
        if deaths():
            if not sees_answer:
                raise Died
            ask(self, *args)
            raise Died
        return ask(self, *args)

    monkeypatch.setattr(Server, "ask", dying)


def at_a_commit(monkeypatch: Any, at: int) -> None:
    perform, deaths = RoutingHands.perform, Deaths(at)

    def dying(self: RoutingHands, effect: Any) -> Any:
        if isinstance(effect, Commit) and deaths():
            raise Died
        return perform(self, effect)

    monkeypatch.setattr(RoutingHands, "perform", dying)


def story(client: Any, theirs: Any, ours: Any, legacy: Any, monkeypatch: Any, deadly: Any) -> None:
    """Turns of both, one of which is cut by a death; then everything is looked at."""
    thread_id = thread_with(client, "one")
    go_on(client, thread_id, theirs.id)
    client.beta.threads.messages.create(thread_id, role="user", content="two")
    go_on(client, thread_id, ours.id)
    client.beta.threads.messages.create(thread_id, role="user", content="three")
    with monkeypatch.context() as patched:
        deadly(patched)
        with pytest.raises(Died):
            go_on(client, thread_id, theirs.id)
    monkeypatch.setattr(moving, "LOST_SECONDS", 0)
    while client.beta.threads.runs.list(thread_id, limit=1).data[0].status not in ("completed", "failed"):
        pass
    client.beta.threads.messages.create(thread_id, role="user", content="four")
    go_on(client, thread_id, theirs.id)
    heard = said(client, thread_id)
    assert heard[:5] == ["one", "legacy: one", "two", "bridge: two", "three"]
    assert heard[5:] in (["legacy: three", "four", "legacy: four"], ["four", "legacy: four"])
    assert said_there(legacy) == heard


@pytest.mark.parametrize("sees_answer", [False, True])
@pytest.mark.parametrize("at", range(CALLS))
def test_a_death_at_a_call_loses_and_doubles_nothing(client, theirs, ours, legacy, monkeypatch, at, sees_answer):
    story(client, theirs, ours, legacy, monkeypatch, lambda patched: at_a_call(patched, at, sees_answer))


@pytest.mark.parametrize("at", range(COMMITS))
def test_a_death_at_a_commit_loses_and_doubles_nothing(client, theirs, ours, legacy, monkeypatch, at):
    story(client, theirs, ours, legacy, monkeypatch, lambda patched: at_a_commit(patched, at))
