"""python loops.py NAME: one async client on the event loops that programs, tests, notebooks and frameworks make."""

from __future__ import annotations

import asyncio
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from common import aassistant_of, abegun, aconverse, assistant_of, at_once, atexts, converse, say

import bridge
from bridge import AsyncOpenAI, OpenAI


async def conversations(client: Any, name: str, count: int = 4) -> int:
    """So many at once; how many threads that made."""
    assistant_id = await aassistant_of(client)
    each = [aconverse(client, assistant_id, f"{name}-{number}", number) for number in range(count)]
    return len(set(await asyncio.gather(*each)))


# --- one after the other


def in_turn() -> None:
    client = AsyncOpenAI()
    say("threads", *[asyncio.run(conversations(client, str(number))) for number in range(3)])
    asyncio.run(client.close())


def a_client_each() -> None:
    """And nobody closes them."""
    say("threads", *[asyncio.run(conversations(AsyncOpenAI(), str(number))) for number in range(3)])


def a_run_outlives_its_loop() -> None:
    client = AsyncOpenAI()
    run = asyncio.run(abegun(client, "a moment"))
    say("status", asyncio.run(polled(client, run)))


def a_run_outlives_the_loop_of_an_http_client() -> None:
    """It began through the user's client, on the user's loop; it ends without either."""

    async def begin() -> Any:
        async with AsyncOpenAI(http_client=bridge.upstream.family.installed().AsyncClient()) as client:
            run = await abegun(client, "a while")
            async for event in await client.beta.threads.runs.create(
                (await client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])).id,
                assistant_id=await aassistant_of(client),
                stream=True,
            ):
                assert event
            return run

    run = asyncio.run(begin())
    say("status", asyncio.run(polled(AsyncOpenAI(), run)))


async def polled(client: Any, run: Any) -> str:
    run = await client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
    say("said", *(await atexts(client, run.thread_id))[1:])
    return str(run.status)


# --- at once


def two_at_once() -> None:
    """Two threads, each with a loop of its own, share the client."""
    client = AsyncOpenAI()
    say("threads", *at_once(lambda number: asyncio.run(conversations(client, str(number))), 2))
    asyncio.run(client.close())


# --- other makers of loops


def notebook() -> None:
    """A loop that lives as long as the kernel and stands still between the cells; sync clients block it."""
    loop = asyncio.new_event_loop()
    client, blocking = AsyncOpenAI(), OpenAI()

    async def blocking_cell() -> str:
        return converse(blocking, assistant_of(blocking), "blocking")

    run = loop.run_until_complete(abegun(client, "a moment"))
    loop.run_until_complete(blocking_cell())
    say("threads", *[loop.run_until_complete(conversations(client, str(number))) for number in range(2)])
    say("status", loop.run_until_complete(polled(client, run)))
    loop.run_until_complete(client.close())
    loop.close()
    blocking.close()


def nested() -> None:
    """nest_asyncio: asyncio.run within a loop that runs, as older notebooks do it."""
    import nest_asyncio

    nest_asyncio.apply()
    client = AsyncOpenAI()

    async def cell() -> None:
        say("threads", asyncio.run(conversations(client, "inner")), await conversations(client, "outer"))
        await client.close()

    asyncio.run(cell())


def uvloop() -> None:
    import uvloop

    client = AsyncOpenAI()
    say("threads", *[uvloop.run(conversations(client, str(number))) for number in range(2)])
    http = bridge.upstream.family.installed().AsyncClient()
    own = AsyncOpenAI(http_client=http)

    async def through_an_http_client() -> None:
        say("own", await conversations(own, "own"))
        await own.close()
        await client.close()

    uvloop.run(through_an_http_client())


def isolated() -> None:
    """unittest makes a loop for each test; the client is the module's."""
    client = AsyncOpenAI()

    class Test(unittest.IsolatedAsyncioTestCase):
        async def test_one(self) -> None:
            self.assertEqual(await conversations(client, "one"), 4)

        async def test_two(self) -> None:
            self.assertEqual(await conversations(client, "two"), 4)
            await client.close()

    result = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromTestCase(Test))
    say("threads", result.testsRun, len(result.errors + result.failures))


def django() -> None:
    """asgiref, as Django does it: async code under sync views in several threads, sync code under async views."""
    from asgiref.sync import async_to_sync, sync_to_async

    client, blocking = AsyncOpenAI(), OpenAI()
    assistant_id = assistant_of(blocking)

    async def async_view() -> int:
        threads = await asyncio.gather(
            *[sync_to_async(converse, thread_sensitive=False)(blocking, assistant_id, f"s{n}", n) for n in range(4)]
        )
        return len(set(threads))

    with ThreadPoolExecutor(4) as views:
        found = list(views.map(lambda number: async_to_sync(conversations)(client, str(number), 2), range(4)))
    say("threads", *found, async_to_sync(async_view)())
    async_to_sync(client.close)()
    blocking.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
