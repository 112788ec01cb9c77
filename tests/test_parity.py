"""The table of parameters against the SDK's own types, against what we parse, and against its page."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from openai.types import beta
from openai.types.beta import threads
from openai.types.beta.threads import run_create_params, run_submit_tool_outputs_params, runs
from pydantic import BaseModel
from typing_extensions import get_type_hints, is_typeddict

from bridge import parity
from bridge.routes import ROUTES

ROOT = Path(__file__).resolve().parents[1]

TYPES: dict[str, Any] = {
    "assistants.create": beta.assistant_create_params.AssistantCreateParams,
    "assistants.list": beta.assistant_list_params.AssistantListParams,
    "assistants.update": beta.assistant_update_params.AssistantUpdateParams,
    "threads.create": beta.thread_create_params.ThreadCreateParams,
    "threads.create_and_run": beta.thread_create_and_run_params.ThreadCreateAndRunParams,
    "threads.update": beta.thread_update_params.ThreadUpdateParams,
    "messages.create": threads.message_create_params.MessageCreateParams,
    "messages.list": threads.message_list_params.MessageListParams,
    "messages.update": threads.message_update_params.MessageUpdateParams,
    "runs.create": run_create_params.RunCreateParams,
    "runs.list": threads.run_list_params.RunListParams,
    "runs.update": threads.run_update_params.RunUpdateParams,
    "runs.submit_tool_outputs": run_submit_tool_outputs_params.RunSubmitToolOutputsParams,
    "steps.list": runs.step_list_params.StepListParams,
    "steps.retrieve": runs.step_retrieve_params.StepRetrieveParams,
}

PATHS = {"thread_id", "run_id", "message_id", "assistant_id"}
"""What the SDK's types name beside body and query: parts of the path."""


def names(hint: Any, at: str = "") -> Iterator[str]:
    """The parameters a type has, nested ones as paths: typed dicts of the SDK and models of ours."""
    origin = get_origin(hint)
    if is_typeddict(hint):
        yield from _fields(((key, each) for key, each in get_type_hints(hint).items()), at)
    elif isinstance(hint, type) and issubclass(hint, BaseModel):
        yield from _fields(((each.alias or key, each.annotation) for key, each in hint.model_fields.items()), at)
    elif origin is Annotated:
        yield from names(get_args(hint)[0], at)
    elif origin in (Union, types.UnionType):
        for each in get_args(hint):
            yield from names(each, at)
    elif origin is not None and origin is not Literal and origin is not dict:
        for each in get_args(hint):
            yield from names(each, f"{at}[]")


def _fields(fields: Iterable[tuple[str, Any]], at: str) -> Iterator[str]:
    for key, hint in fields:
        name = f"{at}.{key}" if at else key
        yield name
        yield from names(hint, name)


def listed(operation: str) -> set[str]:
    call = parity.ENDPOINTS[operation]
    return {each.name for each in (*call.body, *call.query)}


@pytest.mark.parametrize("operation", TYPES)
def test_every_parameter_of_the_sdk_is_in_the_table(operation: str) -> None:
    path = {part.strip("{}") for part in parity.ENDPOINTS[operation].path.split("/")} & PATHS
    assert set(names(TYPES[operation])) - path <= listed(operation)


def test_every_endpoint_is_in_the_table() -> None:
    assert {(call.method, call.path) for call in parity.ENDPOINTS.values()} == {(r.method, r.path) for r in ROUTES}


@pytest.mark.parametrize("operation", parity.ENDPOINTS)
def test_the_table_is_what_we_parse(operation: str) -> None:
    call = parity.ENDPOINTS[operation]
    (route,) = (route for route in ROUTES if (route.method, route.path) == (call.method, call.path))
    for listed, shape in [(call.body, route.body), (call.query, route.query)]:
        parsed = set(names(shape)) if shape is not None else set()
        assert {each.name for each in listed} == parsed
        assert len(listed) == len(parsed), "named twice"


def test_sentences_are_sentences() -> None:
    for call in parity.ENDPOINTS.values():
        for each in (*call.body, *call.query):
            assert each.sentence.endswith("."), each
            assert "|" not in each.sentence


def test_the_page_is_made_from_the_table() -> None:
    page = (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")
    assert page == parity.page(), "python -m bridge.parity > docs/parity.md"
