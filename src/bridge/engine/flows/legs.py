"""The life of a leg: open the upstream, receive until the run settles, whatever happens meanwhile (design §3).

The holder of the lease drives this flow, listened to or not. Every commit that stores is guarded twice: by the run's
version (nobody decided anything meanwhile, such as a cancel) and by the lease number (nobody took the run over).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve

from bridge import models
from bridge.engine import lessons, tables
from bridge.engine.closing import close_all
from bridge.engine.effects import (
    Committed,
    Conflict,
    End,
    Event,
    Flow,
    History,
    LeaseLost,
    Lost,
    Refused,
    Snapshot,
    Stopped,
    Timeout,
    Woken,
    close_upstream,
    commit,
    history,
    learn,
    lessons_of,
    load_one,
    mint,
    next_signal,
    now,
    open_upstream,
    run_state,
)
from bridge.engine.flows import Context
from bridge.engine.flows.seizing import guards
from bridge.engine.leg import Leg
from bridge.engine.names import Names
from bridge.records import (
    Change,
    Delta,
    Fence,
    Message,
    Object,
    Put,
    Release,
    Run,
    Told,
    Unchanged,
)
from bridge.translate import facts, runs
from bridge.translate.context import CHARACTERS_PER_TOKEN
from bridge.translate.events import Reader

_NOT_ENDED: Final[dict[str, Any]] = {"completed_at": None, "incomplete_at": None, "incomplete_details": None}


class Over(Exception):
    """The leg ended before its time, and what there was to do about it was done. `lost`: the lease is another's."""

    def __init__(self, lost: bool = False) -> None:
        super().__init__(lost)
        self.lost = lost


def leg(context: Context, launched: Run) -> Flow[bool]:
    """Drive one leg of the run to its end. Answer: whether the stream ends well (False: the lease was lost).

    The caller has claimed the lease: `launched.lease` is what it got. A leg that starts too late finds it gone.
    """
    snapshot = yield from run_state(launched.thread_id, launched.id)
    if snapshot is None or not _holds(launched, snapshot.run) or snapshot.run.status in tables.SETTLED:
        return False
    holder = _Holder(context, snapshot, Names((yield from mint("item"))))
    try:
        if snapshot.run.status == "cancelling":
            yield from _stop(holder, snapshot)
        else:
            yield from _work(holder)
        ends_well = True
    except Over as over:
        ends_well = not over.lost
    yield from close_upstream()
    return ends_well


def _holds(launched: Run, run: Run) -> bool:
    """Whether the lease is still the one the leg was launched with."""
    return (run.lease.owner, run.lease.number) == (launched.lease.owner, launched.lease.number)


class _Holder:
    """The leg and what fences its commits."""

    def __init__(self, context: Context, snapshot: Snapshot, names: Names) -> None:
        self.leg = Leg(snapshot, names)
        self.reader = Reader()
        self.fence = Fence(snapshot.run.id, context.owner, snapshot.run.lease.number)
        self.version = snapshot.run.version

    @property
    def run(self) -> Run:
        return self.leg.run


def _work(holder: _Holder) -> Flow[None]:
    """The run is stored as at work before anything is asked: a leg that dies from there on counts as a lapse."""
    spent = runs.exhausted(holder.run)
    at = yield from now()
    yield from _tell(holder, holder.leg.begin(at))
    if spent is not None:  # what the legs before left is too little to ask for more
        yield from _tell(holder, holder.leg.exhaust(spent, at))
        return
    request = yield from _request(holder.run)
    yield from open_upstream(request)
    while not holder.leg.finished:
        yield from _step(holder)


def _request(run: Run) -> Flow[Object]:
    """The Responses call of this leg, from what is stored: a page of history no longer than the model's window."""
    known = yield from lessons_of(run.model)
    last = run.truncation_strategy.get("last_messages")
    characters = models.window(run.model) * CHARACTERS_PER_TOKEN
    entries = yield from history(History(run.thread_id, run.id, characters, last))
    asks_reasoning = models.reasons(run.model) is not False
    request = runs.to_responses(
        run, entries, first_leg=run.leg == 0, include_reasoning=asks_reasoning, characters=characters
    )
    return lessons.apply(request, known)


def _step(holder: _Holder) -> Flow[None]:
    """One thing that happens, and what becomes of it."""
    checkpoint_at = holder.leg.checkpoint_at
    expires_at = float(holder.run.expires_at)
    signal = yield from next_signal(expires_at if checkpoint_at is None else min(expires_at, checkpoint_at))
    at = yield from now()
    if isinstance(signal, (Event, End)):
        received = holder.reader.receive(signal.data) if isinstance(signal, Event) else holder.reader.end(signal.error)
        yield from _tell(holder, _changes(holder.leg, received, at))
    elif isinstance(signal, Refused):
        yield from _refused(holder, signal, at)
    elif isinstance(signal, Woken):
        yield from _look(holder)
    elif isinstance(signal, LeaseLost):
        raise Over(lost=True)
    elif isinstance(signal, Stopped):
        yield from _let_go(holder)
    else:
        assert isinstance(signal, Timeout)
    if not holder.leg.finished and at >= expires_at:
        yield from _tell(holder, holder.leg.end("expire", at))
    if not holder.leg.finished:
        yield from _tell(holder, holder.leg.checkpoint(at))


def _changes(leg: Leg, received: Sequence[facts.Fact], at: float) -> list[Change]:
    changes: list[Change] = []
    for fact in received:
        changes += leg.receive(fact, at)
    return changes


def _refused(holder: _Holder, refused: Refused, at: float) -> Flow[None]:
    """An HTTP error instead of a stream: learn from it and ask again, or fail the run with its cause."""
    lesson = lessons.lesson(refused)
    known = yield from lessons_of(holder.run.model)
    if lesson is not None and lesson not in known:
        yield from learn(holder.run.model, lesson)
        request = yield from _request(holder.run)
        yield from open_upstream(request)
        return
    yield from _tell(holder, holder.leg.end("fail", at, runs.last_error(refused)))


def _tell(holder: _Holder, changes: Sequence[Change]) -> Flow[None]:
    """Store, then stream. Where somebody else decided meanwhile, see what, and let the leg end accordingly."""
    if not changes:
        return
    outcome = yield from commit(tuple(changes), Unchanged(holder.run.id, holder.version), holder.fence)
    if isinstance(outcome, Committed):
        puts = [change.record for change in changes if isinstance(change, Put) and isinstance(change.record, Run)]
        holder.version = puts[-1].version if puts else holder.version
    elif isinstance(outcome, Conflict):
        yield from _look(holder, changes)
        raise Over(lost=True)  # neither cancelled nor ended nor taken, and yet changed: not ours to go on with
    else:
        assert isinstance(outcome, Lost)
        raise Over(lost=True)


def _look(holder: _Holder, untold: Sequence[Change] = ()) -> Flow[None]:
    """Somebody changed the run: a cancel ends it here, anything else was a false alarm or took it away."""
    snapshot = yield from run_state(holder.run.thread_id, holder.run.id)
    if snapshot is None or snapshot.run.lease.number != holder.fence.number:
        raise Over(lost=True)
    if snapshot.run.status == "cancelling":
        yield from _tell_streamed(holder, snapshot, untold)
        yield from close_upstream()
        yield from _stop(holder, snapshot, untold)
        raise Over
    if snapshot.run.status in tables.TERMINAL:
        raise Over(lost=True)


def _tell_streamed(holder: _Holder, snapshot: Snapshot, untold: Sequence[Change]) -> Flow[None]:
    """Deltas of a refused commit whose message or step is stored: what its end will hold must have been streamed."""
    stored = {message.id for message in snapshot.messages} | {step.id for step in snapshot.steps}
    deltas = [change for change in untold if isinstance(change, Delta) and change.id in stored]
    if deltas:
        yield from commit(deltas)


def _stop(holder: _Holder, snapshot: Snapshot, untold: Sequence[Change] = ()) -> Flow[None]:
    """The end of a cancelled run: what is stored as open, with what its message holds by now."""
    run = snapshot.run
    at = yield from now()
    told = [Told("thread.run.cancelling", run)]
    changes = close_all(run, _under_way(holder, snapshot, untold), snapshot.steps, "stop", at)
    outcome = yield from commit([*told, *changes], Unchanged(run.id, run.version), holder.fence)
    if not isinstance(outcome, Committed):
        raise Over(lost=True)


def _under_way(holder: _Holder, snapshot: Snapshot, untold: Sequence[Change]) -> Sequence[Message]:
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


def _let_go(holder: _Holder) -> Flow[None]:
    """This process is going down: the lease is given back, the next process repeats the leg."""
    yield from close_upstream()
    yield from commit([Release(holder.run.id)], holder.fence)
    raise Over(lost=True)


def abort(launched: Run) -> Flow[None]:
    """An error of ours ended the leg: the run fails honestly instead of hanging till it expires.

    What the leg streamed last may not be stored, so this end is not for its stream: that one ends with an error.
    """
    snapshot = yield from run_state(launched.thread_id, launched.id)
    if snapshot is None or not _holds(launched, snapshot.run) or snapshot.run.status in tables.SETTLED:
        return
    at = yield from now()
    run = snapshot.run
    error = runs.last_error({"code": "server_error", "message": None})
    word, cause = ("stop", None) if run.status == "cancelling" else ("fail", error)
    changes = close_all(run, snapshot.messages, snapshot.steps, word, at, error=cause)
    yield from commit(changes, *guards(run))


def release(run_id: str, owner: str, number: int | None = None) -> Flow[None]:
    """Give back a lease that `owner` holds without working on the run; nothing happens where it does not hold it, or
    by now holds another one than `number`."""
    run = yield from load_one(Run, run_id)
    if run is not None and run.lease.owner == owner and number in (None, run.lease.number):
        yield from commit([Release(run_id)], Fence(run_id, owner, run.lease.number))
