"""Leases: kept while a leg works, taken over when its process is not heard of, given back when nobody works."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bridge.calls import Credential
from bridge.engine.effects import LeaseLost
from bridge.engine.flows import runs, stalled
from bridge.errors import StoreError
from bridge.hands import leases
from bridge.hands.drive import drive
from bridge.hands.feeds import Feed
from bridge.hands.leases import Source
from bridge.hands.work import Work
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream
from hands.process import BETWEEN_BEATS, Process, ends_with_error, until

pytestmark = pytest.mark.slow

SCRIPT = [
    {"when": "slow once", "times": 1, "do": [{"say": "One,"}, {"wait": 60}]},
    {"when": "slow once", "say": "Quick this time."},
    {"when": "slow", "do": [{"say": "One,"}, {"wait": 60}]},
    {"when": "temperature", "call": {"name": "get_temperature"}, "then": {"say": "It is {outputs}."}},
    {"when": "always", "say": "You said: {text}"},
]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    upstream = ScriptedUpstream([{**rule} for rule in SCRIPT])
    yield upstream
    upstream.close()


@pytest.fixture
def process(store: MemoryStore, upstream: ScriptedUpstream) -> Iterator[Callable[..., Process]]:
    made: list[Process] = []

    def make(**options: Any) -> Process:
        made.append(Process(store, upstream, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def works(process: Process, run: Any) -> Callable[[], bool]:
    return lambda: process.status(run) == "in_progress"


# --- kept


@pytest.mark.slow
def test_a_lease_is_renewed_while_its_leg_works(process: Any) -> None:
    here, there = process(), process()
    run = here.start("slow")
    time.sleep(0.7)  # more than two leases
    assert (here.status(run), here.run(run).lease.number) == ("in_progress", 1)
    assert there.runner._work == {}


@pytest.mark.slow
def test_the_heart_beats_on_after_trouble_with_the_store(process: Any, monkeypatch: Any, caplog: Any) -> None:
    here = process()
    run = here.start("slow")
    until(works(here, run))
    renew, troubles = here.store.renew, [StoreError("the disk is full")] * 2

    def troubled(*args: Any) -> Any:
        if troubles:
            raise troubles.pop()
        return renew(*args)

    monkeypatch.setattr(here.store, "renew", troubled)
    time.sleep(0.5)
    assert here.run(run).lease.until > time.time()
    assert caplog.text.count("the heartbeat fails, and is tried again") == 1


# --- lost


def test_a_paused_process_finds_its_run_taken_and_done(process: Any) -> None:
    here, there = process(), process()
    feed = Feed()
    run = here.start("slow once", feed)
    until(works(here, run))
    here.pause()
    until(lambda: there.status(run) == "completed")
    here.wake()
    here.runner.renew()
    assert ends_with_error(b"".join(feed))
    after = here.run(run)
    assert (after.status, after.lapses, after.lease.owner) == ("completed", 1, None)


@pytest.mark.slow
def test_a_run_whose_process_is_lost_twice_fails(process: Any) -> None:
    here, there = process(), process()
    run = here.start("slow")
    until(works(here, run))
    here.pause()
    until(lambda: there.run(run).lapses == 1 and there.status(run) == "in_progress")
    there.pause()
    third = process()
    until(lambda: third.status(run) == "failed")
    assert third.run(run).last_error["code"] == "server_error"
    assert third.run(run).lease.owner is None


@pytest.mark.parametrize(
    "other",
    [{"authorization": "Bearer sk-of-another"}, {}],
    ids=["another key", "no key"],
)
def test_only_who_holds_the_credential_takes_a_run_over(process: Any, upstream: Any, other: dict[str, str]) -> None:
    here, there = process(), process(beats=False)
    run = here.start("slow once")
    until(works(here, run))
    here.pause()
    there.runner._sources.clear()
    stranger = Source(upstream, Credential(other))
    there.runner._sources[stranger.key] = stranger
    until(lambda: here.run(run).lease.lapsed(time.time()))
    there.runner.take_up()
    assert there.status(run) == "in_progress"
    there.runner._sources[there.source.key] = there.source
    there.runner.take_up()
    until(lambda: there.status(run) == "completed")


def test_the_same_key_of_another_upstream_is_another_credential(process: Any) -> None:
    here, there = process(), process(beats=False)
    elsewhere = ScriptedUpstream()
    elsewhere.name = "https://elsewhere/v1"
    there.runner._sources.clear()
    stranger = Source(elsewhere, here.source.credential)
    there.runner._sources[stranger.key] = stranger
    run = here.start("slow once")
    until(works(here, run))
    here.pause()
    until(lambda: here.run(run).lease.lapsed(time.time()))
    there.runner.take_up()
    assert there.status(run) == "in_progress"


def test_anybody_ends_a_stalled_run_that_was_cancelled(process: Any) -> None:
    here, there = process(), process(beats=False)
    run = here.start("slow")
    until(works(here, run))
    here.pause()
    here.runner.world.hub._legs.clear()  # nor does it hear of the cancel
    drive(runs.cancel(there.runner.context(there.source), run.thread_id, run.id), there.hands)
    until(lambda: here.run(run).lease.lapsed(time.time()))
    there.runner._sources.clear()
    there.runner.take_up()
    assert there.status(run) == "cancelled"


def test_a_leg_that_has_just_finished_may_be_told_of_its_lost_lease(process: Any) -> None:
    here = process(beats=False)
    run = here.start("Hi")
    until(lambda: here.status(run) == "completed")
    late = Work(run)
    here.runner._work[run.id] = late
    heard: list[Any] = []
    late.listen(None, heard.append)
    here.runner.renew()
    assert heard == [LeaseLost()]
    assert here.status(run) == "completed"
    del here.runner._work[run.id]


# --- nobody works on it


def test_a_run_that_was_never_started_is_taken_up(process: Any) -> None:
    """The caller was interrupted between the commit and the start."""
    here = process()
    run = here.begin("Hi").run
    until(lambda: here.status(run) == "completed")


def test_only_the_lease_that_was_idle_for_a_whole_beat_is_given_back(process: Any) -> None:
    """Idle at two beats, but for a moment each and under two leases: its second leg must not lose its own."""
    here = process(beats=False)
    run = here.begin("temperature?").run
    here.runner.renew()
    here.runner.start(run, here.source, None)
    until(lambda: here.status(run) == "requires_action" and not here.runner._work)
    calls = here.run(run).required_action["submit_tool_outputs"]["tool_calls"]
    outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "57"} for call in calls]}
    drive(runs.submit(here.runner.context(here.source), run.thread_id, run.id, outputs), here.hands)
    here.runner.renew()
    assert here.run(run).lease.owner == here.runner.owner
    time.sleep(BETWEEN_BEATS)
    here.runner.renew()
    assert here.run(run).lease.owner is None


def test_beats_in_quick_succession_take_no_lease_from_a_leg_about_to_start(process: Any) -> None:
    """A credential that arrives, or a loop that ends, makes the heart beat at once, whatever was the beat before."""
    here = process(beats=False)
    run = here.begin("Hi").run
    for _ in range(3):
        here.runner.renew()
    assert here.run(run).lease.owner == here.runner.owner
    here.runner.start(run, here.source, None)
    until(lambda: here.status(run) == "completed")


def test_one_run_that_cannot_be_taken_up_holds_up_no_other(process: Any, monkeypatch: Any, caplog: Any) -> None:
    here = process(beats=False)
    first, second = (here.begin(text).run for text in ("one", "two"))
    take_over = stalled.take_over

    def troubled(context: Any, thread_id: str, run_id: str, *more: Any) -> Any:
        if run_id == first.id:
            raise ValueError("a record from the future")
        return take_over(context, thread_id, run_id, *more)

    monkeypatch.setattr(stalled, "take_over", troubled)
    here.store.renew(here.runner.owner, 0.0)
    here.runner.take_up()
    until(lambda: here.status(second) == "completed")
    assert f"run {first.id}: it could not be taken up" in caplog.text


def test_a_restart_does_not_flood_the_upstream(process: Any, upstream: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(leases, "AT_ONCE", 2)
    here = process(beats=False)
    begun = [here.begin(f"Number {number}").run for number in range(5)]
    here.store.renew(here.runner.owner, 0.0)
    for beats, done in ((1, 2), (2, 4), (3, 5)):
        here.runner.take_up(dead_too=True)
        until(lambda done=done: sum(here.status(run) == "completed" for run in begun) == done)
        assert len(upstream.requests) == done, f"after beat {beats}"


# --- the caller's event loop


def on_callers_loop(here: Process, text: str, seconds: float) -> Any:
    """A leg begun on a loop of its own that lives for so long."""

    async def story() -> Any:
        launch = here.begin(text)
        here.runner.start_async(launch.run, here.source, None, on_this_loop=True)
        await asyncio.sleep(seconds)
        return launch.run

    return story()


@pytest.mark.parametrize("seconds", [0.0, 0.15], ids=["not begun", "begun"])
def test_a_leg_whose_loop_ended_goes_on_in_a_thread_at_once(process: Any, seconds: float) -> None:
    here = process(lease_seconds=30.0)
    run = asyncio.run(on_callers_loop(here, "slow once" if seconds else "Hi", seconds))
    until(lambda: here.status(run) == "completed", 2.0)
    assert here.runner._work == {} and here.runner.world.hub._legs == {}


@pytest.mark.parametrize("closes", [True, False], ids=["closed", "standing still"])
def test_a_leg_on_a_loop_that_nobody_runs_goes_on_in_a_thread(process: Any, closes: bool) -> None:
    here = process(lease_seconds=30.0)
    loop = asyncio.new_event_loop()
    run = loop.run_until_complete(on_callers_loop(here, "slow once", 0.1))
    if closes:
        loop.close()
    until(lambda: here.status(run) == "completed", 3.0)
    if not closes:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()
    assert here.status(run) == "completed"


def test_under_trio_the_leg_goes_to_a_thread(process: Any) -> None:
    trio = pytest.importorskip("trio")
    here = process()

    async def story() -> Any:
        launch = here.begin("Hi")
        here.runner.start_async(launch.run, here.source, None, on_this_loop=True)
        return launch.run

    run = trio.run(story)
    until(lambda: here.status(run) == "completed")


# --- memory


def test_nothing_grows_with_the_number_of_finished_runs(process: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(leases, "KNOWN", 8)
    here = process()
    last = [here.start(f"Number {number}") for number in range(40)]
    until(lambda: all(here.status(run) == "completed" for run in last) and not here.runner._work)
    for number in range(40):
        here.runner.knows(Source(here.source.upstream, Credential({"authorization": f"Bearer {number}"})))
    until(lambda: not here.runner._idle)
    hub = here.runner.world.hub
    assert (hub._legs, hub._waiters, len(here.runner._sources)) == ({}, {}, 8)
    assert [thread.name for thread in threading.enumerate() if thread.name in ("bridge-leg", "bridge-pump")] == []
