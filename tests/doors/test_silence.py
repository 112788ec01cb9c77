"""A stream that says nothing for longer than the caller's read timeout is a read timeout, as it was over the network.

The run goes on: leaving is no cancel (assistants-wire §6.3).
"""

from __future__ import annotations

import asyncio
import time

import openai
import pytest

import bridge
from bridge.hands.feeds import Feed
from bridge.upstream.family import installed
from bridge.upstream.scripted import ScriptedUpstream

pytestmark = pytest.mark.slow  # silence takes its time

SLOW = [{"when": "always", "do": [{"say": "One "}, {"wait": 0.6}, {"say": "two."}]}]


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_silent_feed_runs_out_of_patience(colour):
    feed = Feed()
    feed.patience = 0.05

    async def listen() -> None:
        async for _ in feed:
            pass

    with pytest.raises(TimeoutError, match=r"nothing came for 0\.05 seconds"):
        list(feed) if colour == "sync" else asyncio.run(listen())


def test_a_feed_without_patience_waits_for_the_end():
    feed = Feed()
    feed.end()
    assert b"".join(feed) == b"event: done\ndata: [DONE]\n\n"


def run_of(client, thread):
    for _ in range(200):
        (run,) = client.beta.threads.runs.list(thread.id).data
        if run.status == "completed":
            return run
        time.sleep(0.02)
    raise AssertionError(run.status)


def made(store):
    client = bridge.OpenAI(upstream=ScriptedUpstream(SLOW), store=store)
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="x")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "hello"}])
    return client, assistant, thread


def test_the_sdk_sees_a_read_timeout_and_the_run_completes(store_path):
    client, assistant, thread = made(str(store_path))
    stream = client.with_options(timeout=0.2).beta.threads.runs.create(
        thread.id, assistant_id=assistant.id, stream=True
    )
    with pytest.raises((installed().ReadTimeout, openai.APITimeoutError)):
        list(stream)
    assert run_of(client, thread).usage.total_tokens > 0
    client.close()


def test_an_async_stream_times_out_alike(store_path):
    client, assistant, thread = made(str(store_path))

    async def listen() -> None:
        async with bridge.AsyncOpenAI(upstream=ScriptedUpstream(SLOW), store=str(store_path), timeout=0.2) as other:
            stream = await other.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True)
            async for _ in stream:
                pass

    with pytest.raises((installed().ReadTimeout, openai.APITimeoutError)):
        asyncio.run(listen())
    run_of(client, thread)
    client.close()
