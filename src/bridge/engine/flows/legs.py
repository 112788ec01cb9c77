"""The life of a leg: open the upstream, receive until the run settles, whatever happens meanwhile (design §3).

The holder of the lease drives this flow, listened to or not. Every commit that stores is guarded twice: by the run's
version (nobody decided anything meanwhile, such as a cancel) and by the lease number (nobody took the run over).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve

from bridge import errors
from bridge.engine import lessons, tables
from bridge.engine.closing import close_all
from bridge.engine.effects import (
    Committed,
    Conflict,
    End,
    Event,
    Flow,
    LeaseLost,
    Lost,
    Refused,
    Snapshot,
    Stopped,
    Timeout,
    Woken,
    close_upstream,
    commit,
    learn,
    lessons_of,
    load_one,
    mint,
    next_signal,
    now,
    open_upstream,
    run_state,
)
from bridge.engine.flows import Context, asking, containers, ingestion
from bridge.engine.flows.seizing import guards
from bridge.engine.leg import Leg
from bridge.engine.names import Names
from bridge.records import (
    Change,
    Delta,
    Fence,
    Message,
    Put,
    Release,
    Run,
    Told,
    Unchanged,
)
from bridge.translate import facts, failures, loose, runs
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
    """The leg, what fences its commits, and what it was asked."""

    def __init__(self, context: Context, snapshot: Snapshot, names: Names) -> None:
        self.context, self.snapshot = context, snapshot
        self.limits = asking.Limits()
        self.asked: asking.Asked | None = None
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
    if holder.run.leg == 0:
        yield from _await_files(holder)
    if not holder.leg.finished:
        yield from _ask(holder)
    while not holder.leg.finished:
        yield from _step(holder)


def _await_files(holder: _Holder) -> Flow[None]:
    """The thread's vector store is searched when its files are in it (§3.2)."""
    for store_id in ingestion.stores(holder.run, holder.snapshot.thread):
        until = min((yield from now()) + ingestion.LONGEST, float(holder.run.expires_at))
        found = yield from ingestion.look(store_id, until)
        while found == "busy" and not holder.leg.finished:
            at = yield from now()
            if at >= until:
                break
            yield from _step(holder, at + ingestion.PAUSE)
            found = yield from ingestion.look(store_id, until)
        if found == "expired" and not holder.leg.finished:
            error = {"code": "server_error", "message": errors.store_expired(store_id).message}
            at = yield from now()
            yield from _tell(holder, holder.leg.end("fail", at, runs.last_error(error)))


def _ask(holder: _Holder) -> Flow[None]:
    """The Responses call of this leg, from what is stored."""
    holder.asked = yield from asking.ask(holder.context, evolve(holder.snapshot, run=holder.run), holder.limits)
    if holder.asked is None:
        yield from _tell(holder, holder.leg.exhaust("max_prompt_tokens", (yield from now())))
    else:
        yield from open_upstream(holder.asked.request)


def _step(holder: _Holder, until: float | None = None) -> Flow[None]:
    """One thing that happens, and what becomes of it; at the latest at `until` nothing has."""
    times = [float(holder.run.expires_at), holder.leg.checkpoint_at, until]
    signal = yield from next_signal(min(time for time in times if time is not None))
    at = yield from now()
    if isinstance(signal, Event):
        yield from _receive(holder, holder.reader.receive(signal.data))
    elif isinstance(signal, End):
        yield from _receive(holder, holder.reader.end(signal.error))
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
    if not holder.leg.finished and at >= holder.run.expires_at:
        yield from _tell(holder, holder.leg.end("expire", at))
    if not holder.leg.finished:
        yield from _tell(holder, holder.leg.checkpoint(at))


def _receive(holder: _Holder, received: Sequence[facts.Fact]) -> Flow[None]:
    """What the facts change. What is known before files are looked for is told before."""
    changes: list[Change] = []
    for fact in received:
        if _is_refusal(holder, fact):
            yield from _refused(holder, _refusal(fact), (yield from now()))
            return
        if _is_about_files(fact):
            yield from _tell(holder, changes)
            changes = yield from _files(holder, fact)
        changes += holder.leg.receive(fact, (yield from now()))
    yield from _tell(holder, changes)


def _is_about_files(fact: facts.Fact) -> bool:
    if isinstance(fact, facts.Annotated):
        return fact.annotation.get("type") == "container_file_citation"
    return isinstance(fact, facts.HostedDone) and fact.item["type"] == "code_interpreter_call"


def _files(holder: _Holder, fact: facts.Fact) -> Flow[list[Change]]:
    """The files of the container that a call ran in, or the one that is cited, kept (design §4)."""
    at = yield from now()
    changes: list[Change] = []
    found = containers.Found()
    if isinstance(fact, facts.Annotated):
        if not holder.leg.has_file(fact.annotation):
            found = yield from containers.cited(holder.run, fact.annotation, at)
    elif isinstance(fact, facts.HostedDone):
        container_id = loose.text(fact.item, "container_id")
        if container_id is not None and holder.context.profile.containers is not False:
            found = yield from containers.collect(holder.run, container_id, at)
        file_ids = holder.asked.file_ids if holder.asked is not None else ()
        changes += containers.used(holder.snapshot.thread, fact.item, file_ids, at)
    return [*changes, *holder.leg.keep(found.files, found.new)]


# --- refusals


def _is_refusal(holder: _Holder, fact: facts.Fact) -> bool:
    """Whether the answer failed before it began with what a server that does not stream would have refused."""
    if not isinstance(fact, facts.Finished) or fact.status != "failed" or holder.leg.has_begun:
        return False
    return asking.remedy(_refusal(fact), holder.asked, holder.limits) is not None


def _refusal(fact: facts.Fact) -> Refused:
    assert isinstance(fact, facts.Finished)
    message, code = loose.text(fact.error, "message"), loose.text(fact.error, "code")
    return Refused(400, message or failures.UNKNOWN, code)


def _refused(holder: _Holder, refused: Refused, at: float) -> Flow[None]:
    """An HTTP error instead of a stream: learn from it and ask again, or fail the run with its cause."""
    lesson = lessons.lesson(refused)
    known = yield from lessons_of(holder.run.model)
    remedy = asking.remedy(refused, holder.asked, holder.limits)
    if lesson is not None and lesson not in known:
        yield from learn(holder.run.model, lesson)
    elif remedy is not None and (remedy.characters is None or holder.run.truncation_strategy["type"] == "auto"):
        holder.limits = remedy
    else:
        yield from _tell(holder, _given_up(holder, refused, at))
        return
    holder.reader = Reader()
    yield from _ask(holder)


def _given_up(holder: _Holder, refused: Refused, at: float) -> list[Change]:
    """What does not fit ends a run that has a budget of its prompt as incomplete, all else as failed (mapping §11)."""
    if asking.is_overflow(refused) and holder.run.max_prompt_tokens is not None:
        return holder.leg.exhaust("max_prompt_tokens", at)
    return holder.leg.end("fail", at, runs.last_error(refused))


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
