"""SQLite alone: several processes on one file, SIGKILL, group commit, and what a call costs in statements."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import Future

import pytest
import sqlalchemy as sa

from bridge.engine.effects import Commit, Committed, History, Key, Page
from bridge.errors import ConfigurationError, StoreError
from bridge.records import Claim, Idle, Lock, Message, Put, Run, Thread
from bridge.store.open import default_path, open_store
from bridge.store.sql import SqlStore
from bridge.store.sqlite import SqliteDialect

THREAD = Thread("thread_a", 1)
RUN = Run("run_a", "thread_a", "asst_a", 5, 605, "gpt-4o")
SPAWN = multiprocessing.get_context("spawn")


def open_file(path) -> SqlStore:
    return SqlStore(SqliteDialect(path))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bridge.db"


@pytest.fixture
def store(path):
    store = open_file(path)
    yield store
    store.close()


def put(store, *records):
    outcome = store.commit(Commit(tuple(Put(record, is_new=True) for record in records))).result()
    assert isinstance(outcome, Committed)


# --- the file


def test_the_file_is_ours_alone_and_its_folder_stays_out_of_version_control(tmp_path):
    path = tmp_path / ".bridge" / "bridge.db"
    store = open_file(path)
    put(store, THREAD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (path.parent / ".gitignore").read_text() == "*\n"
    store.close()


def test_a_folder_that_was_there_is_left_as_it_is(path, store):
    put(store, THREAD)
    assert not (path.parent / ".gitignore").exists()


def test_a_schema_from_the_future_is_refused_with_the_way_out(path, store):
    put(store, THREAD)
    store.close()
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE meta SET value = '999' WHERE name = 'schema_version'"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"schema 999.*upgrade assistants-bridge"):
        open_file(path).load([Key(Thread, "thread_a")])


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("postgresql://localhost/x", "PostgreSQL"),
        ("mysql://localhost/x", "mysql"),
        ("sqlite:///", "path"),
        ("sqlite:///x.db?synchronous=sometimes", "synchronous=sometimes"),
    ],
)
def test_a_setting_that_cannot_work_is_named(setting, says):
    with pytest.raises(ConfigurationError, match=says):
        open_store(setting)


def test_one_object_for_each_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_store("a.db") is open_store(str(tmp_path / "a.db")) is open_store("sqlite:///a.db")
    assert open_store("a.db") is not open_store("b.db")


def test_the_default_place_is_found_from_below(tmp_path):
    deep = tmp_path / "project" / "src" / "app"
    deep.mkdir(parents=True)
    assert default_path(deep).parent.parent in (deep, *deep.parents)
    (tmp_path / "project" / "pyproject.toml").touch()
    assert default_path(deep) == tmp_path / "project" / ".bridge" / "bridge.db"
    (tmp_path / "project" / "src" / "bridge.toml").touch()
    assert default_path(deep) == tmp_path / "project" / "src" / ".bridge" / "bridge.db"


# --- several processes


def lock_and_claim(path, number, results):
    store = open_file(path)
    locked = store.commit(Commit((Lock("thread_a", f"run_{number}"),))).result()
    claimed = store.commit(Commit((Claim("run_a", f"p{number}", now=0, until=10),))).result()
    for n in range(20):
        message = Message(f"msg_{number}x{n}", "thread_a", 1, "user")
        store.commit(Commit((Put(message, is_new=True),))).result()
    results.put((number, isinstance(locked, Committed), isinstance(claimed, Committed)))
    store.close()


@pytest.mark.slow
def test_of_several_processes_one_gets_the_lock_and_one_the_lease_and_no_commit_is_lost(path, store):
    put(store, THREAD, RUN)
    results = SPAWN.Queue()
    processes = [SPAWN.Process(target=lock_and_claim, args=(path, number, results)) for number in range(3)]
    for process in processes:
        process.start()
    answers = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
    assert [sum(column) for column in list(zip(*answers, strict=True))[1:]] == [1, 1]
    entries = store.history(History("thread_a"))
    assert len({entry.id for entry in entries}) == 60
    assert len({entry.seq for entry in entries}) == 60


def open_and_tell(path, results):
    store = open_file(path)
    results.put(store.load([Key(Thread, "thread_a")]))
    store.close()


@pytest.mark.slow
def test_processes_that_open_a_new_file_at_once_both_find_the_schema(path):
    results = SPAWN.Queue()
    processes = [SPAWN.Process(target=open_and_tell, args=(path, results)) for _ in range(3)]
    for process in processes:
        process.start()
    assert [results.get(timeout=60) for _ in processes] == [(None,)] * 3
    for process in processes:
        process.join(60)


def test_commits_of_others_are_noticed_and_our_own_are_not(path, store):
    other = open_file(path)
    put(store, THREAD)
    assert store.changed_elsewhere() is False
    put(store, RUN)
    assert store.changed_elsewhere() is False
    put(other, Message("msg_a", "thread_a", 1, "user"))
    assert store.changed_elsewhere() is True
    assert store.changed_elsewhere() is False
    other.close()


def test_a_forked_child_opens_the_file_anew(path, store):
    put(store, THREAD)
    child = os.fork()
    if child == 0:
        put(store, Message("msg_child", "thread_a", 1, "user"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    put(store, Message("msg_parent", "thread_a", 1, "user"))
    assert {entry.id for entry in store.history(History("thread_a"))} == {"msg_child", "msg_parent"}


# --- SIGKILL

WRITER = """
import sys
from bridge.engine.effects import Commit
from bridge.records import Message, Put, Thread
from bridge.store.sql import SqlStore
from bridge.store.sqlite import SqliteDialect
store = SqlStore(SqliteDialect(__import__("pathlib").Path(sys.argv[1])))
store.commit(Commit((Put(Thread("thread_a", 1), is_new=True),))).result()
n = 0
while True:
    n += 1
    store.commit(Commit((Put(Message(f"msg_{n}", "thread_a", 1, "user"), is_new=True),))).result()
    print(n, flush=True)
"""


@pytest.mark.slow
def test_what_was_acknowledged_before_a_sigkill_is_there(path):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    acknowledged = [int(writer.stdout.readline()) for _ in range(40)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout.read().split()]
    writer.wait()
    writer.stdout.close()
    store = open_file(path)
    found = [int(entry.id[4:]) for entry in store.history(History("thread_a"))]
    assert found[: len(acknowledged)] == acknowledged
    assert len(found) - len(acknowledged) in (0, 1)
    put(store, Message("msg_0", "thread_a", 1, "user"))
    store.close()


# --- group commit, and what things cost


@pytest.fixture
def statements(store):
    """The statements of both engines, as they are executed."""
    store.load([])
    seen: list[str] = []
    opened = store._opened
    for engine in (opened.reading, opened.writing):
        sa.event.listen(engine, "before_cursor_execute", lambda c, cursor, statement, *_: seen.append(statement))
    return seen


def test_commits_that_wait_share_a_transaction(store, statements):
    put(store, THREAD)
    hold: Future[None] = Future()
    store._opened.writer.submit(lambda connection: hold.result(5), in_transaction=False)
    waiting = [
        store.commit(Commit((Put(Message(f"msg_{n}", "thread_a", 1, "user"), is_new=True),), (Idle("thread_a"),)))
        for n in range(100)
    ]
    statements.clear()
    hold.set_result(None)
    assert all(isinstance(future.result(5), Committed) for future in waiting)
    # Two, since the writer may have taken the first few together with what held it.
    assert sum(statement.startswith("BEGIN") for statement in statements) <= 2
    assert sum(statement.startswith("SAVEPOINT") for statement in statements) == 100


def test_a_failed_commit_is_told_to_everybody_in_its_group(store, monkeypatch):
    put(store, THREAD)
    engine = store._opened.writing

    def no_space(connection):
        raise sa.exc.OperationalError("COMMIT", {}, Exception("disk full"))

    sa.event.listen(engine, "commit", no_space)
    waiting = [store.commit(Commit((Put(Message(f"msg_{n}", "thread_a", 1, "user"), is_new=True),))) for n in range(3)]
    for future in waiting:
        with pytest.raises(StoreError, match="disk full"):
            future.result(5)
    sa.event.remove(engine, "commit", no_space)
    put(store, Message("msg_9", "thread_a", 1, "user"))
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


def test_closing_finishes_what_waits_and_refuses_what_comes_later(path):
    store = open_file(path)
    put(store, THREAD)
    writer = store._opened.writer
    waiting = [store.commit(Commit((Put(Message(f"msg_{n}", "thread_a", 1, "user"), is_new=True),))) for n in range(20)]
    store.close()
    assert all(isinstance(future.result(0), Committed) for future in waiting)
    with pytest.raises(StoreError, match="closed"):
        writer.submit(lambda connection: None).result(1)
