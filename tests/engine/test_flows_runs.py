"""The operations on runs, against assistants-wire §5, §6 and §8.5."""

from __future__ import annotations

import pytest

from bridge.engine.effects import Commit, Key, Next, Woken
from bridge.engine.flows import legs, messages, runs, threads
from bridge.errors import APIError
from bridge.records import Message, Put, Run, Thread
from engine.leg_help import short
from engine.stage import ADDED, CALLED, COMPLETED, CREATED, DONE, LEASE, Stage, piece

HELLO = {"role": "user", "content": "Hello"}


@pytest.fixture
def stage():
    return Stage()


def refused(stage, flow):
    with pytest.raises(APIError) as caught:
        stage.play(flow)
    return caught.value.status, caught.value.message


def waiting(stage):
    """A run that waits for the output of call_1."""
    launch = stage.launch()
    stage.hear(CREATED, CALLED)
    assert stage.play(legs.leg(stage.context(), launch.run))
    stage.told.clear()
    return launch.run


def outputs(*ids):
    return {"tool_outputs": [{"tool_call_id": id, "output": f"of {id}"} for id in ids]}


def test_a_new_run(stage):
    launch = stage.launch(metadata={"a": "b"})
    (run, thread) = stage.store.load([Key(Run, launch.run.id), Key(Thread, launch.run.thread_id)])
    assert (run.status, run.expires_at, run.version, run.metadata) == ("queued", 1600, 0, {"a": "b"})
    assert thread.active_run_id == run.id
    assert (run.lease.owner, run.lease.until) == ("a", 1000.0 + LEASE)
    assert launch.run.lease == run.lease, "the leg is launched with the lease as it is stored"
    assert short(list(launch.opening)) == ["run.created", "run.queued"]


def test_a_thread_and_its_run(stage):
    asked = {"assistant_id": stage.assistant(), "thread": {"messages": [HELLO]}}
    launch = stage.play(runs.create_with_thread(stage.context(), asked, {}))
    assert short(list(launch.opening)) == ["created", "run.created", "run.queued"]
    assert launch.run.lease == stage.run(launch.run).lease


def test_additional_messages_come_with_the_run_or_not_at_all(stage):
    launch = stage.launch(additional_messages=[HELLO])
    thread_id, assistant_id = launch.run.thread_id, launch.run.assistant_id
    texts = lambda: [m.content[0]["text"]["value"] for m in stage.store._entries(thread_id) if isinstance(m, Message)]  # noqa: E731
    assert texts() == ["Hi", "Hello"]
    again = {"assistant_id": assistant_id, "additional_messages": [{"role": "user", "content": "Too early"}]}
    assert refused(stage, runs.create(stage.context(), thread_id, again, {})) == (
        400,
        f"Thread {thread_id} already has an active run {launch.run.id}.",
    )
    assert texts() == ["Hi", "Hello"]


def test_a_thread_with_a_run_takes_no_messages(stage):
    run = stage.launch().run
    flow = messages.create(stage.context(), run.thread_id, HELLO)
    assert refused(stage, flow) == (400, f"Can't add messages to {run.thread_id} while a run {run.id} is active.")


def test_a_run_that_begins_while_a_message_is_on_its_way_wins(stage):
    thread_id, assistant_id = stage.thread("Hi"), stage.assistant()
    late = stage.until(messages.create(stage.context(), thread_id, HELLO), Commit)
    run = stage.play(runs.create(stage.context(), thread_id, {"assistant_id": assistant_id}, {})).run
    assert refused(stage, late) == (400, f"Can't add messages to {thread_id} while a run {run.id} is active.")


def test_two_runs_at_once_are_one(stage):
    thread_id, assistant_id = stage.thread("Hi"), stage.assistant()
    make = lambda: runs.create(stage.context(), thread_id, {"assistant_id": assistant_id}, {})  # noqa: E731
    late = stage.until(make(), Commit)
    run = stage.play(make()).run
    assert refused(stage, late) == (400, f"Thread {thread_id} already has an active run {run.id}.")


def test_submit(stage):
    """§8.5: the step completes, the run is queued again with its old started_at, under a new lease."""
    run = waiting(stage)
    before = stage.run(run)
    launch = stage.play(runs.submit(stage.context("b"), run.thread_id, run.id, outputs("call_1")))
    assert short(list(launch.opening)) == ["run.step.completed", "run.queued"]
    after = stage.run(run)
    assert (after.status, after.started_at, after.required_action) == ("queued", before.started_at, None)
    assert (after.leg, after.lease.owner) == (1, "b") and launch.run.lease == after.lease
    step = launch.opening[0].record
    assert step.step_details["tool_calls"][0]["function"]["output"] == "of call_1"
    assert step.usage is not None


@pytest.mark.parametrize("given", [("call_2",), ("call_1", "call_2"), ("call_1", "call_1"), ()])
def test_submit_wants_every_output_once(stage, given):
    run = waiting(stage)
    status, message = refused(stage, runs.submit(stage.context(), run.thread_id, run.id, outputs(*given)))
    assert (status, message) == (400, f"Expected tool outputs for call_ids ['call_1'], got {list(given)!r}")


def test_outputs_are_taken_once(stage):
    run = waiting(stage)
    flow = runs.submit(stage.context(), run.thread_id, run.id, outputs("call_1"))
    late = stage.until(runs.submit(stage.context(), run.thread_id, run.id, outputs("call_1")), Commit)
    stage.play(flow)
    assert refused(stage, late) == (400, 'Runs in status "queued" do not accept tool outputs.')


def test_a_run_that_waited_too_long(stage):
    run = waiting(stage)
    stage.now = 1600.0
    flow = runs.submit(stage.context(), run.thread_id, run.id, outputs("call_1"))
    assert refused(stage, flow) == (400, 'Runs in status "expired" do not accept tool outputs.')
    assert short(stage.told) == ["run.step.expired", "run.expired", "unlock", "release"]


def test_a_message_frees_a_thread_whose_run_is_overdue(stage):
    run = waiting(stage)
    stage.now = 1600.0
    stage.play(messages.create(stage.context(), run.thread_id, HELLO))
    assert stage.run(run).status == "expired"


def test_cancel_while_a_leg_works_is_left_to_it(stage):
    run = stage.launch().run
    leg = stage.until(legs.leg(stage.context(), run), Next)
    stage.told.clear()
    answer = stage.play(runs.cancel(stage.context("b"), run.thread_id, run.id))
    assert answer["status"] == stage.run(run).status == "cancelling"
    stage.told.clear()
    stage.inbox.append(Woken())
    assert stage.play(leg)
    assert short(stage.told) == ["told run.cancelling", "run.cancelled", "unlock", "release"]


def test_cancel_while_nobody_works_is_carried_out_at_once(stage):
    run = waiting(stage)
    answer = stage.play(runs.cancel(stage.context(), run.thread_id, run.id))
    assert answer["status"] == "cancelling"
    assert short(stage.told) == ["run.cancelling", "run.step.cancelled", "run.cancelled", "unlock", "release"]
    flow = runs.cancel(stage.context(), run.thread_id, run.id)
    assert refused(stage, flow) == (400, "Cannot cancel run with status 'cancelled'.")


def test_a_cancel_that_crosses_the_end_of_a_message_keeps_its_text(stage):
    """What was streamed is what is stored, though the commit that ended the message was refused."""
    run = stage.launch().run
    stage.hear(CREATED, ADDED, piece("Hello"), piece(" you"), DONE)
    leg = stage.until(legs.leg(stage.context(), run), Commit, nth=4)
    stage.play(runs.cancel(stage.context("b"), run.thread_id, run.id))
    stage.play(leg)
    message = [c.record for c in stage.told if isinstance(c, Put) and isinstance(c.record, Message)][-1]
    assert (message.status, message.incomplete_details) == ("incomplete", {"reason": "run_cancelled"})
    assert message.content[0]["text"]["value"] == "Hello you"
    assert stage.run(run).status == "cancelled"


def test_a_listener_hears_the_end_of_a_message_that_was_deleted(stage):
    run = stage.launch().run
    stage.hear(CREATED, ADDED, piece("Hello"))
    leg = stage.until(legs.leg(stage.context(), run), Next, nth=4)
    (message,) = (
        c.record
        for c in stage.told
        if isinstance(c, Put) and isinstance(c.record, Message) and c.events and c.record.run_id
    )
    stage.play(messages.delete(stage.context(), run.thread_id, message.id))
    stage.play(runs.cancel(stage.context("b"), run.thread_id, run.id))
    stage.told.clear()
    stage.inbox.append(Woken())
    assert stage.play(leg)
    assert "message.incomplete" in short(stage.told)
    assert stage.store.load([Key(Message, message.id)]) == (None,)


def test_a_thread_deleted_under_its_run(stage):
    run = stage.launch().run
    stage.hear(CREATED, ADDED, piece("Hello"), DONE, COMPLETED)
    leg = stage.until(legs.leg(stage.context(), run), Next, nth=3)
    stage.play(threads.delete(stage.context(), run.thread_id))
    assert stage.play(leg) is False
    assert stage.store.load([Key(Run, run.id)]) == (None,)
    flow = runs.retrieve(stage.context(), run.thread_id, run.id)
    assert refused(stage, flow) == (404, f"No thread found with id '{run.thread_id}'.")


def test_a_poll_waits_for_news_as_long_as_it_may(stage):
    run = stage.launch().run
    answer = stage.play(runs.retrieve(stage.context(wait_until=1010.0), run.thread_id, run.id))
    assert answer["status"] == "queued" and stage.now == 1010.0
    assert [(wait.run_id, wait.version) for wait in stage.waits] == [(run.id, 0)]
    stage.waits.clear()
    stage.play(runs.retrieve(stage.context(), run.thread_id, run.id))
    assert stage.waits == []
