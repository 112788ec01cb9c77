"""Runs and their steps, polled: statuses, fields per status, tool outputs, cancel (assistants-wire §5-§7)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from openai.resources.beta.threads.runs import Runs

from doors.surface import sdk
from doors.surface.places import TOOLS, Place, outputs
from doors.surface.shapes import RUN, STEP, STEP_EXTRA, USAGE, raw

EXPIRES_AFTER = 600


def text_of(place: Place, run: Any) -> str:
    """The newest message, as programs read it."""
    value: str = place.beta.threads.messages.list(run.thread_id).data[0].content[0].text.value
    return value


# --- the object


def test_a_new_run_has_all_keys_and_takes_its_settings_from_the_assistant(place: Place) -> None:
    assistant = place.assistant(tools=TOOLS, temperature=0.5)
    thread = place.thread("slowly")
    create = place.beta.threads.runs.with_raw_response.create
    run = raw(create(thread.id, assistant_id=assistant.id, metadata={"k": "v"}))
    assert list(run) == RUN
    assert run["id"].startswith("run_") and run["object"] == "thread.run"
    assert run["expires_at"] == run["created_at"] + EXPIRES_AFTER
    shown = {key: run[key] for key in RUN[5:] if key not in ("expires_at", "tools")}
    assert shown == {
        "status": "queued",
        "started_at": None,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "model": "gpt-4o",
        "instructions": "Be brief.",
        "tool_resources": {},
        "metadata": {"k": "v"},
        "temperature": 0.5,
        "top_p": 1.0,
        "reasoning_effort": None,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "incomplete_details": None,
        "usage": None,
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }
    assert [tool["function"]["name"] for tool in run["tools"]] == ["get_temperature", "get_rain"]
    place.beta.threads.runs.cancel(run["id"], thread_id=thread.id)


def test_a_run_keeps_its_own_copy_of_the_settings(place: Place) -> None:
    run = place.asking()
    place.beta.assistants.update(run.assistant_id, instructions="Be long.", tools=[])
    again = place.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert (again.instructions, len(again.tools)) == ("Be brief.", 2)


def test_overrides_are_the_runs_own(place: Place) -> None:
    assistant, thread = place.assistant(), place.thread("What are your instructions?")
    run = place.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id=assistant.id,
        model="gpt-4.1",
        instructions="Be kind.",
        additional_instructions="Be fast.",
        temperature=0.2,
        top_p=0.9,
        metadata={"k": "v"},
        tools=TOOLS,
        tool_choice="none",
        **sdk.keywords(Runs.create_and_poll, parallel_tool_calls=False),
        response_format={"type": "text"},
        truncation_strategy={"type": "last_messages", "last_messages": 3},
    )
    assert (run.status, run.model, run.temperature, run.top_p) == ("completed", "gpt-4.1", 0.2, 0.9)
    assert run.instructions.startswith("Be kind.") and run.instructions.endswith("Be fast.")
    assert (run.tool_choice, run.parallel_tool_calls) == ("none", False)
    assert (run.truncation_strategy.type, run.truncation_strategy.last_messages) == ("last_messages", 3)
    assert text_of(place, run) == f"I was told: {run.instructions}"
    (sent,) = [request for request in place.scripted.requests if request.get("instructions") == run.instructions][-1:]
    assert (sent["model"], sent["temperature"], sent["top_p"], sent["store"]) == ("gpt-4.1", 0.2, 0.9, False)
    assert (sent["tool_choice"], sent["parallel_tool_calls"]) == ("none", False)


def test_additional_messages_are_on_the_thread_before_the_answer(place: Place) -> None:
    assistant, thread = place.assistant(), place.thread("First")
    run = place.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id=assistant.id,
        additional_messages=[{"role": "user", "content": "Second"}, {"role": "user", "content": "Third"}],
    )
    messages = place.beta.threads.messages.list(thread.id, order="asc").data
    assert [m.content[0].text.value for m in messages] == ["First", "Second", "Third", "You said: Third"]
    assert [m.run_id for m in messages] == [None, None, None, run.id]


# --- to the end, by polling


def test_a_completed_run(place: Place) -> None:
    run = place.run("Hello")
    shown = raw(place.beta.threads.runs.with_raw_response.retrieve(run.id, thread_id=run.thread_id))
    assert list(shown) == RUN
    assert shown["status"] == "completed" and shown["expires_at"] is None
    assert shown["created_at"] <= shown["started_at"] <= shown["completed_at"]
    assert list(shown["usage"]) == USAGE and shown["usage"]["total_tokens"] > 0
    assert shown["usage"]["prompt_token_details"] == {"cached_tokens": 0}
    assert shown["usage"]["completion_tokens_details"] == {"reasoning_tokens": 0}
    message = place.beta.threads.messages.list(run.thread_id).data[0]
    assert (message.role, message.assistant_id, message.run_id) == ("assistant", run.assistant_id, run.id)
    assert message.content[0].to_dict() == {
        "type": "text",
        "text": {"value": "Hello there, my friend.", "annotations": []},
    }


def test_requires_action_and_its_outputs(place: Place) -> None:
    run = place.asking()
    shown = raw(place.beta.threads.runs.with_raw_response.retrieve(run.id, thread_id=run.thread_id))
    assert (shown["usage"], shown["expires_at"]) == (None, shown["created_at"] + EXPIRES_AFTER)
    assert list(shown["required_action"]) == ["type", "submit_tool_outputs"]
    first, second = shown["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert list(first) == ["id", "type", "function"] and list(first["function"]) == ["name", "arguments"]
    assert first["id"].startswith("call_") and first["id"] != second["id"]
    assert json.loads(first["function"]["arguments"]) == {"city": "San Francisco, CA"}
    assert (first["function"]["name"], second["function"]["name"]) == ("get_temperature", "get_rain")

    queued = raw(
        place.beta.threads.runs.with_raw_response.submit_tool_outputs(
            run.id, thread_id=run.thread_id, tool_outputs=outputs(run)[::-1]
        )
    )
    assert list(queued) == RUN
    assert (queued["status"], queued["required_action"]) == ("queued", None)
    assert queued["started_at"] == shown["started_at"]
    done = place.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
    assert done.status == "completed"
    assert text_of(place, done) == "It is 57 degrees, the chance of rain is 0.06."
    steps = place.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    total = sum(step.usage.total_tokens for step in steps)
    assert done.usage.total_tokens == total > 0


def test_the_steps_of_parallel_calls(place: Place) -> None:
    run = place.asking()
    listed = raw(place.beta.threads.runs.steps.with_raw_response.list(run.id, thread_id=run.thread_id))
    (step,) = listed["data"]
    assert [key for key in step if key not in STEP_EXTRA] == STEP
    assert (step["object"], step["type"], step["status"]) == ("thread.run.step", "tool_calls", "in_progress")
    assert (step["usage"], step["completed_at"]) == (None, None)
    assert step["expires_at"] == run.expires_at
    calls = step["step_details"]["tool_calls"]
    assert [call["function"]["output"] for call in calls] == [None, None]
    assert list(calls[0]) == ["id", "type", "function"]
    assert list(calls[0]["function"]) == ["name", "arguments", "output"]

    run = place.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run, get_rain="a\n{b}")
    )
    retrieve = place.beta.threads.runs.steps.with_raw_response.retrieve
    step = raw(retrieve(step["id"], run_id=run.id, thread_id=run.thread_id))
    assert [call["function"]["output"] for call in step["step_details"]["tool_calls"]] == ["57", "a\n{b}"]
    assert step["status"] == "completed" and step["completed_at"] and step["usage"]["total_tokens"] > 0
    assert step["expires_at"] is None
    newest, oldest = place.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert oldest.id == step["id"]
    message = place.beta.threads.messages.list(run.thread_id).data[0]
    assert newest.step_details.to_dict() == {
        "type": "message_creation",
        "message_creation": {"message_id": message.id},
    }


def test_several_rounds_of_calls(place: Place) -> None:
    run, asked = place.asking("weather twice"), []
    while run.status == "requires_action":
        asked += [call.function.name for call in run.required_action.submit_tool_outputs.tool_calls]
        run = place.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)
        )
    assert asked == ["get_temperature", "get_rain"]
    assert text_of(place, run) == "First 57, then 0.06."


def test_a_thread_is_made_with_its_run(place: Place) -> None:
    assistant = place.assistant(tools=TOOLS)
    thread = {"messages": [{"role": "user", "content": "Hello"}], "metadata": {"k": "v"}}
    run = place.beta.threads.create_and_run(assistant_id=assistant.id, thread=thread)
    assert (run.object, run.status) == ("thread.run", "queued")
    assert place.beta.threads.retrieve(run.thread_id).metadata == {"k": "v"}
    assert place.beta.threads.runs.poll(run.id, thread_id=run.thread_id).status == "completed"
    run = place.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)
    assert run.status == "completed" and text_of(place, run) == "Hello there, my friend."


def test_instructions_are_enough_to_run_an_empty_thread(place: Place) -> None:
    run = place.beta.threads.create_and_run_poll(assistant_id=place.assistant().id)
    assert run.status == "completed"


def test_a_run_without_instructions_shows_null(place: Place) -> None:
    run = place.run("Hello", instructions=None)
    assert (run.status, run.instructions) == ("completed", None)


def test_two_answers_of_one_run(place: Place) -> None:
    run = place.run("two answers")
    messages = place.beta.threads.messages.list(run.thread_id, run_id=run.id, order="asc").data
    assert [m.content[0].text.value for m in messages] == ["The first.", "The second."]


# --- other ends


@sdk.needs(sdk.POLLS_UNTIL_INCOMPLETE, "end of polling at `incomplete`")
def test_a_budget_stop(place: Place) -> None:
    run = place.run("long story")
    assert (run.status, run.incomplete_details.reason) == ("incomplete", "max_completion_tokens")
    assert run.completed_at and run.expires_at is None and run.last_error is None
    message = place.beta.threads.messages.list(run.thread_id).data[0]
    assert (message.status, message.incomplete_details.reason) == ("incomplete", "max_tokens")
    assert message.content[0].text.value == "Once upon a time"


@sdk.needs(sdk.POLLS_UNTIL_INCOMPLETE, "end of polling at `incomplete`")
def test_a_content_filter_stop(place: Place) -> None:
    run = place.run("rude")
    message = place.beta.threads.messages.list(run.thread_id).data[0]
    assert (run.status, message.incomplete_details.reason) == ("incomplete", "content_filter")


FAILURES = [
    ("crash", "server_error"),
    ("rate limit", "rate_limit_exceeded"),
    ("cut off", "server_error"),
]


@pytest.mark.parametrize(("text", "code"), FAILURES)
def test_a_failure(place: Place, text: str, code: str) -> None:
    run = place.run(text)
    assert (run.status, run.last_error.code) == ("failed", code)
    assert run.last_error.message and run.failed_at and run.expires_at is None and run.completed_at is None
    place.beta.threads.messages.create(run.thread_id, role="user", content="Hello again")
    again = place.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)
    assert again.status == "completed"


def test_a_refusal_is_a_part_of_the_message(place: Place) -> None:
    run = place.run("bomb")
    assert run.status == "completed"
    (part,) = place.beta.threads.messages.list(run.thread_id).data[0].content
    assert (part.type, part.refusal) == ("refusal", "I cannot help with that.")


# --- cancel, modify, poll


def test_cancel_while_a_leg_works(place: Place) -> None:
    assistant, thread = place.assistant(), place.thread("slowly")
    run = place.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    answer = raw(place.beta.threads.runs.with_raw_response.cancel(run.id, thread_id=thread.id))
    assert list(answer) == RUN
    assert (answer["status"], answer["cancelled_at"]) == ("cancelling", None)
    assert answer["expires_at"] == answer["created_at"] + EXPIRES_AFTER
    begin = time.monotonic()
    ended = place.beta.threads.runs.poll(run.id, thread_id=thread.id)
    assert ended.status == "cancelled" and time.monotonic() - begin < 1
    assert ended.cancelled_at and ended.expires_at is None
    place.beta.threads.messages.create(thread.id, role="user", content="Hello")


def test_cancel_in_requires_action(place: Place) -> None:
    run = place.asking()
    answer = place.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    assert answer.status == "cancelling" and answer.required_action is None
    assert place.beta.threads.runs.poll(run.id, thread_id=run.thread_id).status == "cancelled"
    (step,) = place.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert step.status == "cancelled" and step.cancelled_at
    place.beta.threads.messages.create(run.thread_id, role="user", content="Hello")
    again = place.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)
    assert again.status == "completed"


def test_modify_a_run_that_has_ended(place: Place) -> None:
    run = place.run("Hello")
    changed = place.beta.threads.runs.update(run.id, thread_id=run.thread_id, metadata={"k": "v"})
    assert changed.metadata == {"k": "v"}
    assert place.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id) == changed


def test_a_poll_needs_few_requests(place: Place) -> None:
    """The answer to the SDK's poll waits for news: no pause of a second between two looks."""
    before = len(place.client.requests)
    begin = time.monotonic()
    run = place.run("a moment")
    assert run.status == "completed"
    assert time.monotonic() - begin < 2
    polls = [path for method, path in place.client.requests[before:] if method == "GET"]
    assert len(polls) <= 3


def test_a_poll_returns_within_half_the_read_timeout(place: Place) -> None:
    assistant, thread = place.assistant(), place.thread("a moment")
    client = place.client.with_options(timeout=0.4)
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "completed"


def test_a_retrieve_that_is_no_poll_answers_at_once(place: Place) -> None:
    assistant, thread = place.assistant(), place.thread("slowly")
    run = place.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    begin = time.monotonic()
    assert place.beta.threads.runs.retrieve(run.id, thread_id=thread.id).status in ("queued", "in_progress")
    assert time.monotonic() - begin < 1
    place.beta.threads.runs.cancel(run.id, thread_id=thread.id)


def test_every_run_answer_names_the_poll_pause(place: Place) -> None:
    run = place.run("Hello")
    answer = place.beta.threads.runs.with_raw_response.retrieve(run.id, thread_id=run.thread_id)
    assert int(answer.headers["openai-poll-after-ms"]) <= 100
