"""A store in memory: for tests, and the plainest telling of what a store does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from attrs import evolve

from bridge import ids
from bridge.engine import tables
from bridge.engine.effects import Commit, Committed, Entries, History, Key, Outcome, Page, RunState, Slice, Snapshot
from bridge.forks import Lock
from bridge.records import (
    Assistant,
    Counterpart,
    Entry,
    File,
    Item,
    Lease,
    Message,
    Observed,
    Record,
    Run,
    Step,
    Thread,
)
from bridge.store import rules

R = TypeVar("R", bound=Record)
KINDS = (Assistant, Thread, Message, Run, Step, Item, File, Observed, Counterpart)
Tables = dict[type[Any], dict[str, Any]]


class MemoryStore:
    """Every commit is done when `commit` returns. Safe for threads of one process; gone with it."""

    name = "memory"

    def __init__(self) -> None:
        self._lock = Lock(threading.RLock)
        self._tables: Tables = {kind: {} for kind in KINDS}
        self._seqs: dict[str, int] = {}
        self._pieces: dict[str, dict[int, bytes]] = {}

    # --- reading

    def load(self, keys: Sequence[Key]) -> tuple[Any, ...]:
        with self._lock:
            return tuple(self._one(key) for key in keys)

    def page(self, query: Page) -> Slice:
        with self._lock:
            records = self._listed(query)
        return page_of(records, query)

    def history(self, query: History) -> tuple[Entry, ...]:
        with self._lock:
            entries = self._entries(query.thread_id)
        taken, has_older = rules.newest(reversed(entries), query)
        if has_older:
            older = entries[: len(entries) - len(taken)]
            first = next((e for e in entries if isinstance(e, Message) and e.role == "user"), None)
            taken = [e for e in older if e is first or (query.run_id and e.run_id == query.run_id)] + taken
        return tuple(taken)

    def entries(self, query: Entries) -> tuple[Entry, ...]:
        with self._lock:
            found = self._entries(query.thread_id)
        return tuple([entry for entry in found if entry.seq > query.after][: query.limit])

    def thread_ids(self, after: str = "", limit: int = 100) -> tuple[str, ...]:
        with self._lock:
            return tuple(sorted(id for id in self._tables[Thread] if id > after)[:limit])

    def run_state(self, query: RunState) -> Snapshot | None:
        with self._lock:
            run = self._one(Key(Run, query.run_id, query.thread_id))
            if run is None:
                return None
            thread = self._tables[Thread][run.thread_id]
            steps = self._of(Step, lambda step: step.run_id == run.id)
            messages = self._of(Message, lambda message: message.run_id == run.id)
            items = self._of(Item, lambda item: item.run_id == run.id)
        return Snapshot(run, thread, tuple(steps), tuple(messages), tuple(items))

    def stalled(self, now: float, limit: int = 100) -> tuple[Run, ...]:
        with self._lock:
            found = self._of(Run, lambda run: is_stalled(run, now))
        return tuple(sorted(found, key=lambda run: (run.created_at, run.id))[:limit])

    def piece(self, copy: str, number: int) -> bytes | None:
        with self._lock:
            return self._pieces.get(copy, {}).get(number)

    def changed_elsewhere(self) -> bool:
        return False

    # --- writing

    def commit(self, commit: Commit) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        with self._lock:
            rows = _Overlay(self._tables, self._seqs)
            outcome = rules.answer(rows, commit)
            if isinstance(outcome, Committed):
                gone = tuple(f"{file_id}." for file_id in rows.keep())
                self._pieces = {copy: pieces for copy, pieces in self._pieces.items() if not copy.startswith(gone)}
        future.set_result(outcome)
        return future

    def write_piece(self, copy: str, number: int, data: bytes) -> Future[None]:
        with self._lock:
            self._pieces.setdefault(copy, {})[number] = bytes(data)
        return _done()

    def drop_pieces(self, copy: str) -> Future[None]:
        with self._lock:
            self._pieces.pop(copy, None)
        return _done()

    def keeps_others(self) -> bool:
        with self._lock:
            return any(not ids.is_kept_file(id) for id in self._tables[File])

    def renew(self, owner: str, until: float) -> frozenset[str]:
        with self._lock:
            held = self._of(Run, lambda run: run.lease.owner == owner and run.status not in tables.TERMINAL)
            for run in held:
                self._tables[Run][run.id] = evolve(run, lease=Lease(owner, run.lease.number, until))
        return frozenset(run.id for run in held)

    def close(self) -> None:
        """Nothing to do; what is in memory stays as long as the object."""

    def copy(self) -> MemoryStore:
        """An independent store with the same records (records are immutable, so this is cheap)."""
        twin = MemoryStore()
        with self._lock:
            twin._tables = {kind: dict(table) for kind, table in self._tables.items()}
            twin._seqs = dict(self._seqs)
            twin._pieces = {copy: dict(pieces) for copy, pieces in self._pieces.items()}
        return twin

    # --- pieces

    def _one(self, key: Key) -> Any:
        record = self._tables[key.kind].get(key.id)
        for name in ("thread_id", "run_id"):
            wanted = getattr(key, name)
            if record is not None and wanted is not None and getattr(record, name) != wanted:
                return None
        return record

    def _of(self, kind: type[R], wanted: Callable[[R], bool]) -> list[R]:
        return [record for record in self._tables[kind].values() if wanted(record)]

    def _listed(self, query: Page) -> list[Any]:
        def is_listed(record: Any) -> bool:
            return all(
                getattr(query, name) is None or getattr(record, name) == getattr(query, name)
                for name in ("thread_id", "run_id")
            )

        found = self._of(query.kind, is_listed)
        return sorted(found, key=lambda record: (record.created_at, getattr(record, "seq", 0)))

    def _entries(self, thread_id: str) -> list[Entry]:
        found: list[Entry] = [
            *self._of(Message, lambda message: message.thread_id == thread_id),
            *self._of(Item, lambda item: item.thread_id == thread_id),
        ]
        return sorted(found, key=lambda entry: entry.seq)


def is_stalled(run: Run, now: float) -> bool:
    """What `Store.stalled` looks for."""
    if run.status == "requires_action":
        return run.expires_at <= now
    return run.status not in tables.TERMINAL and run.lease.lapsed(now)


def page_of(ascending: Sequence[Any], query: Page) -> Slice:
    """The slice of a whole list, given in ascending order."""
    ids = [record.id for record in ascending]
    for cursor in (query.after, query.before):
        if cursor is not None and cursor not in ids:
            return Slice((), cursor_found=False)
    records = list(ascending if query.order == "asc" else reversed(ascending))
    places = {record.id: place for place, record in enumerate(records)}
    start = 0 if query.after is None else places[query.after] + 1
    end = len(records) if query.before is None else places[query.before]
    window = records[start:end]
    if query.before is not None and query.after is None:
        return Slice(tuple(window[-query.limit :]), len(window) > query.limit)
    return Slice(tuple(window[: query.limit]), len(window) > query.limit)


def _done() -> Future[None]:
    future: Future[None] = Future()
    future.set_result(None)
    return future


class _Overlay:
    """Rows over the tables whose writes can be forgotten: a transaction."""

    def __init__(self, stored: Tables, seqs: dict[str, int]) -> None:
        self._stored = stored
        self._seqs = seqs
        self._written: dict[type[Any], dict[str, Any]] = {kind: {} for kind in KINDS}
        self._new_seqs: dict[str, int] = {}
        self._gone: list[str] = []

    def get(self, kind: type[R], id: str) -> R | None:
        written = self._written[kind]
        record: R | None = written[id] if id in written else self._stored[kind].get(id)
        return record

    def insert(self, record: Record) -> bool:
        if self.get(type(record), record.id) is not None:
            return False
        self._written[type(record)][record.id] = record
        if isinstance(record, Thread):
            self._new_seqs[record.id] = 0
        return True

    def update(self, record: Record) -> None:
        self._written[type(record)][record.id] = record

    def erase(self, kind: type[Record], id: str) -> None:
        self._written[kind][id] = None
        if kind is Thread:
            for below in (Message, Run, Step, Item, Observed, Counterpart):
                for record in self._everything(below):
                    if record.thread_id == id:
                        self._written[below][record.id] = None
            self._new_seqs.pop(id, None)
            self._gone.append(id)

    def next_seq(self, thread_id: str) -> int | None:
        if self.get(Thread, thread_id) is None:
            return None
        seq = self._new_seqs.get(thread_id, self._seqs.get(thread_id, 0)) + 1
        self._new_seqs[thread_id] = seq
        return seq

    def keep(self) -> list[str]:
        """Make it so. Answers the files that are gone."""
        for kind, written in self._written.items():
            for id, record in written.items():
                if record is None:
                    self._stored[kind].pop(id, None)
                else:
                    self._stored[kind][id] = record
        for thread_id in self._gone:
            self._seqs.pop(thread_id, None)
        self._seqs.update(self._new_seqs)
        return [id for id, record in self._written[File].items() if record is None]

    def _everything(self, kind: type[Any]) -> Iterator[Any]:
        return iter([r for r in ({**self._stored[kind], **self._written[kind]}).values() if r is not None])
