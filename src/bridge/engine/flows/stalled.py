"""Runs whose process died, or lost its lease: claimed by another, and gone on with or ended (design §3, "Leases")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import evolve

from bridge.engine import tables
from bridge.engine.closing import close_all
from bridge.engine.effects import Committed, Conflict, Flow, Snapshot, commit, now, run_state
from bridge.engine.flows import Context, overdue
from bridge.engine.flows.seizing import guards, seize
from bridge.records import Change, Erase, Item, Message, Object, Put, Run, Step
from bridge.translate import runs

MAX_LAPSES: Final = 1
"""A leg that died with its process is repeated once; a second death fails the run (design §3)."""


def take_over(context: Context, thread_id: str, run_id: str, dead_owner: str | None = None) -> Flow[Run | None]:
    """Claim a run whose lease lapsed. Answer: the run to drive a leg for, or None when there is none to drive.

    What the dead leg left open is removed and the leg repeated from the stored items, once; a second death closes what
    is open and fails the run. One that was given back is repeated as often as that happens. A cancel that was asked for
    is carried out, and a run past its time is ended.
    """
    snapshot = yield from run_state(thread_id, run_id)
    at = yield from now()
    if snapshot is None or not _is_stalled(snapshot.run, at, dead_owner):
        return None
    if snapshot.run.status == "requires_action":
        yield from overdue.expire(snapshot, at)
        return None
    as_of = max(at, snapshot.run.lease.until)  # a dead owner's lease is as good as lapsed
    seized = yield from seize(snapshot, context.owner, as_of, at + context.lease_seconds)
    if seized is None:
        return None
    died = snapshot.run.lease.owner is not None  # else it was given back: by a process, or an event loop, that ended
    outcome = yield from commit(_next(seized, at, died), *guards(seized.run))
    if isinstance(outcome, Conflict):  # a cancel came in between; the lease is ours, and nobody works under it
        return (yield from take_over(context, thread_id, run_id, dead_owner=context.owner))
    run = outcome.record(Run, run_id) if isinstance(outcome, Committed) else None
    return run if run is not None and run.status not in tables.TERMINAL else None


def _next(seized: Snapshot, at: float, died: bool) -> Sequence[Change]:
    """What becomes of a run that was taken from its holder: its end, or its leg once more from the beginning."""
    run = seized.run
    ending = _ending(run, at, died)
    if ending is not None:
        word, error = ending
        return close_all(run, seized.messages, seized.steps, word, at, error=error)
    is_lapse = died and run.status == "in_progress" and run.cursor is None
    again = evolve(run, lapses=run.lapses + is_lapse, version=run.version + 1)
    return [*cleared(seized), Put(again)]


def _is_stalled(run: Run, at: float, dead_owner: str | None) -> bool:
    """Whether nobody works on it though somebody should; a run that waits for outputs is only ended when overdue."""
    if run.status in tables.SETTLED:
        return run.status == "requires_action" and at >= run.expires_at
    return run.lease.lapsed(at) or run.lease.owner == dead_owner


def _ending(run: Run, at: float, died: bool) -> tuple[str, Object | None] | None:
    """How a stalled run ends at once, if it does."""
    if run.status == "cancelling":
        return "stop", None
    if at >= run.expires_at:
        return "expire", None
    if died and run.lapses >= MAX_LAPSES and run.status == "in_progress":
        return "fail", runs.last_error({"code": "server_error", "message": None})
    return None


def cleared(snapshot: Snapshot) -> list[Change]:
    """The open rows of the dead leg, gone: its message, its steps, and the calls nobody was told of.

    Of a background response that is gone on with, only what came after the cursor.
    """
    cursor = snapshot.run.cursor
    kept = () if cursor is None else cursor["steps"]
    open_messages = [message.id for message in snapshot.messages if message.status == "in_progress"]
    open_steps = [step.id for step in snapshot.steps if step.status == "in_progress" and step.id not in kept]
    answered = {item.call_id for item in snapshot.items if item.type == "function_call_output"}
    calls = [item.id for item in snapshot.items if item.type == "function_call" and item.call_id not in answered]
    calls = calls if cursor is None else []
    erased: list[Change] = [Erase(Message, id) for id in open_messages]
    erased += [Erase(Step, id) for id in open_steps]
    erased += [Erase(Item, id) for id in calls]
    return erased
