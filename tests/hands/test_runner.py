"""Legs at the edges of their process: asked for but not begun, on a loop that ends, when the interpreter goes down."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from bridge.calls import Call
from bridge.hands import rooms, runner
from bridge.service import Service
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream

BETA = {"openai-beta": "assistants=v2"}


@pytest.fixture
def service() -> Service:
    return Service(MemoryStore(), ScriptedUpstream("- say: Hello."))


def post(path: str, **body: Any) -> Call:
    return Call("POST", path, headers=BETA, body=orjson.dumps(body))


def new_run(service: Service) -> Call:
    assistant = orjson.loads(service.call(post("/assistants", model="gpt-4o", instructions="Be brief.")).body)
    thread = orjson.loads(service.call(post("/threads", messages=[{"role": "user", "content": "Hi"}])).body)
    return post(f"/threads/{thread['id']}/runs", assistant_id=assistant["id"])


def status_of(service: Service, run: dict[str, Any]) -> str:
    answer = service.call(Call("GET", f"/threads/{run['thread_id']}/runs/{run['id']}", headers=BETA))
    status: str = orjson.loads(answer.body)["status"]
    return status


def slow(kind: Callable[..., Any]) -> Callable[..., Any]:
    def make(*args: Any) -> Any:
        time.sleep(0.2)
        return kind(*args)

    return make


def test_the_end_waits_for_a_leg_that_was_asked_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread may be slow to start: the run was promised all the same."""
    call = new_run(service)
    monkeypatch.setattr(runner, "Line", slow(runner.Line))
    run = orjson.loads(service.call(call).body)
    service.runner.close()
    assert status_of(service, run) == "completed"


def test_a_leg_cancelled_before_it_began_is_not_held_for_ever(service: Service) -> None:
    """asyncio.run ends right after the answer, with the leg's task still waiting for its first step."""
    call = new_run(service)
    on_loop = Service(service.store, service.upstream, on_callers_loop=True)

    async def story() -> Any:
        return orjson.loads((await on_loop.acall(call)).body)

    asyncio.run(story())
    begin = time.monotonic()
    on_loop.runner.close()
    assert time.monotonic() - begin < 2


def test_a_look_for_the_dead_asked_for_during_a_look_is_made(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential that arrives while the heart looks with the old ones is looked for at the next beat."""
    looks: list[bool] = []
    mine = rooms.runner_for(MemoryStore(), service)
    mine._heart = threading.current_thread()  # this test is the heart

    def take_up(dead_too: bool = False) -> None:
        looks.append(dead_too)
        if len(looks) == 1:
            mine.knows(runner.Source(service.upstream))
        if len(looks) == 2:
            mine._closed = True
            mine._beat.set()

    monkeypatch.setattr(mine, "take_up", take_up)
    mine._beats()
    assert looks == [True, True]
