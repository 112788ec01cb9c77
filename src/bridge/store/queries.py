"""What is asked of the database, one function a question. Each answers inside the caller's transaction.

Every read narrows by the columns an index begins with and walks it in order, so that its cost is that of its answer,
however long the thread and however many there are (tests/store/test_plans.py holds them to it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bridge import ids
from bridge.engine import tables
from bridge.engine.effects import Entries, History, Key, Page, RunState, Slice, Snapshot
from bridge.records import Entry, Item, Message, Run, Step, Thread
from bridge.store import rules, schema
from bridge.store.rows import from_row

CHUNK: Final = 100
"""How many messages and items of a thread's history one query reads, and records by their ids."""

FEW: Final = 8
"""Keys that are looked up one by one: each such query is prepared already."""

LIVING: Final = tuple(status for status in tables.RUN if status not in tables.TERMINAL)
UNATTENDED: Final = tuple(status for status in LIVING if status != "requires_action")
"""Statuses in which a process should be at work on the run."""


def one(connection: Connection, key: Key) -> Any:
    """The record of a key, or None."""
    table = schema.TABLE_OF[key.kind]
    query = _narrowed(sa.select(table), table, key).where(table.c.id == key.id)
    row = connection.execute(query).first()
    return None if row is None else from_row(key.kind, row)


def some(connection: Connection, keys: Sequence[Key]) -> tuple[Any, ...]:
    """The records of these keys, None where there is none: one query each, or where they are many, one for a kind."""
    if len(keys) <= FEW:
        return tuple(one(connection, key) for key in keys)
    found: dict[tuple[Any, str], Any] = {}
    for kind in {key.kind for key in keys}:
        table = schema.TABLE_OF[kind]
        ids_of_kind = [key.id for key in keys if key.kind is kind]
        for first in range(0, len(ids_of_kind), CHUNK):
            query = sa.select(table).where(table.c.id.in_(ids_of_kind[first : first + CHUNK]))
            found |= {(kind, row.id): from_row(kind, row) for row in connection.execute(query)}
    return tuple(_within(found.get((key.kind, key.id)), key) for key in keys)


def _within(record: Any, key: Key) -> Any:
    """The record, if it is of the thread and the run that the key names."""
    names = [name for name in ("thread_id", "run_id") if getattr(key, name) is not None]
    return record if record is not None and all(getattr(record, n) == getattr(key, n) for n in names) else None


def run_state(connection: Connection, query: RunState) -> Snapshot | None:
    """A run with its thread and all that it made."""
    run = one(connection, Key(Run, query.run_id, query.thread_id))
    thread = one(connection, Key(Thread, query.thread_id))
    if run is None or thread is None:
        return None
    steps, messages, items = (_of_run(connection, kind, query) for kind in (Step, Message, Item))
    return Snapshot(run, thread, tuple(steps), tuple(messages), tuple(items))


def _of_run(connection: Connection, kind: Any, query: RunState | History) -> list[Any]:
    """The records of this kind that the run made, in `seq` order. They are few: sorted here, not by an index."""
    table = schema.TABLE_OF[kind]
    rows = connection.execute(_narrowed(sa.select(table), table, query))
    return sorted((from_row(kind, row) for row in rows), key=lambda record: record.seq)


def _narrowed(query: Any, table: sa.Table, by: Any) -> Any:
    """The query, within the thread and the run that `by` names."""
    for name in ("thread_id", "run_id"):
        if getattr(by, name) is not None:
            query = query.where(table.c[name] == getattr(by, name))
    return query


# --- lists


def page(connection: Connection, query: Page) -> Slice:
    """One page by its keys (created_at, seq): read away from the cursor, answered in the order asked for."""
    table = schema.TABLE_OF[query.kind]
    keys = (table.c.created_at, table.c.seq)
    listed = _narrowed(sa.select(table), table, query)
    bounded = listed
    upwards = query.order == "asc"
    backwards = query.before is not None and query.after is None
    for cursor, is_above in ((query.after, upwards), (query.before, not upwards)):
        if cursor is not None:
            place = connection.execute(listed.with_only_columns(*keys).where(table.c.id == cursor)).first()
            if place is None:
                return Slice((), cursor_found=False)
            here = sa.tuple_(*(sa.literal(value) for value in place))
            bounded = bounded.where(sa.tuple_(*keys) > here if is_above else sa.tuple_(*keys) < here)
    direction = sa.asc if upwards != backwards else sa.desc
    ordered = bounded.order_by(*(direction(key) for key in keys))
    rows = connection.execute(ordered.limit(query.limit + 1)).fetchall()
    records = [from_row(query.kind, row) for row in rows[: query.limit]]
    return Slice(tuple(reversed(records) if backwards else records), len(rows) > query.limit)


# --- history


def history(connection: Connection, query: History) -> tuple[Entry, ...]:
    """The newest entries within the limits, and before them what belongs to the history however old it is."""
    taken, has_older = rules.newest(_backwards(connection, query.thread_id), query)
    return (*_pinned(connection, query, taken[0].seq), *taken) if has_older else tuple(taken)


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


def entries(connection: Connection, query: Entries) -> tuple[Entry, ...]:
    """The entries behind a place, oldest first: of each kind as many as may be needed, then the first of both."""
    found: list[Entry] = []
    for kind in (Message, Item):
        table = schema.TABLE_OF[kind]
        after = sa.select(table).where(table.c.thread_id == query.thread_id, table.c.seq > query.after)
        rows = connection.execute(after.order_by(table.c.seq).limit(query.limit))
        read: list[Any] = [from_row(kind, row) for row in rows]
        found += read
    return tuple(sorted(found, key=lambda entry: entry.seq)[: query.limit])


def thread_ids(connection: Connection, after: str, limit: int) -> tuple[str, ...]:
    """Ids of threads, in their order."""
    ids = schema.threads.c.id
    return tuple(connection.execute(sa.select(ids).where(ids > after).order_by(ids).limit(limit)).scalars())


def _pinned(connection: Connection, query: History, before: int) -> list[Entry]:
    """The first user message and the entries of the current run, as far as they are older than `before`."""
    messages = schema.messages.c
    first = (
        sa.select(schema.messages)
        .where(messages.thread_id == query.thread_id, messages.role == "user")
        .order_by(messages.seq)
        .limit(1)
    )
    found: list[Entry] = [from_row(Message, row) for row in connection.execute(first)]
    if query.run_id is not None:
        found += [*_of_run(connection, Message, query), *_of_run(connection, Item, query)]
    pinned = {entry.id: entry for entry in found if entry.seq < before}
    return sorted(pinned.values(), key=lambda entry: entry.seq)


# --- files


def keeps_others(connection: Connection) -> bool:
    """Whether there is a file before or behind all that have an id of ours."""
    files = schema.files.c
    ours = f"file-{ids.OURS}"
    for is_other in (files.id < ours, files.id >= ours[:-1] + chr(ord(ours[-1]) + 1)):
        if connection.execute(sa.select(files.id).where(is_other).limit(1)).first() is not None:
            return True
    return False


# --- leases


def stalled(connection: Connection, now: float, limit: int) -> tuple[Run, ...]:
    """Runs somebody should look after, oldest first."""
    runs = schema.runs.c
    lapsed = sa.or_(runs.lease_owner.is_(None), runs.lease_until <= now)
    unattended = sa.and_(runs.status.in_(UNATTENDED), lapsed)
    unanswered = sa.and_(runs.status == "requires_action", runs.expires_at <= now)
    query = sa.select(schema.runs).where(runs.status.in_(LIVING), sa.or_(unattended, unanswered))
    rows = connection.execute(query.order_by(runs.created_at, runs.id).limit(limit))
    return tuple(from_row(Run, row) for row in rows)


def renew(connection: Connection, owner: str, until: float) -> frozenset[str]:
    """The heartbeat: every lease of `owner` on a living run holds until then; the ids of these runs."""
    runs = schema.runs.c
    mine = sa.and_(runs.lease_owner == owner, runs.status.in_(LIVING))
    connection.execute(sa.update(schema.runs).where(mine).values(lease_until=until))
    return frozenset(connection.execute(sa.select(runs.id).where(mine)).scalars())
