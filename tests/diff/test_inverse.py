"""Legs → the events of a Responses server, each type of event against an expectation that was written by hand.

A replay cannot see a fault that the translation and its inverse share; these expectations can: they are what real
servers send (responses-mapping §3), not what our translation understands.
"""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import pytest

from bridge.diff.replay.inverse import events_of, files_of, unmarked, usage_of
from bridge.diff.replay.pieces import Ending, Leg, Piece

USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "total_tokens": 15,
    "prompt_token_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
TEXT = {"item_id": "msg_r_0", "output_index": 0, "content_index": 0}
MESSAGE = {"type": "message", "id": "msg_r_0", "role": "assistant"}


def leg(*pieces: Piece, ending: Any = "completed", **more: Any) -> Leg:
    return Leg(1, True, list(pieces), ending, **more)


def told(leg: Leg) -> list[Any]:
    """The events without the first and the last, which every leg has."""
    return events_of(leg, "r")[1:-1]


CALL = {"type": "function_call", "id": "fc_r_0", "call_id": "call_1", "name": "look"}
CODE = {"type": "code_interpreter_call", "id": "ci_r_0", "container_id": "cntr_replayed"}
SEARCH = {"type": "file_search_call", "id": "fs_r_0", "queries": []}
AT_CALL = {"item_id": "fc_r_0", "output_index": 0}
AT_CODE = {"item_id": "ci_r_0", "output_index": 0}
AT_SEARCH = {"item_id": "fs_r_0", "output_index": 0}
CITED = {"type": "file_citation", "index": 6, "file_id": "file-d", "filename": "dog.txt"}
MARK = {
    "type": "file_citation",
    "text": "【4:0†dog.txt】",
    "start_index": 6,
    "end_index": 19,
    "file_citation": {"file_id": "file-d"},
}
OUTPUTS = [{"type": "logs", "logs": "2"}, {"type": "image", "image": {"file_id": "file-a"}}]
RESULT = {"file_id": "file-a", "file_name": "a.txt", "score": 0.5, "content": [{"type": "text", "text": "brown"}]}


def added(item: Any) -> Any:
    return {"type": "response.output_item.added", "output_index": 0, "item": item}


def done(item: Any) -> Any:
    return {"type": "response.output_item.done", "output_index": 0, "item": item}


def message(text: str, annotations: list[Any], *told: Any) -> list[Any]:
    """A message of one text, with what is told between its beginning and its end."""
    empty, part = ({"type": "output_text", "text": words, "annotations": notes}
                   for words, notes in (("", []), (text, annotations)))  # fmt: skip
    return [
        added({**MESSAGE, "status": "in_progress", "content": []}),
        {"type": "response.content_part.added", **TEXT, "part": empty},
        *told,
        {"type": "response.output_text.done", **TEXT, "text": text},
        {"type": "response.content_part.done", **TEXT, "part": part},
        done({**MESSAGE, "status": "completed", "content": [part]}),
    ]


PIECES: list[tuple[str, Piece, list[Any]]] = [
    (
        "a text",
        Piece("text", ["Hel", "lo."], {"id": "msg_1", "annotations": []}),
        message(
            "Hello.",
            [],
            {"type": "response.output_text.delta", **TEXT, "delta": "Hel"},
            {"type": "response.output_text.delta", **TEXT, "delta": "lo."},
        ),
    ),
    (
        "a text with a citation",
        Piece("text", ["Brown.", "【4:0†dog.txt】"], {"id": "msg_1", "annotations": [MARK]}),
        message(
            "Brown.",
            [CITED],
            {"type": "response.output_text.delta", **TEXT, "delta": "Brown."},
            {
                "type": "response.output_text.annotation.added",
                **TEXT,
                "annotation_index": 0,
                "annotation": CITED,
            },
        ),
    ),
    (
        "a function call",
        Piece("function", ['{"a"', ":1}"], {"id": "call_1", "name": "look"}),
        [
            added({**CALL, "arguments": "", "status": "in_progress"}),
            {"type": "response.function_call_arguments.delta", **AT_CALL, "delta": '{"a"'},
            {"type": "response.function_call_arguments.delta", **AT_CALL, "delta": ":1}"},
            {"type": "response.function_call_arguments.done", **AT_CALL, "arguments": '{"a":1}'},
            done({**CALL, "arguments": '{"a":1}', "status": "completed"}),
        ],
    ),
    (
        "code",
        Piece("code_interpreter", ["1+", "1"], {"done": {"input": "1+1", "outputs": OUTPUTS}}),
        [
            added({**CODE, "code": "", "status": "in_progress", "outputs": None}),
            {"type": "response.code_interpreter_call.in_progress", **AT_CODE},
            {"type": "response.code_interpreter_call_code.delta", **AT_CODE, "delta": "1+"},
            {"type": "response.code_interpreter_call_code.delta", **AT_CODE, "delta": "1"},
            {"type": "response.code_interpreter_call_code.done", **AT_CODE, "code": "1+1"},
            {"type": "response.code_interpreter_call.interpreting", **AT_CODE},
            {"type": "response.code_interpreter_call.completed", **AT_CODE},
            done({**CODE, "code": "1+1", "status": "completed", "outputs": OUTPUTS[:1]}),
        ],
    ),
    (
        "a search",
        Piece("file_search", [], {"done": {"results": [RESULT]}}),
        [
            added({**SEARCH, "status": "in_progress", "results": None}),
            {"type": "response.file_search_call.in_progress", **AT_SEARCH},
            {"type": "response.file_search_call.searching", **AT_SEARCH},
            {"type": "response.file_search_call.completed", **AT_SEARCH},
            done(
                {
                    **SEARCH,
                    "status": "completed",
                    "results": [
                        {"file_id": "file-a", "filename": "a.txt", "score": 0.5, "text": "brown", "attributes": {}}
                    ],
                }
            ),
        ],
    ),
]


@pytest.mark.parametrize(("piece", "expected"), [row[1:] for row in PIECES], ids=[row[0] for row in PIECES])
def test_a_piece(piece: Piece, expected: list[Any]) -> None:
    assert told(leg(piece)) == expected


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


def test_every_type_that_is_played_has_an_expectation() -> None:
    """All pieces, whole and cut, with all endings: no type among them that no list above holds."""
    written = {event["type"] for _, _, events in PIECES for event in events}
    written |= {"response.created", *(f"response.{expected['status']}" for _, _, expected in ENDS)}
    kinds = {piece.kind for _, piece, _ in PIECES}
    assert kinds == set(get_args(get_type_hints(Piece)["kind"]))
    legs = [leg(piece, ending=ending) for _, piece, _ in PIECES for ending in get_args(Ending)]
    assert {event["type"] for each in legs for event in events_of(each, "r")} == written


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
