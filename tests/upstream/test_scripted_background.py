"""Responses that are stored: read again, continued, and those of the background followed and cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from scripted_help import NO_SHARED, NO_SHARED_REASON, ask, call, output, said, send, tool, types, user, validator

from bridge.engine.effects import Resume, Send
from bridge.upstream import StreamBroken, UpstreamRefused
from bridge.upstream.scripted import ScriptedUpstream, passing

SLOW = [{"do": [{"say": "One,"}, {"wait": 0.05}, {"say": " two."}]}]
LONG = [{"do": [{"say": "One,"}, {"wait": 30}, {"say": " two."}]}]


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def begun(upstream: ScriptedUpstream, text: str = "Hi") -> str:
    """The id of a background response that was asked for and left."""
    sent = upstream.send(Send("POST", "/responses", {**ask(text), "stream": False, "background": True}))
    assert (sent.body["status"], sent.body["background"], sent.body["output"]) == ("queued", True, [])
    return str(sent.body["id"])


def status(upstream: ScriptedUpstream, id: str) -> str:
    return str(send(upstream, "GET", f"/responses/{id}")["status"])


# --- the background


def test_it_is_queued_first() -> None:
    events = list(ScriptedUpstream(SLOW).open(ask("Hi", background=True)))
    assert types(events)[:4] == ["created", "queued", "in_progress", "output_item.added"]
    assert [event["response"]["status"] for event in events[:3]] == ["queued", "queued", "in_progress"]
    assert all(event["response"]["background"] for event in events if "response" in event)
    assert said(events) == ["One, two."]


def test_it_is_made_whether_anybody_reads_or_not() -> None:
    upstream = ScriptedUpstream(SLOW)
    id = begun(upstream)
    eventually(lambda: status(upstream, id) == "completed")
    assert said(upstream.resume(Resume(id))) == ["One, two."]


def test_a_reader_who_leaves_ends_nothing() -> None:
    upstream = ScriptedUpstream(SLOW)
    stream = upstream.open(ask("Hi", background=True))
    id = next(iter(stream))["response"]["id"]
    stream.close()
    whole = list(upstream.resume(Resume(id)))
    assert (whole[-1]["type"], upstream.closed_early) == ("response.completed", 0)
    assert send(upstream, "GET", f"/responses/{id}") == whole[-1]["response"]


def test_it_is_read_again_from_any_event() -> None:
    upstream = ScriptedUpstream(SLOW)
    whole = list(upstream.open(ask("Hi", background=True)))
    id = whole[0]["response"]["id"]
    for after in range(len(whole)):
        assert list(upstream.resume(Resume(id, after))) == whole[after + 1 :]
    assert upstream.sent == [f"GET /responses/{id}"] * len(whole)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_is_followed_without_blocking(backend: str) -> None:
    async def main() -> None:
        upstream = ScriptedUpstream(SLOW)
        events = [event async for event in await upstream.aopen(ask("Hi", background=True))]
        again = await upstream.aresume(Resume(events[0]["response"]["id"], 0))
        assert [event async for event in again] == events[1:] and said(events) == ["One, two."]

    anyio.run(main, backend=backend)


CUT = [(True, False), ("reset", True)]


@pytest.mark.parametrize(("how", "breaks"), CUT)
def test_a_cut_ends_the_connection_and_not_the_response(how: Any, breaks: bool) -> None:
    upstream = ScriptedUpstream([{"do": [{"say": "One,"}, {"cut": how}, {"say": " two."}]}])
    events: list[Any] = []
    try:
        for event in upstream.open(ask("Hi", background=True)):
            events.append(event)  # one by one: what came before the break counts
        assert not breaks
    except StreamBroken:
        assert breaks
    assert said(events) == ["One,"] and "response" not in events[-1]
    rest = list(upstream.resume(Resume(events[0]["response"]["id"], events[-1]["sequence_number"])))
    assert (said(rest), rest[-1]["type"]) == ([" two."], "response.completed")


def test_what_follows_a_cut_is_for_the_background_alone() -> None:
    upstream = ScriptedUpstream([{"do": [{"say": "One,"}, {"cut": True}, {"say": " two."}]}])
    assert said(upstream.open(ask("Hi"))) == ["One,"]


def test_a_cancel_ends_it() -> None:
    upstream = ScriptedUpstream(LONG)
    stream = iter(upstream.open(ask("Hi", background=True)))
    id = next(stream)["response"]["id"]
    began = time.monotonic()
    assert send(upstream, "POST", f"/responses/{id}/cancel")["status"] == "cancelled"
    assert list(stream)[-1]["type"] != "response.completed" and time.monotonic() - began < 5
    assert send(upstream, "POST", f"/responses/{id}/cancel")["status"] == status(upstream, id) == "cancelled"


def test_a_cancel_comes_too_late() -> None:
    upstream = ScriptedUpstream([{"say": "Yes."}])
    id = begun(upstream)
    eventually(lambda: status(upstream, id) == "completed")
    assert send(upstream, "POST", f"/responses/{id}/cancel")["status"] == "completed"


def test_closing_the_upstream_ends_it() -> None:
    upstream = ScriptedUpstream(LONG)
    id = begun(upstream)
    upstream.close()
    assert status(upstream, id) == "cancelled"


@pytest.mark.parametrize(
    ("rule", "ended"),
    [
        ({"say": "a", "incomplete": "max_output_tokens"}, "incomplete"),
        ({"say": "a", "fail": "No."}, "failed"),
        ({"say": "a", "quirks": ["error_event"]}, "failed"),
        ({"say": "a", "quirks": ["malformed_json"]}, "failed"),
    ],
)
def test_how_it_ends(rule: dict[str, Any], ended: str) -> None:
    upstream = ScriptedUpstream([rule])
    id = begun(upstream)
    eventually(lambda: status(upstream, id) == ended)


def test_an_offline_client_reads_it_again() -> None:
    upstream = ScriptedUpstream(SLOW)
    id = begun(upstream)
    answer = passing.answer(upstream, httpx.Request("GET", f"http://offline/v1/responses/{id}?stream=true"))
    assert (answer.status, answer.media_type) == (200, "text/event-stream")
    assert answer.content.count(b"event: ") > 5 and b"event: response.completed" in answer.content


@pytest.mark.needs("shared")
@pytest.mark.skipif(NO_SHARED, reason=NO_SHARED_REASON)
def test_what_is_told_is_valid() -> None:
    events = list(ScriptedUpstream(SLOW).open(ask("Hi", background=True)))
    validator("ResponseQueuedEvent").validate(events[1])
    validator("ResponseCreatedEvent").validate(events[0])


# --- what is stored


def test_a_response_is_stored_unless_it_is_not_to_be() -> None:
    upstream = ScriptedUpstream([{"say": "Yes."}])
    for store, kept in ((None, True), (True, True), (False, False)):
        final = list(upstream.open(ask("Hi", store=store)))[-1]["response"]
        answer = send(upstream, "GET", f"/responses/{final['id']}")
        assert answer == (final if kept else (404, f"Response with id '{final['id']}' not found."))


def test_one_that_was_left_is_not_stored() -> None:
    upstream = ScriptedUpstream(LONG)
    stream = upstream.open(ask("Hi"))
    id = next(iter(stream))["response"]["id"]
    stream.close()
    assert send(upstream, "GET", f"/responses/{id}")[0] == 404


def test_a_stored_response_is_neither_cancelled_nor_streamed_again() -> None:
    upstream = ScriptedUpstream([{"say": "Yes."}])
    id = list(upstream.open(ask("Hi")))[-1]["response"]["id"]
    assert send(upstream, "POST", f"/responses/{id}/cancel") == (400, "Cannot cancel a synchronous response.")
    with pytest.raises(UpstreamRefused, match="background=true"):
        upstream.resume(Resume(id))
    assert send(upstream, "DELETE", f"/responses/{id}") == {"id": id, "object": "response", "deleted": True}
    assert (
        send(upstream, "DELETE", f"/responses/{id}")[0] == send(upstream, "POST", f"/responses/{id}/cancel")[0] == 404
    )
    with pytest.raises(UpstreamRefused, match=f"Response with id '{id}' not found"):
        upstream.resume(Resume(id))


def test_a_stored_response_can_be_gone_on_from() -> None:
    script = [{"when": "go", "reason": "Hm.", "call": "f", "then": {"say": "It is {outputs}."}}]
    upstream, f = ScriptedUpstream(script), tool("f")
    first = list(upstream.open(ask("go", f, model="gpt-5")))[-1]["response"]
    (called,) = [item for item in first["output"] if item["type"] == "function_call"]
    more = {"previous_response_id": first["id"], "model": "gpt-5"}
    answer = list(upstream.open(ask([output(called["call_id"], "7")], f, **more)))[-1]["response"]
    assert (answer["output"][0]["content"][0]["text"], answer["previous_response_id"]) == ("It is 7.", first["id"])
    count = {"model": "gpt-5", "input": [output(called["call_id"], "7")], "previous_response_id": first["id"]}
    assert send(upstream, "POST", "/responses/input_tokens", count)["input_tokens"] > 20
    with pytest.raises(UpstreamRefused, match="No tool output found"):
        upstream.open(ask("go on", f, **more))


def test_no_previous() -> None:
    upstream = ScriptedUpstream([{"say": "Yes."}], quirks=["no_previous"])
    assert said(upstream.open(ask("Hi", previous_response_id="resp_x"))) == ["Yes."]
    history = [user("Hi"), call("c", "f"), output("c", "")]
    id = list(upstream.open(ask(history)))[-1]["response"]["id"]
    with pytest.raises(UpstreamRefused, match="No tool call found"):
        upstream.open(ask([output("c", "")], previous_response_id=id))
