"""What a listener hears: everything in order, to the end; and what becomes of one who lags, leaves or never comes."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.hands.feeds import DONE, LAG, Feed, joined
from bridge.records import Delta, Message, Put, Run, Told
from bridge.wire import sse

RUN = Run("run_a", "thread_a", "asst_a", 0, 600, "gpt-4o")
MESSAGE = Message("msg_a", "thread_a", 0, "assistant", "in_progress")
ERROR = {"error": {"message": "Sorry about that!", "type": "server_error", "param": None, "code": None}}


def text(value: str, id: str = "msg_a", index: int = 0, **more: Any) -> Delta:
    block = {"index": index, "type": "text", "text": {"value": value, **more}}
    return Delta("thread.message.delta", id, {"content": [block]})


def refusal(value: str) -> Delta:
    return Delta("thread.message.delta", "msg_a", {"content": [{"index": 0, "type": "refusal", "refusal": value}]})


def call(index: int = 0, type: str = "function", id: str | None = None, **payload: Any) -> Delta:
    piece = {"index": index, **({"id": id} if id else {}), "type": type, type: payload}
    return Delta("thread.run.step.delta", "step_a", {"step_details": {"type": "tool_calls", "tool_calls": [piece]}})


def events(heard: bytes) -> list[sse.ServerSentEvent]:
    decoder = sse.Decoder()
    return [*decoder.feed(heard), *decoder.end()]


def names(heard: bytes) -> list[str | None]:
    return [event.event for event in events(heard)]


def values(heard: bytes) -> list[str]:
    deltas = [json.loads(event.data) for event in events(heard) if event.event == "thread.message.delta"]
    return [delta["delta"]["content"][0]["text"]["value"] for delta in deltas]


def read(feed: Feed) -> bytes:
    return b"".join(feed)


def aread(feed: Feed) -> bytes:
    async def read() -> bytes:
        return b"".join([piece async for piece in feed])

    return asyncio.run(read())


def tread(feed: Feed) -> bytes:
    trio = pytest.importorskip("trio")

    async def read() -> bytes:
        return b"".join([piece async for piece in feed])

    heard: bytes = trio.run(read)
    return heard


@pytest.fixture(params=[read, aread, tread], ids=["sync", "asyncio", "trio"])
def listen(request: Any) -> Any:
    return request.param


STORY = [
    [Put(RUN, ("thread.run.created", "thread.run.queued"), is_new=True)],
    [Told("thread.run.in_progress", RUN), Put(MESSAGE, ("thread.message.created",), is_new=True)],
    [text("Hel", annotations=[])],
    [text("lo")],
    [Put(RUN)],  # stored, not told
]
TOLD = [
    "thread.run.created",
    "thread.run.queued",
    "thread.run.in_progress",
    "thread.message.created",
    "thread.message.delta",
    "thread.message.delta",
]


def test_everything_is_heard_in_order_and_then_done(listen: Any) -> None:
    feed = Feed()
    for changes in STORY:
        feed.publish(changes)
    feed.end()
    heard = listen(feed)
    assert names(heard) == [*TOLD, "done"]
    assert values(heard) == ["Hel", "lo"]
    assert heard.endswith(DONE)


def test_what_is_published_while_somebody_listens_is_heard(listen: Any) -> None:
    feed = Feed()

    def leg() -> None:
        for changes in STORY:
            time.sleep(0.005)
            feed.publish(changes)
        feed.end()

    threading.Thread(target=leg).start()
    assert names(listen(feed)) == [*TOLD, "done"]


def test_an_error_is_the_last_word(listen: Any) -> None:
    feed = Feed()
    feed.publish([text("Hel")])
    feed.end(ERROR)
    feed.end()
    feed.publish([text("lo")])
    heard = listen(feed)
    assert heard.endswith(sse.encode("error", json.dumps(ERROR, separators=(",", ":")).encode()))
    assert names(heard) == ["thread.message.delta", "error"]


def test_it_ends_once(listen: Any) -> None:
    feed = Feed()
    feed.end()
    feed.end(ERROR)
    assert listen(feed) == DONE


def test_who_leaves_hears_no_more_and_nothing_is_kept(listen: Any) -> None:
    feed = Feed()
    feed.publish([text("Hel")])
    feed.close()
    feed.publish([text("lo")])
    feed.end()
    assert listen(feed) == b""
    assert not feed._waiting


def test_leaving_wakes_whoever_listens_in_another_thread() -> None:
    feed, heard = Feed(), []
    listener = threading.Thread(target=lambda: heard.append(read(feed)))
    listener.start()
    feed.publish([text("Hel")])
    time.sleep(0.02)
    feed.close()
    listener.join(1.0)
    assert not listener.is_alive() and names(heard[0]) == ["thread.message.delta"]


def test_a_token_is_heard_when_it_comes() -> None:
    feed = Feed()
    pieces = iter(feed)
    for word in ("One", "two"):
        feed.publish([text(word)])
        assert values(next(pieces)) == [word]


# --- lagging


def test_what_waits_for_a_listener_who_never_comes_is_no_larger_than_the_text() -> None:
    feed = Feed()
    for _ in range(100_000):
        feed.publish([text("word ")])
    assert len(feed._waiting) < LAG + 500_000 / 4096 + 1
    feed.end()
    assert "".join(values(read(feed))) == "word " * 100_000


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 1), st.text(max_size=5)), max_size=200))
def test_joined_or_not_every_text_is_the_same(pieces: list[tuple[str, int, str]]) -> None:
    feed, expected, found = Feed(), {}, {}
    for id, index, value in pieces:
        feed.publish([text(value, id, index)])
        expected[id, index] = expected.get((id, index), "") + value
    feed.end()
    for event in events(read(feed)):
        if event.event == "thread.message.delta":
            delta = json.loads(event.data)
            block = delta["delta"]["content"][0]
            place = delta["id"], block["index"]
            found[place] = found.get(place, "") + block["text"]["value"]
    assert found == expected


CITED = {"index": 0, "type": "file_citation", "text": "【0†a】"}
JOINS: list[tuple[Delta, Delta, Delta | None]] = [
    (text("a"), text("b"), text("ab")),
    (text("a", annotations=[]), text("b"), text("ab", annotations=[])),
    (refusal("a"), refusal("b"), refusal("ab")),
    (call(arguments='{"a"'), call(arguments=":1}"), call(arguments='{"a":1}')),
    (
        call(id="call_a", name="f", arguments="", output=None),
        call(arguments="{}"),
        call(id="call_a", name="f", arguments="{}", output=None),
    ),
    (
        call(type="code_interpreter", input="1"),
        call(type="code_interpreter", input="+1"),
        call(type="code_interpreter", input="1+1"),
    ),
    # not the same text
    (text("a"), text("b", annotations=[CITED]), None),
    (text("a"), text("b", index=1), None),
    (text("a"), text("b", id="msg_b"), None),
    (text("a"), refusal("b"), None),
    (text("a"), call(arguments="{}"), None),
    (call(0, arguments="{}"), call(1, arguments="{}"), None),
    (call(arguments="{}"), call(id="call_b", arguments="{}"), None),
    (call(type="file_search"), call(type="file_search"), None),
    (text("a"), Delta("thread.message.delta", "msg_a", {"content": []}), None),
]


@pytest.mark.parametrize(("first", "then", "both"), JOINS)
def test_what_is_joined(first: Delta, then: Delta, both: Delta | None) -> None:
    assert joined(first, then) == both


def test_what_is_encoded_is_never_joined() -> None:
    assert joined(b"event: x\ndata: {}\n\n", text("b")) is None
