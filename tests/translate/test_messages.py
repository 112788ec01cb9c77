"""Thread messages to input items, output items to content blocks: pairs, and round trips."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.translate import Untranslatable, messages
from translate.made import answer, message, said, text

Object = dict[str, Any]

FILE_IMAGE = {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}}
URL_IMAGE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
SENT_FILE = {"type": "input_image", "file_id": "file-1", "detail": "low"}
SENT_URL = {"type": "input_image", "image_url": "https://example.org/a.png", "detail": "auto"}
CITATION = {"type": "file_citation", "text": "【0:0†a】", "start_index": 0, "end_index": 7, "file_citation": {}}
REFUSED = {"type": "refusal", "refusal": "No."}


def user(*parts: Object) -> Object:
    return {"type": "message", "role": "user", "content": list(parts)}


def assistant(*parts: Object, status: str = "completed") -> Object:
    return {"type": "message", "role": "assistant", "status": status, "content": list(parts)}


def written(value: str, *annotations: Object) -> Object:
    return {"type": "output_text", "text": value, "annotations": list(annotations), "logprobs": []}


FORWARDS = [
    (message("m", "Hello"), [said("Hello")]),
    (message("m", {"type": "text", "text": "as requests have it"}), [said("as requests have it")]),
    (message("m", "Look:", FILE_IMAGE, URL_IMAGE), [user(said("Look:")["content"][0], SENT_FILE, SENT_URL)]),
    (message("m"), []),
    (message("m", ""), []),
    (message("m", "", FILE_IMAGE), [user(SENT_FILE)]),
    (answer("m", "Hi"), [said("Hi", "assistant")]),
    (answer("m", text("【0:0†a】", CITATION)), [said("【0:0†a】", "assistant")]),
    (answer("m", "Well", REFUSED), [assistant(written("Well"), REFUSED)]),
    (answer("m", FILE_IMAGE, "A plot"), [said("A plot", "assistant"), user(SENT_FILE)]),
    (answer("m", FILE_IMAGE), [user(SENT_FILE)]),
    (answer("m"), []),
    (
        message("m", "Hi th", role="assistant", run_id="run_1", status="incomplete"),
        [assistant(written("Hi th"), status="incomplete")],
    ),
    (message("m", "I said", role="assistant"), [said("I said", "assistant")]),
]


@pytest.mark.parametrize(("given_message", "items"), FORWARDS)
def test_to_responses(given_message: Any, items: list[Object]) -> None:
    assert messages.to_responses(given_message) == items


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_unknown_blocks_are_refused_by_name(role: str) -> None:
    with pytest.raises(Untranslatable, match="hologram"):
        messages.to_responses(message("m", {"type": "hologram"}, role=role))


def cite(file_id: str, index: Any, filename: str | None = "a.txt") -> Object:
    return {"type": "file_citation", "file_id": file_id, "index": index, "filename": filename}


def cited(sign: str, start: int, file_id: str) -> Object:
    end = start + len(sign)
    return {
        "type": "file_citation",
        "text": sign,
        "start_index": start,
        "end_index": end,
        "file_citation": {"file_id": file_id},
    }


BACKWARDS: list[tuple[Object, list[Object]]] = [
    (assistant(), []),
    (assistant(written("Hi")), [text("Hi")]),
    (assistant(written("Well"), REFUSED, written("so")), [text("Well"), REFUSED, text("so")]),
    (assistant({"type": "reasoning_text", "text": "hm"}), []),
    (assistant(written("Pizza.", cite("f", 5))), [text("Pizza【2:0†a.txt】.", cited("【2:0†a.txt】", 5, "f"))]),
    (
        assistant(written("😀a😀b", cite("g", 3, None), cite("f", 1))),
        [text("😀【2:0†a.txt】a😀【2:1†source】b", cited("【2:0†a.txt】", 1, "f"), cited("【2:1†source】", 14, "g"))],
    ),
    (assistant(written("ab", cite("f", 99))), [text("ab【2:0†a.txt】", cited("【2:0†a.txt】", 2, "f"))]),
    (assistant(written("ab", cite("f", None))), [text("ab【2:0†a.txt】", cited("【2:0†a.txt】", 2, "f"))]),
    (assistant(written("ab", cite("f", -1))), [text("【2:0†a.txt】ab", cited("【2:0†a.txt】", 0, "f"))]),
    (assistant(written("ab", {"type": "url_citation", "url": "https://example.org"})), [text("ab")]),
    (assistant(written("ab", {"type": "container_file_citation", "file_id": "cfile_1"})), [text("ab")]),
    (
        {"type": "message", "content": [{"type": "output_text"}, None, {"type": "refusal"}]},
        [text(""), {**REFUSED, "refusal": ""}],
    ),
    ({"type": "message", "content": None}, []),
]


@pytest.mark.parametrize(("item", "blocks"), BACKWARDS)
def test_to_assistants(item: Object, blocks: list[Object]) -> None:
    assert messages.to_assistants(item, round=2) == blocks


blocks = st.one_of(
    st.text(min_size=1).map(text),
    st.text().map(lambda refusal: {"type": "refusal", "refusal": refusal}),
)


@given(st.lists(blocks, min_size=1, max_size=4))
def test_round_trip(content: list[Object]) -> None:
    (item,) = messages.to_responses(answer("m", *content))
    assert messages.to_assistants(item) == content


@given(st.text(max_size=20), st.lists(st.integers(-3, 25), max_size=4))
def test_citations_stand_where_they_say(value: str, indexes: list[int]) -> None:
    item = assistant(written(value, *(cite(f"file-{number}", index) for number, index in enumerate(indexes))))
    ((block),) = messages.to_assistants(item)
    shown, annotations = block["text"]["value"], block["text"]["annotations"]
    for annotation in annotations:
        assert shown[annotation["start_index"] : annotation["end_index"]] == annotation["text"] != ""
    for annotation in annotations:
        shown = shown.replace(annotation["text"], "")
    assert shown == value
    assert len(annotations) == len(indexes)
