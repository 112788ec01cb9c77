"""Each event of the old stream, against what it makes a Responses server play: by hand, from what both APIs sent.

A replay cannot see what the translation and its inverse both get wrong; this list can.
"""

from __future__ import annotations

from typing import Any, get_args

import pytest
from openai.types.beta import assistant_stream_event

from bridge.diff.replay import conversation
from bridge.diff.replay.inverse import events_of
from bridge.diff.tape import Answer, Event, Exchange, Request, Tape

Told = tuple[str, Any]
RUN = {"id": "run_1", "object": "thread.run"}
MESSAGE = {"id": "msg_1", "object": "thread.message", "role": "assistant", "run_id": "run_1", "content": []}
STEP = {"id": "step_1", "object": "thread.run.step", "run_id": "run_1"}
CREATED: Told = ("thread.run.created", {**RUN, "status": "queued", "usage": None})
COMPLETED: Told = ("thread.run.completed", {**RUN, "status": "completed", "usage": None})
SAYS: Told = ("thread.message.created", MESSAGE)
TEXT = {"item_id": "msg_r_0", "output_index": 0, "content_index": 0}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "a"}'}}
WAITING = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [CALL]}}
SORRY = {"code": "server_error", "message": "Sorry, something went wrong."}
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_token_details": {"cached_tokens": 4}}
COUNTED = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 15,
}


def run(status: str, **more: Any) -> Told:
    return f"thread.run.{status}", {**RUN, "status": status, "usage": None, **more}


def step(status: str, details: Any = None) -> Told:
    made = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}
    return f"thread.run.step.{status}", {**STEP, "step_details": details or made}


def words(text: str) -> Told:
    part = {"index": 0, "type": "text", "text": {"value": text}}
    return "thread.message.delta", {"id": "msg_1", "delta": {"content": [part]}}


def call(**more: Any) -> Told:
    details = {"type": "tool_calls", "tool_calls": [{"index": 0, "type": "function", **more}]}
    return "thread.run.step.delta", {"id": "step_1", "delta": {"step_details": details}}


def message(status: str, text: str) -> Told:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    return f"thread.message.{status}", {**MESSAGE, "content": content}


def response(status: str, output: Any = (), usage: Any = None, **more: Any) -> Any:
    whole = {"id": "r", "object": "response", "status": status, "output": list(output), "usage": usage, **more}
    return {"type": f"response.{status}", "response": whole}


ITEM = {"type": "message", "id": "msg_r_0", "role": "assistant"}
BEGUN = [
    {"type": "response.output_item.added", "output_index": 0, "item": {**ITEM, "status": "in_progress", "content": []}},
    {"type": "response.content_part.added", **TEXT, "part": {"type": "output_text", "text": "", "annotations": []}},
]
DELTA = {"type": "response.output_text.delta", **TEXT, "delta": "Hi"}
PART = {"type": "output_text", "text": "Hi", "annotations": []}
SAID = {**ITEM, "status": "completed", "content": [PART]}
CLOSED = [
    {"type": "response.output_text.done", **TEXT, "text": "Hi"},
    {"type": "response.content_part.done", **TEXT, "part": PART},
    {"type": "response.output_item.done", "output_index": 0, "item": SAID},
]
ASKED = {"type": "function_call", "id": "fc_r_0", "call_id": "call_1", "name": "look"}
AT_CALL = {"item_id": "fc_r_0", "output_index": 0}
CALLED = {**ASKED, "arguments": '{"at": "a"}', "status": "completed"}


def asked(*pieces: str) -> list[Any]:
    begun = {**ASKED, "arguments": "", "status": "in_progress"}
    deltas = [{"type": "response.function_call_arguments.delta", **AT_CALL, "delta": piece} for piece in pieces]
    return [
        {"type": "response.output_item.added", "output_index": 0, "item": begun},
        *deltas,
        {"type": "response.function_call_arguments.done", **AT_CALL, "arguments": '{"at": "a"}'},
        {"type": "response.output_item.done", "output_index": 0, "item": CALLED},
        response("completed", [CALLED]),
    ]


CODE = {"type": "code_interpreter", "id": "call_2", "code_interpreter": {"input": "", "outputs": []}}
RAN = {**CODE, "code_interpreter": {"input": "1+1", "outputs": [{"type": "logs", "logs": "2"}]}}
CI: Any = {"type": "code_interpreter_call", "id": "ci_r_0", "container_id": "cntr_replayed"}
CI |= {"code": "", "status": "completed", "outputs": [{"type": "logs", "logs": "2"}]}
AT_CODE = {"item_id": "ci_r_0", "output_index": 0}
NOTHING = [response("completed")]
HI = [*BEGUN, DELTA, *CLOSED, response("completed", [SAID])]
CUT = {**ITEM, "status": "incomplete", "content": [PART]}

EVENTS: dict[str, tuple[list[Told], list[Any]]] = {
    # the type of event; a stream in which it matters, or has to tell nothing; what is played after response.created
    "thread.created": ([("thread.created", {"id": "thread_1", "object": "thread"}), CREATED, COMPLETED], NOTHING),
    "thread.run.created": ([CREATED, COMPLETED], NOTHING),
    "thread.run.queued": ([CREATED, run("queued"), COMPLETED], NOTHING),
    "thread.run.in_progress": ([CREATED, run("in_progress"), COMPLETED], NOTHING),
    "thread.run.requires_action": ([CREATED, run("requires_action", required_action=WAITING)], asked('{"at": "a"}')),
    "thread.run.completed": ([CREATED, run("completed", usage=USAGE)], [response("completed", usage=COUNTED)]),
    "thread.run.incomplete": (
        [CREATED, SAYS, words("Hi"), run("incomplete", incomplete_details={"reason": "max_prompt_tokens"})],
        [*BEGUN, DELTA, response("incomplete", [CUT], incomplete_details={"reason": "max_output_tokens"})],
    ),
    "thread.run.failed": ([CREATED, run("failed", last_error=SORRY)], [response("failed", error=SORRY)]),
    "thread.run.cancelling": ([CREATED, SAYS, words("Hi"), run("cancelling"), run("cancelled")], [*BEGUN, DELTA]),
    "thread.run.cancelled": ([CREATED, run("cancelled")], []),
    "thread.run.expired": ([CREATED, SAYS, words("Hi"), run("expired")], [*BEGUN, DELTA]),
    "thread.run.step.created": ([CREATED, step("created"), COMPLETED], NOTHING),
    "thread.run.step.in_progress": ([CREATED, step("in_progress"), COMPLETED], NOTHING),
    "thread.run.step.delta": (
        [
            CREATED,
            call(id="call_1", function={"name": "look", "arguments": "", "output": None}),
            call(function={"arguments": '{"at"'}),
            call(function={"arguments": ': "a"}'}),
            run("requires_action", required_action=WAITING),
        ],
        asked('{"at"', ': "a"}'),
    ),
    "thread.run.step.completed": (
        [CREATED, call(**CODE), step("completed", {"type": "tool_calls", "tool_calls": [RAN]}), COMPLETED],
        [
            {"type": "response.output_item.added", "output_index": 0,
             "item": {**CI, "status": "in_progress", "outputs": None}},
            {"type": "response.code_interpreter_call.in_progress", **AT_CODE},
            {"type": "response.code_interpreter_call_code.done", **AT_CODE, "code": ""},
            {"type": "response.code_interpreter_call.interpreting", **AT_CODE},
            {"type": "response.code_interpreter_call.completed", **AT_CODE},
            {"type": "response.output_item.done", "output_index": 0, "item": CI},
            response("completed", [CI]),
        ],
    ),
    "thread.run.step.failed": (
        [CREATED, step("failed"), run("failed", last_error=SORRY)],
        [response("failed", error=SORRY)],
    ),
    "thread.run.step.cancelled": ([CREATED, step("cancelled"), run("cancelled")], []),
    "thread.run.step.expired": ([CREATED, step("expired"), run("expired")], []),
    "thread.message.created": ([CREATED, SAYS, words("Hi"), COMPLETED], HI),
    "thread.message.in_progress": (
        [CREATED, SAYS, ("thread.message.in_progress", MESSAGE), words("Hi"), COMPLETED],
        HI,
    ),
    "thread.message.delta": (
        [CREATED, SAYS, words("H"), words("i"), COMPLETED],
        [*BEGUN, {**DELTA, "delta": "H"}, {**DELTA, "delta": "i"}, *CLOSED, response("completed", [SAID])],
    ),
    "thread.message.completed": (
        [CREATED, SAYS, words("Hi"), message("completed", "Hi"), COMPLETED],
        HI,
    ),
    "thread.message.incomplete": (
        [CREATED, SAYS, words("Hi"), message("incomplete", "Hi"), run("failed", last_error=SORRY)],
        [*BEGUN, DELTA, response("failed", [CUT], error=SORRY)],
    ),
    "error": (
        [CREATED, SAYS, words("Hi"), ("error", {"error": {"message": "Sorry.", "type": "server_error", "code": None}})],
        [*BEGUN, DELTA, response("failed", [CUT], error={"code": "server_error", "message": "Sorry."})],
    ),
    "done": ([CREATED, COMPLETED, ("done", "[DONE]")], NOTHING),
}  # fmt: skip


@pytest.mark.parametrize(("stream", "expected"), EVENTS.values(), ids=EVENTS)
def test_what_is_played(stream: list[Told], expected: list[Any]) -> None:
    assert played(stream) == expected


def played(stream: list[Told]) -> list[Any]:
    events = tuple(Event(*told) for told in stream)
    asked = Request("POST", "/threads/thread_1/runs", body={"assistant_id": "asst_1", "stream": True})
    ((leg,),) = conversation.read(Tape((Exchange(1, asked, Answer(200, events=events)),))).runs.values()
    first, *rest = events_of(leg, "r")
    begun = {"id": "r", "object": "response", "status": "in_progress", "output": []}
    assert first == {"type": "response.created", "response": begun}
    return rest


def test_every_type_of_the_old_stream_has_an_expectation() -> None:
    """Those that the SDK lists, and the end, which is no object."""
    (union, *_) = get_args(assistant_stream_event.AssistantStreamEvent)
    names = {get_args(each.model_fields["event"].annotation)[0] for each in get_args(union)}
    assert names | {"done"} <= set(EVENTS)
