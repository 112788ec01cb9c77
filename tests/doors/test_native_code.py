"""Legacy code and native code on one thread: ten turns each way, in one process and in two, and through the gateway."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import openai
import pytest

import bridge
from bridge.testing import MemoryStore, ScriptedUpstream, serve_scripted
from doors import native_side
from doors.served import clean_environment, gateway

pytestmark = pytest.mark.slow

needs_conversations = pytest.mark.skipif(
    find_spec("openai.resources.conversations") is None, reason="this SDK has no conversations"
)

RULES: Any = [{"say": "You said: {text}"}]
MODEL = "gpt-4o"
HOWS = ["history", "streamed", "conversation", "synced"]
Turn = Callable[[str, str, str], str]
"""(how, thread_id, text) → what the model said."""


# --- the legacy side


def polled(client: Any, thread_id: str, assistant_id: str, text: str) -> None:
    client.beta.threads.messages.create(thread_id, role="user", content=text)
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    assert run.status == "completed", run.last_error


def streaming(client: Any, thread_id: str, assistant_id: str, text: str) -> None:
    client.beta.threads.messages.create(thread_id, role="user", content=text)
    with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        stream.until_done()
        assert stream.get_final_run().status == "completed"


def in_thread(client: Any, thread_id: str) -> list[str]:
    page = client.beta.threads.messages.list(thread_id, order="asc", limit=3)  # the pages are walked, too
    return [message.content[0].text.value for message in page]


# --- what the model was shown


def shown(items: Any) -> list[str]:
    """The texts of messages, in order."""
    contents = [item["content"] for item in items if item.get("type", "message") == "message"]
    return [content if isinstance(content, str) else content[0]["text"] for content in contents]


def take_turns(client: Any, upstream: ScriptedUpstream, native: Turn, how: str, legacy: Any, turns: int = 10) -> None:
    """After every turn both sides have everything, once and in order."""
    assistant = client.beta.assistants.create(model=MODEL)
    thread = client.beta.threads.create()
    said: list[str] = []
    for number in range(turns):
        text = f"{number} of the old"
        legacy(client, thread.id, assistant.id, text)
        assert shown(upstream.requests[-1]["input"]) == [*said, text]
        said += [text, f"You said: {text}"]
        assert in_thread(client, thread.id) == said
        text = f"{number} of the new"
        assert native(how, thread.id, text) == f"You said: {text}"
        if how in ("history", "streamed"):
            assert shown(upstream.requests[-1]["input"]) == [*said, text]
        said += [text, f"You said: {text}"]
        assert in_thread(client, thread.id) == said
        for conversation in upstream.conversations.all.values():
            assert shown(conversation.items) == said


def here(client: Any) -> Turn:
    return lambda how, thread_id, text: native_side.TURNS[how](client, thread_id, text)


FAST = [("history", polled), ("synced", streaming)]
PAIRS = [
    pytest.param(how, legacy, marks=[] if (how, legacy) in FAST else [pytest.mark.slow])
    for legacy in (polled, streaming)
    for how in HOWS
]


@needs_conversations
@pytest.mark.parametrize(("how", "legacy"), PAIRS)
def test_in_one_process(how: str, legacy: Any) -> None:
    upstream = ScriptedUpstream(RULES)
    with bridge.OpenAI(upstream=upstream, store=MemoryStore()) as client:
        take_turns(client, upstream, here(client), how, legacy)


@needs_conversations
@pytest.mark.parametrize("how", HOWS)
def test_on_a_server_whose_lists_lack_items(how: str) -> None:
    upstream = ScriptedUpstream(RULES, quirks={"drops_items"})
    with bridge.OpenAI(upstream=upstream, store=MemoryStore()) as client:
        take_turns(client, upstream, here(client), how, polled, turns=4)


@needs_conversations
def test_all_ways_on_one_thread() -> None:
    upstream = ScriptedUpstream(RULES)
    with bridge.OpenAI(upstream=upstream, store=MemoryStore()) as client:
        thread = client.beta.threads.create()
        for number, how in enumerate(HOWS * 3):
            native_side.TURNS[how](client, thread.id, str(number))
        bridge.native(client, thread.id).conversation()
        said = [text for number in range(12) for text in (str(number), f"You said: {number}")]
        assert in_thread(client, thread.id) == said
        (conversation,) = upstream.conversations.all.values()
        assert shown(conversation.items) == said


# --- several processes


@contextmanager
def elsewhere(store: Path, url: str) -> Iterator[Turn]:
    """The native side in a process of its own."""
    program = Path(native_side.__file__)
    command = [sys.executable, "-W", "error", str(program), str(store), url]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_environment(), cwd=store.parent
    )
    assert process.stdin is not None and process.stdout is not None
    asked, answers = process.stdin, process.stdout

    def turn(how: str, thread_id: str, text: str) -> str:
        asked.write(json.dumps({"how": how, "thread_id": thread_id, "text": text}) + "\n")
        asked.flush()
        return str(json.loads(answers.readline())["said"])

    try:
        yield turn
    finally:
        asked.close()
        answers.close()
        assert process.wait(30) == 0


@needs_conversations
@pytest.mark.slow
@pytest.mark.parametrize("how", ["streamed", "synced"])
def test_in_two_processes_on_one_file(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "bridge.db"
    with (
        serve_scripted(RULES) as served,
        elsewhere(store, served.url) as native,
        bridge.OpenAI(api_key="sk-test", base_url=served.url, store=store) as client,
    ):
        take_turns(client, served.scripted, native, how, polled)


@needs_conversations
@pytest.mark.slow
@pytest.mark.parametrize("how", ["history", "conversation"])
def test_through_the_gateway(how: str, tmp_path: Path) -> None:
    with (
        serve_scripted(RULES) as served,
        gateway(served.url, tmp_path / "bridge.db") as url,
        openai.OpenAI(api_key="sk-test", base_url=url) as client,
    ):
        take_turns(client, served.scripted, here(client), how, streaming)


@pytest.mark.slow
def test_many_processes_sync_at_once_and_nothing_is_there_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "bridge.db"
    texts = [str(number) for number in range(50)]
    with serve_scripted(RULES) as served:
        with bridge.OpenAI(api_key="sk-test", base_url=served.url, store=store) as client:
            thread = client.beta.threads.create(messages=[{"role": "user", "content": text} for text in texts])
            code = f"import bridge; print(bridge.native(bridge.OpenAI(), {thread.id!r}).conversation())"
            environment = clean_environment(
                BRIDGE_STORE=str(store), OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=served.url
            )
            command = [sys.executable, "-c", code]
            options: Any = {"stdout": subprocess.PIPE, "text": True, "env": environment, "cwd": tmp_path}
            processes = [subprocess.Popen(command, **options) for _ in range(4)]
            answers = {process.communicate(timeout=60)[0].strip() for process in processes}
        (conversation,) = served.scripted.conversations.all.values()
        assert answers == {conversation.id}
        assert shown(conversation.items) == texts


# --- ways in


def dropin(served: Any) -> Any:
    return bridge.OpenAI(api_key="sk-test", base_url=served.url, store="memory")


def wrapped(served: Any) -> Any:
    return bridge.wrap(openai.OpenAI(api_key="sk-test", base_url=served.url), store="memory")


def installed(served: Any) -> Any:
    bridge.install(store="memory")
    return openai.OpenAI(api_key="sk-test", base_url=served.url)


def azure(served: Any) -> Any:
    endpoint = served.url.removesuffix("/v1")
    return bridge.AzureOpenAI(
        api_key="key", azure_endpoint=endpoint, api_version="2024-05-01-preview", store="memory"
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("make", [dropin, wrapped, installed, azure], ids=lambda make: make.__name__)
def test_every_way_in(make: Any) -> None:
    try:
        with serve_scripted(RULES) as served, make(served) as client:
            thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
            native = bridge.native(client, thread.id)
            assert [item["content"][0]["text"] for item in native.input()] == ["Hi"]
            assert shown(served.scripted.conversations.all[native.conversation()].items) == ["Hi"]
            native.add({"id": "resp_1", "output": [{"role": "assistant", "content": "Ho"}]})
            assert in_thread(client, thread.id) == ["Hi", "Ho"]
    finally:
        bridge.uninstall()


@needs_conversations
def test_async_clients() -> None:
    async def main() -> None:
        upstream = ScriptedUpstream(RULES)
        async with bridge.AsyncOpenAI(upstream=upstream, store=MemoryStore()) as client:
            thread = await client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
            native = bridge.native(client, thread.id)
            asked = [*await native.input(), {"role": "user", "content": "How?"}]
            response = await client.responses.create(model=MODEL, input=asked, store=False)
            (question, answer) = await native.add(response, input=asked)
            assert (question.role, answer.content[0].text.value) == ("user", "You said: How?")
            id = await native.conversation()
            response = await client.responses.create(model=MODEL, input="And?", conversation=id)
            await native.add(response)
            page = await client.beta.threads.messages.list(thread.id, order="asc")
            texts = [message.content[0].text.value for message in page.data]
            assert texts == shown(upstream.conversations.all[id].items)
            assert texts == ["Hi", "How?", "You said: How?", "And?", "You said: And?"]

    asyncio.run(main())


# --- tools and errors


TOOL: Any = {"type": "function", "name": "look", "parameters": None, "strict": False}
LOOKING: Any = [{"when": "look", "call": "look", "then": [{"say": "Seen: {outputs}"}]}, {"say": "You said: {text}"}]


@needs_conversations
@pytest.mark.parametrize("whole", [True, False], ids=["the whole input", "only what is new"])
def test_a_loop_of_function_calls(whole: bool) -> None:
    upstream = ScriptedUpstream(LOOKING)
    with bridge.OpenAI(upstream=upstream, store=MemoryStore()) as client:
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
        native = bridge.native(client, thread.id)
        items: list[Any] = [*native.input(), {"role": "user", "content": "look"}]
        first = client.responses.create(model=MODEL, input=items, tools=[TOOL], store=False)
        native.add(first, input=items if whole else "look")
        output = {"type": "function_call_output", "call_id": first.output[0].call_id, "output": "a cat"}
        items += [*first.output, output]
        second = client.responses.create(model=MODEL, input=items, tools=[TOOL], store=False)
        native.add(second, input=items if whole else [output])
        assert in_thread(client, thread.id) == ["Hi", "look", "Seen: a cat"]
        kinds = [item["type"] for item in bridge.native(client, thread.id).input()]
        assert kinds == ["message", "message", "function_call", "function_call_output", "message"]


@needs_conversations
def test_an_open_call_does_no_harm_to_legacy_code() -> None:
    upstream = ScriptedUpstream(LOOKING)
    with bridge.OpenAI(upstream=upstream, store=MemoryStore()) as client:
        assistant, thread = client.beta.assistants.create(model=MODEL), client.beta.threads.create()
        native = bridge.native(client, thread.id)
        first = client.responses.create(model=MODEL, input="look", tools=[TOOL], store=False)
        native.add(first, input="look")
        polled(client, thread.id, assistant.id, "Never mind.")
        assert shown(native.input()) == ["look", "Never mind.", "You said: Never mind."]
        assert len(native.input()) == 3


def test_who_is_no_bridge_is_told() -> None:
    with serve_scripted(RULES) as served, openai.OpenAI(api_key="sk-test", base_url=served.url) as client:
        native = bridge.native(client, "thread_abc")
        for call in (native.input, native.conversation, lambda: native.add({"id": "resp_1"})):
            with pytest.raises(bridge.ConfigurationError, match="Nothing behind this client knows threads"):
                call()


def test_a_thread_that_is_not_there_is_a_404() -> None:
    with bridge.OpenAI(upstream=ScriptedUpstream(), store=MemoryStore()) as client:
        native = bridge.native(client, "thread_abc")
        for call in (native.input, native.conversation, lambda: native.add({"id": "resp_1"})):
            with pytest.raises(openai.NotFoundError, match="No thread found with id 'thread_abc'"):
                call()


def test_what_was_handed_out_is_known_again_whatever_became_of_the_list() -> None:
    with bridge.OpenAI(upstream=ScriptedUpstream(), store=MemoryStore()) as client:
        thread = client.beta.threads.create(messages=[{"role": "user", "content": text} for text in "abc"])
        native = bridge.native(client, thread.id)
        asked: list[Any] = [*native.input()[1:], {"role": "user", "content": "d"}]
        native.add({"id": "resp_1", "output": [{"id": "msg_1", "role": "assistant", "content": "e"}]}, input=asked)
        copied = [*json.loads(json.dumps(native.input())), {"role": "user", "content": "f"}]
        native.add({"id": "resp_2"}, input=copied)
        assert in_thread(client, thread.id) == list("abcdef")


def test_the_same_object_may_ask_twice() -> None:
    question: Any = {"role": "user", "content": "Go on."}
    with bridge.OpenAI(upstream=ScriptedUpstream(), store=MemoryStore()) as client:
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
        native = bridge.native(client, thread.id)
        for number in range(3):
            output = [{"id": f"msg_{number}", "role": "assistant", "content": str(number)}]
            asked = [*native.input(), question]
            for _ in range(2):  # brought again, it is there once
                native.add({"id": f"resp_{number}", "output": output}, input=asked)
        assert in_thread(client, thread.id) == ["Hi", "Go on.", "0", "Go on.", "1", "Go on.", "2"]


@pytest.mark.parametrize("wrong", [None, "client", openai])
def test_what_is_no_client_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"native\(\) takes a client"):
        bridge.native(wrong, "thread_abc")


def test_what_is_no_item_is_refused() -> None:
    with bridge.OpenAI(upstream=ScriptedUpstream(), store=MemoryStore()) as client:
        native = bridge.native(client, client.beta.threads.create().id)
        with pytest.raises(TypeError, match="expected an item or a response"):
            native.add({"id": "resp_1"}, input=[5])


def test_what_gets_lost_is_in_a_header() -> None:
    with bridge.OpenAI(upstream=ScriptedUpstream(), store=MemoryStore()) as client:
        thread = client.beta.threads.create()
        body = {"response": {"id": "resp_1"}, "input": [{"role": "system", "content": "Be kind."}]}
        reply = client._client.post(f"{client.base_url}threads/{thread.id}/responses", json=body)
        assert (reply.status_code, reply.headers["bridge-degraded"]) == (200, "input")


@pytest.mark.parametrize("status", [None, "completed"])
def test_a_response_without_a_status_is_whole(status: Any) -> None:
    output = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes."}]}
    with bridge.OpenAI(upstream=ScriptedUpstream(), store=MemoryStore()) as client:
        thread = client.beta.threads.create()
        bridge.native(client, thread.id).add({"id": "resp_1", "status": status, "output": [output]})
        assert in_thread(client, thread.id) == ["Yes."]
