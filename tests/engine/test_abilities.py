"""What a server can do, held against what a run asks for."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.engine import abilities
from bridge.errors import APIError
from bridge.profiles import GENERIC, OGX, OPENAI, PROFILES, TRANSFORMERS, VLLM, guess, named
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
        {"tool_choice": "required", "parallel_tool_calls": False},
        TRANSFORMERS,
        (),
        ["tool_choice", "parallel_tool_calls"],
    ),
    ({"response_format": {"type": "json_object"}}, TRANSFORMERS, (), ["response_format"]),
    ({"temperature": 0.2}, TRANSFORMERS, (), []),
    ({"temperature": 0.2}, GENERIC, ("temperature",), ["temperature"]),
    ({"temperature": 1.0}, GENERIC, ("temperature",), []),
    ({"reasoning_effort": "low"}, GENERIC, ("reasoning",), ["reasoning_effort"]),
]


@pytest.mark.parametrize(("given", "profile", "lessons", "names"), LOST)
def test_wishes_that_are_lost_are_told(given: Any, profile: Any, lessons: Any, names: list[str]) -> None:
    assert [name for name, _ in abilities.lost(run(**given), profile, frozenset(lessons))] == names


REQUEST = {
    "model": "m",
    "input": [{"type": "file_search_call"}, {"type": "message"}],
    "stream": True,
    "store": False,
    "metadata": {"a": "b"},
    "include": [],
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
