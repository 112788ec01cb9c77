"""What the tests of stores in files share."""

from __future__ import annotations

import sqlalchemy as sa

from bridge.engine.effects import Commit, Committed
from bridge.records import File, Message, Put, Run, Thread
from bridge.store.sql import SqlStore
from bridge.store.sqlite import SqliteDialect

THREAD = Thread("thread_a", 1)
RUN = Run("run_a", "thread_a", "asst_a", 5, 605, "gpt-4o")
FILE = File("file-bridgeA", "thread_a", "run_a", 7, "a.csv", "cntr_a", "cfile_a", 5, copy="file-bridgeA.run_a.1")


def open_file(path) -> SqlStore:
    return SqlStore(SqliteDialect(path))


def new(*records) -> Commit:
    return Commit(tuple(Put(record, is_new=True) for record in records))


def put(store, *records) -> None:
    assert isinstance(store.commit(new(*records)).result(30), Committed)


def message(name) -> Message:
    return Message(f"msg_{name}", "thread_a", 1, "user")


def opened(store):
    """The engines and the writer of this very moment."""
    with store._connections.use() as opened:
        return opened


def listen(store, name, listener) -> None:
    """The listener on both engines."""
    for engine in (opened(store).reading, opened(store).writing):
        sa.event.listen(engine, name, listener)
