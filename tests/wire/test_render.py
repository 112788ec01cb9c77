"""Records as the old service showed them: keys in order, floats, nulls, REST beside SSE."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from bridge.records import Assistant, Message, Run, Step, Thread
from bridge.wire import render

ASSISTANT = Assistant("asst_a", 1, "gpt-4o", temperature=1, top_p=0.5)
THREAD = Thread("thread_t", 2)
MESSAGE = Message("msg_m", "thread_t", 3, "user", completed_at=3)
RUN = Run("run_r", "thread_t", "asst_a", 4, 604, "gpt-4o", usage={"prompt_tokens": 1})
TEXT_STEP = Step("step_s", "run_r", "thread_t", "asst_a", 5, 604, "message_creation", {"type": "message_creation"})

RESULT = {"file_id": "file_1", "file_name": "a.txt", "score": 1.0, "attributes": {}, "content": [{"type": "text"}]}
SEARCH = {"id": "call_1", "type": "file_search", "file_search": {"ranking_options": {}, "results": [RESULT]}}
CALL = {"id": "call_2", "type": "function", "function": {"name": "f", "arguments": "{}", "output": None}}
SEARCH_STEP = evolve(TEXT_STEP, type="tool_calls", step_details={"type": "tool_calls", "tool_calls": [SEARCH, CALL]})

ASSISTANT_KEYS = (
    "id object created_at name description model instructions tools top_p temperature reasoning_effort tool_resources "
    "metadata response_format"
)
RUN_KEYS = (
    "id object created_at assistant_id thread_id status started_at expires_at cancelled_at failed_at completed_at "
    "required_action last_error model instructions tools tool_resources metadata temperature top_p reasoning_effort "
    "max_completion_tokens max_prompt_tokens truncation_strategy incomplete_details usage response_format tool_choice "
    "parallel_tool_calls"
)
STEP_KEYS = (
    "id object created_at run_id assistant_id thread_id type status cancelled_at completed_at expires_at failed_at "
    "last_error step_details usage expired_at metadata"
)
MESSAGE_REST_KEYS = (
    "id object created_at assistant_id thread_id run_id role content attachments metadata status incomplete_details "
    "incomplete_at completed_at"
)
MESSAGE_EVENT_KEYS = (
    "id object created_at assistant_id thread_id run_id status incomplete_details incomplete_at completed_at role "
    "content attachments metadata"
)
THREAD_KEYS = "id object created_at metadata tool_resources"


@pytest.mark.parametrize(
    ("record", "keys"),
    [
        (ASSISTANT, ASSISTANT_KEYS),
        (THREAD, THREAD_KEYS),
        (MESSAGE, MESSAGE_REST_KEYS),
        (RUN, RUN_KEYS),
        (TEXT_STEP, STEP_KEYS),
    ],
)
def test_rest_keys_in_wire_order(record: render.Shown, keys: str) -> None:
    assert list(render.rest(record)) == keys.split()


@pytest.mark.parametrize(
    ("record", "keys"),
    [(THREAD, THREAD_KEYS), (MESSAGE, MESSAGE_EVENT_KEYS), (RUN, RUN_KEYS), (TEXT_STEP, STEP_KEYS)],
)
def test_event_keys_in_wire_order(record: render.Shown, keys: str) -> None:
    assert list(render.event("thread.something", record)) == keys.split()


def test_no_event_tells_of_an_assistant() -> None:
    with pytest.raises(TypeError, match=r"thread\.created carries no Assistant"):
        render.event("thread.created", ASSISTANT)


NO_FILES = {"code_interpreter": {"file_ids": []}}
STORES = {"file_search": {"vector_store_ids": ["vs_1"]}}


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (render.rest(THREAD, how="create"), {}),
        (render.rest(THREAD, how="get"), NO_FILES),
        (render.event("thread.created", THREAD), NO_FILES),
        (render.rest(evolve(THREAD, tool_resources=STORES), how="create"), STORES),
        (render.rest(evolve(THREAD, tool_resources=STORES), how="get"), STORES),
        (render.event("thread.created", evolve(THREAD, tool_resources=STORES)), STORES),
        (render.rest(RUN), {}),
        (render.event("thread.run.queued", RUN), NO_FILES),
    ],
)
def test_three_answers_for_tool_resources_never_set(shown: dict[str, Any], expected: dict[str, Any]) -> None:
    assert shown["tool_resources"] == expected


@pytest.mark.parametrize(
    ("status", "expires_at", "usage"),
    [
        ("queued", 604, None),
        ("in_progress", 604, None),
        ("requires_action", 604, None),
        ("cancelling", 604, None),
        ("cancelled", None, {"prompt_tokens": 1}),
        ("failed", None, {"prompt_tokens": 1}),
        ("completed", None, {"prompt_tokens": 1}),
        ("incomplete", None, {"prompt_tokens": 1}),
        ("expired", None, {"prompt_tokens": 1}),
    ],
)
def test_usage_replaces_expiry_when_a_run_ends(status: Any, expires_at: int | None, usage: Any) -> None:
    run = evolve(RUN, status=status)
    for shown in (render.rest(run), render.event("thread.run.queued", run)):
        assert (shown["expires_at"], shown["usage"]) == (expires_at, usage)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (render.rest(TEXT_STEP), 604),
        (render.rest(TEXT_STEP, run_is_terminal=True), None),
        (render.event("thread.run.step.completed", evolve(TEXT_STEP, status="completed")), 604),
    ],
)
def test_expiry_of_a_step(shown: dict[str, Any], expected: int | None) -> None:
    assert shown["expires_at"] == expected


def test_usage_of_a_step_is_null_while_it_is_open() -> None:
    step = evolve(TEXT_STEP, usage={"total_tokens": 3})
    assert render.rest(step)["usage"] is None
    assert render.rest(evolve(step, status="failed"))["usage"] == {"total_tokens": 3}


@pytest.mark.parametrize(
    "show", [render.rest, lambda step, **how: render.event("thread.run.step.created", step, **how)]
)
def test_search_results_show_their_content_on_demand_only(show: Any) -> None:
    without = show(SEARCH_STEP)["step_details"]["tool_calls"]
    result = without[0]["file_search"]["results"][0]
    assert list(result) == ["file_id", "file_name", "score", "attributes"]
    assert without[1] == CALL
    assert show(SEARCH_STEP, include_results=True)["step_details"] == SEARCH_STEP.step_details
    assert "content" in RESULT  # the record itself is untouched


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("assistant", b'{"id":"x","object":"assistant.deleted","deleted":true}'),
        ("thread", b'{"id":"x","object":"thread.deleted","deleted":true}'),
        ("message", b'{"id":"x","object":"thread.message.deleted","deleted":true}'),
    ],
)
def test_deleted(kind: Any, expected: bytes) -> None:
    assert render.encode_compact(render.deleted(kind, "x")) == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (render.listing([], False), '{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}'),
        (
            render.listing([{"id": "a"}, {"id": "b"}], True),
            '{"object":"list","data":[{"id":"a"},{"id":"b"}],"first_id":"a","last_id":"b","has_more":true}',
        ),
    ],
)
def test_listing(page: dict[str, Any], expected: str) -> None:
    assert render.encode_compact(page).decode() == expected


def test_delta() -> None:
    shown = render.delta("thread.message.delta", "msg_1", {"content": []})
    assert render.encode_compact(shown) == b'{"id":"msg_1","object":"thread.message.delta","delta":{"content":[]}}'


def test_numbers_of_models_are_floats() -> None:
    assert b'"top_p":0.5,"temperature":1.0,' in render.encode_compact(render.rest(ASSISTANT))
    assert b'"temperature":null,' in render.encode_compact(render.rest(evolve(ASSISTANT, temperature=None)))


def test_pretty_is_indented_by_two() -> None:
    assert (
        render.encode_pretty({"a": [], "b": {}, "c": [1.0]}) == b'{\n  "a": [],\n  "b": {},\n  "c": [\n    1.0\n  ]\n}'
    )


ANY_TEXT = st.text(st.characters(codec=None))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=8,
)


@given(ANY_JSON)
def test_whatever_is_in_a_record_can_be_written(value: Any) -> None:
    """Half of a surrogate pair, as a delta can end with, and integers of any size, as a JSON schema may hold."""
    for encode in (render.encode_pretty, render.encode_compact):
        assert json.loads(encode(value)) == value


@pytest.mark.parametrize(
    ("schema", "record"),
    [
        ("AssistantObject", ASSISTANT),
        ("ThreadObject", THREAD),
        ("MessageObject", MESSAGE),
        ("RunObject", RUN),
        ("RunStepObject", TEXT_STEP),
    ],
)
def test_what_the_schema_requires_is_there(shared: Path, schema: str, record: render.Shown) -> None:
    schemas = orjson.loads((shared / "reference/openapi-assistants.json").read_bytes())["components"]["schemas"]
    assert set(schemas[schema]["required"]) <= set(render.rest(record))
