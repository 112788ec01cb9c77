"""Several processes on one file: spawned, forked and killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading

import pytest
from sqlite_files import FILE, RUN, THREAD, message, open_file, put

from bridge.engine.effects import Commit, Committed, History, Key
from bridge.records import Claim, Erase, File, Lock, Thread
from bridge.store import connections

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bridge.db"


@pytest.fixture
def store(path):
    store = open_file(path)
    yield store
    store.close()


# --- several processes


def lock_and_claim(path, number, results):
    store = open_file(path)
    locked = store.commit(Commit((Lock("thread_a", f"run_{number}"),))).result()
    claimed = store.commit(Commit((Claim("run_a", f"p{number}", now=0, until=10),))).result()
    for n in range(20):
        put(store, message(f"{number}x{n}"))
    results.put((number, isinstance(locked, Committed), isinstance(claimed, Committed)))
    store.close()


def keep_a_file(path):
    store = open_file(path)
    for number in range(3):
        store.write_piece(FILE.copy, number, bytes([number]) * 1000).result()
    put(store, FILE)
    store.close()


@pytest.mark.slow
def test_a_file_kept_by_one_process_is_read_and_deleted_by_another(path, store):
    put(store, THREAD)
    process = SPAWN.Process(target=keep_a_file, args=(path,))
    process.start()
    process.join(60)
    assert store.load([Key(File, FILE.id)]) == (FILE,)
    assert [store.piece(FILE.copy, number) for number in range(4)] == [*(bytes([n]) * 1000 for n in range(3)), None]
    store.commit(Commit((Erase(File, FILE.id),))).result()
    again = open_file(path)
    assert (again.load([Key(File, FILE.id)]), again.piece(FILE.copy, 0)) == ((None,), None)
    again.close()


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
    store = open_file(path.parent / ".bridge" / "bridge.db")
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
    put(other, message("a"))
    assert store.changed_elsewhere() is True
    assert store.changed_elsewhere() is False
    other.close()


def test_what_happened_while_the_store_was_closed_is_taken_for_news(store):
    assert store.changed_elsewhere() is False
    store.close()
    assert store.changed_elsewhere() is True
    assert store.changed_elsewhere() is False


# --- forks


def fork(act) -> int:
    """A child that does this and ends, with exit code 0 when nothing was raised."""
    child = os.fork()
    if child:
        return child
    try:
        act()
        os._exit(0)
    finally:
        os._exit(1)


def names(store) -> set[str]:
    return {entry.id for entry in store.history(History("thread_a"))}


def test_a_forked_child_opens_the_file_anew(path, store):
    put(store, THREAD)
    child = fork(lambda: put(store, message("child")))
    assert os.waitpid(child, 0)[1] == 0
    put(store, message("parent"))
    assert names(store) == {"msg_child", "msg_parent"}


def test_a_child_that_outlives_its_parents_store_loses_nothing(path, store):
    """With a connection inherited, the parent would remove the write-ahead log under the child."""
    put(store, THREAD)
    (ready, tell_ready), (may_go, tell_go), (done, tell_done) = os.pipe(), os.pipe(), os.pipe()
    (may_end, tell_end) = os.pipe()

    def write_before_and_after():
        put(store, message("before"))
        os.write(tell_ready, b".")
        os.read(may_go, 1)
        put(store, message("after"))
        os.write(tell_done, b".")
        os.read(may_end, 1)

    child = fork(write_before_and_after)
    os.read(ready, 1)
    store.close()
    os.write(tell_go, b".")
    os.read(done, 1)
    other = open_file(path)
    assert names(other) == {"msg_before", "msg_after"}
    other.close()
    os.write(tell_end, b".")
    assert os.waitpid(child, 0)[1] == 0
    for end in (ready, tell_ready, may_go, tell_go, done, tell_done, may_end, tell_end):
        os.close(end)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_forks_in_the_middle_of_traffic_disturb_nobody(path, store):
    put(store, THREAD)
    is_over = threading.Event()
    failures = []

    def traffic(name):
        count = 0
        while not is_over.is_set():
            try:
                put(store, message(f"{name}x{count}"))
                assert f"msg_{name}x{count}" in {entry.id for entry in store.history(History("thread_a"))}
            except BaseException as error:
                failures.append(error)
                return
            count += 1

    threads = [threading.Thread(target=traffic, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    children = [fork(lambda number=number: put(store, message(f"child{number}"))) for number in range(5)]
    ends = [os.waitpid(child, 0)[1] for child in children]
    is_over.set()
    for thread in threads:
        thread.join(30)
    assert (failures, ends) == ([], [0] * 5)
    assert {f"msg_child{number}" for number in range(5)} <= names(store)


def test_a_store_that_is_made_while_another_thread_forks_waits_for_that(path):
    """Told only of the fork's end, it would wait for ever for another fork to end."""
    made = []
    maker = threading.Thread(target=lambda: made.append(open_file(path)), daemon=True)
    connections._before_fork()
    maker.start()
    maker.join(0.1)
    connections._after_fork()
    maker.join(5)
    put(made[0], THREAD)
    made[0].close()


def test_what_a_fork_behind_our_back_left_open_is_neither_used_nor_closed(path, store, monkeypatch):
    """As servers written in C do it: no hook of Python's runs before."""
    put(store, THREAD)
    inherited = store._connections._opened
    monkeypatch.setattr(inherited, "pid", -1)
    put(store, message("child"))
    assert store._connections._opened is not inherited
    store.close()
    assert inherited.writing.pool.status() == "StaticPool"
    assert inherited.writer._thread.is_alive()
    inherited.close()


# --- SIGKILL

WRITERS = """
import sys, threading
from pathlib import Path
from sqlite_files import THREAD, message, open_file, put

store = open_file(Path(sys.argv[1]))
put(store, THREAD)

def write(name):
    count = 0
    while True:
        put(store, message(f"{name}x{count}"))
        sys.stdout.write(f"msg_{name}x{count}\\n")
        sys.stdout.flush()
        count += 1

for name in "abcd":
    threading.Thread(target=write, args=(name,)).start()
"""


@pytest.mark.slow
def test_what_was_acknowledged_before_a_sigkill_is_there(path):
    command = [sys.executable, "-c", WRITERS, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=os.path.dirname(__file__)) as writers:
        acknowledged = [writers.stdout.readline() for _ in range(100)]
        os.kill(writers.pid, signal.SIGKILL)
        acknowledged += writers.stdout.readlines()
    store = open_file(path)
    found = [entry.id for entry in store.history(History("thread_a"))]
    told = {line.strip() for line in acknowledged if line.endswith("\n")}
    assert told <= set(found)
    assert len(set(found) - told) <= 4  # a commit of each thread may have been stored and not told
    assert len(found) == len(set(found))
    put(store, message("afterwards"))
    store.close()
