"""Records as rows: how each is written and read, and the verbs of `rules` over one database connection."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import orjson
import sqlalchemy as sa
from attrs import fields
from sqlalchemy.engine import Connection, Row

from bridge.records import File, Lease, Record, Run, Thread
from bridge.store import schema

R = TypeVar("R", bound=Record)


def to_row(record: Record) -> dict[str, Any]:
    """The columns of a record's row. The seq of an assistant is given by the database."""
    columns = _COLUMNS[type(record)]
    row = {name: getattr(record, name) for name in columns}
    if isinstance(record, Run):
        lease = record.lease
        row.update(lease_owner=lease.owner, lease_number=lease.number, lease_until=lease.until)
    row["record"] = orjson.dumps({name: getattr(record, name) for name in _IN_JSON[type(record)]})
    return row


def from_row(kind: type[R], row: Row[Any]) -> R:
    """The record of a row of its kind's table, all columns selected."""
    columns = row._mapping
    values = orjson.loads(columns["record"])
    values.update((name, columns[name]) for name in _COLUMNS[kind])
    if kind is Run:
        values["lease"] = Lease(columns["lease_owner"], columns["lease_number"], columns["lease_until"])
    return kind(**values)


def _columns_of(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a record that have a column of the same name."""
    return tuple(field.name for field in fields(kind) if field.name in schema.TABLE_OF[kind].c)


_COLUMNS: Final = {kind: _columns_of(kind) for kind in schema.TABLE_OF}
_IN_JSON: Final = {
    kind: tuple(field.name for field in fields(kind) if field.name not in {*_COLUMNS[kind], "lease"})
    for kind in schema.TABLE_OF
}


class SqlRows:
    """`rules.Rows` over a connection with an open transaction. Remembers what it read: one commit, few statements."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seen: dict[tuple[type[Any], str], Any] = {}
        self._seqs: dict[str, int] = {}
        self._counted: dict[str, int] = {}

    def get(self, kind: type[R], id: str) -> R | None:
        key = (kind, id)
        if key not in self._seen:
            table = schema.TABLE_OF[kind]
            # for update: a database with several writers at a time must not let another decide on the same row
            row = self._connection.execute(sa.select(table).where(table.c.id == id).with_for_update()).first()
            self._seen[key] = None if row is None else from_row(kind, row)
        record: R | None = self._seen[key]
        return record

    def insert(self, record: Record) -> bool:
        row = to_row(record)
        if isinstance(record, Thread):
            row["next_seq"] = 1
        table = schema.TABLE_OF[type(record)]
        try:
            self._connection.execute(sa.insert(table), row)
        except sa.exc.IntegrityError:
            if any(row[column.name] is None for column in table.c if column.name in row and not column.nullable):
                raise
            return False
        self._seen[type(record), record.id] = record
        return True

    def update(self, record: Record) -> None:
        table = schema.TABLE_OF[type(record)]
        row = to_row(record)
        del row["id"]
        self._connection.execute(sa.update(table).where(table.c.id == record.id).values(**row))
        self._seen[type(record), record.id] = record

    def erase(self, kind: type[Record], id: str) -> None:
        if kind is Thread:
            for table in schema.BELOW_A_THREAD:
                self._connection.execute(sa.delete(table).where(table.c.thread_id == id))
        if kind is File:
            _drop_range(self._connection, f"{id}.", f"{id}/")  # a slash comes right after a dot
        table = schema.TABLE_OF[kind]
        self._connection.execute(sa.delete(table).where(table.c.id == id))
        self._seen.clear()
        self._seqs.clear()
        self._counted.clear()

    def next_seq(self, thread_id: str) -> int | None:
        """The first of a thread locks its row; those after it are counted here, and written by `finish`."""
        if thread_id in self._seqs:
            seq = self._counted[thread_id] = self._seqs[thread_id] + 1
        else:
            first = self._first_seq(thread_id)
            if first is None:
                return None
            seq = first
        self._seqs[thread_id] = seq
        return seq

    def finish(self) -> None:
        """Write what was counted; to be called once, when every change is made."""
        threads = schema.threads
        for thread_id, seq in self._counted.items():
            self._connection.execute(sa.update(threads).where(threads.c.id == thread_id).values(next_seq=seq + 1))

    def _first_seq(self, thread_id: str) -> int | None:
        threads = schema.threads
        here = threads.c.id == thread_id
        bump = sa.update(threads).where(here).values(next_seq=threads.c.next_seq + 1)
        if self._connection.execute(bump).rowcount == 0:
            return None
        return int(self._connection.execute(sa.select(threads.c.next_seq).where(here)).scalar_one()) - 1


# --- pieces of files


def write_piece(connection: Connection, copy: str, number: int, data: bytes) -> None:
    connection.execute(sa.insert(schema.blobs), {"id": _piece_id(copy, number), "bytes": data})


def piece(connection: Connection, copy: str, number: int) -> bytes | None:
    blobs = schema.blobs.c
    query = sa.select(blobs.bytes).where(blobs.id == _piece_id(copy, number))
    found: bytes | None = connection.execute(query).scalar()
    return found


def drop_pieces(connection: Connection, copy: str) -> None:
    _drop_range(connection, f"{copy}/", f"{copy}0")  # a zero comes right after a slash


def _drop_range(connection: Connection, above: str, below: str) -> None:
    """All whose ids begin with `above`: a range, so that the index finds them."""
    blobs = schema.blobs.c
    connection.execute(sa.delete(schema.blobs).where(blobs.id > above, blobs.id < below))


def _piece_id(copy: str, number: int) -> str:
    return f"{copy}/{number:06d}"
