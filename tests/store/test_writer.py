"""Group commit: what shares a transaction, what happens when one fails, and how it ends."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlite_files import RUN, THREAD, listen, message, new, open_file, opened, put

from bridge.engine.effects import Commit, Committed, Conflict, History, Key, Page
from bridge.errors import StoreError
from bridge.records import Assistant, Idle, Message, Put, Run, Thread


@pytest.fixture
def store(tmp_path):
    store = open_file(tmp_path / "bridge.db")
    yield store
    store.close()


@pytest.fixture
def statements(store):
    """The statements of both engines, as they are executed."""
    seen: list[str] = []
    listen(store, "before_cursor_execute", lambda c, cursor, statement, *_: seen.append(statement))
    return seen


def test_commits_that_wait_share_a_transaction(store, statements):
    put(store, THREAD)
    hold: Future[None] = Future()
    opened(store).writer.submit(lambda connection: hold.result(5), in_transaction=False)
    with ThreadPoolExecutor(50) as pool:
        waiting = list(pool.map(lambda number: store.commit(new(message(number))), range(500)))
    statements.clear()
    hold.set_result(None)
    assert all(isinstance(future.result(30), Committed) for future in waiting)
    # 256 a group; the first few may have been taken together with what held the writer
    assert sum(statement.startswith("BEGIN") for statement in statements) <= 3
    assert sum(statement.startswith("SAVEPOINT") for statement in statements) == 500


def test_a_failed_commit_is_told_to_everybody_in_its_group(store, monkeypatch):
    put(store, THREAD)
    engine = opened(store).writing

    def no_space(connection):
        raise sa.exc.OperationalError("COMMIT", {}, Exception("disk full"))

    sa.event.listen(engine, "commit", no_space)
    waiting = [store.commit(new(message(n))) for n in range(3)]
    for future in waiting:
        with pytest.raises(StoreError, match="disk full"):
            future.result(5)
    sa.event.remove(engine, "commit", no_space)
    put(store, message("9"))
    assert [entry.id for entry in store.history(History("thread_a"))] == ["msg_9"]


@pytest.mark.parametrize("length", [3, 500])
def test_what_a_call_costs_does_not_grow_with_the_thread(store, statements, length):
    put(store, THREAD, *(Message(f"msg_{n}", "thread_a", 1, "user", content=[{"x": "y" * 500}]) for n in range(length)))
    costs = {}
    for name, act in {
        "page": lambda: store.page(Page(Message, "thread_a", limit=2, after="msg_1")),
        "history": lambda: store.history(History("thread_a", "run_a", characters=600)),
        "create": lambda: put(store, RUN),
        "load": lambda: store.load([Key(Thread, "thread_a"), Key(Run, "run_a")]),
    }.items():
        statements.clear()
        act()
        costs[name] = len(statements)
    # BEGIN, then: cursor and page; two chunks and three pins; savepoint, seq, its value, insert, release; two rows
    assert costs == {"page": 3, "history": 6, "create": 6, "load": 3}


def test_a_commit_that_goes_wrong_takes_no_other_along(store):
    put(store, THREAD)
    hold: Future[None] = Future()
    opened(store).writer.submit(lambda connection: hold.result(5), in_transaction=False)
    good, odd, wrong, busy, last = (
        store.commit(commit)
        for commit in (
            new(message("a")),
            new(message("b"), Assistant("asst_a", 1, model=object())),
            new(message("b"), Assistant("asst_a", None, "gpt-4o")),
            Commit((Put(message("c"), is_new=True),), (Idle("thread_x"),)),
            new(message("d")),
        )
    )
    hold.set_result(None)
    assert isinstance(good.result(5), Committed)
    with pytest.raises(TypeError, match="not JSON serializable"):
        odd.result(5)
    with pytest.raises(StoreError, match="could not be written: NOT NULL"):
        wrong.result(5)
    assert busy.result(5) == Conflict(Idle("thread_x"))
    assert [change.record.seq for change in last.result(5).changes] == [2]
    assert [entry.id for entry in store.history(History("thread_a"))] == ["msg_a", "msg_d"]


def test_who_stops_waiting_for_a_commit_has_not_undone_it(store):
    put(store, THREAD)
    hold: Future[None] = Future()
    opened(store).writer.submit(lambda connection: hold.result(5), in_transaction=False)
    left, stayed = store.commit(new(message("a"))), store.commit(new(message("b")))
    assert not left.cancel()
    hold.set_result(None)
    assert isinstance(stayed.result(5), Committed)
    assert isinstance(left.result(5), Committed)


def test_closing_finishes_what_waits_and_refuses_what_comes_later(store):
    put(store, THREAD)
    writer = opened(store).writer
    waiting = [store.commit(new(message(number))) for number in range(20)]
    store.close()
    assert all(isinstance(future.result(0), Committed) for future in waiting)
    with pytest.raises(StoreError, match="closed"):
        writer.submit(lambda connection: None).result(1)


def test_a_store_that_was_closed_opens_again_when_it_is_needed(store):
    put(store, THREAD)
    store.close()
    store.close()
    put(store, message("a"))
    assert [entry.id for entry in store.history(History("thread_a"))] == ["msg_a"]


def test_closing_in_the_middle_of_traffic_loses_nothing_and_leaves_nobody_waiting(store):
    put(store, THREAD)

    def traffic(name):
        for number in range(30):
            put(store, message(f"{name}x{number}"))
            assert store.load([Key(Message, f"msg_{name}x{number}")]) != (None,)

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(traffic, name) for name in "abcd"]
        while not all(future.done() for future in done):
            store.close()
        assert [future.result() for future in done] == [None] * 4
    assert len(store.history(History("thread_a"))) == 120
