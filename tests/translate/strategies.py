"""Legal streams of a Responses server, at random: `streams()` is a strategy of Stream.

Items are messages (texts, refusals, citations), function calls, hosted calls and reasoning. Each item's events keep
their order; items follow one another or, with `interleaved`, mix. What servers are known to leave out (deltas, the
``.done`` events, sequence numbers …) is left out at random, but never both the pieces and the whole of anything.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from hypothesis import strategies as st

Object = dict[str, Any]

PIECES = st.lists(st.text('abcé✓ 😀{}":,', min_size=1, max_size=5), min_size=1, max_size=4)


@frozen
class Stream:
    """The events in order, the last being terminal, and the items they are about as the server ended up with them."""

    events: list[Object]
    output: list[Object]
    status: str


@frozen
class Told:
    """One item with its events."""

    item: Object
    events: list[Object]


@st.composite
def streams(draw: st.DrawFn, *, interleaved: bool = False, statuses: tuple[str, ...] = ("completed",)) -> Stream:
    """A whole response. With status ``incomplete`` its last item was cut, if it is a message or a function call."""
    status = draw(st.sampled_from(statuses))
    count = draw(st.integers(0, 4))
    told = [draw(items(index, cut=status == "incomplete" and index == count - 1)) for index in range(count)]
    order = _mixed(draw, told) if interleaved else [event for one in told for event in one.events]
    output = [one.item for one in told]
    response = {"id": "resp_1", "status": status, "output": output, "usage": {"input_tokens": 3, "output_tokens": 4}}
    if status == "incomplete":
        response["incomplete_details"] = {"reason": "max_output_tokens"}
    if status == "failed":
        response["error"] = {"code": "server_error", "message": "The model stumbled."}
    opening = {"id": "resp_1", "status": draw(st.sampled_from(["queued", "in_progress"])), "output": []}
    begun = draw(st.sampled_from([["created"], ["created", "in_progress"], ["created", "queued", "in_progress"]]))
    events = [{"type": f"response.{word}", "response": opening} for word in begun]
    events += [*order, {"type": f"response.{status}", "response": response}]
    if draw(st.booleans()):
        events = [{**event, "sequence_number": number} for number, event in enumerate(events)]
    return Stream(events, output, status)


def items(index: int, *, cut: bool = False) -> st.SearchStrategy[Told]:
    return st.one_of(message(index, cut), function_call(index, cut), hosted_call(index), reasoning(index))


@st.composite
def message(draw: st.DrawFn, index: int, cut: bool) -> Told:
    id = f"msg_{index}"
    content: list[Object] = []
    events: list[Object] = []
    for part in range(draw(st.integers(0, 2))):
        body, told = draw(_part(id, index, part))
        content.append(body)
        events += told
    status = "incomplete" if cut else "completed"
    item = {"id": id, "type": "message", "role": "assistant", "status": status, "content": content}
    return _framed(draw, item, index, {"content": []}, events)


@st.composite
def _part(draw: st.DrawFn, id: str, index: int, part: int) -> tuple[Object, list[Object]]:
    at = {"item_id": id, "output_index": index, "content_index": part}
    pieces = draw(PIECES)
    if draw(st.integers(0, 3)) == 0:
        body: Object = {"type": "refusal", "refusal": "".join(pieces)}
        events = [{"type": "response.refusal.delta", **at, "delta": piece} for piece in pieces]
        events.append({"type": "response.refusal.done", **at, "refusal": body["refusal"]})
        return body, draw(_thinned(events))
    events, annotations = [], []
    for piece in pieces:
        events.append({"type": "response.output_text.delta", **at, "delta": piece})
        if draw(st.integers(0, 3)) == 0:
            cited = {"type": "file_citation", "file_id": f"file-{len(annotations)}", "filename": "a.txt", "index": 1}
            kind = "response.output_text.annotation.added"
            events.append({"type": kind, **at, "annotation_index": len(annotations), "annotation": cited})
            annotations.append(cited)
    body = {"type": "output_text", "text": "".join(pieces), "annotations": annotations, "logprobs": []}
    events.append({"type": "response.output_text.done", **at, "text": body["text"]})
    events = draw(_thinned(events))
    if draw(st.booleans()):
        events.insert(0, {"type": "response.content_part.added", **at, "part": {**body, "text": "", "annotations": []}})
        events.append({"type": "response.content_part.done", **at, "part": body})
    return body, events


@st.composite
def function_call(draw: st.DrawFn, index: int, cut: bool) -> Told:
    id, pieces = f"fc_{index}", draw(PIECES)
    at = {"item_id": id, "output_index": index}
    kind = "response.function_call_arguments"
    events = [{"type": f"{kind}.delta", **at, "delta": piece} for piece in pieces]
    events.append({"type": f"{kind}.done", **at, "arguments": "".join(pieces)})
    item = {
        "id": id,
        "type": "function_call",
        "status": "incomplete" if cut else "completed",
        "call_id": f"call_{index}",
        "name": "look",
        "arguments": "".join(pieces),
    }
    return _framed(draw, item, index, {"arguments": ""}, draw(_thinned(events)))


@st.composite
def hosted_call(draw: st.DrawFn, index: int) -> Told:
    if draw(st.booleans()):
        id, at = f"fs_{index}", {"item_id": f"fs_{index}", "output_index": index}
        events = [{"type": f"response.file_search_call.{word}", **at} for word in ("in_progress", "searching")]
        item = {"id": id, "type": "file_search_call", "status": "completed", "queries": ["q"], "results": None}
        return _framed(draw, item, index, {"queries": []}, events)
    id, at = f"ci_{index}", {"item_id": f"ci_{index}", "output_index": index}
    pieces = draw(PIECES)
    kind = "response.code_interpreter_call_code"
    events = [{"type": f"{kind}.delta", **at, "delta": piece} for piece in pieces]
    events.append({"type": f"{kind}.done", **at, "code": "".join(pieces)})
    item = {"id": id, "type": "code_interpreter_call", "status": "completed", "code": "".join(pieces), "outputs": None}
    return _framed(draw, item, index, {"code": ""}, draw(_thinned(events)))


@st.composite
def reasoning(draw: st.DrawFn, index: int) -> Told:
    item = {"id": f"rs_{index}", "type": "reasoning", "summary": [], "encrypted_content": "sealed"}
    return _framed(draw, item, index, {"encrypted_content": ""}, [])


def _framed(draw: st.DrawFn, item: Object, index: int, before: Object, events: list[Object]) -> Told:
    """An item's events between its ``added`` and its ``done``, which some servers leave out."""
    status = {"status": "in_progress"} if "status" in item else {}
    added = {"type": "response.output_item.added", "output_index": index, "item": {**item, **before, **status}}
    done = {"type": "response.output_item.done", "output_index": index, "item": item}
    closing = [done] if draw(st.integers(0, 5)) else []
    return Told(item, [added, *events, *closing])


@st.composite
def _thinned(draw: st.DrawFn, events: list[Object]) -> list[Object]:
    """Deltas up to some point, and the rest only in the ``.done``; or no ``.done``, the rest only in the item."""
    kept = draw(st.sampled_from(["all", "some", "none"]))
    count = {"all": len(events) - 1, "some": draw(st.integers(0, len(events) - 1)), "none": 0}[kept]
    return [*events[:count], *(events[-1:] if draw(st.booleans()) else [])]


def _mixed(draw: st.DrawFn, told: list[Told]) -> list[Object]:
    """The items' events shuffled, each item's in order."""
    tickets = [number for number, one in enumerate(told) for _ in one.events]
    lines = [iter(one.events) for one in told]
    return [next(lines[number]) for number in draw(st.permutations(tickets))]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)

PART_EVENTS = [
    *(f"{part}.{word}" for part in ("output_text", "refusal", "content_part") for word in ("delta", "done", "added")),
    *(f"{part}.{word}" for part in ("function_call_arguments", "reasoning_text") for word in ("delta", "done")),
    *(f"code_interpreter_call_code.{word}" for word in ("delta", "done")),
    "output_text.annotation.added",
]
RESPONSE_EVENTS = ["created", "in_progress", "completed", "incomplete", "failed", "cancelled", ""]
ITEM_EVENTS = ["output_item.added", "output_item.done"]
TYPES = st.sampled_from(
    [*(f"response.{kind}" for kind in (*PART_EVENTS, *RESPONSE_EVENTS, *ITEM_EVENTS * 3)), "error", "keepalive"]
)
IDS = st.sampled_from(["a", "b", "", None, 0, [], {}])
INDEXES = st.sampled_from([0, 1, -1, 1.0, 1.5, True, None, "0", []])
WORDS = st.sampled_from(["completed", "incomplete", "in_progress", "failed", None, 3, {}])
KINDS = st.sampled_from(
    ["message", "function_call", "code_interpreter_call", "file_search_call", "reasoning", "x", None]
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["output_text", "refusal", "input_text", None]),
        "text": JSON,
        "refusal": JSON,
        "annotations": JSON,
    },
)
BODIES = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {"type": KINDS},
        optional={
            "id": IDS,
            "call_id": IDS,
            "name": IDS,
            "status": WORDS,
            "arguments": JSON,
            "code": JSON,
            "content": st.lists(PARTS | JSON, max_size=2) | JSON,
        },
    ),
)

garbage = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {"type": TYPES},
        optional={
            "item": BODIES,
            "item_id": IDS,
            "output_index": INDEXES,
            "content_index": INDEXES,
            "annotation_index": INDEXES,
            "delta": JSON,
            "text": JSON,
            "arguments": JSON,
            "part": PARTS | JSON,
            "annotation": JSON,
            "error": JSON,
            "response": JSON
            | st.fixed_dictionaries(
                {}, optional={"id": IDS, "status": WORDS, "output": st.lists(BODIES), "usage": JSON}
            ),
        },
    ),
)
"""Anything at all, most of it in the shape of an event."""
