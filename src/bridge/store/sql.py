"""A store in an SQL database, by SQLAlchemy Core (written so that 1.4.40 runs it, 2.0 style)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bridge.engine.effects import Commit, Committed, Entries, History, Key, Outcome, Page, RunState, Slice, Snapshot
from bridge.errors import StoreError
from bridge.records import Entry, Run
from bridge.store import queries, rows, rules
from bridge.store.connections import Connections, Dialect, Opened, cause
from bridge.store.rows import SqlRows

T = TypeVar("T")


class SqlStore:
    """Implements store.Store. Opened at first use, and again after `close` or a fork. Methods raise StoreError."""

    def __init__(self, dialect: Dialect) -> None:
        self.name = dialect.name
        self.dialect = dialect
        self._connections = Connections(dialect)
        self._last_seen: tuple[Opened, int] | None = None

    # --- reading

    def load(self, keys: Sequence[Key]) -> tuple[Any, ...]:
        with self._reading() as connection:
            return queries.some(connection, keys)

    def page(self, query: Page) -> Slice:
        with self._reading() as connection:
            return queries.page(connection, query)

    def history(self, query: History) -> tuple[Entry, ...]:
        with self._reading() as connection:
            return queries.history(connection, query)

    def entries(self, query: Entries) -> tuple[Entry, ...]:
        with self._reading() as connection:
            return queries.entries(connection, query)

    def thread_ids(self, after: str = "", limit: int = 100) -> tuple[str, ...]:
        with self._reading() as connection:
            return queries.thread_ids(connection, after, limit)

    def run_state(self, query: RunState) -> Snapshot | None:
        with self._reading() as connection:
            return queries.run_state(connection, query)

    def stalled(self, now: float, limit: int = 100) -> tuple[Run, ...]:
        with self._reading() as connection:
            return queries.stalled(connection, now, limit)

    def changed_elsewhere(self) -> bool:
        """Asked of the writing connection, so that its own commits do not count. True when it cannot be known,
        because the store was opened anew since the last time."""
        before = self._last_seen
        with self._connections.use() as opened:
            current = opened.writer.submit(self.dialect.commits_of_others, in_transaction=False).result()
        self._last_seen = (opened, current)
        return before is not None and before != self._last_seen

    # --- writing

    def commit(self, commit: Commit) -> Future[Outcome]:
        return self._submit(lambda connection: _applied(connection, commit))

    def write_piece(self, copy: str, number: int, data: bytes) -> Future[None]:
        return self._submit(lambda connection: rows.write_piece(connection, copy, number, data))

    def piece(self, copy: str, number: int) -> bytes | None:
        with self._reading() as connection:
            return rows.piece(connection, copy, number)

    def drop_pieces(self, copy: str) -> Future[None]:
        return self._submit(lambda connection: rows.drop_pieces(connection, copy))

    def keeps_others(self) -> bool:
        with self._reading() as connection:
            return queries.keeps_others(connection)

    def renew(self, owner: str, until: float) -> frozenset[str]:
        renewed: frozenset[str] = self._submit(lambda connection: queries.renew(connection, owner, until)).result()
        return renewed

    def close(self) -> None:
        """Finish what was handed in, then let go of the database. Does not forbid to use the store again."""
        self._connections.close()

    # --- pieces

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._connections.use() as opened:
            try:
                with opened.reading.begin() as connection:
                    yield connection
            except sa.exc.SQLAlchemyError as error:
                raise StoreError(f"the store {self.name} could not be read: {cause(error)}") from error

    def _submit(self, work: Callable[[Connection], T]) -> Future[Any]:
        with self._connections.use() as opened:
            return opened.writer.submit(work)


def _applied(connection: Connection, commit: Commit) -> Committed:
    made = SqlRows(connection)
    committed = rules.apply(made, commit)
    made.finish()
    return committed
