"""Programs that the crash tests start, watch and kill. Each prints JSON lines of what was acknowledged to it.

python crash_programs.py NAME STORE UPSTREAM_URL [ARGS…]
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

TOOL: dict[str, Any] = {"type": "function", "function": {"name": "get_temperature"}}


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def main() -> None:
    name, store, url, *args = sys.argv[1:]
    os.environ["BRIDGE_STORE"] = store
    os.environ |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": url}
    globals()[name](*args)


def prepared(client: Any, text: str) -> dict[str, str]:
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[TOOL])
    thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
    say(thread=thread.id, assistant=assistant.id)
    return {"thread_id": thread.id, "assistant_id": assistant.id}


async def aprepared(client: Any, text: str) -> dict[str, str]:
    assistant = await client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[TOOL])
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": text}])
    say(thread=thread.id, assistant=assistant.id)
    return {"thread_id": thread.id, "assistant_id": assistant.id}


# --- to be killed


def stream(text: str) -> None:
    from bridge import OpenAI

    client = OpenAI()
    for event in client.beta.threads.runs.create(stream=True, **prepared(client, text)):
        say(event=event.event, id=event.data.id)
    say(ended=True)


def background(text: str) -> None:
    os.environ["BRIDGE_BACKGROUND"] = "on"
    stream(text)


def astream(text: str) -> None:
    from bridge import AsyncOpenAI

    async def story() -> None:
        client = AsyncOpenAI()
        async for event in await client.beta.threads.runs.create(stream=True, **await aprepared(client, text)):
            say(event=event.event, id=event.data.id)
        say(ended=True)

    asyncio.run(story())


def require_action(text: str) -> None:
    from bridge import OpenAI

    client = OpenAI()
    run = client.beta.threads.runs.create_and_poll(**prepared(client, text))
    calls = [call.id for call in run.required_action.submit_tool_outputs.tool_calls]
    say(run=run.id, status=run.status, calls=calls)
    time.sleep(60)


def stop_after_commit(operation: str, text: str) -> None:
    """Performs the operation, but hangs after its commit, before anything else is done with it."""
    from bridge import OpenAI
    from bridge.service import Service

    client = OpenAI()
    given = prepared(client, text)
    run = None
    if operation == "submit":
        run = client.beta.threads.runs.create_and_poll(**given)
        say(run=run.id, calls=[call.id for call in run.required_action.submit_tool_outputs.tool_calls])

    def hang(self: Any, result: Any) -> Any:
        say(committed=True)
        time.sleep(60)

    Service._feed = hang  # type: ignore[method-assign]
    if operation == "message":
        client.beta.threads.messages.create(given["thread_id"], role="user", content="Kept?")
    elif operation == "run":
        client.beta.threads.runs.create(**given)
    else:
        assert run is not None
        outputs = [
            {"tool_call_id": call.id, "output": "57"} for call in run.required_action.submit_tool_outputs.tool_calls
        ]
        client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs)


def wait_for(run_id: str, thread_id: str) -> None:
    """Brings the credential; says when this process has taken the run over and its message has begun again."""
    from bridge import OpenAI
    from bridge.engine.effects import RunState
    from bridge.store.open import open_store

    client = OpenAI()
    client.beta.threads.retrieve(thread_id)
    store = open_store(os.environ["BRIDGE_STORE"])
    while True:
        snapshot = store.run_state(RunState(thread_id, run_id))
        assert snapshot is not None
        if snapshot.run.lapses and any(message.status == "in_progress" for message in snapshot.messages):
            say(taken=run_id)
            time.sleep(60)
        time.sleep(0.02)


# --- to end by themselves


def drop_stream(text: str) -> None:
    """Opens a stream, reads nothing of it, drops it, and waits for the run."""
    from bridge import OpenAI

    with OpenAI() as client:
        given = prepared(client, text)
        client.beta.threads.runs.create(stream=True, **given).close()
        (run,) = client.beta.threads.runs.list(given["thread_id"]).data
        say(status=client.beta.threads.runs.poll(run.id, thread_id=run.thread_id).status)


def adrop_stream(text: str) -> None:
    from bridge import AsyncOpenAI

    async def story() -> None:
        async with AsyncOpenAI() as client:
            given = await aprepared(client, text)
            await (await client.beta.threads.runs.create(stream=True, **given)).close()
            (run,) = (await client.beta.threads.runs.list(given["thread_id"])).data
            say(status=(await client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)).status)

    asyncio.run(story())


def many_loops(text: str) -> None:
    """One client on three event loops, one after the other; the run goes on while none is running."""
    from bridge import AsyncOpenAI

    client = AsyncOpenAI()

    async def begin() -> Any:
        return await client.beta.threads.runs.create(**await aprepared(client, text))

    async def look(run: Any) -> Any:
        return await client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)

    async def read(run: Any) -> Any:
        page = await client.beta.threads.messages.list(run.thread_id)
        await client.close()
        return page.data[0].content[0].text.value

    run = asyncio.run(begin())
    run = asyncio.run(look(run))
    say(status=run.status, text=asyncio.run(read(run)))


def exit_early(text: str) -> None:
    """Ends while its run still works."""
    from bridge import OpenAI

    client = OpenAI()
    run = client.beta.threads.runs.create(**prepared(client, text))
    say(run=run.id)


def aexit_early(text: str) -> None:
    from bridge import AsyncOpenAI

    async def story() -> None:
        async with AsyncOpenAI() as client:
            run = await client.beta.threads.runs.create(**await aprepared(client, text))
            say(run=run.id)

    asyncio.run(story())


if __name__ == "__main__":
    main()
