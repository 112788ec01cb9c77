"""Assistants, threads and messages: made, read, changed, deleted; the raw JSON of each (assistants-wire §2-§4)."""

from __future__ import annotations

import time
from typing import Any

import openai
import pytest

from doors.surface import sdk
from doors.surface.places import TOOLS, Place
from doors.surface.shapes import ASSISTANT, MESSAGE, MESSAGE_EXTRA, THREAD, raw

# --- assistants


def test_an_assistant_of_a_model_alone_has_all_keys_with_their_defaults(place: Place) -> None:
    answer = raw(place.beta.assistants.with_raw_response.create(model="gpt-4o"))
    assert list(answer) == ASSISTANT
    assert answer.pop("id").startswith("asst_")
    assert abs(answer.pop("created_at") - time.time()) < 10
    assert answer == {
        "object": "assistant",
        "name": None,
        "description": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "top_p": 1.0,
        "temperature": 1.0,
        "reasoning_effort": None,
        "tool_resources": {},
        "metadata": {},
        "response_format": "auto",
    }


def test_the_json_is_indented_and_its_decimals_stay_decimals(place: Place) -> None:
    answer = place.beta.assistants.with_raw_response.create(model="gpt-4o", temperature=1)
    text = answer.http_response.text
    assert text.startswith('{\n  "id": "asst_')
    assert '"temperature": 1.0,' in text and '"top_p": 1.0,' in text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["openai-version"] == "2020-10-01"
    assert answer.headers["x-request-id"].startswith("req_")


def test_function_tools_come_back_with_strict_and_parameters(place: Place) -> None:
    tools: list[Any] = [{"type": "function", "function": {"name": "ping"}}, {"type": "code_interpreter"}]
    answer = raw(place.beta.assistants.with_raw_response.create(model="gpt-4o", tools=tools))
    function = answer["tools"][0]["function"]
    assert (function["name"], function["strict"]) == ("ping", False)
    assert function["parameters"] == {"type": "object", "properties": {}}
    assert answer["tools"][1] == {"type": "code_interpreter"}
    assert answer["tool_resources"] == {"code_interpreter": {"file_ids": []}}


def test_modify_keeps_what_is_omitted_and_replaces_tools_and_metadata_whole(place: Place) -> None:
    before = place.assistant(name="Before", tools=TOOLS, metadata={"a": "1", "b": "2"})
    after = place.beta.assistants.update(before.id, name="After", tools=TOOLS[:1], metadata={"c": "3"})
    assert (after.name, after.instructions, after.metadata) == ("After", "Be brief.", {"c": "3"})
    assert [tool.function.name for tool in after.tools] == ["get_temperature"]
    assert place.beta.assistants.retrieve(before.id) == after


def test_modify_with_null_clears_and_omitted_does_not(place: Place) -> None:
    before = place.assistant(name="Before", description="Something")
    after = place.beta.assistants.update(before.id, name=None)
    assert (after.name, after.description) == (None, "Something")


def test_what_was_read_may_be_sent_back(place: Place) -> None:
    """With the nulls that the SDK's objects have for what is not there (AutoGen and Agency Swarm do that)."""
    searching = place.assistant(tools=[{"type": "file_search"}])
    resources: Any = searching.tool_resources.model_dump()
    assert resources["code_interpreter"] is None
    tools: Any = [tool.model_dump(exclude_unset=True) for tool in searching.tools]
    assert place.beta.assistants.update(searching.id, tools=tools, tool_resources=resources) == searching
    nothing: Any = {"code_interpreter": None, "file_search": None}
    thread = place.beta.threads.create(tool_resources=nothing)
    read: Any = place.beta.threads.retrieve(thread.id).tool_resources.model_dump()
    assert place.beta.threads.update(thread.id, tool_resources=read).id == thread.id


def test_a_deleted_assistant_is_gone_everywhere(place: Place) -> None:
    assistant, thread = place.assistant(), place.thread("Hello")
    answer = raw(place.beta.assistants.with_raw_response.delete(assistant.id))
    assert answer == {"id": assistant.id, "object": "assistant.deleted", "deleted": True}
    for call in (
        lambda: place.beta.assistants.retrieve(assistant.id),
        lambda: place.beta.assistants.update(assistant.id, name="x"),
        lambda: place.beta.assistants.delete(assistant.id),
        lambda: place.beta.threads.runs.create(thread.id, assistant_id=assistant.id),
    ):
        with pytest.raises(openai.NotFoundError, match=f"No assistant found with id '{assistant.id}'"):
            call()


# --- threads


def test_a_thread_has_no_tool_resources_when_made_and_the_default_when_read(place: Place) -> None:
    made = raw(place.beta.threads.with_raw_response.create(metadata={"k": "v"}))
    assert list(made) == THREAD
    assert (made["object"], made["metadata"], made["tool_resources"]) == ("thread", {"k": "v"}, {})
    read = raw(place.beta.threads.with_raw_response.retrieve(made["id"]))
    assert read == {**made, "tool_resources": {"code_interpreter": {"file_ids": []}}}


def test_a_thread_is_modified_and_deleted(place: Place) -> None:
    thread = place.thread()
    changed = place.beta.threads.update(thread.id, metadata={"user": "7"})
    assert changed.metadata == {"user": "7"} and place.beta.threads.retrieve(thread.id).metadata == {"user": "7"}
    answer = raw(place.beta.threads.with_raw_response.delete(thread.id))
    assert answer == {"id": thread.id, "object": "thread.deleted", "deleted": True}
    for call in (
        lambda: place.beta.threads.retrieve(thread.id),
        lambda: place.beta.threads.messages.list(thread.id),
        lambda: place.beta.threads.messages.create(thread.id, role="user", content="x"),
        lambda: place.beta.threads.runs.list(thread.id),
    ):
        with pytest.raises(openai.NotFoundError, match=f"No thread found with id '{thread.id}'"):
            call()


# --- messages


def test_a_message_of_a_text_is_a_text_part_with_annotations(place: Place) -> None:
    thread = place.thread()
    create = place.beta.threads.messages.with_raw_response.create
    answer = raw(create(thread.id, role="user", content="Hello", metadata={"k": "v"}))
    assert [key for key in answer if key not in MESSAGE_EXTRA] == MESSAGE
    assert answer["id"].startswith("msg_") and answer["object"] == "thread.message"
    assert (answer["assistant_id"], answer["run_id"], answer["thread_id"]) == (None, None, thread.id)
    assert answer["content"] == [{"type": "text", "text": {"value": "Hello", "annotations": []}}]
    assert (answer["role"], answer["attachments"], answer["metadata"]) == ("user", [], {"k": "v"})
    assert raw(place.beta.threads.messages.with_raw_response.retrieve(answer["id"], thread_id=thread.id)) == answer


def test_parts_go_in_with_plain_texts_and_come_out_as_objects(place: Place) -> None:
    content: Any = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    message = place.beta.threads.messages.create(place.thread().id, role="user", content=content)
    assert [part.to_dict() for part in message.content] == [
        {"type": "text", "text": {"value": "What is this?", "annotations": []}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "auto"}},
    ]


def test_a_client_made_assistant_message_belongs_to_no_assistant(place: Place) -> None:
    message = place.beta.threads.messages.create(place.thread().id, role="assistant", content="I said this.")
    assert (message.role, message.assistant_id, message.run_id) == ("assistant", None, None)


@sdk.needs(sdk.DELETES_MESSAGES, "messages.delete")
def test_a_message_is_modified_in_its_metadata_and_deleted(place: Place) -> None:
    thread = place.thread("one", "two")
    newest = place.beta.threads.messages.list(thread.id).data[0]
    changed = place.beta.threads.messages.update(newest.id, thread_id=thread.id, metadata={"k": "v"})
    assert changed.metadata == {"k": "v"} and changed.content == newest.content
    delete = place.beta.threads.messages.with_raw_response.delete
    answer = raw(delete(newest.id, thread_id=thread.id))
    assert answer == {"id": newest.id, "object": "thread.message.deleted", "deleted": True}
    assert [m.content[0].text.value for m in place.beta.threads.messages.list(thread.id).data] == ["one"]
    with pytest.raises(openai.NotFoundError, match=f"No message found with id '{newest.id}'"):
        place.beta.threads.messages.retrieve(newest.id, thread_id=thread.id)


def test_a_message_of_another_thread_is_not_found(place: Place) -> None:
    thread, other = place.thread("one"), place.thread()
    message = place.beta.threads.messages.list(thread.id).data[0]
    with pytest.raises(openai.NotFoundError, match=f"No message found with id '{message.id}'"):
        place.beta.threads.messages.retrieve(message.id, thread_id=other.id)
