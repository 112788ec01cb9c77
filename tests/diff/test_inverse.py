"""Legs → the events of a Responses server, each type of event against an expectation that was written by hand.

A replay cannot see a fault that the translation and its inverse share; these expectations can: they are what real
servers send (responses-mapping §3), not what our translation understands.
"""

from __future__ import annotations

from typing import Any

import pytest

from bridge.diff.replay.conversation import Leg, Piece
from bridge.diff.replay.inverse import events_of, files_of, unmarked, usage_of

USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "total_tokens": 15,
    "prompt_token_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
TEXT = {"item_id": "msg_r_0", "output_index": 0, "content_index": 0}
MESSAGE = {"type": "message", "id": "msg_r_0", "role": "assistant"}
HELLO = {"type": "output_text", "text": "Hello.", "annotations": []}


def leg(*pieces: Piece, ending: Any = "completed", **more: Any) -> Leg:
    return Leg(1, True, list(pieces), ending, **more)


def told(leg: Leg) -> list[Any]:
    """The events without the first and the last, which every leg has."""
    return events_of(leg, "r")[1:-1]


def test_a_text() -> None:
    assert told(leg(Piece("text", ["Hel", "lo."], {"id": "msg_1", "annotations": []}))) == [
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**MESSAGE, "status": "in_progress", "content": []},
        },
        {
            "type": "response.content_part.added",
            **TEXT,
            "part": {"type": "output_text", "text": "", "annotations": []},
        },
        {"type": "response.output_text.delta", **TEXT, "delta": "Hel"},
        {"type": "response.output_text.delta", **TEXT, "delta": "lo."},
        {"type": "response.output_text.done", **TEXT, "text": "Hello."},
        {"type": "response.content_part.done", **TEXT, "part": HELLO},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {**MESSAGE, "status": "completed", "content": [HELLO]},
        },
    ]


def test_a_function_call() -> None:
    call = {"type": "function_call", "id": "fc_r_0", "call_id": "call_1", "name": "look"}
    at = {"item_id": "fc_r_0", "output_index": 0}
    assert told(leg(Piece("function", ['{"a"', ":1}"], {"id": "call_1", "name": "look"}), ending="calls")) == [
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**call, "arguments": "", "status": "in_progress"},
        },
        {"type": "response.function_call_arguments.delta", **at, "delta": '{"a"'},
        {"type": "response.function_call_arguments.delta", **at, "delta": ":1}"},
        {"type": "response.function_call_arguments.done", **at, "arguments": '{"a":1}'},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {**call, "arguments": '{"a":1}', "status": "completed"},
        },
    ]


def test_code() -> None:
    done = {
        "input": "1+1",
        "outputs": [{"type": "logs", "logs": "2"}, {"type": "image", "image": {"file_id": "file-a"}}],
    }
    events = told(leg(Piece("code_interpreter", ["1+", "1"], {"done": done})))
    assert [event["type"].removeprefix("response.") for event in events] == [
        "output_item.added",
        "code_interpreter_call.in_progress",
        "code_interpreter_call_code.delta",
        "code_interpreter_call_code.delta",
        "code_interpreter_call_code.done",
        "code_interpreter_call.interpreting",
        "code_interpreter_call.completed",
        "output_item.done",
    ]
    assert events[-1]["item"] == {
        "type": "code_interpreter_call",
        "id": "ci_r_0",
        "container_id": "cntr_replayed",
        "code": "1+1",
        "status": "completed",
        "outputs": [{"type": "logs", "logs": "2"}],
    }


def test_a_search() -> None:
    result = {"file_id": "file-a", "file_name": "a.txt", "score": 0.5, "content": [{"type": "text", "text": "brown"}]}
    events = told(leg(Piece("file_search", [], {"done": {"results": [result]}})))
    assert [event["type"].removeprefix("response.") for event in events] == [
        "output_item.added",
        "file_search_call.in_progress",
        "file_search_call.searching",
        "file_search_call.completed",
        "output_item.done",
    ]
    assert events[-1]["item"]["results"] == [
        {"file_id": "file-a", "filename": "a.txt", "score": 0.5, "text": "brown", "attributes": {}}
    ]


# --- ends

WHOLE = {"id": "r", "object": "response", "output": []}
COUNTED = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 15,
}
ERROR = {"code": "rate_limit_exceeded", "message": "Too fast."}
ENDS: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    ("completed", {}, {"status": "completed"}),
    ("calls", {}, {"status": "completed"}),
    ("failed", {"last_error": ERROR}, {"status": "failed", "error": ERROR}),
    (
        "incomplete",
        {"incomplete_details": {"reason": "max_completion_tokens"}},
        {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
    ),
    ("incomplete", {}, {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}),
]


@pytest.mark.parametrize(("ending", "detail", "expected"), ENDS)
def test_the_end_of_a_leg(ending: Any, detail: dict[str, Any], expected: dict[str, Any]) -> None:
    first, last = events_of(leg(ending=ending, detail=detail, usage=USAGE), "r")
    assert first == {"type": "response.created", "response": {**WHOLE, "status": "in_progress"}}
    assert last == {"type": f"response.{expected['status']}", "response": {**WHOLE, "usage": COUNTED, **expected}}


@pytest.mark.parametrize("ending", ["cancelled", "expired"])
def test_a_leg_that_was_stopped_is_never_over(ending: Any) -> None:
    events = events_of(leg(Piece("text", ["Hel"], {"annotations": []}), ending=ending), "r")
    assert [event["type"].removeprefix("response.") for event in events] == [
        "created",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
    ]


def test_usage_in_the_spelling_of_the_sdk_and_none() -> None:
    spelled = {**{key: value for key, value in USAGE.items() if key != "prompt_token_details"}}
    assert usage_of({**spelled, "prompt_tokens_details": {"cached_tokens": 4}}) == COUNTED
    assert usage_of({}) is None


# --- citations

MARKED = "It is brown【4:0†dog.txt】, see a.csv."
CITATION = {
    "type": "file_citation",
    "text": "【4:0†dog.txt】",
    "start_index": 11,
    "end_index": 24,
    "file_citation": {"file_id": "file-d"},
}
LINK = {
    "type": "file_path",
    "text": "sandbox:/mnt/data/a.csv",
    "start_index": 30,
    "end_index": 35,
    "file_path": {"file_id": "file-x"},
}


@pytest.mark.parametrize("cut", [1, 5, 12, 100])
def test_markers_leave_the_text_and_tell_their_place(cut: int) -> None:
    words = [MARKED[start : start + cut] for start in range(0, len(MARKED), cut)]
    left, annotations = unmarked(Piece("text", words, {"annotations": [LINK, CITATION]}))
    assert "".join(left) == "It is brown, see a.csv."
    assert annotations == [
        {"type": "file_citation", "index": 11, "file_id": "file-d", "filename": "dog.txt"},
        {
            "type": "container_file_citation",
            "container_id": "cntr_replayed",
            "file_id": "cfile_file-x",
            "filename": "a.csv",
            "start_index": 17,
            "end_index": 22,
        },
    ]


def test_the_container_lists_what_the_texts_link_to() -> None:
    (file,) = files_of(leg(Piece("text", [MARKED], {"annotations": [LINK, CITATION]})))
    assert (file["id"], file["path"], file["source"]) == ("cfile_file-x", "/mnt/data/a.csv", "assistant")
