"""Streams in-process: waits, closing from anywhere, breaks, and the calls that are not streamed."""

from __future__ import annotations

import threading
import time
from typing import Any

import anyio
import pytest
from scripted_help import ask, said, types

from bridge.calls import Credential
from bridge.engine.effects import Send
from bridge.upstream import AsyncUpstreamStream, StreamBroken, Upstream, UpstreamRefused, UpstreamStream
from bridge.upstream.scripted import ScriptedUpstream

SLOW = [{"do": [{"say": "One"}, {"wait": 30}, {"say": " two"}]}]
NOBODY = Credential()


def test_it_is_an_upstream() -> None:
    upstream: Upstream = ScriptedUpstream()
    stream: UpstreamStream = upstream.open(ask("hi"), NOBODY)
    assert upstream.name == "scripted"
    assert said(stream)


def test_requests_and_credentials_are_kept_as_they_came() -> None:
    upstream, request = ScriptedUpstream([{"say": "a"}]), ask("hi")
    upstream.open(request, Credential({"authorization": "Bearer sk-1"}))
    request["input"] = "changed later"
    with pytest.raises(UpstreamRefused):
        upstream.open({"model": "m"})
    assert [body.get("input") for body in upstream.requests] == ["hi", None]
    assert [each.headers.get("authorization") for each in upstream.credentials] == ["Bearer sk-1", None]
    silent = ScriptedUpstream([{"say": "a"}], keep_requests=False)
    silent.open(request)
    assert silent.requests == silent.credentials == []


def test_a_wait_is_waited_for() -> None:
    began = time.monotonic()
    assert said(ScriptedUpstream([{"do": [{"say": "a"}, {"wait": 0.05}, {"say": "b"}]}]).open(ask("hi"))) == ["ab"]
    assert said(ScriptedUpstream([{"pace": 0.02, "say": "a b c"}]).open(ask("hi"))) == ["a b c"]
    assert time.monotonic() - began >= 0.11


def test_close_from_another_thread_ends_a_blocked_reader() -> None:
    upstream = ScriptedUpstream(SLOW)
    stream = upstream.open(ask("hi"))
    threading.Timer(0.05, stream.close).start()
    began = time.monotonic()
    events = list(stream)
    assert time.monotonic() - began < 5
    assert said(events) == ["One"]
    stream.close()
    assert upstream.closed_early == 1


def test_closing_the_upstream_ends_every_stream() -> None:
    upstream = ScriptedUpstream(SLOW)
    threading.Timer(0.05, upstream.close).start()
    assert said(upstream.open(ask("hi"))) == ["One"]
    assert upstream.closed_early == 1


def test_leaving_after_the_end_is_not_early() -> None:
    upstream = ScriptedUpstream([{"say": "a"}])
    stream = upstream.open(ask("hi"))
    for event in stream:
        if event["type"] == "response.completed":
            stream.close()
    upstream.close()
    assert upstream.closed_early == 0


def test_leaving_unread_is_early() -> None:
    upstream = ScriptedUpstream([{"say": "a"}])
    upstream.open(ask("hi")).close()
    assert upstream.closed_early == 1


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ({"say": "Let me", "cut": True}, False),
        ({"say": "Let me", "cut": "reset"}, True),
        ({"say": "Let me", "quirks": ["malformed_json"]}, True),
    ],
)
def test_a_cut_stream_has_no_ending(rule: dict[str, Any], broken: bool) -> None:
    upstream, events = ScriptedUpstream([rule]), []
    try:
        for event in upstream.open(ask("hi")):
            events.append(event)
        assert not broken
    except StreamBroken:
        assert broken
    assert types(events) == ["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta"]
    with pytest.raises(UpstreamRefused) as caught:
        upstream.send(Send("POST", "/responses", ask("hi")))
    assert caught.value.refused.status == 0


def test_an_error_is_an_answer_to_send_and_a_refusal_of_open() -> None:
    rule = {"wait": 0.01, "error": {"status": 429, "message": "No more {text}.", "retry_after": 2}}
    upstream = ScriptedUpstream([rule])
    with pytest.raises(UpstreamRefused) as caught:
        upstream.open(ask("hi"))
    refused = caught.value.refused
    assert (refused.status, refused.message, refused.retry_after) == (429, "No more hi.", 2)
    sent = upstream.send(Send("POST", "/responses", ask("hi")))
    assert (sent.status, sent.body["error"]["code"]) == (429, "rate_limit_exceeded")


def test_other_endpoints() -> None:
    upstream = ScriptedUpstream()

    def send(method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        sent = upstream.send(Send(method, path, body))
        return sent.status, sent.body

    assert send("GET", "/models/gpt-4o")[1]["id"] == "gpt-4o"
    assert send("GET", "/models/gpt-1")[0] == 404
    assert {model["object"] for model in send("GET", "/models")[1]["data"]} == {"model"}
    assert len(send("POST", "/embeddings", {"model": "m", "input": ["a", "b"]})[1]["data"]) == 2
    assert send("POST", "/chat/completions", {"model": "m", "messages": [{}]})[1]["object"] == "chat.completion"
    assert send("POST", "/assistants")[0] == 404


def test_rules_are_counted_once_each_across_threads() -> None:
    upstream = ScriptedUpstream([{"times": 5, "say": "early"}, {"say": "late"}])
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.extend(said(upstream.open(ask("hi"))))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts) == ["early"] * 5 + ["late"] * 15
    assert len(upstream.requests) == 20


# --- async


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_streams_say_the_same_and_close_at_once(backend: str) -> None:
    async def main() -> None:
        upstream = ScriptedUpstream([{"when": "slow", **SLOW[0]}, {"say": "All of it."}])
        stream: AsyncUpstreamStream = await upstream.aopen(ask("hi"), NOBODY)
        assert said([event async for event in stream]) == ["All of it."]
        await stream.aclose()
        assert upstream.closed_early == 0
        slow = await upstream.aopen(ask("slow"))
        async with anyio.create_task_group() as group:
            group.start_soon(close_soon, slow)
            with anyio.fail_after(5):
                assert said([event async for event in slow]) == ["One"]
        assert upstream.closed_early == 1
        slow = await upstream.aopen(ask("slow"))
        threading.Timer(0.05, upstream.close).start()
        with anyio.fail_after(5):
            assert said([event async for event in slow]) == ["One"]
        sent = await upstream.asend(Send("POST", "/responses", ask("hi")))
        assert sent.body["output"][0]["content"][0]["text"] == "All of it."

    async def close_soon(stream: AsyncUpstreamStream) -> None:
        await anyio.sleep(0.05)
        await stream.aclose()
        await stream.aclose()

    anyio.run(main, backend=backend)


def test_async_refusals() -> None:
    async def main() -> None:
        upstream = ScriptedUpstream([{"wait": 0.01, "error": 503}])
        with pytest.raises(UpstreamRefused) as caught:
            await upstream.aopen(ask("hi"))
        assert caught.value.refused.status == 503

    anyio.run(main)


def test_a_long_answer_takes_no_time() -> None:
    upstream = ScriptedUpstream([{"say": "word " * 500}])
    began = time.perf_counter()
    assert len(list(upstream.open(ask("hi")))) > 500
    assert time.perf_counter() - began < 0.5
