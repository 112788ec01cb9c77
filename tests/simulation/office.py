"""The real thing, small: runners with their threads and loops, SQLite on disk, the scripted upstream, and bad luck.

Several runners share one file as several processes would: each has its own store object, hub and owner's name.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import orjson

from bridge.engine.flows import Context, Launch
from bridge.hands.drive import AsyncHands, Hands, adrive, drive
from bridge.hands.feeds import Feed
from bridge.hands.hub import Hub
from bridge.hands.runner import Runner, Source
from bridge.hands.world import World
from bridge.records import Object
from bridge.store.sql import SqlStore
from bridge.store.sqlite import SqliteDialect
from bridge.testing import ScriptedUpstream
from bridge.wire.sse import Decoder
from simulation.grammar import Grammar

LEASE_SECONDS = 0.5
SCRIPT: list[Any] = [
    {"when": "weather", "call": [{"name": "f"}, {"name": "g"}], "then": {"say": "It is {outputs[f]}, {outputs[g]}."}},
    {"when": "twice", "call": "f", "then": {"call": "g", "then": {"say": "Both: {outputs}."}}},
    {"when": "talk", "say": "Let me see.", "call": "f", "then": {"say": "Seen: {outputs}."}},
    {"when": "slow", "do": [{"pace": 0.04}, {"say": "one two three four five six seven eight nine ten: {text}"}]},
    {"when": "stuck", "do": [{"say": "Well,"}, {"wait": 2.0}, {"say": " yes: {text}"}]},
    {"when": "fail", "say": "Let me", "fail": {"code": "server_error", "message": "It broke."}},
    {"when": "cut", "say": "Let me", "cut": True},
    {"when": "long", "say": "And so on and", "incomplete": "max_output_tokens"},
    {"when": "busy", "error": 429},
    {"say": "You said: {text}"},
]
ENDS = {"fail": "failed", "cut": "failed", "busy": "failed", "long": "incomplete"}
"""How runs of these kinds end, if nobody interferes; all others are completed."""


class Weak(Runner):
    """A runner whose heart may stand still: its leases lapse, its legs go on."""

    faint_until = 0.0

    def renew(self) -> None:
        if time.monotonic() >= self.faint_until:
            super().renew()


class Process:
    """One process's share of the file, as service.Service and hands.rooms put it together."""

    def __init__(self, path: Path, upstream: ScriptedUpstream) -> None:
        self.store = SqlStore(SqliteDialect(path, "normal"))
        self.world = World(self.store, Hub(self.store))
        self.source = Source(upstream)
        self.runner = Weak(self.world, lease_seconds=LEASE_SECONDS, heartbeat=0.1)
        self.runner.knows(self.source)

    def call(self, make: Callable[[Context], Any], random: Random, waits: float | None = None) -> tuple[Any, Any]:
        """What Service.call and .acall do: the answer, and the stream if there is one. Raises APIError."""
        context = self.runner.context(self.source, None if waits is None else time.time() + waits)
        if random.random() < 0.3:
            result = asyncio.run(adrive(make(context), AsyncHands(self.world)))
        else:
            result = drive(make(context), Hands(self.world))
        if not isinstance(result, Launch):
            return result, None
        feed = Feed() if result.stream else None
        if feed is not None:
            feed.publish(result.opening)
        start = self.runner.start_async if random.random() < 0.5 else self.runner.start
        start(result.run, self.source, feed)
        return result.body, feed

    def close(self, seconds: float = 2.0) -> None:
        self.runner.close(seconds)
        self.world.close()
        self.store.close()


class Office:
    """Processes on one file; `trouble` goes on until `close`."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.upstream = ScriptedUpstream(SCRIPT)
        self.processes = [Process(path, self.upstream) for _ in range(3)]
        self._random = Random(seed)
        self._left: list[Process] = []  # their runners are closed; calls that had begun may still end there
        self._ends = threading.Event()
        self._trouble = threading.Thread(target=self._make_trouble, daemon=True)
        self.restarts = self.faints = 0
        self._trouble.start()

    def pick(self, random: Random) -> Process:
        return random.choice(self.processes)

    def _make_trouble(self) -> None:
        while not self._ends.wait(self._random.uniform(0.1, 0.5)):
            place = self._random.randrange(len(self.processes))
            if self._random.random() < 0.7:
                self.faints += 1
                self.processes[place].runner.faint_until = time.monotonic() + 3 * LEASE_SECONDS
            else:
                self.restarts += 1
                self._left.append(self.processes[place])
                self.processes[place] = Process(self.path, self.upstream)
                self._left[-1].runner.close(0.1)

    def close(self) -> None:
        self._ends.set()
        self._trouble.join()
        for process in (*self._left, *self.processes):
            process.close()


def listen(feed: Feed) -> Grammar:
    """The stream to its end, read by the grammar."""
    grammar, decoder = Grammar(), Decoder()
    for piece in feed:
        for event in decoder.feed(piece):
            if event.event in ("done", "error"):
                grammar.over(event.event)  # type: ignore[arg-type]
            else:
                data: Object = orjson.loads(event.data)
                assert event.event is not None
                grammar.tell(event.event, data)
    assert grammar.end is not None, f"a stream without an end: {grammar.events}"
    return grammar
