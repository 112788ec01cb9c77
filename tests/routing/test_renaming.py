"""Ids of another server in its answers: which are replaced, which are text, in whatever cut the bytes come."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.records import Run
from bridge.routing import renaming
from bridge.routing.asked import Relayed
from bridge.routing.relaying import Reading
from bridge.upstream.assistants import Answer
from bridge.wire import sse

NAMES = {"thread_x": "thread_a", "run_x": "run_a"}
RUN = Run("run_a", "thread_a", "asst_a", 5, 605, "gpt-4o")

PAIRS = [
    ({"id": "thread_x", "object": "thread"}, {"id": "thread_a", "object": "thread"}),
    ({"data": [{"id": "msg_1", "run_id": "run_x"}]}, {"data": [{"id": "msg_1", "run_id": "run_a"}]}),
    ({"first_id": "run_x", "last_id": "run_y"}, {"first_id": "run_a", "last_id": "run_y"}),
    ({"thread_id": None, "id": 5}, {"thread_id": None, "id": 5}),
    *[
        (untouched, untouched)
        for untouched in (
            {"content": [{"type": "text", "text": {"value": "thread_x"}}]},
            {"metadata": {"thread_id": "thread_x", "id": "run_x"}},
            {"function": {"arguments": '{"id": "run_x"}', "output": "run_x"}},
            {"function": {"arguments": {"id": "run_x"}}},
            {"instructions": "thread_x", "thread_x": "run_x"},
            {"id": "thread_xy"},
        )
    ],
]


@pytest.mark.parametrize(("theirs", "ours"), PAIRS)
def test_ids_are_replaced_and_texts_are_not(theirs, ours):
    assert renaming.renamed(theirs, NAMES) == ours


ERRORS = [
    ("Thread thread_x already has an active run run_x.", "Thread thread_a already has an active run run_a."),
    ("No assistant found with id 'asst_1'.", "No assistant found with id 'asst_1'."),
]


@pytest.mark.parametrize(("theirs", "ours"), ERRORS)
def test_errors_name_what_the_caller_knows(theirs, ours):
    envelope = {"error": {"message": theirs, "type": "invalid_request_error", "param": None, "code": None}}
    told = renaming.error(envelope, NAMES)
    assert told == {"error": {**envelope["error"], "message": ours}}


@pytest.mark.parametrize("body", [{}, {"error": "thread_x"}, {"error": {"message": None}}, {"detail": "thread_x"}])
def test_what_is_no_envelope_stays(body):
    assert renaming.error(body, NAMES) == body


# --- streams

EVENTS = [
    (
        "thread.run.created",
        {"object": "thread.run", "id": "run_x", "thread_id": "thread_x", "metadata": {"a": "run_x"}},
    ),
    ("thread.message.delta", {"id": "msg_1", "delta": {"content": [{"text": {"value": "thread_x → run_x\u2028"}}]}}),
    ("thread.run.completed", {"object": "thread.run", "id": "run_x", "thread_id": "thread_x"}),
    ("done", "[DONE]"),
]
TOLD = [
    ("thread.run.created", {**EVENTS[0][1], "id": "run_a", "thread_id": "thread_a"}),
    EVENTS[1],
    ("thread.run.completed", {**EVENTS[2][1], "id": "run_a", "thread_id": "thread_a"}),
    EVENTS[3],
]


def written(events, end=b"\n"):
    """The bytes of events, lines ended as the server likes."""
    frames = []
    for name, data in events:
        payload = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        frames.append(b"event: %b%bdata: %b%b%b" % (name.encode(), end, payload.encode(), end, end))
    return b"".join(frames)


def reading():
    relayed = Relayed(Answer(200, ()), None, None, RUN, {"thread_x": "thread_a"})  # type: ignore[arg-type]
    return Reading(relayed)


def told(pieces):
    """The events that the caller reads, and how many errands were asked for."""
    read, errands, out = reading(), 0, []
    for piece in [*pieces, None]:
        for event in read.events(piece):
            frame, errand = read.frame(event)
            errands += errand is not None
            out.append(frame)
    decoder = sse.Decoder()
    found = [*decoder.feed(b"".join(out)), *decoder.end()]
    texts = [(event.event, event.data.decode()) for event in found]
    return [(name, data if data == "[DONE]" else json.loads(data)) for name, data in texts], errands


@settings(max_examples=40)
@given(st.lists(st.integers(0, 600), max_size=30), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_a_stream_is_told_in_any_cut(cuts, end):
    whole = written(EVENTS, end)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[start:stop] for start, stop in itertools.pairwise(places)]
    assert told(pieces) == (TOLD, 2)  # the run's name at its first event, what it made at the end


def test_byte_by_byte_and_without_a_last_line():
    whole = written(EVENTS).removesuffix(b"\n")
    assert told([bytes([byte]) for byte in whole]) == (TOLD, 2)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20) | st.sampled_from([*NAMES]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "text", "metadata", "output", "name"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=40)
@given(json_values)
def test_without_a_key_for_ids_nothing_changes(value):
    assert renaming.renamed(value, NAMES) == value


@settings(max_examples=40)
@given(json_values)
def test_what_is_under_a_key_for_ids_is_replaced_whole_or_not_at_all(value):
    found = renaming.renamed({"thread_id": value}, NAMES)
    assert found == {"thread_id": NAMES.get(value, value) if isinstance(value, str) else value}
