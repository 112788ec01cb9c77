"""Under trio calls are made in threads, so that no client of ours is left open when its run ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import openai
import pytest
import trio

from bridge.calls import Credential
from bridge.engine.effects import Refused, Send
from bridge.testing import serve_scripted
from bridge.upstream import UpstreamRefused
from bridge.upstream.openai import OpenAIUpstream

WHO = Credential({"authorization": "Bearer k"})


@pytest.fixture
def served() -> Iterator[Any]:
    with serve_scripted([{"say": "Hello"}]) as served:
        yield served


@pytest.fixture
def upstream(served: Any) -> Iterator[OpenAIUpstream]:
    options: dict[str, Any] = {"api_key": "k", "base_url": served.url, "max_retries": 0}
    made = OpenAIUpstream(served.url, lambda: openai.OpenAI(**options), lambda: openai.AsyncOpenAI(**options))
    yield made
    made.close()


def test_bytes_and_objects(served: Any, upstream: OpenAIUpstream) -> None:
    with openai.OpenAI(api_key="k", base_url=served.url) as client:
        file = client.files.create(file=("facts.jsonl", b"The sky is blue."), purpose="batch")

    async def story() -> tuple[Any, bytes]:
        sent = await upstream.asend(Send("GET", f"/files/{file.id}"), WHO)
        pieces = await upstream.afetch(f"/files/{file.id}/content", WHO)
        return sent.body["id"], b"".join([piece async for piece in pieces])

    assert trio.run(story) == (file.id, b"The sky is blue.")


def test_a_refusal(upstream: OpenAIUpstream) -> None:
    async def story() -> Refused:
        with pytest.raises(UpstreamRefused) as refused:
            await upstream.afetch("/files/file-none/content", WHO)
        return refused.value.refused

    assert trio.run(story).status == 404


def test_a_call_that_is_given_up(upstream: OpenAIUpstream, monkeypatch: pytest.MonkeyPatch) -> None:

    answered = threading.Event()
    monkeypatch.setattr(upstream, "send", lambda *args: answered.wait(10))

    async def story() -> bool:
        with trio.move_on_after(0.05) as scope:
            await upstream.asend(Send("GET", "/files/file-none"), WHO)
        return scope.cancelled_caught

    assert trio.run(story)
    answered.set()
