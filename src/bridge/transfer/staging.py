"""Where an import lays out what it read before it brings it: a private SQLite file that is gone with its process.

Exports come in any order: pages newest first, lines of many threads mixed, a run's steps somewhere else. The order in
which a thread is stored is that of the history which the model is sent, so all of it must be known before the first of
it is stored. On disk, so that memory does not grow with the export.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import orjson
from attrs import field, frozen

from bridge.records import Object
from bridge.transfer.losses import Loss

SCHEMA: Final = """
CREATE TABLE objects (
    kind TEXT NOT NULL, id TEXT NOT NULL, thread_id TEXT NOT NULL, run_id TEXT, message_id TEXT,
    at INTEGER NOT NULL, place INTEGER NOT NULL, nth INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE TABLE bytes (id TEXT PRIMARY KEY, path TEXT NOT NULL);
CREATE TABLE losses (reason TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, detail TEXT NOT NULL, thread_id TEXT);
"""
INDEXES: Final = """
CREATE INDEX IF NOT EXISTS by_thread ON objects (thread_id, at, place, nth, kind, id);
CREATE INDEX IF NOT EXISTS by_run ON objects (kind, run_id, at, place, id);
"""
AFTER_ALL: Final = 2**60
"""Behind whatever else is of the same second."""


@frozen
class Staged:
    """`place` orders objects of one second: the higher, the later."""

    kind: str
    id: str
    at: int
    place: int
    body: Object = field(repr=False)
    thread_id: str = ""
    run_id: str | None = None
    message_id: str | None = None


class Staging:
    """Of one import, used by one thread."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # no name: on disk, and of nobody else
        self._database.executescript(SCHEMA)
        self._database.execute("BEGIN")

    def close(self) -> None:
        self._database.close()

    # --- in

    def put(self, one: Staged) -> bool:
        """Whether it is the first of its kind and id; the last one put is kept, a loss where they differ."""
        body = orjson.dumps(one.body, option=orjson.OPT_SORT_KEYS)
        row = (one.kind, one.id, one.thread_id, one.run_id, one.message_id, one.at, one.place, body)
        insert = "INSERT OR IGNORE INTO objects (kind, id, thread_id, run_id, message_id, at, place, body) VALUES"
        if self._database.execute(f"{insert} (?, ?, ?, ?, ?, ?, ?, ?)", row).rowcount:
            return True
        self._again(one, body)
        return False

    def _again(self, one: Staged, body: bytes) -> None:
        (before,) = self._one("SELECT body FROM objects WHERE kind = ? AND id = ?", one.kind, one.id)
        if before != body:
            self.lose(Loss("twice", one.kind, one.id, "", one.thread_id or None))
            update = "UPDATE objects SET thread_id = ?, run_id = ?, message_id = ?, at = ?, body = ?"
            known = (one.thread_id, one.run_id, one.message_id, one.at, body, one.kind, one.id)
            self._database.execute(f"{update} WHERE kind = ? AND id = ?", known)

    def put_bytes(self, id: str, path: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO bytes VALUES (?, ?)", (id, path))

    def lose(self, loss: Loss) -> None:
        row = (loss.reason, loss.kind, loss.id, loss.detail, loss.thread_id)
        self._database.execute("INSERT INTO losses VALUES (?, ?, ?, ?, ?)", row)

    # --- order

    def arrange(self) -> None:
        """When all is in: steps go before the message they led to. Of one second, as most are, their own times would
        not say so, and the model would be told the answer before its tools."""
        self._database.executescript(INDEXES)
        steps = "SELECT id, run_id, message_id, at FROM objects WHERE kind = 'step' ORDER BY run_id, at, place, id"
        run: list[tuple[str, str | None, int]] = []
        run_id = None
        for id, of_run, message_id, at in self._rows(steps):
            if of_run != run_id:
                self._anchor(run)
                run, run_id = [], of_run
            run.append((id, message_id, at))
        self._anchor(run)

    def _anchor(self, steps: list[tuple[str, str | None, int]]) -> None:
        """The steps of one run, in order."""
        anchor = None
        places = []
        for nth, (id, message_id, at) in reversed(list(enumerate(steps, -len(steps)))):
            anchor = self._place_of(message_id) or anchor
            places.append((*(anchor or (at, AFTER_ALL)), nth, id))
        update = "UPDATE objects SET at = ?, place = ?, nth = ? WHERE kind = 'step' AND id = ?"
        self._database.executemany(update, places)

    def _place_of(self, message_id: str | None) -> tuple[int, int] | None:
        if message_id is None:
            return None
        query = "SELECT at, place FROM objects WHERE kind = 'message' AND id = ?"
        found: tuple[int, int] | None = self._database.execute(query, (message_id,)).fetchone()
        return found

    # --- out

    def assistants(self) -> Iterator[Object]:
        yield from self._bodies("SELECT body FROM objects WHERE kind = 'assistant' ORDER BY at, place, id")

    def files(self) -> Iterator[tuple[Object | None, str, str | None]]:
        """(what is known of it, its id, the path of its bytes): one of the two is there."""
        known = (
            "SELECT body, o.id, path FROM objects o LEFT JOIN bytes b ON b.id = o.id WHERE kind = 'file' "
            "UNION ALL SELECT NULL, id, path FROM bytes "
            "WHERE id NOT IN (SELECT id FROM objects WHERE kind = 'file') ORDER BY 2"
        )
        for body, id, path in self._rows(known):
            yield None if body is None else orjson.loads(body), id, path

    def thread_ids(self) -> Iterator[str]:
        for (id,) in self._rows("SELECT DISTINCT thread_id FROM objects WHERE thread_id > '' ORDER BY thread_id"):
            yield id

    def thread(self, id: str) -> Object | None:
        return next(self._bodies("SELECT body FROM objects WHERE kind = 'thread' AND id = ?", id), None)

    def begin(self, thread_id: str) -> int:
        """When the first object of the thread was made; 0 where it has none."""
        (at,) = self._one("SELECT min(at) FROM objects WHERE thread_id = ? AND kind != 'thread'", thread_id)
        return int(at or 0)

    def entries(self, thread_id: str) -> Iterator[tuple[str, Object]]:
        """(kind, object) of all messages, runs and steps of the thread, in the order in which they go into it."""
        query = (
            "SELECT kind, body FROM objects WHERE thread_id = ? AND kind != 'thread' ORDER BY at, place, nth, kind, id"
        )
        for kind, body in self._rows(query, thread_id):
            yield kind, orjson.loads(body)

    def has(self, kind: str, id: str) -> bool:
        return self._one("SELECT 1 FROM objects WHERE kind = ? AND id = ?", kind, id) is not None

    def counts(self) -> dict[str, int]:
        return dict(self._rows("SELECT kind, count(*) FROM objects GROUP BY kind"))

    def missing_runs(self) -> Iterator[tuple[str, str, str]]:
        """(kind, run_id, thread_id) of messages and steps whose run is not here, each run once."""
        yield from self._rows(
            "SELECT kind, run_id, thread_id FROM objects o WHERE kind IN ('message', 'step') AND run_id > '' AND NOT "
            "EXISTS (SELECT 1 FROM objects r WHERE r.kind = 'run' AND r.id = o.run_id) "
            "GROUP BY run_id ORDER BY thread_id, run_id"
        )

    def losses(self, of_reason: str | None = None, limit: int = -1) -> Iterator[Loss]:
        query = "SELECT * FROM losses WHERE ?1 IS NULL OR reason = ?1 ORDER BY rowid LIMIT ?2"
        for reason, kind, id, detail, thread_id in self._rows(query, of_reason, limit):
            yield Loss(reason, kind, id, detail, thread_id)

    def loss_counts(self) -> dict[str, int]:
        return dict(self._rows("SELECT reason, count(*) FROM losses GROUP BY reason"))

    # --- pieces

    def _rows(self, query: str, *values: Any) -> Iterator[Any]:
        with closing(self._database.execute(query, values)) as rows:
            yield from rows

    def _one(self, query: str, *values: Any) -> Any:
        return self._database.execute(query, values).fetchone()

    def _bodies(self, query: str, *values: Any) -> Iterator[Object]:
        return (orjson.loads(body) for (body,) in self._rows(query, *values))
