"""What a server can do, held against what a run asks for."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.engine import abilities, lessons
from bridge.engine.abilities import fit
from bridge.errors import APIError
from bridge.profiles import GENERIC, OGX, OPENAI, PROFILES, SCRIPTED, TRANSFORMERS, VLLM, guess, named
from bridge.translate.history import PLACEHOLDER
from engine.leg_help import run

CODE, SEARCH = {"type": "code_interpreter"}, {"type": "file_search"}
FUNCTION = {"type": "function", "function": {"name": "f"}}
STORES = {"file_search": {"vector_store_ids": ["vs_1"]}}

TOOLS = [
    ([CODE], {}, VLLM, "tools[0].type"),
    ([FUNCTION, CODE], {}, OGX, "tools[1].type"),
    ([SEARCH], STORES, VLLM, "tools[0].type"),
    ([SEARCH], {}, VLLM, None),  # without a store nothing is searched, and nothing is sent
    ([SEARCH], STORES, OGX, None),
    ([FUNCTION], {}, TRANSFORMERS, None),
    ([CODE, SEARCH], STORES, GENERIC, None),
    ([CODE, SEARCH], STORES, OPENAI, None),
]


@pytest.mark.parametrize(("tools", "resources", "profile", "param"), TOOLS)
def test_tools_that_are_not_there_are_refused(tools: Any, resources: Any, profile: Any, param: str | None) -> None:
    given = run(tools=tools, tool_resources=resources)
    if param is None:
        abilities.refuse(given, profile)
        return
    with pytest.raises(APIError) as caught:
        abilities.refuse(given, profile)
    assert (caught.value.param, caught.value.code) == (param, "unsupported_tool")
    assert profile.name in caught.value.message and "BRIDGE_PROFILE" in caught.value.message


LOST = [
    ({}, TRANSFORMERS, (), []),
    (
        {"tools": [FUNCTION], "tool_choice": "required", "parallel_tool_calls": False},
        TRANSFORMERS,
        (),
        ["tool_choice", "parallel_tool_calls"],
    ),
    ({"response_format": {"type": "json_object"}}, TRANSFORMERS, (), ["response_format"]),
    ({"temperature": 0.2}, TRANSFORMERS, (), []),
    ({"temperature": 0.2}, GENERIC, ("temperature",), ["temperature"]),
    ({"temperature": 1.0}, GENERIC, ("temperature",), []),
    ({"temperature": None}, GENERIC, ("temperature",), []),
    ({"reasoning_effort": "low"}, GENERIC, ("reasoning.effort",), ["reasoning_effort"]),
    ({"reasoning_effort": "low"}, GENERIC, ("reasoning.effort=minimal",), []),
    ({"reasoning_effort": "minimal"}, GENERIC, ("reasoning.effort=minimal",), ["reasoning_effort"]),
    ({"metadata": {"a": "b"}}, TRANSFORMERS, (), ["metadata"]),
    ({"metadata": {"a": "b"}}, GENERIC, ("metadata",), ["metadata"]),
    ({"include": ["x"]}, GENERIC, ("include",), ["include"]),
    ({"include": ["x"]}, GENERIC, (lessons.ENCRYPTED,), []),
    ({"tool_choice": "none", "parallel_tool_calls": False, "tools": []}, TRANSFORMERS, (), []),  # not sent anyway
]


@pytest.mark.parametrize(("given", "profile", "known", "names"), LOST)
def test_wishes_that_are_lost_are_told(given: Any, profile: Any, known: Any, names: list[str]) -> None:
    assert [name for name, _ in abilities.lost(run(**given), profile, frozenset(known))] == names


REQUEST = {
    "model": "m",
    "input": [{"type": "file_search_call"}, {"type": "message"}],
    "stream": True,
    "store": False,
    "metadata": {"a": "b"},
    "include": ["file_search_call.results"],
    "temperature": 0.5,
}


@pytest.mark.parametrize(
    ("profile", "fields", "items"),
    [
        (OPENAI, set(REQUEST), 2),
        (GENERIC, set(REQUEST), 2),
        (VLLM, set(REQUEST), 1),
        (TRANSFORMERS, {"model", "input", "stream", "temperature"}, 1),
    ],
)
def test_only_what_a_server_knows_is_sent(profile: Any, fields: set[str], items: int) -> None:
    fitted = abilities.fit(REQUEST, profile)
    assert (set(fitted), len(fitted["input"])) == (fields, items)


USER = {"type": "message", "role": "user", "content": "Hi"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "encrypted_content": "x", "summary": []}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "1"}
SEARCH = {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": [], "results": []}
SAID = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}
WHOLE = {
    "model": "m",
    "input": [USER, THOUGHT, CALL, OUTPUT, THOUGHT, SEARCH, SAID],
    "stream": True,
    "store": False,
    "instructions": "Be kind.",
    "tools": [{"type": "function", "name": "f"}],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "text": {"format": {"type": "json_object"}},
    "metadata": {"a": "b"},
    "reasoning": {"effort": "low"},
    "include": ["reasoning.encrypted_content", "file_search_call.results"],
    "temperature": 0.5,
    "max_output_tokens": 100,
}


def without_id(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "id"}


@pytest.mark.parametrize("profile", [GENERIC, OPENAI, SCRIPTED], ids=lambda profile: profile.name)
def test_able_servers_get_everything(profile: Any) -> None:
    assert fit(WHOLE, profile) == WHOLE


def test_only_known_fields_are_sent() -> None:
    request = fit(WHOLE, TRANSFORMERS)
    assert set(request) == {
        *("model", "input", "stream", "instructions", "tools", "temperature", "max_output_tokens"),
    }


def test_items_that_a_server_refuses_are_left_out_with_the_ids_they_led_to() -> None:
    request = fit(WHOLE, VLLM)
    assert request["input"] == [USER, without_id(CALL), OUTPUT, without_id(SAID)]
    assert request["include"] == ["file_search_call.results"]


def test_ids_of_what_was_not_led_to_stay() -> None:
    items = [USER, CALL, OUTPUT, SAID]
    assert fit({"input": items}, VLLM) == {"input": items}


def test_an_input_is_never_empty() -> None:
    assert fit({"input": [SEARCH]}, VLLM) == {"input": [PLACEHOLDER]}


@pytest.mark.parametrize("name", PROFILES)
def test_what_no_request_can_be_without_is_sent(name: str) -> None:
    assert {"model", "input", "stream"} <= set(fit(WHOLE, PROFILES[name]))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://acme.openai.azure.com/openai/v1", "azure"),
        ("https://acme.services.ai.azure.com/x", "azure"),
        ("https://evil-api.openai.com.example.org/v1", "generic"),
        ("https://notopenai.azure.com", "generic"),
        ("http://localhost:8000/v1", "generic"),
        ("scripted:a.yaml", "scripted"),
    ],
)
def test_servers_are_known_by_their_base_url(url: str, name: str) -> None:
    assert guess(url).name == name and named(name) is PROFILES[name]
