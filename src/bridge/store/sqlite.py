"""SQLite: the file, its engines, and everything that is said in SQLite's own words.

WAL lets readers and the writer of several processes work side by side. `synchronous=NORMAL` keeps every commit through
a SIGKILL, not through a power loss; `full` (BRIDGE_STORE=sqlite:///PATH?synchronous=full) does both and is slower.
Deleted content is overwritten in the file (`secure_delete`): who deletes a thread means its text. The write-ahead log
beside it may hold older copies of a page until it is folded into the file: every thousand pages or so, and when the
last process closes the store.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool, StaticPool

BUSY_MILLISECONDS: Final = 30_000


class SqliteDialect:
    """The engines of one file: one connection that writes, a few that read."""

    def __init__(self, path: Path, synchronous: str = "normal") -> None:
        self.path = path
        self.synchronous = synchronous

    @property
    def name(self) -> str:
        return str(self.path)

    def prepare(self) -> None:
        """The folder and the file, readable by nobody else; a folder of our own is kept out of version control."""
        folder = self.path.parent
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # there, or made by another process this very moment
            folder.mkdir(mode=0o700)
            (folder / ".gitignore").write_text("*\n")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

    def writing_engine(self) -> Engine:
        return self._engine("BEGIN IMMEDIATE", poolclass=StaticPool)

    def reading_engine(self) -> Engine:
        return self._engine("BEGIN", poolclass=QueuePool, pool_size=8, max_overflow=32)

    def commits_of_others(self, connection: Connection) -> int:
        """`PRAGMA data_version`: it changes when another connection commits, never by this one's own commits."""
        raw = connection.connection.cursor()  # not through SQLAlchemy, which would begin a transaction
        try:
            return int(raw.execute("PRAGMA data_version").fetchone()[0])
        finally:
            raw.close()

    def _engine(self, begin: str, **pool: Any) -> Engine:
        engine = sa.create_engine("sqlite://", future=True, creator=self._connect, **pool)

        @sa.event.listens_for(engine, "connect")
        def connected(connection: sqlite3.Connection, _: object) -> None:
            connection.isolation_level = None  # transactions are begun below, not by the driver
            cursor = connection.cursor()
            for name, value in self._pragmas().items():
                cursor.execute(f"PRAGMA {name}={value}")
            cursor.close()

        @sa.event.listens_for(engine, "begin")
        def begun(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    def _connect(self) -> sqlite3.Connection:
        """Never makes the file: `prepare` does, once. One that was deleted under us is an error, not an empty store."""
        name = f"file:{quote(str(self.path))}?mode=rw"
        return sqlite3.connect(name, uri=True, check_same_thread=False, timeout=BUSY_MILLISECONDS / 1000)

    def _pragmas(self) -> dict[str, str]:
        return {
            "busy_timeout": str(BUSY_MILLISECONDS),
            "journal_mode": "WAL",
            "synchronous": self.synchronous,
            "secure_delete": "ON",
            "foreign_keys": "OFF",
        }
