"""One runner a store and process: shared, made anew after a fork, ended when nobody uses it, and at exit."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from bridge.hands import leases, rooms
from bridge.service import Service
from bridge.store import Store
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream
from hands.process import call, new_run, run_status, until

THREADS = {"bridge-heartbeat", "bridge-lookout", "bridge-reader", "bridge-leg", "bridge-loop"}


class Counted(MemoryStore):
    """A store that knows how often it was closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
def quick_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.05)


@pytest.fixture
def store() -> Iterator[Counted]:
    store = Counted()
    yield store
    rooms.close_all(0.0)


def ours() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name in THREADS}


def serve(store: Store) -> Service:
    return Service(store, ScriptedUpstream("- say: Hello."))


def test_services_on_one_store_share_a_runner(store: Counted) -> None:
    first, second, other = serve(store), serve(store), serve(MemoryStore())
    assert first.runner is second.runner
    assert first.runner is not other.runner


@pytest.mark.slow
def test_a_room_that_nobody_uses_is_closed(store: Counted) -> None:
    """A test suite makes hundreds of clients on stores in memory."""
    before = ours()
    services = [serve(store), serve(store)]
    for service in services:
        assert service.call(call("POST", "/threads")).status == 200
    assert ours() - before
    del services[0], service
    gc.collect()
    time.sleep(0.2)
    assert ours() - before, "one service is left"
    assert store.closed == 0
    services.clear()
    gc.collect()
    until(lambda: not ours() - before, 2.0)
    assert store.closed == 1
    assert id(store) not in rooms._rooms
    assert serve(store).call(call("POST", "/threads")).status == 200, "it opens again"


@pytest.mark.slow
def test_a_room_is_not_closed_while_a_leg_works(store: Counted) -> None:
    service = serve(store)
    service.runner._work["run_a"] = None  # type: ignore[assignment]
    held = service.runner
    held.knows(leases.Source(service.upstream))
    del service
    gc.collect()
    time.sleep(0.2)
    assert store.closed == 0
    held._work.clear()
    until(lambda: store.closed == 1, 2.0)


def test_at_exit_every_store_is_closed_and_all_legs_share_the_time() -> None:
    upstream = ScriptedUpstream([{"when": "slow", "do": [{"wait": 60}]}])
    stores = [Counted(), Counted(), Counted()]
    services = [Service(store, upstream) for store in stores]
    for service in services:
        run = orjson.loads(service.call(new_run(service, "slow")).body)
        until(lambda service=service, run=run: run_status(service, run) == "in_progress")
    began = time.monotonic()
    rooms.close_all(0.3)
    assert 0.25 < time.monotonic() - began < 1.5
    assert [store.closed for store in stores] == [1, 1, 1]
    upstream.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_a_runner_of_its_own_even_if_a_lock_was_held(store: Counted) -> None:
    service = serve(store)
    parent = service.runner
    parent.knows(leases.Source(service.upstream))
    reading, writing = os.pipe()
    with rooms._lock:  # another thread of the parent is about to make a room
        pid = os.fork()
        if pid == 0:  # pragma: no cover, the child
            verdict = b"same"
            threading.Thread(target=lambda: (time.sleep(5), os._exit(3)), daemon=True).start()
            if service.runner is not parent and service.runner.owner != parent.owner:
                verdict = b"its own"
            os.write(writing, verdict)
            os._exit(0)
    os.close(writing)
    _, code = os.waitpid(pid, 0)
    with os.fdopen(reading, "rb") as pipe:
        assert (code, pipe.read()) == (0, b"its own")
    assert service.runner is parent


def test_reader_threads_end_and_come_again(store: Counted) -> None:
    import asyncio

    world = serve(store).runner.world

    async def read(value: Any) -> Any:
        return await world.readers.run(lambda: value)

    assert asyncio.run(read(1)) == 1
    threads = list(world.readers._threads)
    world.readers.close()
    for thread in threads:
        thread.join(1.0)
    assert not any(thread.is_alive() for thread in threads)
    assert asyncio.run(read(2)) == 2
