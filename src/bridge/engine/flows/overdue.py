"""A load ends what is past its deadline: expiry needs no living runner (assistants-wire §6.5, design §3 "Leases").

A run expires `expires_at` seconds after the epoch, whatever it does. Its leg sees to that itself; here it is done for
runs nobody works on: those that wait for tool outputs, and those whose process died.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bridge import errors
from bridge.engine import tables
from bridge.engine.closing import close_all
from bridge.engine.effects import Flow, Snapshot, commit, load_one, now, run_state
from bridge.engine.flows.seizing import guards, seize
from bridge.errors import APIError
from bridge.records import Run, Thread

SWEEPER: Final = "overdue"
"""Who holds the lease of a run for the moment it takes to end it."""


def is_overdue(run: Run, at: float) -> bool:
    return run.status not in tables.TERMINAL and at >= run.expires_at and run.lease.lapsed(at)


def found(thread_id: str, run_id: str) -> Flow[Snapshot]:
    """The run and what belongs to it, ended first if its time is over; 404 where there is none."""
    while True:
        snapshot = yield from run_state(thread_id, run_id)
        if snapshot is None:
            thread = yield from load_one(Thread, thread_id)
            raise errors.not_found("thread", thread_id) if thread is None else errors.not_found("run", run_id)
        at = yield from now()
        if not is_overdue(snapshot.run, at):
            return snapshot
        yield from expire(snapshot, at)


def expire(snapshot: Snapshot, at: float) -> Flow[None]:
    """End it as expired; whoever changed the run meanwhile wins, the caller looks again."""
    current: Snapshot | None = snapshot
    if snapshot.run.status != "requires_action":
        current = yield from seize(snapshot, SWEEPER, at, at)
    if current is not None:
        changes = close_all(current.run, current.messages, current.steps, "expire", at)
        yield from commit(changes, *guards(current.run))


def free_thread(thread_id: str, busy: Callable[[str, str], APIError]) -> Flow[Thread]:
    """The thread, when no run is active on it; `busy` makes the error of the operation otherwise (§6.4)."""
    while True:
        thread = yield from load_one(Thread, thread_id)
        if thread is None:
            raise errors.not_found("thread", thread_id)
        if thread.active_run_id is None:
            return thread
        snapshot = yield from found(thread_id, thread.active_run_id)
        if snapshot.run.status not in tables.TERMINAL:
            raise busy(thread_id, thread.active_run_id)
