"""A client that is closed while its run works: the run goes on, as it did on the old service (assistants-wire §6.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bridge
from bridge.testing import serve_scripted

pytestmark = pytest.mark.slow

SCRIPT: Any = [{"do": [{"say": "Wait,"}, {"wait": 0.2}, {"say": " here."}]}]


@pytest.fixture(params=["scripted", "http"])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What a client is made with: the offline upstream of a file, or one over HTTP."""
    store = str(tmp_path / "bridge.db")
    if request.param == "scripted":
        script = tmp_path / "script.yaml"
        script.write_text("- do: [{say: 'Wait,'}, {wait: 0.2}, {say: ' here.'}]\n")
        yield {"upstream": f"scripted:{script}", "store": store}
        return
    with serve_scripted(SCRIPT) as served:
        yield {"base_url": served.url, "api_key": "sk-test", "store": store}


def ended(options: dict[str, Any], run: Any) -> str:
    with bridge.OpenAI(**options) as client:
        status: str = client.beta.threads.runs.poll(run.id, thread_id=run.thread_id).status
        return status


def test_sync(options: dict[str, Any]) -> None:
    with bridge.OpenAI(**options) as client:
        assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
        stream = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True)
        next(event for event in stream if event.event == "thread.message.delta")
        (run,) = client.beta.threads.runs.list(thread.id).data
        stream.close()
    assert ended(options, run) == "completed"


def test_async(options: dict[str, Any]) -> None:
    async def story() -> Any:
        async with bridge.AsyncOpenAI(**options) as client:
            assistant = await client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
            thread = await client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
            stream = await client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True)
            async for event in stream:
                if event.event == "thread.message.delta":
                    break
            await stream.close()
            return (await client.beta.threads.runs.list(thread.id)).data[0]

    assert ended(options, asyncio.run(story())) == "completed"
