"""News of runs: whoever waits is woken, and nothing that happened between a look and the wait is missed."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from attrs import evolve

from bridge.engine.effects import Wait, Woken
from bridge.errors import StoreError
from bridge.hands.hub import Hub
from bridge.records import Lease, Run

RUN = Run("run_a", "thread_a", "asst_a", 0, 600, "gpt-4o", version=3)
SOON = 5.0


class Quiet:
    """A store nobody else commits to, until told otherwise. `looked` counts how often runs were read."""

    def __init__(self) -> None:
        self.elsewhere = False
        self.runs: dict[str, Run] = {"run_a": RUN, "run_b": evolve(RUN, id="run_b")}
        self.looked = 0

    def changed_elsewhere(self) -> bool:
        changed, self.elsewhere = self.elsewhere, False
        if isinstance(changed, Exception):
            raise changed
        return changed

    def load(self, keys):
        self.looked += 1
        return tuple(self.runs.get(key.id) for key in keys)

    def commits(self, run: Run) -> None:
        self.runs[run.id] = run
        self.elsewhere = True


@pytest.fixture
def hub():
    hub = Hub(Quiet())
    yield hub
    hub.close()


@pytest.fixture
def still(hub, monkeypatch):
    """A hub that looks only when it is told to."""
    monkeypatch.setattr(hub, "_look_out", lambda: None)
    return hub


def waits(hub: Hub, version: int = 3, seconds: float = SOON) -> threading.Thread:
    thread = threading.Thread(target=hub.wait, args=(Wait(time.time() + seconds, "run_a", version),), daemon=True)
    thread.start()
    while "run_a" not in hub._waiters and thread.is_alive():
        time.sleep(0.001)
    return thread


@pytest.mark.parametrize("status", ["requires_action", "completed", "failed", "cancelled", "expired", "incomplete"])
def test_news_end_a_wait(hub, status):
    thread = waits(hub)
    hub.changed(evolve(RUN, status=status, version=4))
    thread.join(1.0)
    assert not thread.is_alive()


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_what_no_poller_stops_for_wakes_nobody(hub, status):
    thread = waits(hub, seconds=0.3)
    hub.changed(evolve(RUN, status=status, version=4))
    thread.join(0.1)
    assert thread.is_alive()
    thread.join(1.0)


def test_news_between_the_look_and_the_wait_are_not_missed(hub):
    hub.changed(evolve(RUN, status="completed", version=4))
    began = threading.Event()
    thread = threading.Thread(target=lambda: (hub.wait(Wait(time.time() + 60, "run_a", 3)), began.set()), daemon=True)
    thread.start()
    assert began.wait(0.5)


def test_old_news_are_no_news(hub):
    hub.changed(evolve(RUN, status="requires_action", version=3))
    thread = waits(hub, version=3, seconds=0.2)
    thread.join(0.1)
    assert thread.is_alive()
    thread.join(1.0)


def test_a_commit_of_another_process_wakes_waiters(hub):
    thread = waits(hub)
    hub._store.commits(evolve(RUN, status="completed", version=4))
    thread.join(0.8)
    assert not thread.is_alive()


def test_a_run_deleted_by_another_process_wakes_waiters(hub):
    thread = waits(hub)
    del hub._store.runs["run_a"]
    hub._store.elsewhere = True
    thread.join(0.8)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    "change",
    [{"status": "cancelling", "version": 5}, {"lease": Lease("another", 2, 1e12)}],
    ids=["cancelled", "taken over"],
)
def test_a_commit_of_another_process_wakes_the_leg_it_concerns(still, change):
    heard = []
    still.add_leg("run_a", 0, object(), heard.append)
    still._store.elsewhere = True
    still.look()
    still._store.commits(evolve(RUN, version=4))  # as the leg itself does
    still.look()
    assert heard == []
    still._store.commits(evolve(RUN, **change))
    still.look()
    assert heard == [Woken()]


def test_a_busy_neighbour_wakes_nobody_in_vain(still):
    """Another process that commits all the time must not make every poller and every leg here read all the time."""
    heard, woken = [], []
    still.add_leg("run_b", 0, object(), heard.append)
    wait = Wait(time.time() + SOON, "run_a", 3)
    assert still._enter(wait, lambda: woken.append(True))
    for _ in range(5):
        still._store.commits(evolve(RUN, id="run_of_the_neighbour"))
        still.look()
    assert (heard, woken) == ([], [])
    began = time.monotonic()
    still.wait(Wait(time.time() + 0.1, "run_a", 3))
    assert time.monotonic() - began >= 0.08, "came back at once, to look again and again"


def test_news_of_another_process_between_the_look_and_the_wait_are_not_missed(hub):
    hub._store.commits(evolve(RUN, status="completed", version=4))
    while hub._store.elsewhere:
        hub.look()  # nobody waited yet
    began = time.monotonic()
    hub.wait(Wait(time.time() + SOON, "run_a", 3))
    assert time.monotonic() - began < 0.8


def test_the_lookout_outlives_trouble_with_the_store(hub, monkeypatch, caplog):
    monkeypatch.setattr("bridge.hands.hub.AFTER_TROUBLE", 0.01)
    hub._store.elsewhere = StoreError("the disk is full")
    thread = waits(hub)
    while hub._store.elsewhere:
        time.sleep(0.001)
    hub._store.commits(evolve(RUN, status="completed", version=4))
    thread.join(0.8)
    assert not thread.is_alive()
    assert "cannot be asked for news" in caplog.text


def test_an_interrupted_waiter_leaves_no_trace(hub, monkeypatch):
    """Ctrl-C during a poll."""
    waits(hub, seconds=0.0).join(1.0)  # the lookout is there

    def interrupted(self, timeout=None):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            hub.wait(Wait(time.time() + SOON, "run_a", 3))
    assert hub._waiters == {}


def test_a_hub_remembers_so_many_runs_and_no_more(hub, monkeypatch):
    monkeypatch.setattr("bridge.hands.hub.REMEMBERED", 10)
    for number in range(100):
        hub.add_leg(f"run_{number}", 0, hub, lambda signal: None)
        hub.changed(evolve(RUN, id=f"run_{number}", status="completed"))
        hub.remove_leg(f"run_{number}", hub)
    assert (len(hub._versions), hub._legs) == (10, {})


def test_closing_ends_the_lookout(hub):
    waits(hub, seconds=0.0).join(1.0)
    hub.close()
    assert not hub._lookout.is_alive()


def test_a_leg_is_woken_by_others_and_not_by_itself(hub):
    heard, hands = [], object()
    hub.add_leg("run_a", 0, hands, heard.append)
    hub.changed(evolve(RUN, status="cancelling"), origin=hands)
    assert heard == []
    hub.changed(evolve(RUN, status="cancelling"), origin=object())
    assert heard == [Woken()]
    hub.remove_leg("run_a", hands)
    hub.changed(evolve(RUN, status="cancelled"))
    assert heard == [Woken()]


def test_an_earlier_leg_that_leaves_late_does_not_remove_its_successor(hub):
    first, second, heard = object(), object(), []
    hub.add_leg("run_a", 0, first, lambda signal: None)
    hub.add_leg("run_a", 0, second, heard.append)
    hub.remove_leg("run_a", first)
    hub.changed(evolve(RUN, status="cancelling"))
    assert heard == [Woken()]


def test_tasks_of_an_event_loop_are_woken_from_another_thread(hub):
    async def wait() -> None:
        timer = threading.Timer(0.05, hub.changed, args=(evolve(RUN, status="completed", version=4),))
        timer.start()
        await asyncio.wait_for(hub.await_(Wait(time.time() + 60, "run_a", 3)), 0.9)

    asyncio.run(wait())


def test_a_waiter_leaves_no_trace(hub):
    hub.wait(Wait(time.time(), "run_a", 3))
    assert hub._waiters == {}
