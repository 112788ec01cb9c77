"""What a commit does to records: the semantics both stores share, over a few verbs each of them has (records.py).

A store gives `apply` its `Rows` inside a transaction and rolls back whatever was written when Refused is raised.

Guards are checked in the order given and the first that fails is the answer. So a flow that must tell a thread that is
gone from one that is busy asks `Exists(Thread, id), Idle(id)`: Conflict(guard=Exists) is gone, Conflict(guard=Idle)
busy. Idle alone answers both with itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch
from typing import Any, Protocol, TypeVar

from attrs import evolve

from bridge.engine.effects import Commit, Committed, Conflict, History, Lost, Outcome
from bridge.records import (
    Amend,
    Assistant,
    Change,
    Claim,
    Delta,
    Entry,
    Erase,
    Exists,
    Fence,
    File,
    Guard,
    Has,
    Idle,
    Item,
    Lease,
    Lock,
    Message,
    Put,
    Record,
    Release,
    Run,
    Step,
    Thread,
    Told,
    Unchanged,
    Unlock,
)

R = TypeVar("R", bound=Record)


class Rows(Protocol):
    """The verbs of a store, all inside one transaction."""

    def get(self, kind: type[R], id: str) -> R | None: ...

    def insert(self, record: Record) -> bool:
        """Store a record that is new. False, and nothing stored, when its id is taken."""
        ...

    def update(self, record: Record) -> None:
        """Replace the stored record of the same id, every field of it."""
        ...

    def erase(self, kind: type[Record], id: str) -> None:
        """Remove one record; a thread with all that hangs on it. Nothing happens when there is none."""
        ...

    def next_seq(self, thread_id: str) -> int | None:
        """The next place in the thread; None when there is no such thread."""
        ...


class Refused(Exception):
    """The commit cannot be: whatever it wrote must be rolled back. `outcome` is its answer."""

    def __init__(self, outcome: Conflict | Lost) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def apply(rows: Rows, commit: Commit) -> Committed:
    """Check every guard, then make every change, in order. Raises Refused."""
    for guard in commit.guards:
        refusal = _refusal(rows, guard)
        if refusal is not None:
            raise Refused(refusal)
    return Committed(tuple(_made(change, rows) for change in commit.changes))


def answer(rows: Rows, commit: Commit) -> Outcome:
    """The same, the refusal as an answer: for stores that need no rollback of their own."""
    try:
        return apply(rows, commit)
    except Refused as refused:
        return refused.outcome


# --- guards


def _refusal(rows: Rows, guard: Guard) -> Conflict | Lost | None:
    if isinstance(guard, Idle):
        thread = rows.get(Thread, guard.thread_id)
        return Conflict(guard) if thread is None or thread.active_run_id is not None else None
    if isinstance(guard, Exists):
        return Conflict(guard) if rows.get(guard.kind, guard.id) is None else None
    if isinstance(guard, Has):
        return None if _has(rows, guard) else Conflict(guard)
    run = rows.get(Run, guard.run_id)
    if run is None:
        return Lost()
    if isinstance(guard, Unchanged):
        return Conflict(guard) if run.version != guard.version else None
    assert isinstance(guard, Fence)
    return Lost() if (run.lease.owner, run.lease.number) != (guard.owner, guard.number) else None


def _has(rows: Rows, guard: Has) -> bool:
    stored: Assistant | Thread | Message | Run | File | None = rows.get(guard.kind, guard.id)
    return stored is not None and getattr(stored, guard.field) == guard.value


# --- changes


@singledispatch
def _made(change: Any, rows: Rows) -> Change:
    raise TypeError(f"no such change: {change!r}")


@_made.register
def _(change: Put, rows: Rows) -> Change:
    return _inserted(change, rows) if change.is_new else _replaced(change, rows)


def _inserted(change: Put, rows: Rows) -> Change:
    record = change.record
    if isinstance(record, (Message, Run, Step, Item)):
        seq = rows.next_seq(record.thread_id)
        if seq is None:
            raise Refused(Conflict(change))
        record = evolve(record, seq=seq)
    if not rows.insert(record):
        raise Refused(Conflict(change))
    return evolve(change, record=record)


def _replaced(change: Put, rows: Rows) -> Change:
    stored = rows.get(type(change.record), change.record.id)
    if stored is None:
        if isinstance(change.record, Message):
            return change  # deleted while it was being made: it stays deleted
        raise Refused(Lost() if isinstance(change.record, (Run, Step)) else Conflict(change))
    if isinstance(stored, Run) and isinstance(change.record, Run) and change.record.version != stored.version + 1:
        raise Refused(Conflict(change))
    record = evolve(change.record, **_kept(stored))
    rows.update(record)
    return evolve(change, record=record)


def _kept(stored: Record) -> dict[str, Any]:
    """What a put leaves as it is stored (records.Put)."""
    names = ("metadata", "seq", "lease", "active_run_id")
    return {name: getattr(stored, name) for name in names if hasattr(stored, name)}


@_made.register
def _(change: Amend, rows: Rows) -> Change:
    stored: Assistant | Thread | Message | Run | File | None = rows.get(change.kind, change.id)
    if stored is None:
        raise Refused(Conflict(change))
    amended = evolve(stored, **change.values)
    rows.update(amended)
    return Put(amended)


@_made.register(Delta)
@_made.register(Told)
def _(change: Delta | Told, rows: Rows) -> Change:
    return change


@_made.register
def _(change: Erase, rows: Rows) -> Change:
    rows.erase(change.kind, change.id)
    return change


@_made.register
def _(change: Lock, rows: Rows) -> Change:
    thread = rows.get(Thread, change.thread_id)
    if thread is None or thread.active_run_id is not None:
        raise Refused(Conflict(change))
    rows.update(evolve(thread, active_run_id=change.run_id))
    return change


@_made.register
def _(change: Unlock, rows: Rows) -> Change:
    thread = rows.get(Thread, change.thread_id)
    if thread is not None and thread.active_run_id == change.run_id:
        rows.update(evolve(thread, active_run_id=None))
    return change


@_made.register
def _(change: Claim, rows: Rows) -> Change:
    run = rows.get(Run, change.run_id)
    if run is None:
        raise Refused(Lost())
    if run.lease.owner != change.owner and not run.lease.lapsed(change.now):
        raise Refused(Conflict(change))
    rows.update(evolve(run, lease=Lease(change.owner, run.lease.number + 1, change.until)))
    return change


@_made.register
def _(change: Release, rows: Rows) -> Change:
    run = rows.get(Run, change.run_id)
    if run is not None:
        rows.update(evolve(run, lease=Lease(None, run.lease.number, 0.0)))
    return change


# --- history


def newest(backwards: Iterable[Entry], query: History) -> tuple[list[Entry], bool]:
    """The entries that the query's limits let in, oldest first, and whether older ones were left out.

    `backwards` gives the thread's entries newest first; no more of it is read than needed.
    """
    taken: list[Entry] = []
    characters = messages = 0
    entries: Iterator[Entry] = iter(backwards)
    for entry in entries:
        taken.append(entry)
        if entry.run_id is not None and entry.run_id == query.run_id:
            continue
        characters += size(entry)
        messages += isinstance(entry, Message)
        is_full = query.characters is not None and characters > query.characters
        is_enough = query.last_messages is not None and messages >= query.last_messages
        if is_full or is_enough:
            break
    return taken[::-1], next(entries, None) is not None


def size(entry: Entry) -> int:
    """About how many characters of JSON the entry is."""
    return len(str(entry.content if isinstance(entry, Message) else entry.body))
