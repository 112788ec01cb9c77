"""Leases change hands: what a simulation found, told one by one (design §3, "Leases")."""

from __future__ import annotations

import pytest

from bridge.engine.effects import Commit, Key, Next, Refused, RunState, Stopped
from bridge.engine.flows import legs, overdue, runs, stalled
from bridge.records import Message, Run, Step
from engine.leg_help import short
from engine.stage import ADDED, CALLED, COMPLETED, CREATED, DONE, LEASE, Stage, piece


@pytest.fixture
def stage():
    return Stage()


def working(stage, *events):
    """A leg of process a that has heard these events and waits for the next."""
    run = stage.launch("a").run
    stage.hear(*events)
    return run, stage.until(legs.leg(stage.context("a"), run), Next, nth=len(events) + 1)


def taken(stage, run, owner="b", **given):
    return stage.play(stalled.take_over(stage.context(owner), run.thread_id, run.id, **given))


def rows(stage, run):
    found = stage.store.run_state(RunState(run.thread_id, run.id))
    return [*found.steps, *found.messages]


def test_a_living_lease_is_left_alone(stage):
    run, _ = working(stage, CREATED)
    assert taken(stage, run) is None
    assert stage.run(run).lease.owner == "a"


def test_a_leg_is_repeated_once_without_what_it_left_open(stage):
    run, _ = working(stage, CREATED, ADDED, piece("Hello"))
    assert [row.status for row in rows(stage, run)] == ["in_progress", "in_progress"]
    stage.now += LEASE + 1
    again = taken(stage, run)
    assert (again.lapses, again.lease.owner, again.lease.number) == (1, "b", 2)
    assert again.lease == stage.run(run).lease
    assert rows(stage, run) == []
    stage.hear(CREATED, ADDED, piece("Hello you"), DONE, COMPLETED)
    assert stage.play(legs.leg(stage.context("b"), again))
    assert stage.run(run).status == "completed" and len(stage.sent) == 2


def test_a_second_lapse_fails_the_run(stage):
    run, _ = working(stage, CREATED)
    for owner in ("b", "c"):
        stage.now += LEASE + 1
        again = taken(stage, run, owner)
        if again is not None:
            stage.until(legs.leg(stage.context(owner), again), Next)
    assert again is None
    assert (stage.run(run).status, stage.run(run).last_error["code"]) == ("failed", "server_error")


def test_a_leg_that_is_given_back_dies_no_death(stage):
    """Its process, or its event loop, ended in good order, however often: only its time ends such a run."""
    run, leg = working(stage, CREATED)
    for owner in ("b", "c", "d"):
        stage.inbox.append(Stopped())
        assert stage.play(leg) is False
        assert stage.run(run).lease.owner is None
        again = taken(stage, run, owner)
        assert (again.status, again.lapses, again.lease.owner) == ("in_progress", 0, owner)
        leg = stage.until(legs.leg(stage.context(owner), again), Next)
    stage.now = again.expires_at
    assert taken(stage, run, "e", dead_owner="d") is None
    assert stage.run(run).status == "expired"


def test_a_leg_that_wakes_up_late_writes_nothing(stage):
    run, leg = working(stage, CREATED)
    stage.now += LEASE + 1
    again = taken(stage, run)
    stage.hear(ADDED, piece("Hello"))
    assert stage.play(leg) is False
    assert rows(stage, run) == [] and stage.run(run) == again


def test_what_a_late_leg_stores_before_the_claim_is_seen_by_it(stage):
    """Steps and messages bump no version: who claims must look again afterwards."""
    run, leg = working(stage, CREATED)
    stage.now += LEASE + 1
    sweep = stage.until(stalled.take_over(stage.context("b"), run.thread_id, run.id), Commit)
    stage.hear(ADDED, piece("Hello"))
    late = stage.until(leg, Next, nth=4)
    again = stage.play(sweep)
    assert again is not None and rows(stage, run) == []
    late.close()


def test_what_a_late_leg_stores_before_a_cancel_is_closed_by_it(stage):
    run, leg = working(stage, CREATED)
    stage.now += LEASE + 1
    cancel = stage.until(runs.cancel(stage.context("b"), run.thread_id, run.id), Commit)
    stage.hear(ADDED, piece("Hello"))
    late = stage.until(leg, Next, nth=4)
    assert stage.play(cancel)["status"] == "cancelling"
    assert {row.status for row in rows(stage, run)} == {"cancelled", "incomplete"}
    late.close()


def test_a_lease_that_is_renewed_in_time_is_not_expired_from_outside(stage):
    run, _ = working(stage, CREATED)
    stage.now = 1601.0
    snapshot = stage.store.run_state(RunState(run.thread_id, run.id))
    assert overdue.is_overdue(snapshot.run, stage.now)
    stage.store.renew("a", stage.now + LEASE)
    stage.play(overdue.expire(snapshot, stage.now))
    assert stage.run(run).status == "in_progress"


def test_a_run_that_waited_too_long_is_ended_by_a_sweep(stage):
    run, leg = working(stage, CREATED)
    stage.hear(CALLED)
    stage.play(leg)
    assert stage.run(run).status == "requires_action"
    stage.now = 1599.0
    assert taken(stage, run) is None and stage.run(run).status == "requires_action"
    stage.now = 1600.0
    assert taken(stage, run) is None and stage.run(run).status == "expired"


def test_a_run_past_its_time_is_ended_by_who_takes_it(stage):
    run, _ = working(stage, CREATED, ADDED, piece("Hello"))
    stage.now = 1600.0
    stage.told.clear()
    assert taken(stage, run) is None
    assert short(stage.told) == ["claim", "message.incomplete", "run.step.expired", "run.expired", "unlock", "release"]


def test_a_cancel_nobody_carried_out_is_carried_out_by_who_takes_the_run(stage):
    run, _ = working(stage, CREATED)
    stage.play(runs.cancel(stage.context("b"), run.thread_id, run.id))
    stage.now += LEASE + 1
    assert taken(stage, run) is None
    assert stage.run(run).status == "cancelled"


def test_a_cancel_during_a_take_over_is_carried_out_by_it(stage):
    run, _ = working(stage, CREATED)
    stage.now += LEASE + 1
    sweep = stage.until(stalled.take_over(stage.context("b"), run.thread_id, run.id), Commit, nth=2)
    stage.play(runs.cancel(stage.context("c"), run.thread_id, run.id))
    assert stage.play(sweep) is None
    assert stage.run(run).status == "cancelled"


def test_only_the_dead_are_taken_from_before_their_time(stage):
    run, _ = working(stage, CREATED)
    assert taken(stage, run, dead_owner="another") is None
    again = taken(stage, run, dead_owner="a")
    assert again.lease.owner == "b"
    assert taken(stage, run, "c", dead_owner="a") is None, "by now it is b's, who lives"
    assert stage.run(run).lease.owner == "b"


def test_a_sweep_that_slept_takes_nothing_from_its_own_process(stage):
    """While it slept, another process took the run, and then its own process got it back by a submit."""
    run, _ = working(stage, CREATED)
    stage.now += LEASE + 1
    sleeper = stage.until(stalled.take_over(stage.context("b"), run.thread_id, run.id), RunState, nth=2)
    stage.now += LEASE + 1
    again = taken(stage, run, "c")
    stage.hear(CREATED, CALLED)
    stage.play(legs.leg(stage.context("c"), again))
    given = {"tool_outputs": [{"tool_call_id": "call_1", "output": "o"}]}
    launch = stage.play(runs.submit(stage.context("b"), run.thread_id, run.id, given))
    assert stage.play(sleeper) is None
    assert stage.run(run).lease == launch.run.lease and stage.run(run).version == launch.run.version


def test_a_leg_that_starts_late_finds_its_lease_gone(stage):
    """Even where its own process holds the run again."""
    launched = stage.launch("a").run
    stage.now += LEASE + 1
    again = taken(stage, launched, "a")
    assert again.lease.owner == "a"
    assert stage.play(legs.leg(stage.context("a"), launched)) is False
    assert stage.sent == []
    stage.hear(CREATED, ADDED, piece("Hello you"), DONE, COMPLETED)
    assert stage.play(legs.leg(stage.context("a"), again)) and len(stage.sent) == 1


def test_an_error_of_ours_ends_the_run(stage):
    run, _ = working(stage, CREATED, ADDED, piece("Hello"))
    stage.play(legs.abort(run))
    assert (stage.run(run).status, stage.run(run).last_error["code"]) == ("failed", "server_error")
    assert {row.status for row in rows(stage, run)} == {"failed", "incomplete"}


def test_an_error_of_ours_is_no_reason_to_end_the_run_of_another(stage):
    run, _ = working(stage, CREATED)
    stage.now += LEASE + 1
    taken(stage, run)
    stage.play(legs.abort(run))
    assert stage.run(run).status == "in_progress"


def test_a_refusal_that_teaches_is_asked_again_and_one_that_does_not_fails_the_run(stage):
    run = stage.launch().run
    teaches = Refused(400, "Unsupported parameter", code="unsupported_parameter", param="temperature")
    stage.inbox.extend([teaches, Refused(429, "Slow down", code="rate_limit_exceeded")])
    assert stage.play(legs.leg(stage.context(), run))
    assert len(stage.sent) == 2
    assert stage.run(run).last_error == {"code": "rate_limit_exceeded", "message": "Slow down"}


def test_a_run_expires_while_its_leg_waits(stage):
    _, leg = working(stage, CREATED, ADDED, piece("Hello"))
    stage.told.clear()
    assert stage.play(leg)
    ended = [word for word in short(stage.told) if not word.startswith("[")]
    assert ended == ["message.incomplete", "run.step.expired", "run.expired", "unlock", "release"]
    assert stage.now == 1600.0


@pytest.mark.parametrize("kind", [Message, Step, Run])
def test_rows_of_a_finished_run_are_there_once(stage, kind):
    run, leg = working(stage, CREATED)
    stage.hear(ADDED, piece("Hello you"), DONE, COMPLETED)
    stage.play(leg)
    ids = [record.id for record in stage.store._tables[kind].values() if getattr(record, "run_id", run.id) == run.id]
    assert len(ids) == 1 and stage.store.load([Key(kind, ids[0])])[0].status == "completed"
