"""Seeded faults: each breaks one promise somewhere in the store, the hands or the flows. The simulation must notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from attrs import evolve

from bridge.engine import closing, tables
from bridge.engine.effects import Commit, Committed, Flow, Snapshot, commit, run_state
from bridge.engine.flows import holding, legs, overdue, receiving, runs, stalled
from bridge.hands.drive import Hands
from bridge.records import (
    Change,
    Claim,
    Delta,
    Fence,
    Idle,
    Item,
    Lock,
    Message,
    Object,
    Put,
    Release,
    Run,
    Step,
    Thread,
    Unchanged,
    Unlock,
)
from bridge.store.memory import MemoryStore

Fault = Callable[[pytest.MonkeyPatch], None]
FAULTS: dict[str, Fault] = {}


def fault(apply: Fault) -> Fault:
    FAULTS[apply.__name__.replace("_", " ")] = apply
    return apply


def rewrite(patch: pytest.MonkeyPatch, change: Callable[[MemoryStore, Commit], Commit]) -> None:
    """Every commit reaches the store changed."""
    real = MemoryStore.commit
    patch.setattr(MemoryStore, "commit", lambda self, commit: real(self, change(self, commit)))


def without(commit: Commit, *kinds: type) -> Commit:
    """The commit without changes and guards of these kinds."""
    changes = tuple(change for change in commit.changes if not isinstance(change, kinds))
    return Commit(changes, tuple(guard for guard in commit.guards if not isinstance(guard, kinds)))


def run_put(commit: Commit) -> Run | None:
    puts = [c.record for c in commit.changes if isinstance(c, Put) and isinstance(c.record, Run)]
    return puts[-1] if puts else None


def renumbered(store: MemoryStore, commit: Commit) -> Commit:
    """The commit as if nobody had looked at versions."""
    changes: list[Change] = []
    versions: dict[str, int] = {}
    for change in commit.changes:
        if isinstance(change, Put) and isinstance(change.record, Run) and not change.is_new:
            stored: Run | None = store._tables[Run].get(change.record.id)
            if stored is not None:
                version = versions.get(stored.id, stored.version) + 1
                versions[stored.id] = version
                change = evolve(change, record=evolve(change.record, version=version))
        changes.append(change)
    return Commit(tuple(changes), without(commit, Unchanged).guards)


# --- the store


@fault
def no_fence(patch: pytest.MonkeyPatch) -> None:
    rewrite(patch, lambda store, commit: without(commit, Fence))


@fault
def no_version_check(patch: pytest.MonkeyPatch) -> None:
    rewrite(patch, renumbered)


@fault
def outputs_accepted_twice(patch: pytest.MonkeyPatch) -> None:
    def change(store: MemoryStore, commit: Commit) -> Commit:
        puts = [c.record for c in commit.changes if isinstance(c, Put) and isinstance(c.record, Item)]
        return renumbered(store, commit) if any(i.type == "function_call_output" for i in puts) else commit

    rewrite(patch, change)


@fault
def an_output_forgotten(patch: pytest.MonkeyPatch) -> None:
    def is_one(change: Change) -> bool:
        put = change.record if isinstance(change, Put) else None
        return isinstance(put, Item) and put.type == "function_call_output" and put.call_id is not None

    def change(store: MemoryStore, commit: Commit) -> Commit:
        ones = [one for one in commit.changes if is_one(one)]
        return evolve(commit, changes=tuple(c for c in commit.changes if c not in ones[1:]))

    rewrite(patch, change)


@fault
def lock_kept_after_failed(patch: pytest.MonkeyPatch) -> None:
    def change(store: MemoryStore, commit: Commit) -> Commit:
        run = run_put(commit)
        return without(commit, Unlock) if run is not None and run.status == "failed" else commit

    rewrite(patch, change)


@fault
def lock_not_checked_by_messages(patch: pytest.MonkeyPatch) -> None:
    rewrite(patch, lambda store, commit: without(commit, Idle))


@fault
def lock_not_checked_by_runs(patch: pytest.MonkeyPatch) -> None:
    def change(store: MemoryStore, commit: Commit) -> Commit:
        changes: list[Change] = []
        for one in commit.changes:
            thread = store._tables[Thread].get(one.thread_id) if isinstance(one, Lock) else None
            if thread is not None and thread.active_run_id is not None:
                changes.append(Unlock(thread.id, thread.active_run_id))
            changes.append(one)
        return evolve(commit, changes=tuple(changes))

    rewrite(patch, change)


@fault
def lease_kept_at_requires_action(patch: pytest.MonkeyPatch) -> None:
    def change(store: MemoryStore, commit: Commit) -> Commit:
        run = run_put(commit)
        return without(commit, Release) if run is not None and run.status == "requires_action" else commit

    rewrite(patch, change)


@fault
def steps_left_open_by_a_cancel(patch: pytest.MonkeyPatch) -> None:
    def is_stopped(change: Change) -> bool:
        return isinstance(change, Put) and isinstance(change.record, Step) and change.record.status == "cancelled"

    rewrite(patch, lambda store, c: evolve(c, changes=tuple(one for one in c.changes if not is_stopped(one))))


@fault
def additional_messages_outside_the_commit(patch: pytest.MonkeyPatch) -> None:
    def is_message(change: Change) -> bool:
        return isinstance(change, Put) and isinstance(change.record, Message)

    real = MemoryStore.commit

    def commit(self: MemoryStore, commit: Commit) -> Any:
        messages = tuple(change for change in commit.changes if is_message(change))
        makes_thread = any(isinstance(change, Put) and isinstance(change.record, Thread) for change in commit.changes)
        if makes_thread or not any(isinstance(change, Lock) for change in commit.changes):
            return real(self, commit)
        real(self, Commit(messages))
        rest = tuple(change for change in commit.changes if not is_message(change))
        return real(self, evolve(commit, changes=rest))

    patch.setattr(MemoryStore, "commit", commit)


# --- the hands


@fault
def streamed_before_stored(patch: pytest.MonkeyPatch) -> None:
    def commit(self: Hands, effect: Commit) -> Any:
        self.publish(Committed(effect.changes))
        return self.world.store.commit(effect).result()

    patch.setattr(Hands, "_commit", commit)


@fault
def streamed_though_refused(patch: pytest.MonkeyPatch) -> None:
    def commit(self: Hands, effect: Commit) -> Any:
        outcome = self.world.store.commit(effect).result()
        self.publish(Committed(effect.changes))
        return outcome

    patch.setattr(Hands, "_commit", commit)


@fault
def a_delta_dropped(patch: pytest.MonkeyPatch) -> None:
    real = Hands.publish

    def publish(self: Hands, outcome: Any) -> Any:
        if isinstance(outcome, Committed) and len(outcome.changes) > 2:
            kept = [change for change in outcome.changes if not isinstance(change, Delta)]
            return real(self, Committed(tuple(kept)))
        return real(self, outcome)

    patch.setattr(Hands, "publish", publish)


# --- the flows


@fault
def open_rows_kept_by_a_take_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stalled, "cleared", lambda seized: [])


@fault
def a_take_over_without_a_claim(patch: pytest.MonkeyPatch) -> None:
    def seize(snapshot: Snapshot, owner: str, at: float, until: float) -> Flow[Snapshot | None]:
        return (yield from run_state(snapshot.run.thread_id, snapshot.run.id))

    patch.setattr(stalled, "seize", seize)


@fault
def a_take_over_that_reads_before_it_claims(patch: pytest.MonkeyPatch) -> None:
    real = stalled.seize

    def seize(snapshot: Snapshot, owner: str, at: float, until: float) -> Flow[Snapshot | None]:
        seized = yield from real(snapshot, owner, at, until)
        return seized and evolve(snapshot, run=seized.run)

    for module in (stalled, runs, overdue):
        patch.setattr(module, "seize", seize)


@fault
def a_take_over_of_whatever_this_process_holds(patch: pytest.MonkeyPatch) -> None:
    def seize(snapshot: Snapshot, owner: str, at: float, until: float) -> Flow[Snapshot | None]:
        run = snapshot.run
        yield from commit([Claim(run.id, owner, at, until)], Unchanged(run.id, run.version))
        seized = yield from run_state(run.thread_id, run.id)
        return seized if seized is not None and seized.run.lease.owner == owner else None

    patch.setattr(stalled, "seize", seize)


@fault
def a_take_over_from_the_living(patch: pytest.MonkeyPatch) -> None:
    def now_or_never(change: Change) -> Change:
        return evolve(change, now=float("inf")) if isinstance(change, Claim) else change

    patch.setattr(stalled, "_is_stalled", lambda run, at, dead_owner: run.status not in tables.SETTLED)
    rewrite(patch, lambda store, commit: evolve(commit, changes=tuple(map(now_or_never, commit.changes))))


@fault
def a_leg_repeated_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stalled, "MAX_LAPSES", 99)


@fault
def a_leg_under_any_lease_of_its_process(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(legs, "_holds", lambda launched, run: launched.lease.owner == run.lease.owner)


@fault
def expiry_ignored_by_loads(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(overdue, "is_overdue", lambda run, at: False)


@fault
def expiry_ignored_by_sweeps(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        stalled, "_is_stalled", lambda run, at, dead: run.status not in tables.SETTLED and run.lease.lapsed(at)
    )


@fault
def a_cancel_overlooked_by_the_leg(patch: pytest.MonkeyPatch) -> None:
    def look(holder: Any, untold: Sequence[Change] = ()) -> Flow[None]:
        yield from run_state(holder.run.thread_id, holder.run.id)

    patch.setattr(holding, "look", look)


@fault
def a_cancel_overwritten_by_the_leg(patch: pytest.MonkeyPatch) -> None:
    def change(store: MemoryStore, commit: Commit) -> Commit:
        is_leg = any(isinstance(guard, Fence) for guard in commit.guards)
        return renumbered(store, commit) if is_leg else commit

    rewrite(patch, change)


@fault
def a_cancelled_message_without_its_last_words(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(holding, "_under_way", lambda holder, snapshot, untold: snapshot.messages)


@fault
def a_terminal_status_written_twice(patch: pytest.MonkeyPatch) -> None:
    real = closing.close_run

    def close_run(run: Run, word: str, now: float, error: Any = None, incomplete_details: Any = None) -> Any:
        put, *rest = real(run, word, now, error, incomplete_details)
        assert isinstance(put, Put) and isinstance(put.record, Run)
        return (put, evolve(put, record=evolve(put.record, version=put.record.version + 1)), *rest)

    patch.setattr(closing, "close_run", close_run)


@fault
def deltas_told_after_the_message_closed(patch: pytest.MonkeyPatch) -> None:
    real = receiving._changes
    late: dict[str, list[Change]] = {}

    def changes(leg: Any, fact: Any, at: float) -> list[Change]:
        made, before = real(leg, fact, at), late.pop(leg.run.id, [])
        late[leg.run.id] = [change for change in made if isinstance(change, Delta)]
        return [*(change for change in made if not isinstance(change, Delta)), *before]

    patch.setattr(receiving, "_changes", changes)


@fault
def the_same_outputs_asked_for_again(patch: pytest.MonkeyPatch) -> None:
    """A submit whose answer is an error though its commit was applied: the client is asked once more."""
    real = runs._queued_again

    def queued_again(context: Any, run: Run, at: float) -> Any:
        put, *rest = real(context, run, at)
        action: Object | None = run.required_action
        kept = evolve(put.record, status="requires_action", required_action=action)
        return (evolve(put, record=kept, events=()), *rest)

    patch.setattr(runs, "_queued_again", queued_again)
