"""Facts → changes, in the orders of assistants-wire §8."""

from __future__ import annotations

import pytest

from bridge.engine.leg import Leg
from bridge.engine.names import Names
from bridge.engine.open_records import CHECKPOINT_CHARACTERS
from bridge.records import Item, Message, Put, Run, Step
from bridge.translate import facts
from engine.leg_help import (
    NONE,
    SHOWN,
    USAGE,
    call_item,
    calls,
    deltas,
    feed,
    last,
    message_item,
    run,
    says,
    short,
    snapshot,
    started,
)

STEP = ["run.step.created", "run.step.in_progress"]
MESSAGE = ["message.created", "message.in_progress"]
END = ["unlock", "release"]
DONE = facts.Finished("completed", USAGE)
HOSTED = {"type": "code_interpreter_call", "id": "ci_1", "code": "1+1", "outputs": [{"type": "logs", "logs": "2"}]}
SEARCH = {"type": "file_search_call", "id": "fs_1", "queries": ["q"], "results": []}


@pytest.mark.parametrize(
    ("told", "changes"),
    [
        # §8.3
        (
            [facts.Began("resp_1"), *says("Hello"), DONE],
            [
                *[*STEP, *MESSAGE, "message.delta", "message.completed", "[item]"],
                *["run.step.completed", "run.completed", *END],
            ],
        ),
        # §8.4: no step.completed before requires_action; the calls are stored with their step
        (
            [*calls("call_1", "0", "{", "}"), *calls("call_2", "1", "{}"), DONE],
            [
                *[*STEP, "run.step.delta", "run.step.delta", "run.step.delta", "[step]", "[item]"],
                *["run.step.delta", "run.step.delta", "[step]", "[item]"],
                *["[step]", "run.requires_action", "release"],
            ],
        ),
        # text first, then calls: the message's step is complete before
        (
            [*says("Let me see"), *calls("call_1", "1", "{}"), DONE],
            [
                *[*STEP, *MESSAGE, "message.delta", "message.completed", "[item]", "run.step.completed"],
                *[*STEP, "run.step.delta", "run.step.delta", "[step]", "[item]"],
                *["[step]", "run.requires_action", "release"],
            ],
        ),
        # §8.6
        (
            [
                facts.HostedStarted("0", "code_interpreter", "ci_1"),
                *[facts.HostedInput("0", "1+"), facts.HostedInput("0", "1"), facts.HostedDone("0", HOSTED)],
                *[*says("Two", "1"), DONE],
            ],
            [
                *[*STEP, "run.step.delta", "run.step.delta", "run.step.delta", "run.step.delta", "[step]", "[item]"],
                *["run.step.completed", *STEP, *MESSAGE, "message.delta", "message.completed", "[item]"],
                *["run.step.completed", "run.completed", *END],
            ],
        ),
        # §8.7: one delta, the results come with the completed step
        (
            [facts.HostedStarted("0", "file_search", "fs_1"), facts.HostedDone("0", SEARCH), DONE],
            [*STEP, "run.step.delta", "[step]", "[item]", "run.step.completed", "run.completed", *END],
        ),
        # §8.8
        (
            [*says("Half", status="incomplete"), facts.Finished("incomplete", USAGE, reason="max_output_tokens")],
            [
                *[*STEP, *MESSAGE, "message.delta", "message.incomplete", "[item]"],
                *["run.step.completed", "run.incomplete", *END],
            ],
        ),
        # §8.10, with and without something open
        (
            [*says("Half")[:2], facts.Finished("failed", error={"code": "server_error", "message": "x"})],
            [*STEP, *MESSAGE, "message.delta", "message.incomplete", "run.step.failed", "run.failed", *END],
        ),
        ([facts.Finished("failed", error=None)], ["run.failed", *END]),
        # upstream cancelled: the client of a stream learns that it is being cancelled first (§8.9)
        (
            [*says("Half")[:2], facts.Finished("cancelled")],
            [
                *[*STEP, *MESSAGE, "message.delta", "run.cancelling"],
                *["message.incomplete", "run.step.cancelled", "run.cancelled", *END],
            ],
        ),
        # what nobody sees is only kept
        ([facts.Kept("0", {"type": "reasoning", "id": "rs_1"}), DONE], ["[item]", "run.completed", *END]),
        # an empty answer
        ([DONE], ["run.completed", *END]),
    ],
)
def test_facts_are_told_in_the_old_order(told, changes):
    assert short(feed(started(), *told)) == changes


def test_a_leg_begins():
    leg = Leg(snapshot(run()), Names("seed"))
    (put,) = leg.begin(101.9)
    assert put == Put(run(status="in_progress", started_at=101, version=2), ("thread.run.in_progress",))


def test_the_next_leg_has_a_new_started_at():
    leg = Leg(snapshot(run(started_at=101, leg=1)), Names("seed"))
    assert last(leg.begin(150.0), Run).started_at == 150


def test_a_leg_taken_over_tells_nothing_when_it_begins():
    leg = Leg(snapshot(run(status="in_progress", started_at=101)), Names("seed"))
    (put,) = leg.begin(150.0)
    assert put == Put(run(status="in_progress", started_at=101, version=2))


def test_a_message_and_its_step():
    changes = feed(started(), *says("Hello"), DONE)
    message, step, ended = last(changes, Message), last(changes, Step), last(changes, Run)
    assert message.content == [{"type": "text", "text": {"value": "Hello", "annotations": []}}]
    assert (message.status, message.completed_at, message.run_id) == ("completed", 102, "run_1")
    assert step.step_details == {"type": "message_creation", "message_creation": {"message_id": message.id}}
    assert (step.status, step.completed_at, step.usage, step.expires_at) == ("completed", 102, SHOWN, 700)
    assert (ended.status, ended.completed_at, ended.usage) == ("completed", 102, SHOWN)


def test_the_item_of_a_message_is_kept_with_it():
    changes = feed(started(), *says("Hello"))
    item = last(changes, Item)
    assert (item.body, item.message_id) == (message_item("Hello"), last(changes, Message).id)


def test_messages_open_empty():
    put = next(c for c in feed(started(), *says("Hi")) if isinstance(c, Put) and isinstance(c.record, Message))
    assert (put.record.content, put.record.status, put.is_new) == ((), "in_progress", True)


def test_deltas_of_a_message():
    told = [facts.MessageStarted("0"), facts.TextDelta("0", 0, "Hel"), facts.TextDelta("0", 0, "lo")]
    assert deltas(feed(started(), *told)) == [
        {"index": 0, "type": "text", "text": {"value": "Hel", "annotations": []}},
        {"index": 0, "type": "text", "text": {"value": "lo"}},
    ]


def test_deltas_of_calls():
    """`id` and `name` in the first delta of a call only, indexes ascending (§8.2)."""
    told = [*calls("call_1", "0", '{"a"', ":1}"), *calls("call_2", "1", "{}", name="g")]
    assert deltas(feed(started(), *told)) == [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": "", "output": None}},
        {"index": 0, "type": "function", "function": {"arguments": '{"a"'}},
        {"index": 0, "type": "function", "function": {"arguments": ":1}"}},
        {"index": 1, "id": "call_2", "type": "function", "function": {"name": "g", "arguments": "", "output": None}},
        {"index": 1, "type": "function", "function": {"arguments": "{}"}},
    ]


def test_requires_action():
    changes = feed(started(), *calls("call_1", "0", '{"a":1}'), *calls("call_2", "1", "{}", name="g"), DONE)
    waiting, step = last(changes, Run), last(changes, Step)
    assert waiting.status == "requires_action"
    assert waiting.required_action == {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
                {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ]
        },
    }
    assert [call["function"]["output"] for call in step.step_details["tool_calls"]] == [None, None]
    assert (step.status, step.usage) == ("in_progress", SHOWN)


def test_the_usage_of_a_run_is_the_sum_of_its_legs():
    """§8.13: 260/12 and 284/42 make 544/54; only the last step of a response bears its usage."""
    first = feed(started(), *says("Let me see"), *calls("call_1", "1", "{}"), DONE)
    waiting = last(first, Run)
    steps = [c.record for c in first if isinstance(c, Put) and isinstance(c.record, Step) and c.record.usage]
    assert [step.usage for step in steps] == [NONE, SHOWN]
    second = feed(started(usage=waiting.usage), *says("There"), DONE)
    assert last(second, Run).usage["total_tokens"] == 20
    assert last(second, Step).usage == SHOWN


@pytest.mark.parametrize(
    ("reason", "message_reason", "run_reason"),
    [
        ("max_output_tokens", "max_tokens", "max_completion_tokens"),
        ("content_filter", "content_filter", None),  # the run's enum has no content filter (§5.1)
    ],
)
def test_a_budget_or_filter_stop(reason, message_reason, run_reason):
    told = [*says("Half", status="incomplete"), facts.Finished("incomplete", USAGE, reason=reason)]
    changes = feed(started(), *told)
    message, step, ended = last(changes, Message), last(changes, Step), last(changes, Run)
    assert (message.status, message.incomplete_details) == ("incomplete", {"reason": message_reason})
    assert (message.incomplete_at, message.completed_at) == (102, None)
    assert (step.status, step.usage) == ("completed", SHOWN)
    assert (ended.status, ended.incomplete_details) == ("incomplete", {"reason": run_reason})


def test_a_failure_ends_what_is_open_with_its_cause():
    error = {"code": "rate_limit_exceeded", "message": "Slow down."}
    changes = feed(started(), *says("Half")[:2], facts.Finished("failed", USAGE, error=error))
    message, step, ended = last(changes, Message), last(changes, Step), last(changes, Run)
    assert (message.status, message.incomplete_details) == ("incomplete", {"reason": "run_failed"})
    assert message.content[0]["text"]["value"] == "Half"
    assert (step.status, step.failed_at, step.completed_at, step.last_error) == ("failed", 102, None, error)
    assert (ended.status, ended.failed_at, ended.last_error, ended.usage) == ("failed", 102, error, SHOWN)


@pytest.mark.parametrize(
    ("word", "reason", "step_status", "run_status"),
    [("stop", "run_cancelled", "cancelled", "cancelled"), ("expire", "run_expired", "expired", "expired")],
)
def test_an_end_from_outside(word, reason, step_status, run_status):
    leg = started()
    feed(leg, *says("Half")[:2])
    if word == "stop":
        leg.run = run(status="cancelling", started_at=101)
    changes = leg.end(word, 103.0)
    assert short(changes) == ["message.incomplete", f"run.step.{step_status}", f"run.{run_status}", *END]
    assert last(changes, Message).incomplete_details == {"reason": reason}
    assert leg.finished and leg.receive(DONE, 104.0) == []


def test_calls_after_a_message_after_calls_share_their_step():
    """All function calls of a response are one step, wherever they stand."""
    changes = feed(started(), *calls("call_1", "0", "{}"), *says("Hm", "1"), *calls("call_2", "2", "{}"), DONE)
    step = last(changes, Step)
    assert [call["id"] for call in step.step_details["tool_calls"]] == ["call_1", "call_2"]
    assert len(last(changes, Run).required_action["submit_tool_outputs"]["tool_calls"]) == 2


def test_hosted_calls_of_one_kind_share_a_step():
    told = [
        *[facts.HostedStarted("0", "code_interpreter", "ci_1"), facts.HostedDone("0", HOSTED)],
        *[facts.HostedStarted("1", "code_interpreter", "ci_2"), facts.HostedDone("1", {**HOSTED, "id": "ci_2"})],
        *[facts.HostedStarted("2", "file_search", "fs_1"), facts.HostedDone("2", SEARCH)],
    ]
    changes = feed(started(), *told)
    assert short(changes).count("run.step.created") == 2
    assert [delta["index"] for delta in deltas(changes) if "id" in delta] == [0, 1, 0]


def test_an_open_message_is_stored_now_and_then():
    leg = started(at=101.0)
    feed(leg, *says("Half")[:2], at=102.0)
    assert leg.checkpoint_at == 103.0
    assert leg.checkpoint(102.5) == []
    (put,) = leg.checkpoint(103.0)
    assert (put.events, put.record.status, put.record.content[0]["text"]["value"]) == ((), "in_progress", "Half")
    assert leg.checkpoint_at is None and leg.checkpoint(110.0) == []


def test_a_long_piece_is_stored_at_once():
    leg = started(at=101.0)
    feed(leg, facts.MessageStarted("0"), facts.TextDelta("0", 0, "x" * CHECKPOINT_CHARACTERS), at=102.0)
    assert len(leg.checkpoint(102.0)) == 1


def test_nothing_follows_the_end():
    leg = started()
    feed(leg, DONE)
    assert feed(leg, *says("More"), facts.Finished("failed")) == []


def test_names_are_reproducible_and_differ():
    one, other = Names("seed"), Names("seed")
    assert one.make("message") == other.make("message") != one.make("message")
    assert Names("another").make("message") != Names("seed").make("message")


def test_call_item_is_kept_as_it_came():
    changes = feed(started(), *calls("call_1", "0", "{}"))
    item = last(changes, Item)
    assert (item.body, item.call_id, item.type) == (call_item("call_1"), "call_1", "function_call")
