"""python carrying.py KIND NAME [ARGS…]: the calls of runs go through the HTTP client that the user made.

KIND is sync or async. Programs of the httpx and the httpx2 family are the same but for the module.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from typing import Any

from common import aassistant_of, aconverse, assistant_of, converse, say

from bridge import AsyncOpenAI, OpenAI
from bridge.upstream import family

http = family.installed()
KIND = sys.argv[1]
Client = http.Client if KIND == "sync" else http.AsyncClient
IS_SYNC = KIND == "sync"
LEGS = 3  # of a conversation: two runs, one of them with two legs


def hold(name: str, **options: Any) -> Any:
    """A conversation through this client, and what was seen of the answers."""
    if IS_SYNC:
        with OpenAI(max_retries=0, **options) as client:
            return converse(client, assistant_of(client), name, 1)

    async def story() -> str:
        async with AsyncOpenAI(max_retries=0, **options) as client:
            return await aconverse(client, await aassistant_of(client), name, 1)

    return asyncio.run(story())


# --- what a client is made with


def transport() -> None:
    seen: list[str] = []

    class Counting(http.HTTPTransport if IS_SYNC else http.AsyncHTTPTransport):  # type: ignore[misc]
        if IS_SYNC:

            def handle_request(self, request: Any) -> Any:
                seen.append(request.url.path)
                return super().handle_request(request)
        else:

            async def handle_async_request(self, request: Any) -> Any:
                seen.append(request.url.path)
                return await super().handle_async_request(request)

    hold("transport", http_client=Client(transport=Counting()))
    say("counted", seen.count("/v1/responses"))


def hooks() -> None:
    """They see the calls upstream, request and response, and may add headers; what is answered here they see, too."""
    seen: list[str] = []

    def asked(request: Any) -> None:
        seen.append(f"> {request.url.path}")
        request.headers["X-Team"] = "blue"

    def answered(response: Any) -> None:
        seen.append(f"< {response.request.url.path} {response.status_code}")

    async def aasked(request: Any) -> None:
        asked(request)

    async def aanswered(response: Any) -> None:
        answered(response)

    both = {"request": [asked], "response": [answered]} if IS_SYNC else {"request": [aasked], "response": [aanswered]}
    hold("hooks", http_client=Client(event_hooks=both), default_headers={"X-Project": "green"}, timeout=7)
    say("seen", seen.count("> /v1/responses"), seen.count("< /v1/responses 200"))
    say("ours", sum(each.startswith("> /v1/threads") for each in seen) > 0)


def proxy(url: str) -> None:
    hold("proxy", http_client=Client(proxy=url))


def mounts(url: str) -> None:
    kind = http.HTTPTransport if IS_SYNC else http.AsyncHTTPTransport
    hold("mounts", http_client=Client(mounts={"http://": kind(proxy=url)}))


def ways(url: str) -> None:
    transport()
    hooks()
    proxy(url)
    mounts(url)


def environment() -> None:
    """A proxy that is named in HTTP_PROXY, as the SDK's own client takes it."""
    hold("environment")


def tls(authority: str) -> None:
    """Without the authority the run fails, and says why."""
    hold("tls", http_client=Client(verify=ssl.create_default_context(cafile=authority)))
    with OpenAI(max_retries=0) as client:
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant_of(client))
        say("status", run.status, run.last_error.message)


# --- closed while a run works


def closed() -> None:
    """The user closes the HTTP client while the answer comes through it."""
    began = time.monotonic()
    run = _closed() if IS_SYNC else asyncio.run(_aclosed())
    say("seconds", round(time.monotonic() - began, 1))
    say("status", run.status, run.last_error and run.last_error.message)


def _closed() -> Any:
    own = Client()
    client, watching = OpenAI(http_client=own, max_retries=0), OpenAI(max_retries=0)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "slow"}])
    stream = client.beta.threads.runs.create(thread.id, assistant_id=assistant_of(client), stream=True)
    next(event for event in stream if event.event == "thread.message.delta")
    own.close()
    (run,) = watching.beta.threads.runs.list(thread.id).data
    return watching.beta.threads.runs.poll(run.id, thread_id=thread.id)


async def _aclosed() -> Any:
    own = Client()
    client, watching = AsyncOpenAI(http_client=own, max_retries=0), AsyncOpenAI(max_retries=0)
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": "slow"}])
    stream = await client.beta.threads.runs.create(thread.id, assistant_id=await aassistant_of(client), stream=True)
    async for event in stream:
        if event.event == "thread.message.delta":
            break
    await own.aclose()
    (run,) = (await watching.beta.threads.runs.list(thread.id)).data
    return await watching.beta.threads.runs.poll(run.id, thread_id=thread.id)


if __name__ == "__main__":
    globals()[sys.argv[2]](*sys.argv[3:])
