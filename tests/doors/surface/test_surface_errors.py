"""Errors: type, status and exact body, as the SDK shows them (assistants-wire §9).

Of the validator's rows (§9.3) one of each kind goes through the doors; all of them are tested in tests/wire.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import openai
import pytest
from attrs import evolve

from bridge.records import Run
from doors.surface import sdk
from doors.surface.places import TOOLS, Place, outputs

Calling = Callable[[Place, Any], Any]
ERRORS = {400: openai.BadRequestError, 404: openai.NotFoundError}


def refused(
    place: Place, call: Callable[[], Any], message: str, status: int = 400, code: str | None = None,
    param: str | None = None,
) -> None:  # fmt: skip
    """The call fails with this very envelope, and the SDK's exception has what programs read of it."""
    with pytest.raises(openai.APIStatusError) as caught:
        call()
    error = caught.value
    assert type(error) is ERRORS[status]
    body = {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}
    answer = error.response.json()
    assert answer == body
    assert list(answer["error"]) == ["message", "type", "param", "code"]
    assert (error.code, error.param, error.type) == (code, param, "invalid_request_error")
    assert error.request_id and error.request_id.startswith("req_")
    assert message in str(error)
    assert error.response.headers["content-type"] == "application/json"


# --- validation (§9.3)

INVALID: list[tuple[str, Calling, str, str, str]] = [
    (
        "missing",
        lambda p, t: p.beta.threads.runs.create(t.id, assistant_id=openai.NOT_GIVEN),
        "missing_required_parameter",
        "assistant_id",
        "Missing required parameter: 'assistant_id'.",
    ),
    (
        "missing in a list",
        lambda p, t: p.beta.threads.messages.create(
            t.id, role="user", content="x", attachments=[{"file_id": "file-1"}]
        ),
        "missing_required_parameter",
        "attachments[0].tools",
        "Missing required parameter: 'attachments[0].tools'.",
    ),
    (
        "unknown",
        lambda p, t: p.assistant(extra_body={"colour": "red"}),
        "unknown_parameter",
        "colour",
        "Unknown parameter: 'colour'.",
    ),
    (
        "additional instructions with a new thread",
        lambda p, t: p.beta.threads.create_and_run(assistant_id="asst_x", extra_body={"additional_instructions": "x"}),
        "unknown_parameter",
        "additional_instructions",
        "Unknown parameter: 'additional_instructions'.",
    ),
    (
        "nearly known",
        lambda p, t: p.assistant(extra_body={"modell": "x"}),
        "unknown_parameter",
        "modell",
        "Unknown parameter: 'modell'. Did you mean 'model'?",
    ),
    (
        "a boolean for a string",
        lambda p, t: p.beta.threads.create(metadata={"modified": True}),
        "invalid_type",
        "metadata.modified",
        "Invalid type for 'metadata.modified': expected a string, but got a boolean instead.",
    ),
    (
        "a text for an integer",
        lambda p, t: p.beta.threads.runs.create(t.id, assistant_id="asst_x", max_prompt_tokens="many"),
        "invalid_type",
        "max_prompt_tokens",
        "Invalid type for 'max_prompt_tokens': expected an integer, but got a string instead.",
    ),
    (
        "a role",
        lambda p, t: p.beta.threads.messages.create(t.id, role="system", content="x"),
        "invalid_value",
        "role",
        "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.",
    ),
    (
        "a tool",
        lambda p, t: p.assistant(tools=[{"type": "web_search"}]),
        "invalid_value",
        "tools[0].type",
        "Invalid value: 'web_search'. Supported values are: 'code_interpreter', 'function', and 'file_search'.",
    ),
    (
        "a thread id",
        lambda p, t: p.beta.threads.retrieve("undefined"),
        "invalid_value",
        "thread_id",
        "Invalid 'thread_id': 'undefined'. Expected an ID that begins with 'thread'.",
    ),
    (
        "an assistant id",
        lambda p, t: p.beta.threads.runs.create(t.id, assistant_id="wf_1"),
        "invalid_value",
        "assistant_id",
        "Invalid 'assistant_id': 'wf_1'. Expected an ID that begins with 'asst'.",
    ),
    (
        "a run id",
        lambda p, t: p.beta.threads.runs.retrieve("x", thread_id=t.id),
        "invalid_value",
        "run_id",
        "Invalid 'run_id': 'x'. Expected an ID that begins with 'run'.",
    ),
    (
        "a function name",
        lambda p, t: p.assistant(tools=[{"type": "function", "function": {"name": "a b"}}]),
        "invalid_value",
        "tools[0].function.name",
        "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern "
        "'^[a-zA-Z0-9_-]+$'.",
    ),
    (
        "a long text",
        lambda p, t: p.assistant(name="n" * 257),
        "string_above_max_length",
        "name",
        "Invalid 'name': string too long. Expected a string with maximum length 256, but got a string with length 257 "
        "instead.",
    ),
    (
        "a high limit",
        lambda p, t: p.beta.threads.messages.list(t.id, limit=101),
        "integer_above_max_value",
        "limit",
        "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
    ),
    (
        "a low limit",
        lambda p, t: p.beta.threads.runs.list(t.id, limit=0),
        "integer_below_min_value",
        "limit",
        "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ),
    (
        "a high temperature",
        lambda p, t: p.assistant(temperature=3.0),
        "decimal_above_max_value",
        "temperature",
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3.0 instead.",
    ),
    (
        "too much metadata",
        lambda p, t: p.beta.threads.update(t.id, metadata={f"k{n}": "v" for n in range(17)}),
        "object_above_max_properties",
        "metadata",
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object "
        "with 17 properties instead.",
    ),
    (
        "a message in a thread",
        lambda p, t: p.beta.threads.create(messages=[{"role": "tool", "content": "x"}]),
        "invalid_value",
        "messages[0].role",
        "Invalid value: 'tool'. Supported values are: 'user' and 'assistant'.",
    ),
]


@pytest.mark.parametrize(
    ("call", "code", "param", "message"), [row[1:] for row in INVALID], ids=[r[0] for r in INVALID]
)
def test_invalid(place: Place, call: Calling, code: str, param: str, message: str) -> None:
    refused(place, lambda: call(place, place.thread()), message, code=code, param=param)


# --- existence (§9.4)

MISSING: list[Any] = [
    ("No assistant found with id 'asst_nope'.", lambda p, t: p.beta.assistants.retrieve("asst_nope")),
    ("No assistant found with id 'asst_nope'.", lambda p, t: p.beta.assistants.update("asst_nope", name="x")),
    ("No assistant found with id 'asst_nope'.", lambda p, t: p.beta.assistants.delete("asst_nope")),
    (
        "No assistant found with id 'asst_nope'.",
        lambda p, t: p.beta.threads.runs.create(t.id, assistant_id="asst_nope"),
    ),
    ("No assistant found with id 'asst_nope'.", lambda p, t: p.beta.threads.create_and_run(assistant_id="asst_nope")),
    ("No thread found with id 'thread_nope'.", lambda p, t: p.beta.threads.retrieve("thread_nope")),
    ("No thread found with id 'thread_nope'.", lambda p, t: p.beta.threads.update("thread_nope", metadata={})),
    ("No thread found with id 'thread_nope'.", lambda p, t: p.beta.threads.delete("thread_nope")),
    ("No thread found with id 'thread_nope'.", lambda p, t: p.beta.threads.messages.list("thread_nope")),
    (
        "No thread found with id 'thread_nope'.",
        lambda p, t: p.beta.threads.messages.create("thread_nope", role="user", content="x"),
    ),
    ("No thread found with id 'thread_nope'.", lambda p, t: p.beta.threads.runs.list("thread_nope")),
    (
        "No thread found with id 'thread_nope'.",
        lambda p, t: p.beta.threads.runs.create("thread_nope", assistant_id=p.assistant().id),
    ),
    ("No message found with id 'msg_nope'.", lambda p, t: p.beta.threads.messages.retrieve("msg_nope", thread_id=t.id)),
    (
        "No message found with id 'msg_nope'.",
        lambda p, t: p.beta.threads.messages.update("msg_nope", thread_id=t.id, metadata={}),
    ),
    pytest.param(
        "No message found with id 'msg_nope'.",
        lambda p, t: p.beta.threads.messages.delete("msg_nope", thread_id=t.id),
        marks=sdk.needs(sdk.DELETES_MESSAGES, "messages.delete"),
    ),
    ("No run found with id 'run_nope'.", lambda p, t: p.beta.threads.runs.retrieve("run_nope", thread_id=t.id)),
    (
        "No run found with id 'run_nope'.",
        lambda p, t: p.beta.threads.runs.update("run_nope", thread_id=t.id, metadata={}),
    ),
    ("No run found with id 'run_nope'.", lambda p, t: p.beta.threads.runs.cancel("run_nope", thread_id=t.id)),
    (
        "No run found with id 'run_nope'.",
        lambda p, t: p.beta.threads.runs.submit_tool_outputs("run_nope", thread_id=t.id, tool_outputs=[]),
    ),
    ("No run found with id 'run_nope'.", lambda p, t: p.beta.threads.runs.steps.list("run_nope", thread_id=t.id)),
]


@pytest.mark.parametrize(("message", "call"), MISSING)
def test_missing(place: Place, message: str, call: Calling) -> None:
    refused(place, lambda: call(place, place.thread()), message, 404)


def test_a_missing_step(place: Place) -> None:
    run = place.run_in("completed")
    retrieve = place.beta.threads.runs.steps.retrieve
    message = "No run step found with id 'step_123'."
    refused(place, lambda: retrieve("step_123", run_id=run.id, thread_id=run.thread_id), message, 404)


def test_a_run_of_another_thread_is_not_found(place: Place) -> None:
    run, other = place.run_in("completed"), place.thread()
    message = f"No run found with id '{run.id}'."
    refused(place, lambda: place.beta.threads.runs.retrieve(run.id, thread_id=other.id), message, 404)


# --- state (§9.4)

WORKING = ("queued", "in_progress", "requires_action", "cancelling")
ENDED = ("cancelled", "failed", "completed", "incomplete", "expired")


@pytest.mark.parametrize("status", WORKING)
def test_a_thread_with_a_run_is_locked(place: Place, status: str) -> None:
    run = place.run_in(status)
    locked = f"Can't add messages to {run.thread_id} while a run {run.id} is active."
    busy = f"Thread {run.thread_id} already has an active run {run.id}."
    threads = place.beta.threads
    refused(place, lambda: threads.messages.create(run.thread_id, role="user", content="x"), locked)
    refused(place, lambda: threads.runs.create(run.thread_id, assistant_id=run.assistant_id), busy)
    refused(place, lambda: threads.runs.create(run.thread_id, assistant_id=run.assistant_id, stream=True), busy)
    more = [{"role": "user", "content": "x"}]
    create = threads.runs.create
    refused(place, lambda: create(run.thread_id, assistant_id=run.assistant_id, additional_messages=more), busy)
    # As clients match them (§10.3).
    assert re.fullmatch(
        r"Can't add messages to thread_([a-zA-Z0-9]+) while a run run_([a-zA-Z0-9]+) is active\.", locked
    )
    assert re.match(r"Thread (\w+) already has an active run (\w+)", busy)


@pytest.mark.parametrize("status", WORKING)
def test_a_locked_thread_is_read_and_described_freely(place: Place, status: str) -> None:
    run = place.run_in(status)
    threads = place.beta.threads
    assert threads.update(run.thread_id, metadata={"k": "v"}).metadata == {"k": "v"}
    (message,) = threads.messages.list(run.thread_id).data
    assert threads.messages.update(message.id, thread_id=run.thread_id, metadata={"k": "v"}).metadata == {"k": "v"}
    assert [each.id for each in threads.runs.list(run.thread_id).data] == [run.id]


@pytest.mark.parametrize("status", ENDED)
def test_a_thread_whose_run_ended_is_free(place: Place, status: str) -> None:
    run = place.run_in(status)
    place.beta.threads.messages.create(run.thread_id, role="user", content="Hello")
    again = place.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)
    assert again.status == "completed"


@pytest.mark.parametrize("status", [status for status in (*WORKING, *ENDED) if status != "requires_action"])
def test_outputs_are_refused_where_none_are_awaited(place: Place, status: str) -> None:
    run = place.run_in(status)
    submit = place.beta.threads.runs.submit_tool_outputs
    given: Any = {"thread_id": run.thread_id, "tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    message = f'Runs in status "{status}" do not accept tool outputs.'
    refused(place, lambda: submit(run.id, **given), message)
    refused(place, lambda: submit(run.id, stream=True, **given), message)


def test_outputs_must_be_those_asked_for(place: Place) -> None:
    run = place.asking()
    first, second = [call.id for call in run.required_action.submit_tool_outputs.tool_calls]
    answers = outputs(run)
    other = {"tool_call_id": "call_other", "output": "x"}
    submit = place.beta.threads.runs.submit_tool_outputs
    for given, got in [
        (answers[:1], [first]),
        ([], []),
        ([*answers, other], [first, second, "call_other"]),
        ([answers[0], answers[0]], [first, first]),
    ]:
        message = f"Expected tool outputs for call_ids ['{first}', '{second}'], got {got!r}"
        refused(place, lambda given=given: submit(run.id, thread_id=run.thread_id, tool_outputs=given), message)
    assert submit(run.id, thread_id=run.thread_id, tool_outputs=answers).status == "queued"
    assert place.beta.threads.runs.poll(run.id, thread_id=run.thread_id).status == "completed"


@pytest.mark.parametrize("status", ["cancelling", *ENDED])
def test_cancel_is_refused(place: Place, status: str) -> None:
    run = place.run_in(status)
    message = f"Cannot cancel run with status '{status}'."
    refused(place, lambda: place.beta.threads.runs.cancel(run.id, thread_id=run.thread_id), message)


@pytest.mark.parametrize("status", WORKING)
def test_modify_is_refused(place: Place, status: str) -> None:
    run = place.run_in(status)
    update = place.beta.threads.runs.update
    message = f"Cannot update run with status '{status}'."
    refused(place, lambda: update(run.id, thread_id=run.thread_id, metadata={"k": "v"}), message)


def test_types_are_checked_before_the_state(place: Place) -> None:
    run = place.run_in("in_progress")
    update = place.beta.threads.runs.update
    message = "Invalid type for 'metadata.k': expected a string, but got a boolean instead."
    call = lambda: update(run.id, thread_id=run.thread_id, metadata={"k": True})  # noqa: E731
    refused(place, call, message, code="invalid_type", param="metadata.k")


def overdue(place: Place, run_id: str, thread_id: str) -> Run:
    """The run, its ten minutes over."""
    run = place.stored(run_id, thread_id)
    place.put(evolve(run, expires_at=int(time.time()) - 1))
    return run


def test_outputs_that_come_too_late(place: Place) -> None:
    run = place.asking()
    overdue(place, run.id, run.thread_id)
    submit = place.beta.threads.runs.submit_tool_outputs
    message = 'Runs in status "expired" do not accept tool outputs.'
    refused(place, lambda: submit(run.id, thread_id=run.thread_id, tool_outputs=outputs(run)), message)
    ended = place.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert (ended.status, ended.expires_at, ended.required_action) == ("expired", None, None)
    (step,) = place.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert step.status == "expired"


def test_expiry_frees_the_thread(place: Place) -> None:
    run = place.asking()
    overdue(place, run.id, run.thread_id)
    place.beta.threads.messages.create(run.thread_id, role="user", content="Hello")
    again = place.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)
    assert again.status == "completed"
    assert place.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == "expired"


# --- capability (§9.4)

NOTHING = "Run creation requires a Thread with a user message or an assistant with instructions."


def test_a_run_needs_something_to_answer(place: Place) -> None:
    silent = place.assistant(instructions=None)
    thread = place.thread()
    create = place.beta.threads.runs.create
    refused(place, lambda: create(thread.id, assistant_id=silent.id), NOTHING, code="invalid_thread")
    refused(place, lambda: place.beta.threads.create_and_run(assistant_id=silent.id), NOTHING, code="invalid_thread")
    with_words = create(thread.id, assistant_id=silent.id, additional_messages=[{"role": "user", "content": "Hello"}])
    assert place.beta.threads.runs.poll(with_words.id, thread_id=thread.id).status == "completed"


def test_json_modes_are_for_functions_only(place: Place) -> None:
    tools: Any = [*TOOLS, {"type": "code_interpreter"}]
    for kind, given in [
        ("json_object", {"type": "json_object"}),
        ("json_schema", {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}),
    ]:
        message = f"Invalid tools: all tools must be of type `function` when `response_format` is of type `{kind}`."
        refused(place, lambda given=given: place.assistant(tools=tools, response_format=given), message)


# --- the beta header (§9.2)


def test_the_beta_header_is_needed(place: Place) -> None:
    message = (
        "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting the "
        "header 'OpenAI-Beta: assistants=v2'."
    )
    call = lambda: place.beta.threads.create(extra_headers={"OpenAI-Beta": openai_omit()})  # noqa: E731
    refused(place, call, message, code="invalid_beta")


def openai_omit() -> Any:
    """What takes a default header out of a request, whatever the version calls it."""
    from openai import _types

    return _types.Omit()


def test_an_unknown_path_under_ours(place: Place) -> None:
    options: Any = {"headers": {"OpenAI-Beta": "assistants=v2"}}
    with pytest.raises(openai.NotFoundError, match=r"Invalid URL \(PUT /v1/threads\)"):
        place.client.lead(place.client.sdk.put("/threads", cast_to=object, options=options))
