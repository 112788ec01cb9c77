"""The holder of a run's lease: what it commits under, and what becomes of its leg where somebody else decided.

Every commit that stores is guarded twice: by the run's version (nobody decided anything meanwhile, such as a cancel)
and by the lease number (nobody took the run over) (design §3, "Who may write").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve

from bridge.engine import tables
from bridge.engine.closing import close_all
from bridge.engine.effects import (
    Committed,
    Conflict,
    Flow,
    Lost,
    Snapshot,
    close_upstream,
    commit,
    now,
    run_state,
)
from bridge.engine.flows import Context, asking, background
from bridge.engine.leg import Leg
from bridge.engine.names import Names
from bridge.records import Change, Delta, Fence, Message, Put, Release, Run, Told, Unchanged
from bridge.translate import loose
from bridge.translate.events import Reader

_NOT_ENDED: Final[dict[str, Any]] = {"completed_at": None, "incomplete_at": None, "incomplete_details": None}


class Over(Exception):
    """The leg ended before its time, and what there was to do about it was done. `lost`: the lease is another's."""

    def __init__(self, lost: bool = False) -> None:
        super().__init__(lost)
        self.lost = lost


class Holder:
    """The leg, what fences its commits, and what it was asked."""

    def __init__(self, context: Context, snapshot: Snapshot, names: Names) -> None:
        self.context, self.snapshot = context, snapshot
        self.limits = asking.Limits()
        self.asked: asking.Asked | None = None
        self.leg = Leg(snapshot, names)
        self.reader = Reader(self.leg.call_ids, _items_read(snapshot))
        self.fence = Fence(snapshot.run.id, context.owner, snapshot.run.lease.number)
        self.version = snapshot.run.version
        self.line = background.Line(snapshot.run)

    @property
    def run(self) -> Run:
        return self.leg.run


def _items_read(snapshot: Snapshot) -> Sequence[str]:
    """The ids of a background response's items that are stored already."""
    ids = [loose.text(item.body, "id") for item in snapshot.items if snapshot.run.cursor is not None]
    return [id for id in ids if id is not None]


def tell(holder: Holder, changes: Sequence[Change]) -> Flow[None]:
    """Store, then stream. Where somebody else decided meanwhile, see what, and let the leg end accordingly."""
    if not changes:
        return
    outcome = yield from commit(tuple(changes), Unchanged(holder.run.id, holder.version), holder.fence)
    if isinstance(outcome, Committed):
        puts = [change.record for change in changes if isinstance(change, Put) and isinstance(change.record, Run)]
        holder.version = puts[-1].version if puts else holder.version
    elif isinstance(outcome, Conflict):
        yield from look(holder, changes)
        raise Over(lost=True)  # neither cancelled nor ended nor taken, and yet changed: not ours to go on with
    else:
        assert isinstance(outcome, Lost)
        raise Over(lost=True)


def look(holder: Holder, untold: Sequence[Change] = ()) -> Flow[None]:
    """Somebody changed the run: a cancel ends it here, anything else was a false alarm or took it away."""
    snapshot = yield from run_state(holder.run.thread_id, holder.run.id)
    if snapshot is None or snapshot.run.lease.number != holder.fence.number:
        raise Over(lost=True)
    if snapshot.run.status == "cancelling":
        yield from _tell_streamed(holder, snapshot, untold)
        yield from close_upstream()
        yield from stop(holder, snapshot, untold)
        raise Over
    if snapshot.run.status in tables.TERMINAL:
        raise Over(lost=True)


def _tell_streamed(holder: Holder, snapshot: Snapshot, untold: Sequence[Change]) -> Flow[None]:
    """Deltas of a refused commit whose message or step is stored: what its end will hold must have been streamed."""
    stored = {message.id for message in snapshot.messages} | {step.id for step in snapshot.steps}
    deltas = [change for change in untold if isinstance(change, Delta) and change.id in stored]
    if deltas:
        yield from commit(deltas)


def stop(holder: Holder, snapshot: Snapshot, untold: Sequence[Change] = ()) -> Flow[None]:
    """The end of a cancelled run: what is stored as open, with what its message holds by now."""
    run = snapshot.run
    at = yield from now()
    told = [Told("thread.run.cancelling", run)]
    changes = close_all(run, _under_way(holder, snapshot, untold), snapshot.steps, "stop", at)
    outcome = yield from commit([*told, *changes], Unchanged(run.id, run.version), holder.fence)
    if not isinstance(outcome, Committed):
        raise Over(lost=True)
    yield from stop_upstream(holder)


def stop_upstream(holder: Holder) -> Flow[None]:
    """A background response is stopped where it is made; any other ends with its stream."""
    if holder.line.is_on and holder.line.response_id is not None:
        yield from background.cancel(holder.line.response_id)


def _under_way(holder: Holder, snapshot: Snapshot, untold: Sequence[Change]) -> Sequence[Message]:
    """The messages that were begun and not ended, with all that was streamed of them.

    Among them one that changes which were refused would have ended, and one that was deleted meanwhile: the store lets
    it be, but whoever listens is waiting for its end.
    """
    messages = {message.id: message for message in snapshot.messages if message.status == "in_progress"}
    puts = [put for put in untold if isinstance(put, Put) and isinstance(put.record, Message)]
    unborn = {put.record.id for put in puts if put.is_new}
    for message in (*(put.record for put in puts), *holder.leg.open_messages()):
        assert isinstance(message, Message)
        if message.id not in unborn:
            begun = messages.get(message.id, message)
            messages[message.id] = evolve(begun, status="in_progress", content=message.content, **_NOT_ENDED)
    return list(messages.values())


def let_go(holder: Holder) -> Flow[None]:
    """This process is going down: the lease is given back, the next process repeats the leg."""
    yield from close_upstream()
    yield from commit([Release(holder.run.id)], holder.fence)
    raise Over(lost=True)
