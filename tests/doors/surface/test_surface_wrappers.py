"""The SDK's wrappings: raw and streaming responses, options and copies, and calls that only pass through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from doors.surface import sdk
from doors.surface.places import TOOLS, Place, outputs

Ask = Callable[..., Any]


def plain(resource: Any, method: str, *args: Any, **given: Any) -> Any:
    return getattr(resource, method)(*args, **given)


def raw(resource: Any, method: str, *args: Any, **given: Any) -> Any:
    answer = getattr(resource.with_raw_response, method)(*args, **given)
    assert answer.http_response.status_code == 200 and answer.headers["x-request-id"]
    return answer.parse()


def streaming(resource: Any, method: str, *args: Any, **given: Any) -> Any:
    with getattr(resource.with_streaming_response, method)(*args, **given) as answer:
        assert answer.status_code == 200 and answer.headers["x-request-id"]
        return answer.parse()


@pytest.mark.parametrize("ask", [plain, raw, streaming], ids=lambda ask: ask.__name__)
def test_every_json_method(place: Place, ask: Ask) -> None:
    """One conversation from the first assistant to the last deletion, all of it asked in one way."""
    assistants, threads = place.beta.assistants, place.beta.threads
    messages, runs, steps = threads.messages, threads.runs, threads.runs.steps

    made = ask(assistants, "create", model="gpt-4o", tools=TOOLS, instructions="Be brief.")
    assistant = ask(assistants, "update", made.id, name="Ann")
    assert ask(assistants, "retrieve", made.id) == assistant
    assert assistant.id in [each.id for each in ask(assistants, "list").data]

    thread = ask(threads, "create")
    assert ask(threads, "update", thread.id, metadata={"k": "v"}).metadata == {"k": "v"}
    assert ask(threads, "retrieve", thread.id).id == thread.id

    message = ask(messages, "create", thread.id, role="user", content="What is the weather?")
    assert ask(messages, "update", message.id, thread_id=thread.id, metadata={"k": "v"}).metadata == {"k": "v"}
    assert ask(messages, "retrieve", message.id, thread_id=thread.id).content == message.content
    assert [each.id for each in ask(messages, "list", thread.id).data] == [message.id]

    run = ask(runs, "create", thread.id, assistant_id=assistant.id)
    run = runs.poll(run.id, thread_id=thread.id)
    (step,) = ask(steps, "list", run.id, thread_id=thread.id).data
    assert ask(steps, "retrieve", step.id, thread_id=thread.id, run_id=run.id).id == step.id
    ask(runs, "submit_tool_outputs", run.id, thread_id=thread.id, tool_outputs=outputs(run))
    assert runs.poll(run.id, thread_id=thread.id).status == "completed"
    assert ask(runs, "update", run.id, thread_id=thread.id, metadata={"k": "v"}).metadata == {"k": "v"}
    assert ask(runs, "retrieve", run.id, thread_id=thread.id).metadata == {"k": "v"}
    assert [each.id for each in ask(runs, "list", thread.id).data] == [run.id]

    other = ask(
        threads,
        "create_and_run",
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": "slowly"}]},
    )
    assert ask(runs, "cancel", other.id, thread_id=other.thread_id).status == "cancelling"
    assert runs.poll(other.id, thread_id=other.thread_id).status == "cancelled"

    if sdk.DELETES_MESSAGES:
        assert ask(messages, "delete", message.id, thread_id=thread.id).deleted
    assert ask(threads, "delete", thread.id).deleted
    assert ask(assistants, "delete", assistant.id).deleted


def test_a_raw_answer_may_be_a_stream(place: Place) -> None:
    create = place.beta.threads.runs.with_raw_response.create
    answer = create(place.thread("Hello").id, assistant_id=place.assistant().id, stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [event.event for event in answer.parse()][-1] == "thread.run.completed"


def test_a_streaming_answer_gives_its_lines_as_they_come(place: Place) -> None:
    create = place.beta.threads.runs.with_streaming_response.create
    given = {"assistant_id": place.assistant().id, "stream": True}
    with create(place.thread("Hello").id, **given) as answer:
        lines = [line for line in answer.iter_lines() if line.startswith("event: ")]
    assert (lines[0], lines[-1]) == ("event: thread.run.created", "event: done")


# --- options and copies


def test_with_options_is_the_same_bridge(place: Place) -> None:
    thread = place.thread("Hello")
    other = place.client.with_options(timeout=5, max_retries=7)
    assert other.sdk.max_retries == 7 and other.sdk.timeout == 5
    assert isinstance(other.sdk, type(place.client.sdk))
    run = other.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=place.assistant().id)
    assert run.status == "completed"
    assert other.copy().beta.threads.retrieve(thread.id).id == thread.id


def test_another_key_goes_upstream(place: Place) -> None:
    assistant, thread = place.assistant(), place.thread("Hello")
    client = place.client.with_options(api_key="sk-other")
    client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    headers = place.scripted.credentials[-1].headers
    assert headers.get("api-key", headers.get("authorization")) in ("Bearer sk-other", "sk-other")


def test_options_of_one_call(place: Place) -> None:
    thread = place.beta.threads.create(timeout=5, extra_headers={"x-mine": "1"}, extra_body={"metadata": {"k": "v"}})
    assert thread.metadata == {"k": "v"}
    page = place.beta.threads.messages.list(place.thread("a", "b").id, extra_query={"limit": 1})
    assert len(page.data) == 1


def test_it_is_an_openai_client(place: Place) -> None:
    kind = openai.AsyncOpenAI if place.client.is_async else openai.OpenAI
    assert isinstance(place.client.sdk, kind)


# --- what is not ours


def test_chat_completions_pass_through(place: Place) -> None:
    messages: Any = [{"role": "user", "content": "Hello"}]
    answer = place.client.chat.completions.create(model="gpt-4o", messages=messages)
    assert answer.object == "chat.completion" and answer.choices[0].message.content
    stream = place.client.chat.completions.create(model="gpt-4o", messages=messages, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream).strip()


def test_files_pass_through(place: Place) -> None:
    made = place.client.files.create(file=("a.txt", b"Hello"), purpose="assistants")
    assert (made.filename, made.bytes) == ("a.txt", 5)


def test_errors_of_the_upstream_pass_through(place: Place) -> None:
    with pytest.raises(openai.NotFoundError):
        place.client.models.retrieve("no-such-model")
