"""Streams: the order of events, their payloads, the SDK's helpers and event handlers (assistants-wire §8)."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from doors.surface import shapes
from doors.surface.places import TOOLS, Place, outputs
from doors.surface.shapes import names, of, only, streamed

PAIRS = [
    ("thread.run.created", "thread.run.queued"),
    ("thread.run.step.created", "thread.run.step.in_progress"),
    ("thread.message.created", "thread.message.in_progress"),
]


def started(place: Place, text: str, **given: Any) -> dict[str, Any]:
    """What runs.create takes: a new thread that asks `text`, and an assistant."""
    return {"thread_id": place.thread(text).id, "assistant_id": place.assistant(**given).id}


# --- raw frames


def test_a_plain_text(place: Place) -> None:
    events = streamed(place, "create", **started(place, "Hello"))
    assert names(events) == shapes.TEXT
    for first, second in PAIRS:
        assert only(events, first) == only(events, second)
    created, working, ended = (only(events, f"thread.run.{name}") for name in ("created", "in_progress", "completed"))
    assert list(created) == list(working) == list(ended) == shapes.RUN
    assert (created["status"], created["started_at"], created["usage"]) == ("queued", None, None)
    assert created["tool_resources"] == {"code_interpreter": {"file_ids": []}}
    assert working["status"] == "in_progress" and working["started_at"]
    assert (ended["status"], ended["expires_at"]) == ("completed", None)
    assert ended["completed_at"] and ended["usage"]["total_tokens"] > 0


def test_the_step_and_the_message_of_a_plain_text(place: Place) -> None:
    events = streamed(place, "create", **started(place, "Hello"))
    made, done = only(events, "thread.run.step.created"), only(events, "thread.run.step.completed")
    for step in (made, done):
        assert [key for key in step if key not in shapes.STEP_EXTRA] == shapes.STEP
    assert (made["type"], made["status"], made["usage"]) == ("message_creation", "in_progress", None)
    run = only(events, "thread.run.created")
    assert made["expires_at"] == done["expires_at"] == run["expires_at"]
    assert done["usage"] == only(events, "thread.run.completed")["usage"]
    opened, closed = only(events, "thread.message.created"), only(events, "thread.message.completed")
    assert list(opened) == list(closed) == shapes.MESSAGE_EVENT
    assert (opened["status"], opened["content"]) == ("in_progress", [])
    assert made["step_details"]["message_creation"] == {"message_id": opened["id"]}
    assert closed["status"] == "completed" and closed["completed_at"]
    assert closed["content"] == [{"type": "text", "text": {"value": "Hello there, my friend.", "annotations": []}}]


def test_the_deltas_of_a_text(place: Place) -> None:
    events = streamed(place, "create", **started(place, "Hello"))
    deltas = of(events, "thread.message.delta")
    assert len(deltas) > 2, "as they arrive, not in one piece"
    for delta in deltas:
        assert list(delta) == ["id", "object", "delta"]
        assert (delta["id"], delta["object"]) == (deltas[0]["id"], "thread.message.delta")
        assert list(delta["delta"]) == ["content"], "no role (§8.2)"
    first, *rest = [delta["delta"]["content"] for delta in deltas]
    assert first == [{"index": 0, "type": "text", "text": {"value": first[0]["text"]["value"], "annotations": []}}]
    for content in rest:
        assert content == [{"index": 0, "type": "text", "text": {"value": content[0]["text"]["value"]}}]
    pieces = [content[0]["text"]["value"] for content in [first, *rest]]
    assert "".join(pieces) == "Hello there, my friend."


def test_function_calls(place: Place) -> None:
    events = streamed(place, "create", **started(place, "What is the weather?", tools=TOOLS))
    assert names(events) == shapes.CALLS
    opened = only(events, "thread.run.step.created")
    assert opened == only(events, "thread.run.step.in_progress")
    assert opened["step_details"] == {"type": "tool_calls", "tool_calls": []}
    asked = only(events, "thread.run.requires_action")
    assert (asked["status"], asked["usage"]) == ("requires_action", None) and asked["expires_at"]
    deltas = of(events, "thread.run.step.delta")
    calls = []
    for delta in deltas:
        assert list(delta) == ["id", "object", "delta"] and delta["id"] == opened["id"]
        assert list(delta["delta"]["step_details"]) == ["type", "tool_calls"]
        (call,) = delta["delta"]["step_details"]["tool_calls"]
        calls.append(call)
    wanted = asked["required_action"]["submit_tool_outputs"]["tool_calls"]
    for index, want in enumerate(wanted):
        first, *rest = [call for call in calls if call["index"] == index]
        function = {"name": want["function"]["name"], "arguments": "", "output": None}
        assert first == {"index": index, "id": want["id"], "type": "function", "function": function}
        assert all(
            call == {"index": index, "type": "function", "function": {"arguments": call["function"]["arguments"]}}
            for call in rest
        )
        assert "".join(call["function"]["arguments"] for call in rest) == want["function"]["arguments"]
    assert [call["index"] for call in calls] == sorted(call["index"] for call in calls)


def test_outputs_are_answered_by_a_stream(place: Place) -> None:
    run = place.asking()
    events = streamed(place, "submit_tool_outputs", run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run))
    assert names(events) == shapes.AFTER_OUTPUTS
    tools, message = of(events, "thread.run.step.completed")
    assert [call["function"]["output"] for call in tools["step_details"]["tool_calls"]] == ["57", "0.06"]
    assert tools["usage"]["total_tokens"] > 0 and tools["completed_at"] and tools["expires_at"] == run.expires_at
    queued, ended = only(events, "thread.run.queued"), only(events, "thread.run.completed")
    assert (queued["started_at"], queued["required_action"]) == (run.started_at, None)
    total = tools["usage"]["total_tokens"] + message["usage"]["total_tokens"]
    assert ended["usage"]["total_tokens"] == total


def test_a_text_before_the_calls_is_a_step_of_its_own(place: Place) -> None:
    events = streamed(place, "create", **started(place, "talk, then weather", tools=TOOLS))
    assert names(events) == [*shapes.BORN, *shapes.MESSAGE_STEP, *shapes.CALLS[3:]]


def test_a_thread_and_its_run(place: Place) -> None:
    thread = {"messages": [{"role": "user", "content": "Hello"}]}
    create, assistant = "create_and_run", place.assistant()
    events = streamed(place, create, place.beta.threads, assistant_id=assistant.id, thread=thread)
    assert names(events) == ["thread.created", *shapes.TEXT]
    made = only(events, "thread.created")
    assert list(made) == shapes.THREAD
    assert made["tool_resources"] == {"code_interpreter": {"file_ids": []}}


def test_a_budget_stop(place: Place) -> None:
    events = streamed(place, "create", **started(place, "long story"))
    tail = ["thread.message.delta", "thread.message.incomplete", "thread.run.step.completed", "thread.run.incomplete"]
    assert names(events)[-5:] == [*tail, "done"]
    assert only(events, "thread.message.incomplete")["incomplete_details"] == {"reason": "max_tokens"}
    assert only(events, "thread.run.incomplete")["incomplete_details"] == {"reason": "max_completion_tokens"}


def test_a_failure_half_way(place: Place) -> None:
    events = streamed(place, "create", **started(place, "crash"))
    tail = ["thread.message.delta", "thread.message.incomplete", "thread.run.step.failed", "thread.run.failed", "done"]
    assert names(events)[-5:] == tail
    assert only(events, "thread.message.incomplete")["incomplete_details"] == {"reason": "run_failed"}
    assert only(events, "thread.run.failed")["last_error"]["code"] == "server_error"


def test_a_failure_before_anything(place: Place) -> None:
    events = streamed(place, "create", **started(place, "rate limit"))
    assert names(events) == [*shapes.BORN, "thread.run.failed", "done"]


def test_a_cancel_while_it_streams(place: Place) -> None:
    given = started(place, "slowly")
    with place.beta.threads.runs.stream(**given) as stream:
        seen: list[Any] = []
        for event in stream:
            seen.append((event.event, event.data))
            if event.event == "thread.message.delta" and len(of(seen, "thread.message.delta")) == 1:
                run_id = only(seen, "thread.run.created").id
                place.beta.threads.runs.cancel(run_id, thread_id=given["thread_id"])
    tail = ["thread.run.cancelling", "thread.message.incomplete", "thread.run.step.cancelled", "thread.run.cancelled"]
    assert names(seen)[-4:] == tail
    message = only(seen, "thread.message.incomplete")
    assert message.incomplete_details.reason == "run_cancelled"
    pieces = [delta.delta.content[0].text.value for delta in of(seen, "thread.message.delta")]
    assert message.content[0].text.value == "".join(pieces) != ""


def test_leaving_a_stream_does_not_stop_its_run(place: Place) -> None:
    given = started(place, "a moment")
    stream = place.beta.threads.runs.create(stream=True, **given)
    run_id = next(iter(stream)).data.id
    stream.close()
    run = place.beta.threads.runs.poll(run_id, thread_id=given["thread_id"])
    assert run.status == "completed"


def test_errors_before_a_stream_are_json(place: Place) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        place.beta.threads.runs.create("thread_nope", assistant_id=place.assistant().id, stream=True)
    assert caught.value.response.headers["content-type"] == "application/json"


# --- the SDK's own reading


def test_stream_true_gives_events_with_objects(place: Place) -> None:
    stream = place.beta.threads.runs.create(stream=True, **started(place, "Hello"))
    events = [(event.event, event.data) for event in stream]
    assert names(events) == shapes.TEXT[:-1]
    assert only(events, "thread.run.completed").usage.total_tokens > 0


def test_submit_with_stream_true(place: Place) -> None:
    run = place.asking()
    stream = place.beta.threads.runs.submit_tool_outputs(
        run.id, thread_id=run.thread_id, tool_outputs=outputs(run), stream=True
    )
    assert names([(event.event, event.data) for event in stream]) == shapes.AFTER_OUTPUTS[:-1]


def test_create_and_run_with_stream_true(place: Place) -> None:
    thread = {"messages": [{"role": "user", "content": "Hello"}]}
    stream = place.beta.threads.create_and_run(assistant_id=place.assistant().id, thread=thread, stream=True)
    assert names([(event.event, event.data) for event in stream]) == ["thread.created", *shapes.TEXT[:-1]]


def test_the_final_run_messages_and_steps(place: Place) -> None:
    with place.beta.threads.runs.stream(**started(place, "Hello")) as stream:
        run = stream.get_final_run()
        (message,) = stream.get_final_messages()
        (step,) = stream.get_final_run_steps()
    assert run.status == "completed"
    assert message.content[0].text.value == "Hello there, my friend."
    assert step.step_details.message_creation.message_id == message.id
    assert message == place.beta.threads.messages.retrieve(message.id, thread_id=run.thread_id)


def test_the_accumulated_calls_are_those_the_run_asks_for(place: Place) -> None:
    with place.beta.threads.runs.stream(**started(place, "What is the weather?", tools=TOOLS)) as stream:
        (step,) = stream.get_final_run_steps()
        run = stream.get_final_run()
    asked = run.required_action.submit_tool_outputs.tool_calls
    assert [(c.id, c.function.name, c.function.arguments) for c in step.step_details.tool_calls] == [
        (c.id, c.function.name, c.function.arguments) for c in asked
    ]


def test_text_deltas(place: Place) -> None:
    with place.beta.threads.runs.stream(**started(place, "Hello")) as stream:
        assert "".join(stream.text_deltas) == "Hello there, my friend."


def test_until_done_and_what_is_current_meanwhile(place: Place) -> None:
    current: list[Any] = []

    def on_text_delta(handler: Any, delta: Any, snapshot: Any) -> None:
        message, step = handler.current_message_snapshot, handler.current_run_step_snapshot
        current.append((handler.current_run.status, message.role, step.type, handler.current_event.event))

    handler = place.client.recorder({"on_text_delta": on_text_delta})
    with place.beta.threads.runs.stream(event_handler=handler, **started(place, "Hello")) as stream:
        stream.until_done()
    assert set(current) == {("in_progress", "assistant", "message_creation", "thread.message.delta")}


def heard(handler: Any) -> list[str]:
    """The hooks that fired, in their order, a row of one told once."""
    found: list[str] = []
    for name, *_ in handler.heard:
        if name != "on_event" and found[-1:] != [name]:
            found.append(name)
    return found


def test_the_hooks_of_a_text(place: Place) -> None:
    handler = place.client.recorder()
    with place.beta.threads.runs.stream(event_handler=handler, **started(place, "Hello")) as stream:
        stream.until_done()
    once = [name for name in heard(handler) if name not in ("on_text_delta", "on_message_delta")]
    assert once == [
        "on_run_step_created",
        "on_message_created",
        "on_text_created",
        "on_text_done",
        "on_message_done",
        "on_run_step_done",
        "on_end",
    ]
    deltas = [args[0].value for name, *args in handler.heard if name == "on_text_delta"]
    assert "".join(deltas) == "Hello there, my friend."
    events = [args[0].event for name, *args in handler.heard if name == "on_event"]
    assert names([(event, None) for event in events]) == shapes.TEXT[:-1]


def test_the_hooks_of_calls(place: Place) -> None:
    handler = place.client.recorder()
    given = started(place, "What is the weather?", tools=TOOLS)
    with place.beta.threads.runs.stream(event_handler=handler, **given) as stream:
        stream.until_done()
    created = [args[0].function.name for name, *args in handler.heard if name == "on_tool_call_created"]
    done = [args[0].function for name, *args in handler.heard if name == "on_tool_call_done"]
    assert created == [function.name for function in done] == ["get_temperature", "get_rain"]
    assert json.loads(done[0].arguments) == {"city": "San Francisco, CA"}
    assert {"on_run_step_created", "on_run_step_delta", "on_tool_call_delta", "on_end"} <= set(heard(handler))


def test_a_failing_handler_hears_of_its_exception(place: Place) -> None:
    def on_text_delta(handler: Any, delta: Any, snapshot: Any) -> None:
        raise ValueError("mine")

    handler = place.client.recorder({"on_text_delta": on_text_delta})
    given = started(place, "Hello")
    with (
        pytest.raises(ValueError, match="mine"),
        place.beta.threads.runs.stream(event_handler=handler, **given) as stream,
    ):
        stream.until_done()
    assert "on_exception" in heard(handler)
    (run,) = place.beta.threads.runs.list(given["thread_id"]).data
    assert place.beta.threads.runs.poll(run.id, thread_id=run.thread_id).status == "completed"


def test_outputs_are_submitted_from_within_the_handler(place: Place) -> None:
    """The guide's own shape: a stream opened while another is being read."""
    said: list[str] = []

    def on_event(handler: Any, event: Any) -> Any:
        if event.event != "thread.run.requires_action":
            return None
        submit = place.client.sdk.beta.threads.runs.submit_tool_outputs_stream
        manager = submit(
            run_id=event.data.id,
            thread_id=event.data.thread_id,
            tool_outputs=outputs(event.data),
            event_handler=place.client.recorder(),
        )
        if not place.client.is_async:
            with manager as stream:
                said.extend(stream.text_deltas)
            return None

        async def answer() -> None:
            async with manager as stream:
                async for text in stream.text_deltas:
                    said.append(text)

        return answer()

    handler = place.client.recorder({"on_event": on_event})
    given = started(place, "What is the weather?", tools=TOOLS)
    with place.beta.threads.runs.stream(event_handler=handler, **given) as stream:
        stream.until_done()
    assert "".join(said) == "It is 57 degrees, the chance of rain is 0.06."


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # create_and_stream is stream's old name
def test_the_other_stream_helpers(place: Place) -> None:
    given = started(place, "What is the weather?", tools=TOOLS)
    handler = place.client.recorder()
    with place.beta.threads.runs.create_and_stream(event_handler=handler, **given) as stream:
        run = stream.get_final_run()
    submit = place.beta.threads.runs.submit_tool_outputs_stream
    with submit(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)) as stream:
        assert stream.get_final_run().status == "completed"
    thread = {"messages": [{"role": "user", "content": "Hello"}]}
    with place.beta.threads.create_and_run_stream(assistant_id=given["assistant_id"], thread=thread) as stream:
        assert "".join(stream.text_deltas) == "Hello there, my friend."
