"""python trio_program.py NAME: the async client under trio."""

from __future__ import annotations

import sys
from typing import Any

import trio
from common import aassistant_of, abegun, aconverse, atexts, say

from bridge import AsyncOpenAI
from bridge.upstream import family

http = family.installed()


async def conversations(client: Any) -> None:
    assistant_id, found = await aassistant_of(client), []

    async def one(number: int) -> None:
        found.append(await aconverse(client, assistant_id, str(number), number))

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(one, number)
    say("threads", len(set(found)))
    await client.close()


async def plain() -> None:
    await conversations(AsyncOpenAI())


async def with_an_http_client() -> None:
    await conversations(AsyncOpenAI(http_client=http.AsyncClient()))


async def cancel() -> None:
    async with AsyncOpenAI() as client:
        run, runs = await abegun(client, "slow"), client.beta.threads.runs
        await runs.cancel(run.id, thread_id=run.thread_id)
        say("status", (await runs.poll(run.id, thread_id=run.thread_id)).status)


async def leave() -> None:
    """A poll and a stream that are given up by trio's own cancelling; the run goes on."""
    async with AsyncOpenAI() as client:
        run, runs = await abegun(client, "a while"), client.beta.threads.runs
        with trio.move_on_after(0.3) as given_up:
            await runs.poll(run.id, thread_id=run.thread_id)
        thread = await client.beta.threads.create(messages=[{"role": "user", "content": "a while"}])
        with trio.move_on_after(0.3) as given_up_too:
            async with runs.stream(thread_id=thread.id, assistant_id=await aassistant_of(client)) as stream:
                await stream.until_done()
        say("given", given_up.cancelled_caught, given_up_too.cancelled_caught)
        say("status", (await runs.poll(run.id, thread_id=run.thread_id)).status, await atexts(client, run.thread_id))
        (other,) = (await runs.list(thread.id)).data
        say("other", (await runs.poll(other.id, thread_id=thread.id)).status)


async def hosted(own: str = "") -> None:
    """Calls that ask the upstream something at once: a vector store is made for the thread."""
    options = {"http_client": http.AsyncClient()} if own else {}
    async with AsyncOpenAI(**options) as client:
        file = await client.files.create(file=("facts.txt", b"The sky is blue."), purpose="assistants")
        thread = await client.beta.threads.create(
            messages=[{"role": "user", "content": "Hello"}],
            tool_resources={"file_search": {"vector_stores": [{"file_ids": [file.id]}]}},
        )
        say("stores", len(thread.tool_resources.file_search.vector_store_ids))
        run = await client.beta.threads.runs.create_and_poll(
            thread_id=thread.id, assistant_id=await aassistant_of(client)
        )
        say("status", run.status)


def twice() -> None:
    """One client under two runs of trio, then under asyncio; nobody closes it."""
    import asyncio

    client = AsyncOpenAI()

    async def once() -> None:
        say("thread", await aconverse(client, await aassistant_of(client), "one"))

    trio.run(once)
    trio.run(once)
    asyncio.run(once())


if __name__ == "__main__":
    twice() if sys.argv[1] == "twice" else trio.run(globals()[sys.argv[1]], *sys.argv[2:])
