"""The end of a process: a few seconds for the legs, then the leases go back; whatever happens, it ends in time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bridge.errors import StoreError
from bridge.hands import runner
from bridge.hands.feeds import Feed
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream
from hands.process import Process, ends_with_error, until

SCRIPT = [
    {"when": "slow once", "times": 1, "do": [{"say": "One,"}, {"wait": 60}]},
    {"when": "slow once", "say": "Quick this time."},
    {"when": "a moment", "do": [{"say": "Wait,"}, {"wait": 0.2}, {"say": " here."}]},
]


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    upstream = ScriptedUpstream([{**rule} for rule in SCRIPT])
    yield upstream
    upstream.close()


@pytest.fixture
def process(upstream: ScriptedUpstream) -> Iterator[Callable[..., Process]]:
    made: list[Process] = []
    store = MemoryStore()

    def make(**options: Any) -> Process:
        made.append(Process(store, upstream, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def begin(here: Process, text: str, kind: str, feed: Feed | None = None) -> Any:
    """A run under way, driven in a thread or on the bridge's loop."""
    launch = here.begin(text)
    start = here.runner.start if kind == "sync" else here.runner.start_async
    start(launch.run, here.source, feed)
    until(lambda: here.status(launch.run) == "in_progress")
    return launch.run


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_run_that_needs_a_moment_is_finished(process: Any, kind: str) -> None:
    here = process()
    run = begin(here, "a moment", kind)
    here.runner.close(5.0)
    assert here.status(run) == "completed"


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_run_that_needs_longer_is_let_go_and_taken_up_elsewhere_at_once(
    process: Any, upstream: Any, kind: str
) -> None:
    here, there, feed = process(lease_seconds=30.0), process(lease_seconds=30.0), Feed()
    run = begin(here, "slow once", kind, feed)
    began = time.monotonic()
    here.runner.close(0.1)
    assert time.monotonic() - began < 1.0
    assert upstream.closed_early == 1, "generation went on"
    assert ends_with_error(b"".join(feed))
    until(lambda: there.status(run) == "completed", 1.0)


def test_legs_that_hang_do_not_add_up(process: Any, monkeypatch: Any) -> None:
    """However many there are, and though they hear nothing, the end takes its time once, and their leases go back."""
    here, hung = process(lease_seconds=30.0, beats=False), threading.Event()
    monkeypatch.setattr(runner, "LAST_SECONDS", 0.2)
    monkeypatch.setattr(runner, "drive", lambda flow, hands: hung.wait(5.0))
    runs = [here.start("slow once") for _ in range(5)]
    began = time.monotonic()
    here.runner.close(0.1)
    assert time.monotonic() - began < 0.6
    assert all(here.run(run).lease.lapsed(time.time()) for run in runs)
    hung.set()


def test_a_lease_nobody_works_under_goes_back(process: Any) -> None:
    here = process(lease_seconds=30.0, beats=False)
    run = here.begin("slow once").run
    here.runner.close(0.0)
    assert here.run(run).lease.lapsed(time.time())


def test_a_loop_that_ended_is_not_waited_for(process: Any) -> None:
    here = process(lease_seconds=30.0, beats=False)
    loop = asyncio.new_event_loop()

    async def story() -> Any:
        run = here.begin("slow once").run
        here.runner.start_async(run, here.source, None, on_this_loop=True)
        await asyncio.sleep(0.02)
        return run

    run = loop.run_until_complete(story())
    began = time.monotonic()
    here.runner.close(3.0)
    assert time.monotonic() - began < 0.5
    assert here.run(run).lease.lapsed(time.time())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()


def test_ctrl_c_at_the_end_waits_no_more_but_lets_go(process: Any, monkeypatch: Any, caplog: Any) -> None:
    here = process(lease_seconds=30.0)
    run = begin(here, "slow once", "sync")
    (work,) = here.runner._work.values()
    wait, interrupts = work.done.wait, [KeyboardInterrupt()]

    def interrupted(seconds: float) -> bool:
        if interrupts:
            raise interrupts.pop()
        return wait(seconds)

    monkeypatch.setattr(work.done, "wait", interrupted)
    began = time.monotonic()
    here.runner.close(30.0)
    assert time.monotonic() - began < 2.0
    assert here.run(run).lease.owner is None
    assert "interrupted: 1 runs are left to other processes" in caplog.text


def test_a_store_that_is_gone_does_not_stop_the_end(process: Any, monkeypatch: Any, caplog: Any) -> None:
    here = process(beats=False)

    def gone(*args: Any) -> Any:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(here.store, "renew", gone)
    here.runner.close(0.0)
    assert "they lapse by themselves" in caplog.text
    monkeypatch.undo()


def test_the_heart_has_stopped_when_the_end_is_done(process: Any) -> None:
    here = process()
    heart = here.runner._heart
    here.runner.close(0.0)
    assert heart is not None and not heart.is_alive()
