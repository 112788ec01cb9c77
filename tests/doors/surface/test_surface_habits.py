"""What programs are used to (assistants-wire §10.4), each habit written as programs write it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import openai
import pytest

from doors.surface.places import TOOLS, Place, outputs


def the_answer_is_the_newest_message(place: Place) -> None:
    run = place.run("Hello")
    newest = place.beta.threads.messages.list(run.thread_id, limit=1).data[0]
    assert newest.content[0].text.value == "Hello there, my friend."


def messages_are_filtered_by_their_run(place: Place) -> None:
    run = place.run("Hello")
    mine = [m for m in place.beta.threads.messages.list(run.thread_id) if m.run_id == run.id]
    assert [m.role for m in mine] == ["assistant"]


def answers_are_collected_until_the_first_user_message(place: Place) -> None:
    run, answers = place.run("two answers"), []
    for message in place.beta.threads.messages.list(run.thread_id):
        if message.role == "user":
            break
        answers.append(message.content[0].text.value)
    assert answers[::-1] == ["The first.", "The second."]


def arguments_are_json(place: Place) -> None:
    calls = place.asking().required_action.submit_tool_outputs.tool_calls
    assert json.loads(calls[0].function.arguments) == {"city": "San Francisco, CA"}
    assert json.loads(calls[1].function.arguments) == {}


def outputs_come_in_any_order(place: Place) -> None:
    run = place.asking()
    run = place.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)[::-1]
    )
    assert run.status == "completed"


def outputs_that_are_no_strings_are_an_error(place: Place) -> None:
    run = place.asking()
    wrong: Any = [{"tool_call_id": output["tool_call_id"], "output": 57} for output in outputs(run)]
    with pytest.raises(openai.BadRequestError) as caught:
        place.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=wrong)
    assert (caught.value.code, caught.value.param) == ("invalid_type", "tool_outputs[0].output")


def a_failed_tool_means_cancel_and_go_on(place: Place) -> None:
    run = place.asking()
    place.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    while place.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status != "cancelled":
        time.sleep(0.02)
    place.beta.threads.messages.create(run.thread_id, role="user", content="Never mind, hello")
    again = place.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)
    assert again.status == "completed"


def the_active_run_is_found_by_listing(place: Place) -> None:
    run = place.asking()
    assert place.beta.threads.runs.list(run.thread_id, limit=1).data[0].status == "requires_action"


def metadata_is_storage(place: Place) -> None:
    metadata = {f"key-{n}" + "k" * 58: "v" * 512 for n in range(9)}
    thread = place.beta.threads.create(metadata=metadata)
    assert place.beta.threads.retrieve(thread.id).metadata == metadata


def a_thread_keeps_the_order_it_was_made_with(place: Place) -> None:
    thread = place.thread(*(f"m{n}" for n in range(20)))
    page = place.beta.threads.messages.list(thread.id, order="asc")
    assert [m.content[0].text.value for m in page] == [f"m{n}" for n in range(20)]


def usage_is_counted_on_terminal_runs(place: Place) -> None:
    run = place.asking()
    assert run.usage is None
    run = place.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)
    )
    usage = run.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0


def editing_the_assistant_leaves_its_runs_alone(place: Place) -> None:
    run = place.asking()
    place.beta.assistants.delete(run.assistant_id)
    run = place.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)
    )
    assert run.status == "completed"


def a_loop_of_ones_own_polls(place: Place) -> None:
    assistant, thread = place.assistant(tools=TOOLS), place.thread("What is the weather?")
    run = place.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    seen = [run.status]
    while run.status in ("queued", "in_progress", "requires_action"):
        if run.status == "requires_action":
            place.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs(run))
        time.sleep(0.02)
        run = place.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
        seen.append(run.status)
    assert seen[0] == "queued" and seen[-1] == "completed" and "requires_action" in seen


def a_message_is_read_while_it_is_written(place: Place) -> None:
    assistant, thread = place.assistant(), place.thread("slowly")
    stream = place.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True)
    for event in stream:
        if event.event == "thread.message.created":
            break
    message = place.beta.threads.messages.retrieve(event.data.id, thread_id=thread.id)
    assert (message.role, message.run_id) == ("assistant", event.data.run_id)
    place.beta.threads.runs.cancel(event.data.run_id, thread_id=thread.id)
    stream.close()


def a_missing_thread_is_made_anew(place: Place) -> None:
    try:
        thread = place.beta.threads.retrieve("thread_gone")
    except openai.NotFoundError as error:
        assert "No thread found with id" in str(error)
        thread = place.beta.threads.create()
    assert thread.id


def the_conversation_is_remembered(place: Place) -> None:
    run = place.run("Hello")
    place.beta.threads.messages.create(run.thread_id, role="user", content="And again")
    place.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)
    sent = place.scripted.requests[-1]["input"]
    assert [item["role"] for item in sent if "role" in item] == ["user", "assistant", "user"]


def functions_are_seen_in_steps_only(place: Place) -> None:
    run = place.asking()
    run = place.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)
    )
    roles = [message.role for message in place.beta.threads.messages.list(run.thread_id)]
    assert roles == ["assistant", "user"]


HABITS = [
    the_answer_is_the_newest_message,
    messages_are_filtered_by_their_run,
    answers_are_collected_until_the_first_user_message,
    arguments_are_json,
    outputs_come_in_any_order,
    outputs_that_are_no_strings_are_an_error,
    a_failed_tool_means_cancel_and_go_on,
    the_active_run_is_found_by_listing,
    metadata_is_storage,
    a_thread_keeps_the_order_it_was_made_with,
    usage_is_counted_on_terminal_runs,
    editing_the_assistant_leaves_its_runs_alone,
    a_loop_of_ones_own_polls,
    a_message_is_read_while_it_is_written,
    a_missing_thread_is_made_anew,
    the_conversation_is_remembered,
    functions_are_seen_in_steps_only,
]


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.__name__)
def test_habit(place: Place, habit: Callable[[Place], None]) -> None:
    habit(place)
