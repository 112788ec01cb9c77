"""A store in an SQL database, by SQLAlchemy Core (written so that 1.4.40 runs it, 2.0 style)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, Engine

from bridge.engine import tables
from bridge.engine.effects import Commit, History, Key, Outcome, Page, RunState, Slice, Snapshot
from bridge.records import Entry, Item, Message, Run, Step, Thread
from bridge.store import migrations, rules, schema
from bridge.store.rows import SqlRows, from_row
from bridge.store.sqlite import SqliteDialect, data_version
from bridge.store.writer import Writer

CHUNK: Final = 100
"""How many messages and items of a thread's history one query reads."""

UNATTENDED: Final = ("queued", "in_progress", "cancelling")


@frozen
class _Open:
    """What one process has open: never used across a fork."""

    pid: int
    reading: Engine
    writer: Writer
    writing: Engine


class SqlStore:
    """Implements store.Store. Opened at first use, anew in a forked child."""

    def __init__(self, dialect: SqliteDialect) -> None:
        self.name = str(dialect.path)
        self._dialect = dialect
        self._lock = threading.Lock()
        self._opened: _Open | None = None
        self._data_version: int | None = None

    # --- reading

    def load(self, keys: Sequence[Key]) -> tuple[Any, ...]:
        with self._read() as connection:
            return tuple(_one(connection, key) for key in keys)

    def page(self, query: Page) -> Slice:
        with self._read() as connection:
            return _page(connection, query)

    def history(self, query: History) -> tuple[Entry, ...]:
        with self._read() as connection:
            taken, has_older = rules.newest(_backwards(connection, query.thread_id), query)
            return (*_pinned(connection, query, taken[0].seq), *taken) if has_older else tuple(taken)

    def run_state(self, query: RunState) -> Snapshot | None:
        with self._read() as connection:
            run = _one(connection, Key(Run, query.run_id, query.thread_id))
            thread = _one(connection, Key(Thread, query.thread_id))
            if run is None or thread is None:
                return None
            steps, messages, items = (_of_run(connection, kind, run.id) for kind in (Step, Message, Item))
        return Snapshot(run, thread, steps, messages, items)

    def stalled(self, now: float, limit: int = 100) -> tuple[Run, ...]:
        runs = schema.runs.c
        lapsed = sa.or_(runs.lease_owner.is_(None), runs.lease_until <= now)
        unattended = sa.and_(runs.status.in_(UNATTENDED), lapsed)
        unanswered = sa.and_(runs.status == "requires_action", runs.expires_at <= now)
        query = sa.select(schema.runs).where(sa.or_(unattended, unanswered)).order_by(runs.created_at).limit(limit)
        with self._read() as connection:
            return tuple(from_row(Run, row) for row in connection.execute(query))

    def changed_elsewhere(self) -> bool:
        """Asked of the writing connection: its own commits do not count."""
        current = self._open().writer.submit(data_version, in_transaction=False).result()
        changed = self._data_version is not None and current != self._data_version
        self._data_version = current
        return changed

    # --- writing

    def commit(self, commit: Commit) -> Future[Outcome]:
        return self._open().writer.submit(lambda connection: rules.apply(SqlRows(connection), commit))

    def renew(self, owner: str, until: float) -> frozenset[str]:
        return self._open().writer.submit(lambda connection: _renew(connection, owner, until)).result()

    def close(self) -> None:
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None and opened.pid == os.getpid():
            opened.writer.close()
            opened.writing.dispose()
            opened.reading.dispose()

    # --- opening

    def _read(self) -> AbstractContextManager[Connection]:
        return self._open().reading.begin()

    def _open(self) -> _Open:
        opened = self._opened
        if opened is not None and opened.pid == os.getpid():
            return opened
        with self._lock:
            if self._opened is None or self._opened.pid != os.getpid():
                self._opened = self._opening()
            return self._opened

    def _opening(self) -> _Open:
        self._dialect.prepare()
        writing = self._dialect.writing_engine()
        try:
            with writing.begin() as connection:
                migrations.upgrade(connection, self.name)
        except Exception:
            writing.dispose()
            raise
        return _Open(os.getpid(), self._dialect.reading_engine(), Writer(writing), writing)


# --- queries


def _one(connection: Connection, key: Key) -> Any:
    table = schema.TABLE_OF[key.kind]
    query = sa.select(table).where(table.c.id == key.id)
    for name in ("thread_id", "run_id"):
        if getattr(key, name) is not None:
            query = query.where(table.c[name] == getattr(key, name))
    row = connection.execute(query).first()
    return None if row is None else from_row(key.kind, row)


def _of_run(connection: Connection, kind: Any, run_id: str) -> tuple[Any, ...]:
    table = schema.TABLE_OF[kind]
    query = sa.select(table).where(table.c.run_id == run_id).order_by(table.c.seq)
    return tuple(from_row(kind, row) for row in connection.execute(query))


def _page(connection: Connection, query: Page) -> Slice:
    """One page by its keys (created_at, seq); read away from the cursor, answered in the order asked for."""
    table = schema.TABLE_OF[query.kind]
    listed = sa.select(table)
    for name in ("thread_id", "run_id"):
        if getattr(query, name) is not None:
            listed = listed.where(table.c[name] == getattr(query, name))
    upwards = query.order == "asc"
    backwards = query.before is not None and query.after is None
    for cursor, beyond in ((query.after, upwards), (query.before, not upwards)):
        if cursor is not None:
            place = connection.execute(listed.where(table.c.id == cursor)).first()
            if place is None:
                return Slice((), cursor_found=False)
            listed = listed.where(_beyond(table, place, beyond))
    directions = (sa.asc, sa.desc) if upwards != backwards else (sa.desc, sa.asc)
    ordered = listed.order_by(directions[0](table.c.created_at), directions[0](table.c.seq))
    rows = connection.execute(ordered.limit(query.limit + 1)).fetchall()
    records = [from_row(query.kind, row) for row in rows[: query.limit]]
    return Slice(tuple(reversed(records) if backwards else records), len(rows) > query.limit)


def _beyond(table: sa.Table, place: Any, upwards: bool) -> Any:
    """Rows after `place` in ascending (upwards) or descending order."""
    time, seq = table.c.created_at, table.c.seq
    at, number = place._mapping["created_at"], place._mapping["seq"]
    if upwards:
        return sa.or_(time > at, sa.and_(time == at, seq > number))
    return sa.or_(time < at, sa.and_(time == at, seq < number))


def _backwards(connection: Connection, thread_id: str) -> Iterator[Entry]:
    """Messages and items of a thread, newest first, read a chunk at a time."""
    before: int | None = None
    while True:
        chunk: list[Entry] = []
        is_short = True
        floor = 0
        for kind in (Message, Item):
            found = _chunk(connection, kind, thread_id, before)
            if len(found) == CHUNK:
                is_short = False
                floor = max(floor, found[-1].seq)
            chunk += found
        for entry in sorted(chunk, key=lambda entry: -entry.seq):
            if entry.seq >= floor:  # below it the other kind may have more
                yield entry
        if is_short:
            return
        before = floor


def _chunk(connection: Connection, kind: Any, thread_id: str, before: int | None) -> list[Any]:
    table = schema.TABLE_OF[kind]
    query = sa.select(table).where(table.c.thread_id == thread_id)
    if before is not None:
        query = query.where(table.c.seq < before)
    rows = connection.execute(query.order_by(table.c.seq.desc()).limit(CHUNK))
    return [from_row(kind, row) for row in rows]


def _pinned(connection: Connection, query: History, before: int) -> list[Entry]:
    """What belongs to the history however old it is: the first user message, and the current run."""
    messages, items = schema.messages, schema.items
    first = (
        sa.select(messages)
        .where(messages.c.thread_id == query.thread_id, messages.c.role == "user")
        .order_by(messages.c.seq)
        .limit(1)
    )
    found: dict[str, Entry] = {row.id: from_row(Message, row) for row in connection.execute(first)}
    for kind, table in ((Message, messages), (Item, items)):
        if query.run_id is not None:
            mine = sa.select(table).where(table.c.run_id == query.run_id, table.c.thread_id == query.thread_id)
            found |= {row.id: from_row(kind, row) for row in connection.execute(mine)}
    return sorted((entry for entry in found.values() if entry.seq < before), key=lambda entry: entry.seq)


def _renew(connection: Connection, owner: str, until: float) -> frozenset[str]:
    runs = schema.runs
    mine = sa.and_(runs.c.lease_owner == owner, runs.c.status.not_in(tuple(tables.TERMINAL)))
    connection.execute(sa.update(runs).where(mine).values(lease_until=until))
    return frozenset(connection.execute(sa.select(runs.c.id).where(mine)).scalars())
