"""Uses of the public names, checked by mypy and pyright; never run. `assert_type` says what the checkers must see."""

from __future__ import annotations

from typing import Any

import openai
from openai.types.beta import Assistant, Thread
from openai.types.beta.threads import Message, Run
from typing_extensions import assert_type

import bridge
from bridge import AsyncOpenAI, OpenAI
from bridge.testing import ScriptedUpstream


def sync_clients() -> None:
    client = OpenAI(api_key="sk-…", timeout=20, max_retries=0, default_headers={"X": "y"}, store="memory")
    plain: openai.OpenAI = client
    assert_type(client.beta.assistants.create(model="gpt-4o"), Assistant)
    assert_type(client.beta.threads.create(), Thread)
    assert_type(client.beta.threads.runs.create_and_poll(thread_id="t", assistant_id="a"), Run)
    assert_type(client.with_options(timeout=1), OpenAI)
    assert_type(client.copy(), OpenAI)
    with client.beta.threads.runs.stream(thread_id="t", assistant_id="a") as stream:
        assert_type(stream.get_final_run(), Run)
    with OpenAI(upstream=ScriptedUpstream()) as other:
        assert_type(other, OpenAI)
    native = bridge.native(client, "thread_abc")
    assert_type(native.input(last_messages=3), list[dict[str, Any]])
    assert_type(native.add(client.responses.create(model="m", input="Hi"), input="Hi"), list[Message])
    assert_type(native.conversation(), str)
    plain.close()


async def async_clients() -> None:
    async with AsyncOpenAI(upstream="scripted") as client:
        plain: openai.AsyncOpenAI = client
        assert_type(await client.beta.threads.create(), Thread)
        assert_type(client.with_options(max_retries=1), AsyncOpenAI)
        assert_type(await bridge.native(client, "thread_abc").input(), list[dict[str, Any]])
        assert_type(await bridge.native(plain, "thread_abc").conversation(new=True), str)
        await plain.close()


def wrong() -> None:
    OpenAI(api_key=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    OpenAI("sk-…")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def others() -> None:
    assert_type(bridge.__version__, str)
    assert_type(bridge.Settings.from_environment().store, "str | None")
    raise bridge.ConfigurationError("…") from bridge.BridgeError()


@bridge.on_missing_thread
def remembered(thread_id: str) -> list[dict[str, str]] | None:
    return [{"role": "user", "content": thread_id}] if thread_id else None


@bridge.on_missing_assistant
async def remembered_assistant(assistant_id: str) -> dict[str, str] | None:
    return {"model": "gpt-4o", "name": assistant_id}


bridge.on_missing_thread(None)
bridge.on_missing_assistant(None)
