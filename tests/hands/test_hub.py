"""News of runs: whoever waits is woken, and nothing that happened between a look and the wait is missed."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from attrs import evolve

from bridge.engine.effects import Wait, Woken
from bridge.hands.hub import Hub
from bridge.records import Run

RUN = Run("run_a", "thread_a", "asst_a", 0, 600, "gpt-4o", version=3)
SOON = 5.0


class Quiet:
    """A store nobody else commits to, until told otherwise."""

    def __init__(self) -> None:
        self.elsewhere = False

    def changed_elsewhere(self) -> bool:
        changed, self.elsewhere = self.elsewhere, False
        return changed


@pytest.fixture
def hub():
    hub = Hub(Quiet())
    yield hub
    hub.close()


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


def test_a_commit_of_another_process_wakes_waiters_and_legs(hub):
    heard = []
    hub.add_leg("run_b", object(), heard.append)
    thread = waits(hub)
    hub._store.elsewhere = True
    thread.join(1.0)
    assert not thread.is_alive()
    assert heard == [Woken()]


def test_a_leg_is_woken_by_others_and_not_by_itself(hub):
    heard, hands = [], object()
    hub.add_leg("run_a", hands, heard.append)
    hub.changed(evolve(RUN, status="cancelling"), origin=hands)
    assert heard == []
    hub.changed(evolve(RUN, status="cancelling"), origin=object())
    assert heard == [Woken()]
    hub.remove_leg("run_a", hands)
    hub.changed(evolve(RUN, status="cancelled"))
    assert heard == [Woken()]


def test_an_earlier_leg_that_leaves_late_does_not_remove_its_successor(hub):
    first, second, heard = object(), object(), []
    hub.add_leg("run_a", first, lambda signal: None)
    hub.add_leg("run_a", second, heard.append)
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
