"""Runs at another server: both directions, ten times in turn, streamed and polled, and what the program sees of it."""

from __future__ import annotations

import asyncio

import openai
import orjson
import pytest

import bridge
from bridge.calls import Call
from bridge.destinations import Destination
from bridge.routing.router import Router
from bridge.service import Service
from bridge.store.memory import MemoryStore
from bridge.store.open import open_store
from bridge.testing import ScriptedUpstream
from routing.two_servers import NAMED, go_on, heard, ids, said, text, thread_with

# --- turns


def test_a_run_of_a_routed_assistant_is_made_at_its_server(client, theirs, legacy):
    thread_id = thread_with(client, "one", "two")
    before = ids(client, thread_id)
    run = go_on(client, thread_id, theirs.id)
    assert (run.status, run.thread_id, run.assistant_id) == ("completed", thread_id, theirs.id)
    assert said(client, thread_id) == ["one", "two", "legacy: two"]
    assert ids(client, thread_id)[:2] == before
    (answer,) = client.beta.threads.messages.list(thread_id, run_id=run.id).data
    assert (answer.run_id, answer.thread_id, answer.assistant_id) == (run.id, thread_id, theirs.id)
    assert client.beta.threads.runs.retrieve(run.id, thread_id=thread_id).usage == run.usage
    assert [each.id for each in client.beta.threads.runs.list(thread_id)] == [run.id]
    assert legacy.heard() == ["one", "two"]


def test_ten_turns_of_both_see_every_message_once_in_order(client, theirs, ours, legacy, stage):
    thread_id, expected, known = thread_with(client, "begin"), ["begin"], []
    for turn in range(10):
        assistant, name = (theirs, "legacy") if turn % 2 == 0 else (ours, "bridge")
        question = f"question {turn}"
        client.beta.threads.messages.create(thread_id, role="user", content=question)
        assert go_on(client, thread_id, assistant.id).status == "completed"
        expected.append(question)
        assert (legacy.heard() if name == "legacy" else heard(stage.upstream)) == expected
        expected.append(f"{name}: {question}")
        assert said(client, thread_id) == expected
        assert ids(client, thread_id)[: len(known)] == known
        known = ids(client, thread_id)
    there = [path for method, path, _ in legacy.seen if (method, path) == ("POST", "/v1/threads")]
    assert len(there) == 1
    assert len(client.beta.threads.runs.list(thread_id).data) == 10


def test_tools_are_called_by_either_and_remembered_by_the_other(client, theirs, ours, stage):
    thread_id = thread_with(client, "How is the weather?")
    run = go_on(client, thread_id, theirs.id, lambda city: f"rain in {city}")
    assert said(client, thread_id)[-1] == "legacy: rain in Oslo"
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=thread_id, order="asc").data
    assert [(step.type, step.status, step.run_id, step.thread_id) for step in steps] == [
        (kind, "completed", run.id, thread_id) for kind in ("tool_calls", "message_creation")
    ]
    assert steps[0].step_details.tool_calls[0].function.output == "rain in Oslo"
    client.beta.threads.messages.create(thread_id, role="user", content="Thanks.")
    go_on(client, thread_id, ours.id)
    assert heard(stage.upstream) == [
        *("How is the weather?", "get_weather", "rain in Oslo", "legacy: rain in Oslo", "Thanks.")
    ]


def test_a_stream_is_told_as_it_comes_in_ids_that_the_caller_knows(client, theirs):
    thread_id = thread_with(client, "How is the weather?")
    runs = client.beta.threads.runs
    with runs.stream(thread_id=thread_id, assistant_id=theirs.id) as stream:
        events = list(stream)
    run = events[-1].data
    assert [event.event for event in events][:3] == [
        "thread.run.created",
        "thread.run.queued",
        "thread.run.in_progress",
    ]
    assert (events[-1].event, run.status, run.thread_id) == ("thread.run.requires_action", "requires_action", thread_id)
    assert {
        event.data.id for event in events if event.event.startswith("thread.run.") and "step" not in event.event
    } == {run.id}
    assert runs.retrieve(run.id, thread_id=thread_id).status == "requires_action"
    outputs = [{"tool_call_id": run.required_action.submit_tool_outputs.tool_calls[0].id, "output": "rain"}]
    with runs.submit_tool_outputs_stream(run_id=run.id, thread_id=thread_id, tool_outputs=outputs) as stream:
        assert "".join(stream.text_deltas) == "legacy: rain"
    assert said(client, thread_id)[-1] == "legacy: rain"
    assert runs.retrieve(run.id, thread_id=thread_id).status == "completed"


def test_async_clients_poll_and_stream(stage, client, theirs):
    async def program() -> list[str]:
        async with stage.async_client() as aclient:
            threads = aclient.beta.threads
            thread = await threads.create(messages=[{"role": "user", "content": "one"}])
            run = await threads.runs.create_and_poll(
                thread_id=thread.id, assistant_id=theirs.id, poll_interval_ms=5, additional_messages=[
                    {"role": "user", "content": "more"}
                ],
            )  # fmt: skip
            assert (run.status, run.thread_id) == ("completed", thread.id)
            async with threads.runs.stream(thread_id=thread.id, assistant_id=theirs.id) as stream:
                async for event in stream:
                    if event.event == "thread.run.created":
                        assert event.data.thread_id == thread.id
            return [text(message) async for message in await_list(threads, thread.id)]

    async def await_list(threads, thread_id):
        async for message in threads.messages.list(thread_id, order="asc"):
            yield message

    assert asyncio.run(program()) == ["one", "more", "legacy: more", "legacy: more"]


@pytest.mark.parametrize("streams", [False, True])
def test_a_thread_may_be_made_with_its_run(client, theirs, streams):
    given = {"assistant_id": theirs.id, "thread": {"messages": [{"role": "user", "content": "hello"}]}}
    if streams:
        events = list(client.beta.threads.create_and_run(**given, stream=True))
        assert [event.event for event in events][:2] == ["thread.created", "thread.run.created"]
        thread_id, run = events[0].data.id, events[-2].data
        assert run.thread_id == thread_id
    else:
        run = client.beta.threads.create_and_run_poll(**given, poll_interval_ms=5)
        thread_id = run.thread_id
    assert said(client, thread_id) == ["hello", "legacy: hello"]


def test_a_run_that_is_refused_leaves_no_thread_behind(stage, legacy):
    client = stage.route('[[route]]\nto = "URL"\n')
    with pytest.raises(openai.NotFoundError, match="No assistant found with id 'asst_nowhere'"):
        client.beta.threads.create_and_run(assistant_id="asst_nowhere", thread={"metadata": {"a": "b"}})
    asked = [(method, *path.split("/")[2:3], *path.split("/")[4:]) for method, path, _ in legacy.seen[-2:]]
    assert asked == [("POST", "threads", "runs"), ("DELETE", "threads")]
    thread_id = thread_with(client, "one")
    with pytest.raises(openai.NotFoundError, match="asst_nowhere"):
        client.beta.threads.runs.create(thread_id, assistant_id="asst_nowhere")
    assert client.beta.threads.messages.create(thread_id, role="user", content="not locked").id
    assert client.beta.threads.runs.list(thread_id).data == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"5"])
def test_a_body_that_is_no_object_never_gets_there(theirs, legacy, body):
    service = Service(MemoryStore(), ScriptedUpstream([]))
    router = Router(service, [Destination(legacy.base_url)], service)
    legacy.seen.clear()
    for path in ("/threads/runs", "/threads/thread_a/runs", f"/assistants/{theirs.id}"):
        answer = router.call(Call("POST", path, headers={"openai-beta": "assistants=v2"}, body=body))
        assert answer.status == 400
    router.close()
    assert legacy.seen == []


MALFORMED = [{"thread": "x"}, {"thread": []}, {"tool_resources": "x"}, {"tool_resources": {"file_search": "x"}}]


@pytest.mark.parametrize("more", MALFORMED)
def test_a_thread_with_its_run_that_is_none_is_refused_in_the_old_words(theirs, legacy, more):
    service = Service(MemoryStore(), ScriptedUpstream([]))
    router = Router(service, [Destination(legacy.base_url)], service)
    legacy.seen.clear()
    body = orjson.dumps({"assistant_id": theirs.id, **more})
    answer = router.call(Call("POST", "/threads/runs", headers={"openai-beta": "assistants=v2"}, body=body))
    assert (answer.status, orjson.loads(answer.body)["error"]["type"]) == (400, "invalid_request_error")
    router.close()
    assert legacy.seen == []


# --- what is only there


def test_a_thread_that_was_there_before_is_brought_in_whole(client, theirs, ours, legacy, stage):
    before = legacy.client()
    thread = before.beta.threads.create(messages=[{"role": "user", "content": "How is the weather?"}])
    run = go_on(before, thread.id, theirs.id)
    there = [message.model_dump() for message in before.beta.threads.messages.list(thread.id)]
    assert [message.model_dump() for message in client.beta.threads.messages.list(thread.id)] == there
    steps = before.beta.threads.runs.steps.list(run.id, thread_id=thread.id)
    assert [step.id for step in client.beta.threads.runs.steps.list(run.id, thread_id=thread.id)] == [
        s.id for s in steps
    ]
    client.beta.threads.messages.create(thread.id, role="user", content="Thanks.")
    go_on(client, thread.id, ours.id)
    assert heard(stage.upstream) == ["How is the weather?", "get_weather", "rain", "legacy: rain", "Thanks."]
    go_on(client, thread.id, theirs.id)
    assert said(client, thread.id)[-2:] == ["bridge: Thanks.", "legacy: Thanks."]
    assert [text(message) for message in before.beta.threads.messages.list(thread.id, order="asc")] == said(
        client, thread.id
    )


def test_a_run_that_was_under_way_there_is_gone_on_with(client, theirs, legacy):
    before = legacy.client()
    thread = before.beta.threads.create(messages=[{"role": "user", "content": "How is the weather?"}])
    run = before.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=theirs.id, poll_interval_ms=5)
    found = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
    assert found.status == "requires_action"
    calls = found.required_action.submit_tool_outputs.tool_calls
    done = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=thread.id,
        poll_interval_ms=5,
        tool_outputs=[{"tool_call_id": calls[0].id, "output": "x"}],
    )
    assert (done.status, said(client, thread.id)[-1]) == ("completed", "legacy: x")


def test_native_code_finds_a_thread_that_is_only_there(client, theirs, legacy):
    thread_id = thread_with(legacy.client(), "one", "two")
    assert [item["content"][0]["text"] for item in bridge.native(client, thread_id).input()] == ["one", "two"]


def test_what_nobody_has_is_not_found(client):
    with pytest.raises(openai.NotFoundError, match="No thread found with id 'thread_nobody'"):
        client.beta.threads.messages.list("thread_nobody")
    with pytest.raises(openai.NotFoundError, match="No assistant found with id 'asst_nobody'"):
        client.beta.assistants.retrieve("asst_nobody")


def test_an_assistant_that_a_table_names_is_kept_at_its_server(client, theirs, ours, legacy):
    assert {each.id for each in client.beta.assistants.list()} == {ours.id, theirs.id}
    assert client.beta.assistants.update(theirs.id, instructions="Be kind.").instructions == "Be kind."
    assert legacy.client().beta.assistants.retrieve(theirs.id).instructions == "Be kind."
    assert {each.instructions for each in client.beta.assistants.list()} == {None, "Be kind."}
    assert client.beta.assistants.retrieve(ours.id).name == "ours"
    client.beta.assistants.delete(theirs.id)
    assert [each.id for each in client.beta.assistants.list()] == [ours.id]
    with pytest.raises(openai.NotFoundError):
        legacy.client().beta.assistants.retrieve(theirs.id)


# --- changes and ends at both


def test_a_thread_is_changed_and_deleted_at_both(client, theirs, legacy):
    thread_id = thread_with(client, "one", "two")
    go_on(client, thread_id, theirs.id)
    (there,) = {path.split("/")[3] for _, path, _ in legacy.seen if path.startswith("/v1/threads/")}
    assert there != thread_id
    client.beta.threads.update(thread_id, metadata={"who": "me"})
    assert legacy.client().beta.threads.retrieve(there).metadata == {"who": "me"}
    path = f"/threads/{thread_id}/messages/{ids(client, thread_id)[0]}"  # the oldest SDK has no method for it
    client.delete(path, cast_to=object, options={"headers": {"OpenAI-Beta": "assistants=v2"}})
    kept = [text(message) for message in legacy.client().beta.threads.messages.list(there, order="asc")]
    assert kept == said(client, thread_id) == ["two", "legacy: two"]
    client.beta.threads.delete(thread_id)
    for one, name in ((client, thread_id), (legacy.client(), there)):
        with pytest.raises(openai.NotFoundError):
            one.beta.threads.retrieve(name)


# --- locks


def test_a_run_under_way_locks_its_thread_with_the_old_texts(client, theirs, ours):
    thread_id = thread_with(client, "How is the weather?")
    runs = client.beta.threads.runs
    run = runs.create_and_poll(thread_id=thread_id, assistant_id=theirs.id, poll_interval_ms=5)
    assert run.status == "requires_action"
    for assistant in (theirs, ours):
        with pytest.raises(openai.BadRequestError, match=f"Thread {thread_id} already has an active run {run.id}."):
            runs.create(thread_id, assistant_id=assistant.id)
    with pytest.raises(
        openai.BadRequestError, match=f"Can't add messages to {thread_id} while a run {run.id} is active"
    ):
        client.beta.threads.messages.create(thread_id, role="user", content="now")
    (step,) = runs.steps.list(run.id, thread_id=thread_id).data
    assert (step.run_id, step.status) == (run.id, "in_progress")
    assert runs.steps.retrieve(step.id, run_id=run.id, thread_id=thread_id).id == step.id
    with pytest.raises(openai.BadRequestError, match="Expected tool outputs"):
        runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=[])
    assert runs.cancel(run.id, thread_id=thread_id).status == "cancelling"
    assert runs.retrieve(run.id, thread_id=thread_id).status == "cancelled"
    assert client.beta.threads.messages.create(thread_id, role="user", content="now").id


# --- calls to the server


def test_what_a_turn_asks_of_its_server(client, theirs, ours, legacy):
    thread_id = thread_with(client, "one")
    asked = []
    for assistant in (theirs, theirs, ours, theirs):
        legacy.seen.clear()
        client.beta.threads.runs.create(thread_id, assistant_id=assistant.id, stream=True).response.read()
        asked.append([f"{method} {path.rpartition('/')[2].partition('_')[0]}" for method, path, _ in legacy.seen])
    run, end = ["POST runs"], ["GET run", "GET steps", "GET messages"]
    assert asked == [
        ["POST threads", "GET messages", *run, *end],
        [*run, *end],
        [],
        ["GET messages", "POST messages", *run, *end],
    ]


# --- shares and moving one by one


@pytest.mark.slow
def test_a_share_of_the_threads_goes_and_stays(stage, theirs):
    client = stage.route(
        f'[[route]]\nassistants = ["{theirs.id}"]\npercent = 50\nto = "bridge"\n\n[[route]]\nto = "URL"\n'
    )
    given = {"assistant_id": theirs.id, "thread": {"messages": [{"role": "user", "content": "x"}]}}
    who = {}
    for _ in range(12):
        run = client.beta.threads.create_and_run_poll(**given, poll_interval_ms=5)
        who[run.thread_id] = said(client, run.thread_id)[-1]
    assert set(who.values()) == {"bridge: x", "legacy: x"}
    for thread_id, first in who.items():
        go_on(client, thread_id, theirs.id)
        assert said(client, thread_id)[-1] == first


@pytest.mark.slow
def test_one_line_moves_an_assistant_and_one_line_moves_it_back(stage, theirs, legacy):
    there = '[[route]]\nto = "URL"\n'
    here = f'[[route]]\nassistants = ["{theirs.id}"]\nto = "bridge"\n\n{there}'
    client = stage.route(there)
    thread_id = thread_with(client, "one")
    answers = []
    for routes in (there, here, there, here):
        client = stage.route(routes)
        go_on(client, thread_id, theirs.id)
        answers.append(said(client, thread_id)[-1])
    assert answers == ["legacy: one", "bridge: one", "legacy: one", "bridge: one"]
    client = stage.route("")  # the other server is of no use any more
    legacy.refuses = lambda method, path: 500
    assert go_on(client, thread_id, theirs.id).status == "completed"
    assert said(client, thread_id) == ["one", *answers, "bridge: one"]


@pytest.mark.slow
def test_a_file_keeps_what_was_moved(stage, theirs, tmp_path):
    path = str(tmp_path / "bridge.db")
    client = stage.route(NAMED.replace("ASSISTANT", theirs.id), store=path)
    thread_id = thread_with(client, "How is the weather?")
    go_on(client, thread_id, theirs.id)
    open_store(path).close()
    client = stage.route(NAMED.replace("ASSISTANT", theirs.id), store=path)
    go_on(client, thread_id, theirs.id)
    assert said(client, thread_id) == ["How is the weather?", "legacy: rain", "legacy: rain"]


# --- keys


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "sent"),
    [
        ("", "Bearer none"),
        ('api_key_env = "LEGACY_KEY"\n', "Bearer secret"),
        ("callers_key = true\n", "Bearer callers"),
    ],
)
def test_the_callers_key_goes_nowhere_unasked(stage, theirs, legacy, monkeypatch, more, sent):
    monkeypatch.setenv("LEGACY_KEY", "secret")
    client = stage.route(NAMED.replace("ASSISTANT", theirs.id) + more)
    legacy.seen.clear()
    go_on(client, thread_with(client, "one"), theirs.id)
    assert {headers.get("authorization") for _, _, headers in legacy.seen} == {sent}
    assert {headers.get("openai-beta") for _, _, headers in legacy.seen} == {"assistants=v2"}
