"""Processes that share a store, played within one: each has a runner, a hub and a lease owner of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson

from bridge.calls import Call, Credential
from bridge.engine.effects import RunState
from bridge.engine.flows import Launch, assistants, runs, threads
from bridge.hands.drive import Hands, drive
from bridge.hands.feeds import DONE, Feed
from bridge.hands.hub import Hub
from bridge.hands.leases import Source
from bridge.hands.runner import Runner
from bridge.hands.world import World
from bridge.records import Run
from bridge.service import Service
from bridge.store import Store

KEY = "sk-of-the-tests"
BETWEEN_BEATS = 0.05
BETA = {"openai-beta": "assistants=v2"}
TOOL = {"type": "function", "function": {"name": "get_temperature"}}


class Process:
    """A runner with short leases. Without `beats` its heart stands still: the test calls renew and take_up."""

    def __init__(
        self, store: Store, upstream: Any, *, key: str = KEY, lease_seconds: float = 0.3, beats: bool = True
    ) -> None:
        self.store = store
        self.runner = Runner(World(store, Hub(store)), lease_seconds=lease_seconds, heartbeat=BETWEEN_BEATS)
        self.source = Source(upstream, Credential({"authorization": f"Bearer {key}"}))
        self.hands = Hands(self.runner.world)
        if beats:
            self.runner.knows(self.source)
        else:
            self.runner._start_heart = lambda: None  # type: ignore[method-assign]
            self.runner._sources[self.source.key] = self.source

    def begin(self, text: str) -> Launch:
        """A run on a new thread, created and not started: its lease is ours, nobody works on it."""
        context = self.runner.context(self.source)
        assistant = drive(assistants.create(context, {"model": "gpt-4o", "tools": [TOOL]}), self.hands)
        message = {"role": "user", "content": text}
        thread = drive(threads.create(context, {"messages": [message]}), self.hands)
        given = {"assistant_id": assistant["id"], "stream": True}
        return drive(runs.create(context, thread["id"], given, {}), self.hands)

    def start(self, text: str, feed: Feed | None = None) -> Run:
        launch = self.begin(text)
        self.runner.start(launch.run, self.source, feed)
        return launch.run

    def pause(self) -> None:
        """As under SIGSTOP: neither its heart beats nor does it notice anything."""
        self.runner._beats = lambda: None  # type: ignore[method-assign]
        self.runner.renew = lambda: None  # type: ignore[method-assign]
        self.runner.take_up = lambda dead_too=False: None  # type: ignore[method-assign]

    def wake(self) -> None:
        del self.runner.renew, self.runner.take_up

    def run(self, run: Run) -> Run:
        snapshot = self.store.run_state(RunState(run.thread_id, run.id))
        assert snapshot is not None
        return snapshot.run

    def status(self, run: Run) -> str:
        return self.run(run).status

    def close(self) -> None:
        self.runner.close(0.0)
        self.runner.world.hub.close()


def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


def call(method: str, path: str, **body: Any) -> Call:
    return Call(method, path, headers=BETA, body=orjson.dumps(body) if body else b"")


def answered(service: Service, method: str, path: str, **body: Any) -> dict[str, Any]:
    """The object that the service answers."""
    reply = service.call(call(method, path, **body))
    assert reply.status == 200, reply.body
    found: dict[str, Any] = orjson.loads(reply.body)
    return found


def new_run(service: Service, text: str, **more: Any) -> Call:
    """The call that creates a run on a new thread."""
    assistant = answered(service, "POST", "/assistants", model="gpt-4o", instructions="Be brief.", tools=[TOOL])
    thread = answered(service, "POST", "/threads", messages=[{"role": "user", "content": text}])
    return call("POST", f"/threads/{thread['id']}/runs", assistant_id=assistant["id"], **more)


def run_status(service: Service, run: dict[str, Any]) -> str:
    status: str = answered(service, "GET", f"/threads/{run['thread_id']}/runs/{run['id']}")["status"]
    return status


def ends_with_error(heard: bytes) -> bool:
    """The nested error, and no `done` after it (assistants-wire §8.12)."""
    last = heard.split(b"\n\n")[-2]
    return last.startswith(b'event: error\ndata: {"error":') and DONE not in heard
