"""What a leg asks: budgets of its prompt, what is too long, and background responses that outlive their reader."""

from __future__ import annotations

import json

import pytest

from bridge.engine import names
from bridge.engine.effects import End, Next, Refused, RunState, Send, Sent, Stopped, Woken
from bridge.engine.flows import legs, runs, stalled
from bridge.profiles import Profile
from bridge.settings import Options
from engine.stage import COMPLETED, CREATED, Stage, piece

COUNT = "POST /responses/input_tokens"
LONG = "word " * 400
OVERFLOW = Refused(400, "Your input exceeds the context window of this model.", "context_length_exceeded")


@pytest.fixture
def stage():
    return Stage()


def launched(stage, *texts, **given):
    """A run on a thread with these messages."""
    thread_id, assistant_id = stage.thread(*texts), stage.assistant()
    asked = {"assistant_id": assistant_id, **given}
    return stage.play(runs.create(stage.context(), thread_id, asked, {})).run


def said(request):
    return [part["text"] for item in request["input"] for part in item["content"]]


# --- max_prompt_tokens


def counted(*tokens):
    return [{"object": "response.input_tokens", "input_tokens": number} for number in tokens]


def test_what_the_upstream_counts_as_fitting_is_sent_whole(stage):
    run = launched(stage, "first", LONG, "last", max_prompt_tokens=1000)
    stage.answers[COUNT] = counted(999)
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(stage.context(), run))
    assert said(stage.sent[0]) == ["first", LONG, "last"]
    assert set(stage.calls[0].body) == {"model", "input", "tools"}, "no more than the endpoint takes"


def test_what_is_too_much_is_dropped_from_the_middle(stage):
    run = launched(stage, "first", *[LONG] * 4, "last", max_prompt_tokens=1000)
    stage.answers[COUNT] = counted(3000, 990)
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(stage.context(), run))
    assert said(stage.sent[0]) == ["first", LONG, "last"]
    assert stage.run(run).status == "completed"


def test_a_prompt_that_cannot_be_made_short_enough_ends_the_run(stage):
    run = launched(stage, LONG, max_prompt_tokens=300)
    stage.answers[COUNT] = counted(500)
    stage.play(legs.leg(stage.context(), run))
    ended = stage.run(run)
    assert (ended.status, ended.incomplete_details) == ("incomplete", {"reason": "max_prompt_tokens"})
    assert stage.sent == []


ESTIMATED = [Sent(404, {}), Sent(400, {}), Refused(0, "nobody there"), Sent(200, {"input_tokens": "many"})]


@pytest.mark.parametrize("answer", ESTIMATED)
def test_where_nobody_counts_four_characters_are_a_token_and_that_is_said(stage, answer):
    run = launched(stage, "first", LONG, LONG, "last", max_prompt_tokens=700)
    stage.answers[COUNT] = answer
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(stage.context(), run))
    assert said(stage.sent[0]) == ["first", LONG, "last"]
    assert stage.warned == ["max_prompt_tokens"]


def test_a_server_without_the_endpoint_is_not_asked_again(stage):
    for _ in range(2):
        stage.hear(CREATED, COMPLETED)
        stage.play(legs.leg(stage.context(), launched(stage, "Hi", max_prompt_tokens=700)))
    assert stage.asked == [COUNT]


def test_a_profile_that_does_not_count_is_never_asked(stage):
    context = stage.context(profile=Profile("plain", input_tokens=False))
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(context, launched(stage, "Hi", max_prompt_tokens=700)))
    assert (stage.asked, stage.warned) == ([], ["max_prompt_tokens"])


# --- too long for the model

TOO_LONG = {"code": "context_length_exceeded", "message": "Too long."}
FAILED = {"type": "response.failed", "response": {"id": "resp_1", "status": "failed", "error": TOO_LONG}}
ERROR = {"type": "error", **TOO_LONG}


@pytest.mark.parametrize("told", [[OVERFLOW], [CREATED, FAILED], [CREATED, ERROR]], ids=["refused", "failed", "error"])
def test_an_overflow_is_asked_again_with_less(stage, told):
    run = launched(stage, "first", *[LONG] * 5, "last")
    for each in told:
        stage.inbox.append(each) if isinstance(each, Refused) else stage.hear(each)
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(stage.context(), run))
    assert stage.run(run).status == "completed"
    assert [len(request["input"]) for request in stage.sent] == [7, 5]
    assert said(stage.sent[1])[0] == "first" and said(stage.sent[1])[-1] == "last"


def test_the_server_s_numbers_say_how_much_less(stage):
    run = launched(stage, "first", *[LONG] * 5, "last")
    message = "This model's maximum context length is 1,200 tokens. However, your messages resulted in 3000 tokens."
    stage.inbox.append(Refused(400, message))
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(stage.context(), run))
    assert [len(request["input"]) for request in stage.sent] == [7, 3]


@pytest.mark.parametrize(
    ("given", "status", "reason", "code"),
    [
        ({}, "failed", None, "invalid_prompt"),
        ({"max_prompt_tokens": 5000}, "incomplete", {"reason": "max_prompt_tokens"}, None),
    ],
)
def test_what_cannot_be_shortened_ends_the_run(stage, given, status, reason, code):
    run = launched(stage, LONG, **given)
    stage.answers[COUNT] = counted(400)
    stage.inbox.extend([OVERFLOW] * 9)
    stage.play(legs.leg(stage.context(), run))
    ended = stage.run(run)
    assert (ended.status, ended.incomplete_details) == (status, reason)
    assert (ended.last_error or {}).get("code") == code
    assert len(stage.sent) == 1, "the same again would be too long again"


def test_last_messages_is_exact_so_nothing_is_dropped_for_it(stage):
    last = {"type": "last_messages", "last_messages": 3}
    run = launched(stage, "first", LONG, LONG, "last", truncation_strategy=last)
    stage.inbox.append(OVERFLOW)
    stage.play(legs.leg(stage.context(), run))
    assert (stage.run(run).status, len(stage.sent)) == ("failed", 1)


def test_an_answer_that_had_begun_is_not_asked_for_again(stage):
    run = launched(stage, "first", LONG, LONG, "last")
    added = {"type": "response.output_item.added", "output_index": 0, "item": {"id": "msg_up", "type": "message"}}
    stage.hear(CREATED, added, piece("Hello"), FAILED)
    stage.play(legs.leg(stage.context(), run))
    assert (stage.run(run).status, len(stage.sent)) == ("failed", 1)


# --- background

BACKGROUND = Options(background=True)


def numbered(*events):
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


ITEM = {"id": "msg_up", "type": "message", "role": "assistant", "status": "completed"}
PART = {"type": "output_text", "text": "Hello you", "annotations": []}
CALL = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
EVENTS = numbered(
    CREATED,
    {"type": "response.output_item.added", "output_index": 0, "item": {**ITEM, "content": []}},
    piece("Hello"),
    piece(" you"),
    {"type": "response.output_item.done", "output_index": 0, "item": {**ITEM, "content": [PART]}},
    {"type": "response.output_item.added", "output_index": 1, "item": {**CALL, "arguments": ""}},
    {"type": "response.output_item.done", "output_index": 1, "item": CALL},
    {
        "type": "response.completed",
        "response": {
            "id": "resp_1",
            "status": "completed",
            "output": [{**ITEM, "content": [PART]}, CALL],
            "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        },
    },
)


def background(stage, owner="a"):
    return stage.context(owner, options=BACKGROUND)


def seen(stage, run):
    """The run as its user sees it in the end."""
    state = stage.store.run_state(RunState(run.thread_id, run.id))
    steps = [(step.type, step.status, len(step.step_details.get("tool_calls", "1"))) for step in state.steps]
    texts = [block["text"]["value"] for message in state.messages for block in message.content]
    return state.run.status, steps, texts, [item.type for item in state.items], state.run.usage["total_tokens"]


WHOLE = (
    "requires_action",
    [("message_creation", "completed", 1), ("tool_calls", "in_progress", 1)],
    ["Hello you"],
    ["message", "function_call"],
    7,
)


def test_a_background_leg_is_stored_upstream_and_only_then(stage):
    stage.hear(*EVENTS)
    run = launched(stage, "Hi")
    stage.play(legs.leg(background(stage), run))
    assert (stage.sent[0]["background"], stage.sent[0]["store"]) == (True, True)
    assert seen(stage, run) == WHOLE
    plain = stage.context(options=BACKGROUND, profile=Profile("plain", background=False))
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(plain, launched(stage, "Hi")))
    assert ("background" in stage.sent[1], stage.sent[1]["store"]) == (False, False)


@pytest.mark.parametrize("cut", range(1, len(EVENTS)))
@pytest.mark.parametrize("how", [End(), End("reset")], ids=["clean", "reset"])
def test_a_broken_stream_is_opened_again_where_it_was_left(stage, cut, how):
    run = launched(stage, "Hi")
    stage.hear(*EVENTS[:cut])
    stage.inbox.append(how)
    leg = stage.until(legs.leg(background(stage), run), Next, nth=cut + 2)  # the next one waits for a moment
    stage.inbox.clear()
    played = stage.until(leg, Next, nth=2)
    stage.hear(*EVENTS[cut:])
    assert stage.play(played)
    assert [resume.after if resume else None for resume in stage.resumed] == [None, cut - 1]
    assert seen(stage, run) == WHOLE


@pytest.mark.parametrize("cut", range(1, len(EVENTS)))
def test_another_process_goes_on_behind_what_was_stored(stage, cut):
    """A process that dies takes what it had read since with it; the server tells that again."""
    run = launched(stage, "Hi")
    stage.hear(*EVENTS[:cut])
    stage.until(legs.leg(background(stage), run), Next, nth=cut + 1)
    stage.now += 60
    again = stage.play(stalled.take_over(background(stage, "b"), run.thread_id, run.id))
    after = again.cursor["after"]
    assert again.lapses == 0 and after <= cut - 1
    stage.hear(*EVENTS[after + 1 :])
    assert stage.play(legs.leg(background(stage, "b"), again))
    assert stage.resumed[-1].response_id == "resp_1" and stage.resumed[-1].after == after
    assert len(stage.sent) == 2 and stage.sent[1] == {}, "nothing is asked, or billed, anew"
    assert seen(stage, run) == WHOLE


def test_a_response_that_is_gone_is_asked_for_again(stage):
    run = launched(stage, "Hi")
    stage.hear(*EVENTS[:6])
    stage.until(legs.leg(background(stage), run), Next, nth=7)
    stage.now += 60
    again = stage.play(stalled.take_over(background(stage, "b"), run.thread_id, run.id))
    stage.inbox.append(Refused(404, "Response with id 'resp_1' not found."))
    stage.hear(CREATED, COMPLETED)
    assert stage.play(legs.leg(background(stage, "b"), again))
    assert stage.run(run).status == "completed"
    assert stage.sent[-1]["background"] is True and stage.resumed[-1] is None


def test_a_stream_that_cannot_be_opened_again_fails_the_run(stage):
    run = launched(stage, "Hi")
    leg = stage.until(legs.leg(background(stage), run), Next)
    stage.hear(*EVENTS[:3])
    stage.inbox.append(End())
    leg = stage.until(leg, Next, nth=5)
    stage.inbox.clear()
    leg = stage.until(leg, Next, nth=2)
    stage.inbox.append(Refused(404, "gone"))
    stage.play(leg)
    assert (stage.run(run).status, stage.run(run).last_error["message"]) == ("failed", "gone")


def test_a_cancel_stops_it_upstream_too(stage):
    run = launched(stage, "Hi")
    stage.hear(*EVENTS[:3])
    leg = stage.until(legs.leg(background(stage), run), Next, nth=4)
    stage.play(runs.cancel(stage.context(), run.thread_id, run.id))
    stage.inbox.append(Woken())
    stage.play(leg)
    assert stage.run(run).status == "cancelled"
    assert stage.asked == ["POST /responses/resp_1/cancel"]


def test_so_does_a_cancel_of_a_run_whose_process_died(stage):
    run = launched(stage, "Hi")
    stage.hear(*EVENTS[:3])
    stage.until(legs.leg(background(stage), run), Next, nth=4)
    stage.now += 60
    stage.play(runs.cancel(stage.context("b"), run.thread_id, run.id))
    assert (stage.run(run).status, stage.asked) == ("cancelled", ["POST /responses/resp_1/cancel"])


def test_a_process_that_goes_down_leaves_it_running(stage):
    run = launched(stage, "Hi")
    stage.hear(*EVENTS[:3])
    stage.inbox.append(Stopped())
    stage.play(legs.leg(background(stage), run))
    assert (stage.run(run).status, stage.asked) == ("in_progress", [])


def test_the_leg_after_the_outputs_is_a_response_of_its_own(stage):
    run = launched(stage, "Hi")
    stage.hear(*EVENTS)
    stage.play(legs.leg(background(stage), run))
    assert stage.run(run).cursor is None, "nothing of it is left to go on with, or to cancel"
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]}
    launch = stage.play(runs.submit(stage.context(), run.thread_id, run.id, outputs))
    assert launch.run.cursor is None
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(background(stage), launch.run))
    assert stage.run(run).status == "completed"


def test_a_response_that_failed_and_was_asked_again_is_another_one(stage):
    """What is gone on with, or cancelled, is the one that is being read."""
    run = launched(stage, "first", *[LONG] * 5, "last")
    first = numbered({**CREATED, "response": {"id": "resp_old"}}, {**FAILED, "sequence_number": 1})
    second = numbered({"type": "response.created", "response": {"id": "resp_new"}}, *EVENTS[1:])
    stage.hear(*first, *second[:3])
    stage.inbox.append(End("cut"))
    stage.hear(*second[3:])
    stage.play(legs.leg(background(stage), run))
    assert [each and each.response_id for each in stage.resumed] == [None, None, "resp_new"]
    assert stage.run(run).status == "requires_action"


def test_a_cancelled_run_asks_no_background_response(stage):
    run = launched(stage, "Hi", max_prompt_tokens=1000)
    stage.answers[COUNT] = counted(1)
    rest = stage.until(legs.leg(background(stage), run), Send)
    stage.play(runs.cancel(stage.context("b"), run.thread_id, run.id))
    stage.play(rest)
    assert (stage.run(run).status, stage.sent) == ("cancelled", [])


def test_images_are_counted_as_they_are_sent(stage):
    file_id = names.of_file("t", "c", "1")
    image = {"type": "image_file", "image_file": {"file_id": file_id}}
    run = launched(stage, max_prompt_tokens=1000, additional_messages=[{"role": "user", "content": [image]}])
    stage.answers[COUNT] = counted(1)
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(stage.context(), run))
    assert file_id not in json.dumps(stage.calls[0].body)
