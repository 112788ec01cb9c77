from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.wire import sse
from bridge.wire.sse import Decoder, EventTooLarge, ServerSentEvent


def decode(*pieces: bytes) -> list[tuple[str | None, bytes]]:
    decoder = Decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)] + decoder.end()
    return [(event.event, event.data) for event in events]


FRAMES = [
    ("thread.run.created", b"{}", b"event: thread.run.created\ndata: {}\n\n"),
    ("done", b"[DONE]", b"event: done\ndata: [DONE]\n\n"),
    ("x", b"a\nb", b"event: x\ndata: a\ndata: b\n\n"),
    ("x", b"a\r\nb\rc", b"event: x\ndata: a\ndata: b\ndata: c\n\n"),
    ("x", b"", b"event: x\ndata: \n\n"),
]


@pytest.mark.parametrize(("event", "data", "frame"), FRAMES)
def test_frames(event: str, data: bytes, frame: bytes) -> None:
    assert sse.encode(event, data) == frame


def test_the_last_frame() -> None:
    assert sse.DONE == b"event: done\ndata: [DONE]\n\n"


STREAMS = [
    (b"", []),
    (b"event: a\ndata: 1\n\n", [("a", b"1")]),
    (b"event: a\r\ndata: 1\r\n\r\n", [("a", b"1")]),
    (b"event: a\rdata: 1\r\r", [("a", b"1")]),
    (b"data: 1\n\ndata: 2\n\n", [(None, b"1"), (None, b"2")]),
    (b"data: 1\r\rdata: 2\r\n\r\ndata: 3\n\n", [(None, b"1"), (None, b"2"), (None, b"3")]),
    (b"data:1\n\n", [(None, b"1")]),
    (b"data:  1\n\n", [(None, b" 1")]),
    (b"data: a\ndata: b\n\n", [(None, b"a\nb")]),
    (b"data\n\n", [(None, b"")]),
    (b": ping\n\ndata: 1\n\n", [(None, b"1")]),
    (b"event: lonely\n\ndata: 1\n\n", [(None, b"1")]),
    (b"id: 7\nretry: 1\nunknown: x\ndata: 1\n\n", [(None, b"1")]),
    (b"event: a\nevent: b\ndata: 1\n\n", [("b", b"1")]),
    (b"event:\ndata: 1\n\n", [(None, b"1")]),
    (b"\xef\xbb\xbfdata: 1\n\n", [(None, b"1")]),
    (b"data: \xef\xbb\xbf\n\n", [(None, b"\xef\xbb\xbf")]),
    ("data: süß 【1†a】\n\n".encode(), [(None, "süß 【1†a】".encode())]),
    (b"data: 1\x0b2\x0c3\x1c4\x854\xe2\x80\xa8\n\n", [(None, b"1\x0b2\x0c3\x1c4\x854\xe2\x80\xa8")]),
    (b"data: 1\n\ndata: 2", [(None, b"1"), (None, b"2")]),
    (b"data: 1\n\ndata: 2\n", [(None, b"1"), (None, b"2")]),
    (b"\xef", []),
    (b"\n\n\n", []),
    (b"data: a: b\n\n", [(None, b"a: b")]),
]


@pytest.mark.parametrize(("stream", "events"), STREAMS)
def test_streams_whole_byte_by_byte_and_with_something_trailing(
    stream: bytes, events: list[tuple[str | None, bytes]]
) -> None:
    assert decode(stream) == events
    assert decode(*(stream[i : i + 1] for i in range(len(stream)))) == events
    if stream.endswith((b"\n\n", b"\r\r", b"\r\n\r\n")):
        assert decode(stream, b"data: more\n\n") == [*events, (None, b"more")]


@st.composite
def cut(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    letters = st.sampled_from([b"data: ", b"event: ", b"data", b":", b" ", b"\n", b"\r", b"\r\n", b"x", "é†".encode()])
    stream = draw(st.sampled_from([b"", sse.BOM])) + b"".join(draw(st.lists(letters, max_size=40)))
    places = sorted(draw(st.sets(st.integers(0, len(stream)), max_size=12)))
    return stream, [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


@given(cut())
def test_any_cut_gives_the_same_events(stream_and_pieces: tuple[bytes, list[bytes]]) -> None:
    stream, pieces = stream_and_pieces
    assert decode(*pieces) == decode(stream)


@given(
    st.lists(st.tuples(st.from_regex(r"[a-z.]{1,12}", fullmatch=True), st.text(st.characters(exclude_characters="\r"))))
)
def test_what_is_encoded_is_decoded(events: list[tuple[str, str]]) -> None:
    stream = b"".join(sse.encode(event, data.encode()) for event, data in events)
    assert decode(stream) == [(event, data.encode()) for event, data in events]


def test_events_come_out_as_soon_as_they_are_whole() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: 1\n") == []
    assert decoder.feed(b"\n") == [ServerSentEvent(b"1")]
    assert decoder.feed(b"data: 2\r\r") == [ServerSentEvent(b"2")]
    assert decoder.feed(b"\ndata: 3\r\n\r") == [ServerSentEvent(b"3")]


def test_an_event_has_a_limit_and_a_stream_has_none() -> None:
    decoder = Decoder(limit=20)
    for _ in range(10):
        assert decoder.feed(b"data: 12345678\n\n" * 3) == [ServerSentEvent(b"12345678")] * 3
    with pytest.raises(EventTooLarge, match="larger than 20 bytes"):
        decoder.feed(b"data: " + b"x" * 20)


@pytest.mark.parametrize("piece", [b"x" * 8, b"data: 1\n", b": ping\n"])
def test_the_limit_counts_all_that_is_kept(piece: bytes) -> None:
    decoder = Decoder(limit=100)
    with pytest.raises(EventTooLarge):
        for _ in range(20):
            decoder.feed(piece)
