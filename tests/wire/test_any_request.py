"""Any JSON at all is either refused in the old API's words, or can be kept and shown as it was given."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge import errors
from bridge.engine import normalise
from bridge.records import Assistant, Thread
from bridge.wire import assistants as wire
from bridge.wire import render
from bridge.wire.beta_v1 import convert

ASSISTANT = Assistant("asst_a", 1, "gpt-4o")
THREAD = Thread("thread_t", 1)

MESSAGE = {
    "role": "user",
    "content": [
        {"type": "text", "text": "hi"},
        {"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "low"}},
        {"type": "image_file", "image_file": {"file_id": "file-1"}},
    ],
    "attachments": [{"file_id": "file-1", "tools": [{"type": "file_search"}, {"type": "code_interpreter"}]}],
    "metadata": {"a": "b"},
}
IDS = {"code_interpreter": {"file_ids": ["file-1"]}, "file_search": {"vector_store_ids": ["vs_1"]}}
STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}}
STORES = {"file_search": {"vector_stores": [{"file_ids": ["file-1"], "chunking_strategy": STATIC}]}}
SETTINGS = {
    "model": "m",
    "instructions": "i",
    "tools": [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}},
        {"type": "code_interpreter"},
        {
            "type": "file_search",
            "file_search": {"max_num_results": 3, "ranking_options": {"ranker": "auto", "score_threshold": 0.5}},
        },
    ],
    "metadata": {"a": "b"},
    "temperature": 1,
    "top_p": 0.5,
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "strict": None}},
}
RUN = {
    **SETTINGS,
    "assistant_id": "asst_1",
    "stream": False,
    "max_prompt_tokens": 256,
    "max_completion_tokens": None,
    "truncation_strategy": {"type": "last_messages", "last_messages": 3},
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": True,
}
FULL: dict[type[wire.Shape], dict[str, Any]] = {
    wire.CreateAssistant: {**SETTINGS, "name": None, "reasoning_effort": "low", "tool_resources": STORES},
    wire.ModifyAssistant: {**SETTINGS, "description": "d", "tool_resources": IDS},
    wire.CreateThread: {"messages": [MESSAGE], "tool_resources": STORES, "metadata": None},
    wire.ModifyThread: {"tool_resources": IDS, "metadata": {"a": "b"}},
    wire.CreateMessage: MESSAGE,
    wire.ModifyMessage: {"metadata": {"a": "b"}},
    wire.CreateRun: {**RUN, "additional_instructions": "x", "additional_messages": [MESSAGE]},
    wire.CreateThreadAndRun: {**RUN, "thread": {"messages": [MESSAGE]}, "tool_resources": IDS},
    wire.ModifyRun: {"metadata": {}},
    wire.SubmitToolOutputs: {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}], "stream": None},
}


@pytest.mark.parametrize("shape", FULL, ids=lambda shape: shape.__name__)
def test_what_was_given_comes_back(shape: type[wire.Shape]) -> None:
    assert wire.parse_body(shape, json.dumps(FULL[shape]).encode()).given() == FULL[shape]


@pytest.mark.parametrize("levels", [199, 200, 201, 253, 300, 1000])
@pytest.mark.parametrize(("opening", "end"), [('{"a":', "}"), ("[", "]")])
def test_what_is_taken_can_be_written_again_however_deep(opening: str, end: str, levels: int) -> None:
    inside = opening * (levels - 5) + "1" + end * (levels - 5)
    body = f'{{"model":"m","tools":[{{"type":"function","function":{{"name":"f","parameters":{{"a":{inside}}}}}}}]}}'
    try:
        parsed = wire.parse_body(wire.CreateAssistant, body.encode()).given()
    except errors.APIError as error:
        assert levels > 200
        assert error.message == "Invalid body: nested too deeply. Expected at most 200 levels of objects and arrays."
    else:
        assert levels <= 200
        orjson.dumps(render.listing([render.rest(normalise.new_assistant(parsed, "asst_1", 1.0))], False))


def test_many_shallow_messages_are_not_deep() -> None:
    wire.parse_body(wire.CreateThread, json.dumps({"messages": [MESSAGE] * 500}).encode())


@pytest.mark.parametrize("key", ["<string>", "<array>", "<x"])
def test_keys_in_angle_brackets_are_unknown_like_others(key: str) -> None:
    for body, path in [
        ({"role": "user", "content": "x", key: 1}, key),
        ({"role": "user", "content": [{"type": "text", "text": "x", key: 1}]}, f"content[0].{key}"),
    ]:
        with pytest.raises(errors.APIError) as caught:
            wire.parse_body(wire.CreateMessage, json.dumps(body).encode())
        assert caught.value.message == f"Unknown parameter: '{path}'."


WORDS = st.sampled_from(["type", "text", "auto", "function", "file_search", "modle", "<type>", "x", "a.b", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(st.characters(codec=None), max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a body with each of its keys."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, each in inner for place in ((value, key), *_places(each))]


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[type[wire.Shape], Any]:
    """A full body with up to three places overwritten, emptied or added to."""
    shape = draw(st.sampled_from(list(FULL)))
    body = json.loads(json.dumps(FULL[shape]))
    for _ in range(draw(st.integers(1, 3))):
        places = _places(body)
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        act = draw(st.sampled_from(["set", "drop", "add"]))
        if act == "drop":
            del container[key]
        elif act == "set":
            container[key] = draw(VALUES)
        elif isinstance(container, dict):
            container[draw(WORDS)] = draw(VALUES)
        else:
            container.append(draw(VALUES))
    return shape, body


@given(spoilt())
@example((wire.ModifyRun, {"metadata": {}, "<type>": 1}))
@example((wire.ModifyThread, {"tool_resources": {"<x>": 1}}))
def test_any_body_is_refused_in_words_or_can_be_kept(case: tuple[type[wire.Shape], Any]) -> None:
    shape, body = case
    try:
        parsed = wire.parse_body(shape, json.dumps(body).encode()).given()
    except errors.APIError as error:
        assert error.status == 400
        assert error.message
        assert "Did you mean" not in error.message or error.code == "unknown_parameter"
        render.encode_pretty(error.body())
        return
    assert parsed == body
    _keep(shape, parsed)


OLD_WORDS = {'"attachments"': '"file_ids"', '"tool_resources"': '"file_ids"', '"file_search"': '"retrieval"'}


@given(spoilt(), st.lists(st.sampled_from(list(OLD_WORDS)), unique=True, min_size=1), st.booleans())
def test_any_body_in_the_words_of_the_first_beta_is_refused_or_converted(
    case: tuple[type[wire.Shape], Any], words: list[str], with_files: bool
) -> None:
    shape, body = case
    text = json.dumps(body)
    for word in words:
        text = text.replace(word, OLD_WORDS[word])
    if with_files:
        text = re.sub(r'"file_ids": [\[{].*?[\]}]+', '"file_ids": ["file-1"]', text)
    try:
        given = json.loads(text)
    except ValueError:  # brackets that were cut in two
        return
    try:
        converted = convert(shape, given)
        parsed = wire.check_body(shape, converted.body).given()
    except errors.APIError as error:
        assert error.status == 400
        render.encode_pretty(error.body())
        return
    assert "retrieval" not in {tool["type"] for tool in parsed.get("tools") or ()}
    _keep(shape, parsed)


def _keep(shape: type[wire.Shape], parsed: dict[str, Any]) -> None:
    """What the flows do with it."""
    shown: list[render.Shown] = []
    if shape is wire.CreateAssistant:
        shown = [normalise.new_assistant(parsed, "asst_1", 1.0)]
    elif shape is wire.ModifyAssistant:
        normalise.amended_assistant(parsed, ASSISTANT)
    elif shape is wire.ModifyThread:
        normalise.amended_thread(parsed, THREAD)
    elif shape is wire.CreateMessage:
        shown = [normalise.new_message(parsed, "msg_1", "thread_t", 1.0)]
    elif shape is wire.CreateThread:
        messages = parsed.get("messages") or ()
        shown = [normalise.new_message(message, "msg_1", "thread_t", 1.0) for message in messages]
        shown.append(normalise.new_thread(parsed, "thread_t", 1.0))
    elif shape in (wire.CreateRun, wire.CreateThreadAndRun):
        shown = [normalise.new_run(parsed, ASSISTANT, THREAD, "run_1", 1.0)]
    for record in shown:
        render.encode_pretty(render.rest(record))
