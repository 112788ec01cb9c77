"""python ending.py KIND NAME TEXT: a process that ends in some way while a run works.

KIND is sync, async, or own: async with an HTTP client of the user's.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from typing import Any

from common import SECONDS, aassistant_of, assistant_of, say

from bridge import AsyncOpenAI, OpenAI
from bridge.upstream import family

sys.excepthook = lambda kind, error, trace: say("raised", kind.__name__)
threading.excepthook = lambda told: say("raised", told.exc_type.__name__)


# --- sync


def until_it_works(client: Any, text: str) -> Any:
    """A stream of a run that has begun to answer."""
    thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
    stream = client.beta.threads.runs.create(thread.id, assistant_id=assistant_of(client), stream=True)
    for event in stream:
        if event.event == "thread.run.created":
            say("run", event.data.id, thread.id)
        if event.event == "thread.message.delta":
            return stream


def run_of(client: Any, text: str) -> Any:
    with until_it_works(client, text) as stream:
        thread_id = stream.response.url.path.split("/")[-2]
    return client.beta.threads.runs.list(thread_id).data[0]


def normally(client: Any, text: str) -> None:
    run_of(client, text)


def amid_a_stream(client: Any, text: str) -> None:
    kept.append(until_it_works(client, text))


def by_exit_in_a_thread(client: Any, text: str) -> None:
    def leave() -> None:
        run_of(client, text)
        sys.exit(3)

    threading.Thread(target=leave).start()


def by_exception(client: Any, text: str) -> None:
    run_of(client, text)
    raise ValueError("not caught")


def polling(client: Any, text: str) -> None:
    run = run_of(client, text)
    say("waits")
    client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)


def streaming(client: Any, text: str) -> None:
    with until_it_works(client, text) as stream:
        say("waits")
        for _ in stream:
            pass


def closed_twice(client: Any, text: str) -> None:
    run_of(client, text)
    client.close()
    client.close()


def collected(client: Any, text: str) -> None:
    """Nobody has the client any more, and its run goes on."""
    run_of(client, text)
    del client
    gc.collect()
    time.sleep(0.2)
    gc.collect()


# --- async


async def auntil_it_works(client: Any, text: str) -> Any:
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": text}])
    assistant_id = await aassistant_of(client)
    stream = await client.beta.threads.runs.create(thread.id, assistant_id=assistant_id, stream=True)
    async for event in stream:
        if event.event == "thread.run.created":
            say("run", event.data.id, thread.id)
        if event.event == "thread.message.delta":
            return stream


async def arun_of(client: Any, text: str) -> Any:
    async with await auntil_it_works(client, text) as stream:
        thread_id = stream.response.url.path.split("/")[-2]
    return (await client.beta.threads.runs.list(thread_id)).data[0]


async def anormally(client: Any, text: str) -> None:
    await arun_of(client, text)


async def aamid_a_stream(client: Any, text: str) -> None:
    kept.append(await auntil_it_works(client, text))


async def aby_exit_in_a_thread(client: Any, text: str) -> None:
    await arun_of(client, text)
    thread = threading.Thread(target=sys.exit, args=(3,))
    thread.start()
    thread.join(SECONDS)


async def aby_exception(client: Any, text: str) -> None:
    await arun_of(client, text)
    raise ValueError("not caught")


async def apolling(client: Any, text: str) -> None:
    run = await arun_of(client, text)
    say("waits")
    await client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)


async def astreaming(client: Any, text: str) -> None:
    async with await auntil_it_works(client, text) as stream:
        say("waits")
        async for _ in stream:
            pass


async def aclosed_twice(client: Any, text: str) -> None:
    await arun_of(client, text)
    await client.close()
    await client.close()


async def acollected(client: Any, text: str) -> None:
    await arun_of(client, text)
    del client
    gc.collect()
    await asyncio.sleep(0.2)
    gc.collect()


kept: list[Any] = []
"""What lives until the interpreter goes down."""

if __name__ == "__main__":
    kind, name, text = sys.argv[1:]
    if kind == "sync":
        globals()[name](OpenAI(), text)
    else:
        options: dict[str, Any] = {"http_client": family.installed().AsyncClient()} if kind == "own" else {}
        asyncio.run(globals()["a" + name](AsyncOpenAI(**options), text))
