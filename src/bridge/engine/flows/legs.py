"""The life of a leg: open the upstream, receive until the run settles, whatever happens meanwhile (design §3).

The holder of the lease drives this flow, listened to or not.
"""

from __future__ import annotations

from attrs import evolve

from bridge import errors
from bridge.engine import tables
from bridge.engine.closing import close_all
from bridge.engine.effects import (
    End,
    Event,
    Flow,
    LeaseLost,
    Refused,
    Stopped,
    Timeout,
    Woken,
    close_upstream,
    commit,
    load_one,
    mint,
    next_signal,
    now,
    open_upstream,
    run_state,
)
from bridge.engine.flows import Context, asking, background, holding, ingestion, receiving
from bridge.engine.flows.holding import Holder
from bridge.engine.flows.seizing import guards
from bridge.engine.names import Names
from bridge.records import Fence, Release, Run
from bridge.translate import runs


def leg(context: Context, launched: Run) -> Flow[bool]:
    """Drive one leg of the run to its end. Answer: whether the stream ends well (False: the lease was lost).

    The caller has claimed the lease: `launched.lease` is what it got. A leg that starts too late finds it gone.
    """
    snapshot = yield from run_state(launched.thread_id, launched.id)
    if snapshot is None or not _holds(launched, snapshot.run) or snapshot.run.status in tables.SETTLED:
        return False
    holder = Holder(context, snapshot, Names((yield from mint("item"))))
    try:
        if snapshot.run.status == "cancelling":
            yield from holding.stop(holder, snapshot)
        else:
            yield from _work(holder)
        ends_well = True
    except holding.Over as over:
        ends_well = not over.lost
    yield from close_upstream()
    return ends_well


def _holds(launched: Run, run: Run) -> bool:
    """Whether the lease is still the one the leg was launched with."""
    return (run.lease.owner, run.lease.number) == (launched.lease.owner, launched.lease.number)


def _work(holder: Holder) -> Flow[None]:
    """The run is stored as at work before anything is asked: a leg that dies from there on counts as a lapse."""
    spent = runs.exhausted(holder.run)
    at = yield from now()
    yield from holding.tell(holder, holder.leg.begin(at))
    if spent is not None:  # what the legs before left is too little to ask for more
        yield from holding.tell(holder, holder.leg.exhaust(spent, at))
        return
    resume = background.taken_up(holder.run)
    if resume is not None:
        yield from open_upstream({}, resume)
    elif holder.run.leg == 0:
        yield from _await_files(holder)
    if resume is None and not holder.leg.finished:
        yield from _ask(holder)
    while not holder.leg.finished:
        yield from _step(holder)


def _await_files(holder: Holder) -> Flow[None]:
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
            yield from holding.tell(holder, holder.leg.end("fail", at, runs.last_error(error)))


def _ask(holder: Holder) -> Flow[None]:
    """The Responses call of this leg, from what is stored."""
    holder.asked = yield from asking.ask(holder.context, evolve(holder.snapshot, run=holder.run), holder.limits)
    if holder.asked is None:
        yield from holding.tell(holder, holder.leg.exhaust("max_prompt_tokens", (yield from now())))
    else:
        holder.line.asked(holder.asked.request)
        if holder.line.is_on:  # it would go on upstream, though nobody wants it any more
            yield from holding.look(holder)
        yield from open_upstream(holder.asked.request)


def _step(holder: Holder, until: float | None = None) -> Flow[None]:
    """One thing that happens, and what becomes of it; at the latest at `until` nothing has."""
    times = [float(holder.run.expires_at), holder.leg.checkpoint_at, until]
    signal = yield from next_signal(min(time for time in times if time is not None))
    at = yield from now()
    if isinstance(signal, Event):
        holder.line.heard(signal.data)
        yield from _receive(holder, signal, at)
    elif isinstance(signal, (End, Refused)) and holder.line.may_go_on(signal):
        yield from _go_on(holder, at)
    elif isinstance(signal, (End, Refused)):
        yield from _receive(holder, signal, at)
    elif isinstance(signal, Woken):
        yield from holding.look(holder)
    elif isinstance(signal, LeaseLost):
        raise holding.Over(lost=True)
    elif isinstance(signal, Stopped):
        yield from holding.let_go(holder)
    else:
        assert isinstance(signal, Timeout)
    if not holder.leg.finished and at >= holder.run.expires_at:
        yield from holding.tell(holder, holder.leg.end("expire", at))
        yield from holding.stop_upstream(holder)
    if not holder.leg.finished:
        yield from holding.tell(holder, holder.leg.checkpoint(at))


def _receive(holder: Holder, signal: Event | End | Refused, at: float) -> Flow[None]:
    """What came of the upstream, or a refusal; after which it may be worth asking once more."""
    if (yield from receiving.receive(holder, signal, at)):
        yield from _ask(holder)


def _go_on(holder: Holder, at: float) -> Flow[None]:
    """The stream of a background response broke off: it is opened again where it was left."""
    yield from _step(holder, at + holder.line.pause())
    if not holder.leg.finished:
        yield from open_upstream({}, holder.line.resume())


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
