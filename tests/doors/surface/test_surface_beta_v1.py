"""Habits of the first beta, converted: `retrieval`, `file_ids`, its header (docs/beta-v1.md)."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from doors.surface.places import Place

CODE, RETRIEVAL = {"type": "code_interpreter"}, {"type": "retrieval"}
FUNCTION = {"type": "function", "function": {"name": "look"}}
V1 = {"OpenAI-Beta": "assistants=v1"}
BOTH = ["code_interpreter", "file_search"]


@pytest.fixture
def settings() -> dict[str, str]:
    return {"BRIDGE_BETA_V1": "convert"}


@pytest.fixture
def text(place: Place) -> str:
    return place.scripted.add_file("dog.txt", b"The dog is brown.")


@pytest.fixture
def table(place: Place) -> str:
    return place.scripted.add_file("table.csv", b"x,y")


def with_files(place: Place, tools: list[dict[str, Any]], *files: str) -> Any:
    return place.assistant(tools=tools, extra_body={"file_ids": list(files)}, extra_headers=V1)


def searched(place: Place, thing: Any) -> list[str]:
    """The files that file_search finds for an assistant or a thread."""
    resources = thing.tool_resources.file_search
    ids = resources.vector_store_ids if resources is not None else []
    return [file["id"] for id in ids for file in place.scripted.hosted.stores.files(id)]


def interpreted(thing: Any) -> list[str]:
    resources = thing.tool_resources.code_interpreter
    return [] if resources is None else list(resources.file_ids)


def user(content: str, *files: str) -> dict[str, Any]:
    return {"role": "user", "content": content, "file_ids": list(files)}


# --- assistants


def test_a_program_of_the_first_beta(place: Place, text: str) -> None:
    """As it stood in the guides of those days, but for the keyword that today's SDK does not have."""
    assistant = with_files(place, [RETRIEVAL], text)
    assert [tool.type for tool in assistant.tools] == ["file_search"]
    thread = place.beta.threads.create(extra_headers=V1)
    place.beta.threads.messages.create(thread.id, role="user", content="search: which colour?", extra_headers=V1)
    run = place.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, extra_headers=V1)
    assert run.status == "completed", run
    (answer,) = place.beta.threads.messages.list(thread.id, limit=1, extra_headers=V1).data
    assert answer.content[0].text.value == "The dog is brown【0:0†dog.txt】."
    assert answer.content[0].text.annotations[0].file_citation.to_dict() == {"file_id": text, "quote": ""}
    (answer,) = place.beta.threads.messages.list(thread.id, limit=1).data
    assert answer.content[0].text.annotations[0].file_citation.to_dict() == {"file_id": text}


def test_files_go_to_the_tools_that_the_assistant_has(place: Place, text: str, table: str) -> None:
    searching = with_files(place, [RETRIEVAL], text)
    coding = with_files(place, [CODE, FUNCTION], text, table)
    doing_both = with_files(place, [CODE, RETRIEVAL], text, table)
    assert (searched(place, searching), interpreted(searching)) == ([text], [])
    assert (searched(place, coding), interpreted(coding)) == ([], [text, table])
    assert (searched(place, doing_both), interpreted(doing_both)) == ([text], [text, table])


def test_a_file_that_retrieval_could_not_read_is_refused_in_the_old_words(place: Place, table: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        with_files(place, [RETRIEVAL], table)
    assert caught.value.body == {
        "message": "Files with extensions [.csv] are not supported for retrieval. "
        "See https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
        "type": "invalid_request_error",
        "param": "file_ids",
        "code": "unsupported_file",
    }


def test_files_without_a_tool_are_told_as_lost(place: Place, text: str) -> None:
    create = place.beta.assistants.with_raw_response.create
    answer = create(model="gpt-4o", tools=[FUNCTION], extra_body={"file_ids": [text]})
    assert answer.headers["bridge-degraded"] == "file_ids"
    assert answer.http_response.json()["tool_resources"] == {}
    assert "bridge-degraded" not in create(model="gpt-4o", tools=[CODE], extra_body={"file_ids": [text]}).headers


def test_modifying_files_replaces_them(place: Place, text: str, table: str) -> None:
    update = place.beta.assistants.update
    assistant = with_files(place, [CODE, RETRIEVAL], text)
    changed = update(assistant.id, extra_body={"file_ids": [table]}, extra_headers=V1)
    assert (searched(place, changed), interpreted(changed)) == ([], [table])
    changed = update(assistant.id, extra_body={"file_ids": [text, table]})
    assert (searched(place, changed), interpreted(changed)) == ([text], [text, table])
    changed = update(assistant.id, tools=[RETRIEVAL], extra_body={"file_ids": [text]})
    assert (searched(place, changed), interpreted(changed)) == ([text], [])
    changed = update(assistant.id, extra_body={"file_ids": []})
    assert (searched(place, changed), interpreted(changed)) == ([], [])
    assert place.beta.assistants.retrieve(assistant.id).tool_resources == changed.tool_resources


def test_modifying_what_is_not_there_makes_nothing(place: Place, text: str) -> None:
    before = len(place.scripted.vector_stores)
    with pytest.raises(openai.NotFoundError, match="No assistant found with id 'asst_none'"):
        place.beta.assistants.update("asst_none", tools=[RETRIEVAL], extra_body={"file_ids": [text]})
    assert len(place.scripted.vector_stores) == before


# --- messages


def kind_of(tool: Any) -> str:
    """Of an attachment's tool, which SDKs of early 1.x leave as it is in the JSON."""
    found: str = tool["type"] if isinstance(tool, dict) else tool.type
    return found


def test_a_message_s_files_are_attached_for_both_tools_if_they_can_be(place: Place, text: str, table: str) -> None:
    thread = place.thread()
    extra = {"file_ids": [text, table]}
    message = place.beta.threads.messages.create(thread.id, role="user", content="Look.", extra_body=extra)
    assert [(each.file_id, [kind_of(tool) for tool in each.tools]) for each in message.attachments] == [
        (text, BOTH),
        (table, ["code_interpreter"]),
    ]
    thread = place.beta.threads.retrieve(thread.id)
    assert (searched(place, thread), interpreted(thread)) == ([text], [text, table])


def test_a_message_s_file_is_searched_by_whatever_assistant_comes(place: Place, text: str) -> None:
    thread = place.beta.threads.create(messages=[user("search: which colour?", text)])
    assistant = place.assistant(tools=[RETRIEVAL])
    run = place.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    (answer,) = place.beta.threads.messages.list(run.thread_id, limit=1).data
    assert answer.content[0].text.value == "The dog is brown【0:0†dog.txt】."


def test_files_come_with_every_call_that_takes_messages(place: Place, text: str, table: str) -> None:
    assistant = place.assistant()
    thread = place.beta.threads.create(messages=[user("Hello", text), user("Hello again", table)])
    assert (searched(place, thread), interpreted(thread)) == ([text], [text, table])

    run = place.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, tools=[RETRIEVAL], thread={"messages": [user("Hello", table)]}
    )
    assert (run.status, [tool.type for tool in run.tools]) == ("completed", ["file_search"])
    assert interpreted(place.beta.threads.retrieve(run.thread_id)) == [table]

    run = place.beta.threads.runs.create_and_poll(
        thread_id=place.thread().id, assistant_id=assistant.id, additional_messages=[user("Hello", text)]
    )
    assert searched(place, place.beta.threads.retrieve(run.thread_id)) == [text]


def test_files_that_are_not_there(place: Place) -> None:
    thread = place.thread()
    extra = {"file_ids": ["file-none"]}
    for tools in ([RETRIEVAL], [CODE, RETRIEVAL]):
        with pytest.raises(openai.NotFoundError, match="The following files were not found: file-none"):
            place.assistant(tools=tools, extra_body=extra)
    with pytest.raises(openai.NotFoundError, match="The following files were not found: file-none"):
        place.beta.threads.messages.create(thread.id, role="user", content="Look.", extra_body=extra)
    assert place.beta.threads.messages.list(thread.id).data == []


def test_one_way_or_the_other(place: Place, text: str) -> None:
    resources = {"code_interpreter": {"file_ids": [text]}}
    with pytest.raises(openai.BadRequestError) as caught:
        place.assistant(tools=[CODE], tool_resources=resources, extra_body={"file_ids": [text]})
    assert (caught.value.code, caught.value.param) == ("mutually_exclusive_parameters", "file_ids")


# --- what is gone


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/assistants/{assistant}/files"),
        ("POST", "/assistants/{assistant}/files"),
        ("GET", "/assistants/{assistant}/files/file-a"),
        ("DELETE", "/assistants/{assistant}/files/file-a"),
        ("GET", "/threads/thread_a/messages/msg_a/files"),
        ("GET", "/threads/thread_a/messages/msg_a/files/file-a"),
    ],
)
def test_endpoints_of_files_tell_the_way_out(place: Place, method: str, path: str) -> None:
    path = path.format(assistant=place.assistant().id)
    call = getattr(place.client.sdk, method.lower())
    with pytest.raises(openai.NotFoundError) as caught:
        place.client.lead(call(path, cast_to=object, options={"headers": V1}))
    assert caught.value.body["message"] == (  # type: ignore[index]
        f"Invalid URL ({method} /v1{path}). Files belong to tools since the second beta: an assistant's are in its "
        "tool_resources, those of a message in its attachments."
    )


def test_the_sdk_itself_has_no_file_ids(place: Place) -> None:
    """The words that people search for; docs/beta-v1.md has them, and the way out."""
    with pytest.raises(TypeError, match=r"Assistants\.create\(\) got an unexpected keyword argument 'file_ids'"):
        place.beta.assistants.create(model="gpt-4o", file_ids=["file-a"])
