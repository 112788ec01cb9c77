"""Every way in stands before the routes: the gateway, many async runs at once, trio."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest

from bridge.calls import Call
from bridge.destinations import Destination
from bridge.routing.router import Router
from bridge.service import Service
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream
from doors.served import gateway
from routing.two_servers import NAMED, go_on, said, text, thread_with

QUESTION: Any = [{"role": "user", "content": "How is the weather?"}]


@pytest.mark.slow
def test_a_gateway_routes_like_a_client(legacy, theirs, tmp_path: Path):
    config = tmp_path / "bridge.toml"
    config.write_text(NAMED.replace("ASSISTANT", theirs.id).replace("URL", legacy.base_url) + "callers_key = true\n")
    settings = {"BRIDGE_CONFIG": str(config)}
    with gateway("scripted", tmp_path / "bridge.db", settings=settings) as url, openai.OpenAI(
        base_url=url, api_key="callers"
    ) as client:  # fmt: skip
        thread_id = thread_with(client, "How is the weather?")
        assert go_on(client, thread_id, theirs.id).status == "completed"
        with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=theirs.id) as stream:
            events = [event.event for event in stream]
        assert (events[0], events[-1]) == ("thread.run.created", "thread.run.completed")
        assert said(client, thread_id) == ["How is the weather?", "legacy: rain", "legacy: rain"]
    assert {headers.get("authorization") for _, path, headers in legacy.seen if "thread" in path} == {"Bearer callers"}


async def turn(client: Any, assistant_id: str) -> list[str]:
    """A run with a tool, streamed, on a thread of its own."""
    threads = client.beta.threads
    thread = await threads.create(messages=QUESTION)
    async with threads.runs.stream(thread_id=thread.id, assistant_id=assistant_id) as stream:
        await stream.until_done()
        run = stream.current_run
    outputs = [
        {"tool_call_id": each.id, "output": "sun"} for each in run.required_action.submit_tool_outputs.tool_calls
    ]
    submitted = threads.runs.submit_tool_outputs_stream(run_id=run.id, thread_id=thread.id, tool_outputs=outputs)
    async with submitted as stream:
        await stream.until_done()
    return [text(message) async for message in threads.messages.list(thread.id, order="asc")]


@pytest.mark.slow
def test_many_runs_at_once_on_one_loop(stage, client, theirs):
    async def program() -> list[list[str]]:
        async with stage.async_client() as aclient:
            return await asyncio.gather(*(turn(aclient, theirs.id) for _ in range(12)))

    assert asyncio.run(program()) == [["How is the weather?", "legacy: sun"]] * 12


@pytest.mark.slow
def test_under_trio(legacy, theirs):
    trio = pytest.importorskip("trio")
    service = Service(MemoryStore(), ScriptedUpstream([]))
    router = Router(service, [Destination(legacy.base_url)], service)

    async def ask(method: str, path: str, body: Any = None) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        reply = await router.acall(Call(method, path, headers={"openai-beta": "assistants=v2"}, body=sent))
        if reply.stream is None:
            return json.loads(reply.body)
        return b"".join([piece async for piece in reply.stream]).decode()

    async def program() -> tuple[str, str, Any]:
        thread = {"messages": [{"role": "user", "content": "one"}]}
        told = await ask("POST", "/threads/runs", {"assistant_id": theirs.id, "thread": thread, "stream": True})
        thread_id = json.loads(told.splitlines()[1].removeprefix("data: "))["id"]
        return told, thread_id, await ask("GET", f"/threads/{thread_id}/messages")

    told, thread_id, messages = trio.run(program)
    names = [line.removeprefix("event: ") for line in told.splitlines() if line.startswith("event: ")]
    assert (names[:2], names[-2:]) == (["thread.created", "thread.run.created"], ["thread.run.completed", "done"])
    assert told.count(thread_id) > 5
    assert [each["content"][0]["text"]["value"] for each in messages["data"]] == ["legacy: one", "one"]
    router.close()


@pytest.mark.slow
def test_a_stream_that_is_left_closes_its_connection(stage, client, theirs):
    async def program() -> str:
        async with stage.async_client() as aclient:
            threads = aclient.beta.threads
            thread = await threads.create(messages=QUESTION)
            async with threads.runs.stream(thread_id=thread.id, assistant_id=theirs.id) as stream:
                async for event in stream:
                    run_id = event.data.id
                    break
            run = await threads.runs.poll(run_id, thread_id=thread.id, poll_interval_ms=5)
            return str(run.status)

    assert asyncio.run(program()) == "requires_action"
