"""The two drivers do the same: effects performed in order, answers and errors sent back in, the flow's result out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bridge import errors
from bridge.engine import effects
from bridge.engine.effects import Commit, Committed, Conflict, Flow, Key, Next
from bridge.hands.drive import AsyncHands, Hands, adrive, drive
from bridge.hands.feeds import Feed
from bridge.hands.hub import Hub
from bridge.hands.world import World
from bridge.records import Delta, Exists, Put, Run, Thread, Told
from bridge.store.memory import MemoryStore

THREAD = Thread("thread_a", 0)
RUN = Run("run_a", "thread_a", "asst_a", 0, 600, "gpt-4o", status="completed")
Driver = Callable[..., Any]


@pytest.fixture
def world() -> World:
    store = MemoryStore()
    return World(store, Hub(store), clock=lambda: 7.0, mint=lambda kind: f"{kind}_new")


def sync(flow: Flow[Any], world: World, feed: Feed | None = None) -> Any:
    return drive(flow, Hands(world, feed))


def asynchronous(flow: Flow[Any], world: World, feed: Feed | None = None) -> Any:
    async def main() -> Any:
        return await adrive(flow, AsyncHands(world, feed))

    try:
        return asyncio.run(main())
    finally:
        world.readers.close()


@pytest.fixture(params=[sync, asynchronous])
def driven(request: Any) -> Driver:
    found: Driver = request.param
    return found


def test_answers_come_back_in_order(driven: Driver, world: World) -> None:
    def flow() -> Flow[Any]:
        at = yield from effects.now()
        name = yield from effects.mint("thread")
        stored = yield from effects.commit([Put(Thread(name, int(at)), is_new=True)])
        (found,) = yield from effects.load(Key(Thread, name))
        listed = yield from effects.page(effects.Page(Run, thread_id=name))
        past = yield from effects.history(effects.History(name))
        state = yield from effects.run_state(name, "run_x")
        yield from effects.learn("gpt-4o", "no reasoning", "up")
        known = yield from effects.lessons_of("gpt-4o", "up")
        yield from effects.wait(0.0, "run_x", 0)
        return type(stored), found, listed.records, past, state, known

    expected = (Committed, Thread("thread_new", 7), (), (), None, frozenset({"no reasoning"}))
    assert driven(flow(), world) == expected


def test_an_error_of_the_hands_is_thrown_into_the_flow(driven: Driver, world: World) -> None:
    def fail(keys: Any) -> Any:
        raise errors.StoreError("the disk is full")

    world.store.load = fail  # type: ignore[method-assign]

    def flow() -> Flow[str]:
        try:
            yield from effects.load(Key(Thread, "thread_a"))
        except errors.StoreError as error:
            return f"{error}, at {(yield from effects.now())}"
        return "nothing happened"

    assert driven(flow(), world) == "the disk is full, at 7.0"


def test_an_error_nobody_catches_comes_out(driven: Driver, world: World) -> None:
    def flow() -> Flow[None]:
        yield from effects.now()
        raise errors.unknown_url("GET", "/threads/x")

    with pytest.raises(errors.APIError, match="Invalid URL"):
        driven(flow(), world)


def test_hands_without_a_line_open_nothing(driven: Driver, world: World) -> None:
    def flow() -> Flow[None]:
        yield Next(0.0)

    with pytest.raises(TypeError, match="no hands for Next"):
        driven(flow(), world)


def test_what_is_only_told_touches_no_store(driven: Driver, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.store, "commit", None)
    feed = Feed()

    def flow() -> Flow[Any]:
        return (yield Commit((Told("thread.run.in_progress", RUN), Delta("thread.message.delta", "msg_a", {}))))

    assert isinstance(driven(flow(), world, feed), Committed)
    feed.end()
    heard = b"".join(feed)
    assert heard.index(b"thread.run.in_progress") < heard.index(b"thread.message.delta") < heard.index(b"event: done")


def test_what_was_refused_is_not_told(driven: Driver, world: World) -> None:
    feed = Feed()

    def flow() -> Flow[Any]:
        return (yield Commit((Put(RUN, ("thread.run.created",), is_new=True),), (Exists(Thread, "thread_a"),)))

    assert isinstance(driven(flow(), world, feed), Conflict)
    feed.end()
    assert b"thread.run.created" not in b"".join(feed)


def test_who_waits_for_a_run_is_told_of_its_commit(driven: Driver, world: World) -> None:
    told: list[tuple[str, object]] = []
    world.hub.changed = lambda run, origin=None: told.append((run.id, origin))  # type: ignore[method-assign]

    def flow() -> Flow[Any]:
        yield Commit((Put(THREAD, is_new=True),))
        return (yield Commit((Put(RUN, is_new=True),)))

    assert isinstance(driven(flow(), world), Committed)
    ((id, origin),) = told
    assert id == "run_a" and origin is not None
