"""What a process has open of one database: opened at first use, shut before a fork, opened again when next needed.

SQLite's locks belong to the process that took them, and a child that inherits an open connection believes it holds
them too: the write-ahead log can be removed under it, and with it commits that were acknowledged (sqlite.org,
"How To Corrupt An SQLite Database File", §2.6). So nothing is open while a process forks.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from typing import Final, Protocol

import sqlalchemy as sa
from attrs import define
from sqlalchemy.engine import Connection, Engine

from bridge.errors import StoreError
from bridge.forks import Lock
from bridge.store import migrations
from bridge.store.writer import Writer

PATIENCE: Final = 5.0
"""How many seconds closing waits for reads that are under way."""


class Dialect(Protocol):
    """What differs between databases."""

    @property
    def name(self) -> str:
        """How the store is shown to people."""
        ...

    def prepare(self) -> None:
        """Whatever must be there before an engine can connect."""
        ...

    def writing_engine(self) -> Engine:
        """One connection, always the same; its transactions exclude all other writers."""
        ...

    def reading_engine(self) -> Engine:
        """Connections for any thread; a transaction sees one moment."""
        ...

    def commits_of_others(self, connection: Connection) -> int:
        """A number that changes when another connection than this has committed."""
        ...


@define(eq=False)
class Opened:
    """The engines and the writer of one process. `users` counts the calls that are using them right now."""

    pid: int
    reading: Engine
    writing: Engine
    writer: Writer
    users: int = 0

    def close(self) -> None:
        self.writer.close()
        self.writing.dispose()
        self.reading.dispose()


class Connections:
    """Hands out what is open. Safe for threads and across forks."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._opened: Opened | None = None
        self._inherited: list[Opened] = []
        self._reset()
        with _registry:
            _everywhere.add(self)

    @contextlib.contextmanager
    def use(self) -> Iterator[Opened]:
        """What is open stays open inside. Raises StoreError when it cannot be opened."""
        with self._state:
            self._state.wait_for(lambda: not self._is_forking)
            opened = self._current()
            opened.users += 1
        try:
            yield opened
        finally:
            with self._state:
                opened.users -= 1
                self._state.notify_all()

    def close(self) -> None:
        """Let reads and commits under way finish, then close; the next use opens anew."""
        with self._state:
            self._leave_inherited()
            opened, self._opened = self._opened, None
            if opened is None:
                return
            self._state.wait_for(lambda: opened.users == 0, PATIENCE)
        opened.close()  # outside the lock: what waits for a commit may be about to read

    def _current(self) -> Opened:
        self._leave_inherited()
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _leave_inherited(self) -> None:
        """After a fork that Python was not told of (a C program's): what was open is neither used nor closed here."""
        if self._opened is not None and self._opened.pid != os.getpid():
            self._inherited.append(self._opened)
            self._opened = None

    def _open(self) -> Opened:
        try:
            self._dialect.prepare()
            writing = self._dialect.writing_engine()
            try:
                with writing.begin() as connection:
                    migrations.upgrade(connection, self._dialect.name)
            except BaseException:
                writing.dispose()
                raise
        except (OSError, sa.exc.SQLAlchemyError) as error:
            raise StoreError(f"the store {self._dialect.name} cannot be opened: {cause(error)}") from error
        return Opened(os.getpid(), self._dialect.reading_engine(), writing, Writer(writing))

    # --- forks

    def _reset(self) -> None:
        """No thread of the parent lives on in a child: nobody holds the lock, nobody is inside."""
        self._state = threading.Condition()
        self._is_forking = False

    def _before_fork(self) -> None:
        with self._state:
            self._is_forking = True
        self.close()

    def _after_fork(self) -> None:
        with self._state:
            self._is_forking = False
            self._state.notify_all()


_everywhere: Final[weakref.WeakSet[Connections]] = weakref.WeakSet()
_registry: Final = Lock()
"""Held while a process forks: what is there before is there afterwards, nothing else; one thread forks at a time."""


def _before_fork() -> None:
    _registry.__enter__()
    for connections in _everywhere:
        connections._before_fork()


def _after_fork() -> None:
    for connections in _everywhere:
        connections._after_fork()
    _registry.__exit__()


def _in_child() -> None:
    """The registry's lock is free here (see forks.py)."""
    for connections in _everywhere:
        connections._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)


def cause(error: BaseException) -> object:
    """What the database said, without SQLAlchemy's frame around it."""
    return getattr(error, "orig", None) or error
