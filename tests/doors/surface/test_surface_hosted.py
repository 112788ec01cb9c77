"""File search, code interpreter, attachments and files, as programs use them (assistants-wire §3.2, §4.3, §7.2)."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from doors.surface import sdk
from doors.surface.places import Place
from doors.surface.script import PNG, TABLE

SEARCH: list[dict[str, Any]] = [{"type": "file_search"}]
CODE: list[dict[str, Any]] = [{"type": "code_interpreter"}]
CONTENT = ["step_details.tool_calls[*].file_search.results[*].content"]


def attached(place: Place, text: str, *tools: str, content: bytes = b"The dog is brown.") -> dict[str, Any]:
    file_id = place.scripted.add_file("dog.txt", content)
    return {
        "role": "user",
        "content": text,
        "attachments": [{"file_id": file_id, "tools": [{"type": tool} for tool in tools]}],
    }


def answered(place: Place, text: str, tools: list[dict[str, Any]], *messages: dict[str, Any]) -> Any:
    """A run that has settled, on a thread of these messages or of one that says `text`."""
    thread = place.beta.threads.create(messages=list(messages) or [{"role": "user", "content": text}])
    assistant_id = place.assistant(tools=tools).id
    return place.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant_id)


def newest(place: Place, run: Any) -> Any:
    return place.beta.threads.messages.list(run.thread_id, limit=1).data[0]


def steps_of(place: Place, run: Any, **given: Any) -> list[Any]:
    return list(place.beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id, order="asc", **given))


# --- file search


def test_an_attachment_is_searched_and_cited(place: Place) -> None:
    run = answered(place, "", SEARCH, attached(place, "search: which colour has the dog?", "file_search"))
    assert run.status == "completed", run
    (text,) = [part.text for part in newest(place, run).content]
    (annotation,) = text.annotations
    assert text.value == "The dog is brown【0:0†dog.txt】."
    assert text.value[annotation.start_index : annotation.end_index] == annotation.text == "【0:0†dog.txt】"
    assert text.value.replace(annotation.text, " [0]") == "The dog is brown [0]."
    thread = place.beta.threads.retrieve(run.thread_id)
    assert len(thread.tool_resources.file_search.vector_store_ids) == 1


@sdk.needs(sdk.INCLUDES_RESULTS, "include of run steps")
def test_results_have_their_text_on_demand(place: Place) -> None:
    run = answered(place, "", SEARCH, attached(place, "search: which colour has the dog?", "file_search"))
    without, with_text = steps_of(place, run)[0], steps_of(place, run, include=CONTENT)[0]
    (result,) = without.step_details.tool_calls[0].file_search.results
    assert (result.file_name, result.content) == ("dog.txt", None)
    assert 0 <= result.score <= 1
    (result,) = with_text.step_details.tool_calls[0].file_search.results
    assert result.content[0].text == "The dog is brown."


def test_a_streamed_citation_is_the_final_one(place: Place) -> None:
    message = attached(place, "search: which colour has the dog?", "file_search")
    assistant = place.assistant(tools=SEARCH)
    streamed = ""
    with place.beta.threads.create_and_run_stream(assistant_id=assistant.id, thread={"messages": [message]}) as stream:
        for event in stream:
            if event.event == "thread.message.delta":
                streamed += event.data.delta.content[0].text.value
        (snapshot,) = stream.get_final_messages()
    final = snapshot.content[0].text
    assert streamed == final.value == "The dog is brown【0:0†dog.txt】."
    assert final.annotations[0].text == "【0:0†dog.txt】"


def test_a_store_described_in_passing_is_made(place: Place) -> None:
    file_id = place.scripted.add_file("dog.txt", b"The dog is brown.")
    described: Any = {"file_search": {"vector_stores": [{"file_ids": [file_id]}]}}
    assistant = place.assistant(tools=SEARCH, tool_resources=described)
    (store_id,) = assistant.tool_resources.file_search.vector_store_ids
    assert sdk.vector_stores(place.client).retrieve(store_id).file_counts.total == 1
    run = place.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "search: the dog?"}]}
    )
    assert newest(place, run).content[0].text.value == "The dog is brown【0:0†dog.txt】."


def test_searching_without_a_store_is_tolerated(place: Place) -> None:
    run = answered(place, "Hello", SEARCH)
    assert (run.status, len(steps_of(place, run))) == ("completed", 1)


def test_an_unknown_file_is_told_in_the_old_words(place: Place) -> None:
    wrong: Any = [{"file_id": "file-nowhere", "tools": [{"type": "file_search"}]}]
    with pytest.raises(openai.NotFoundError, match="were not found: file-nowhere"):
        place.beta.threads.create(messages=[{"role": "user", "content": "Hi", "attachments": wrong}])


# --- code interpreter


def test_what_the_code_made_is_shown_and_downloads(place: Place) -> None:
    run = answered(place, "plot it", CODE)
    assert run.status == "completed", run
    image, text = newest(place, run).content
    (annotation,) = text.text.annotations
    assert (image.type, annotation.text) == ("image_file", "sandbox:/mnt/data/table.csv")
    assert place.client.files.content(image.image_file.file_id).read() == PNG
    assert place.client.files.content(annotation.file_path.file_id).read() == TABLE
    told = place.client.files.retrieve(annotation.file_path.file_id)
    assert (told.filename, told.bytes, told.purpose) == ("table.csv", len(TABLE), "assistants_output")
    (call,) = steps_of(place, run)[0].step_details.tool_calls
    assert call.code_interpreter.input == "plot()"
    logs, drawn = call.code_interpreter.outputs
    assert (logs.logs, drawn.image.file_id) == ("drawn", image.image_file.file_id)


def test_it_streams_in_the_old_order(place: Place) -> None:
    assistant = place.assistant(tools=CODE)
    thread: Any = {"messages": [{"role": "user", "content": "plot it"}]}
    with place.beta.threads.create_and_run_stream(assistant_id=assistant.id, thread=thread) as stream:
        events = [event.event for event in stream]
        (message,) = stream.get_final_messages()
        (step, _) = stream.get_final_run_steps()
    assert [part.type for part in message.content] == ["image_file", "text"]
    assert step.step_details.tool_calls[0].code_interpreter.input == "plot()"
    assert [output.type for output in step.step_details.tool_calls[0].code_interpreter.outputs] == ["logs", "image"]
    assert events.index("thread.run.step.completed") < events.index("thread.message.created")


def test_the_next_run_goes_on_in_the_same_session(place: Place) -> None:
    run = answered(place, "plot it", CODE)
    before = len(place.scripted.requests)
    place.beta.threads.messages.create(run.thread_id, **attached(place, "plot it again", "code_interpreter"))
    place.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)
    (request,) = place.scripted.requests[before:]
    assert request["tools"][0]["container"].startswith("cntr_")


def test_a_file_that_was_made_can_be_given_to_the_next_thread(place: Place) -> None:
    run = answered(place, "plot it", CODE)
    made = newest(place, run).content[1].text.annotations[0].file_path.file_id
    attachment = {"file_id": made, "tools": [{"type": "code_interpreter"}]}
    again = answered(place, "", CODE, {"role": "user", "content": "Hello", "attachments": [attachment]})
    assert again.status == "completed"
    (file_id,) = place.scripted.requests[-1]["tools"][0]["container"]["file_ids"]
    assert place.scripted.hosted.files[file_id].content == TABLE, "a copy among the upstream's own files"


def test_what_was_deleted_is_gone(place: Place) -> None:
    run = answered(place, "plot it", CODE)
    file_id = newest(place, run).content[0].image_file.file_id
    assert place.client.files.delete(file_id).deleted
    with pytest.raises(openai.NotFoundError):
        place.client.files.content(file_id)
