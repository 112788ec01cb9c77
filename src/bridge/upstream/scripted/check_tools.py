"""Checks of `tools` and `tool_choice` (responses-mapping §5)."""

from __future__ import annotations

import re
from typing import Any, Final

from bridge.records import Object
from bridge.upstream.scripted import refusals

NAME: Final = "^[a-zA-Z0-9_-]+$"

TOOLS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "function": (
        ("name",),
        ("description", "parameters", "strict", "output_schema", "defer_loading", "allowed_callers"),
    ),
    "file_search": (("vector_store_ids",), ("max_num_results", "ranking_options", "filters")),
    "code_interpreter": (("container",), ("allowed_callers",)),
}
"""type → (required keys, other keys). Other types of tools are taken as they are."""

OTHERS: Final = [
    "apply_patch",
    "computer",
    "computer_use_preview",
    "custom",
    "image_generation",
    "local_shell",
    "mcp",
    "namespace",
    "programmatic_tool_calling",
    "shell",
    "tool_search",
    "web_search",
    "web_search_preview",
]

RANKERS: Final = ("auto", "default-2024-11-15", "none")
CHOICES: Final = ("none", "auto", "required")


def check_tools(tools: list[Any]) -> None:
    if len(tools) > 128:
        raise refusals.array_too_long("tools", 128, len(tools))
    for index, tool in enumerate(tools):
        check_tool(tool, f"tools[{index}]")


def check_tool(tool: Any, place: str) -> None:
    if not isinstance(tool, dict):
        raise refusals.invalid_type(place, "an object", tool)
    kind = tool.get("type")
    if kind is None:
        raise refusals.missing(f"{place}.type")
    if kind not in TOOLS and kind not in OTHERS:
        raise refusals.invalid_value(f"{place}.type", kind, (*TOOLS, *OTHERS))
    if kind in TOOLS:
        required, others = TOOLS[kind]
        for key in required:
            if tool.get(key) is None:
                raise refusals.missing(f"{place}.{key}")
        for key in tool:
            if key not in ("type", *required, *others):
                raise refusals.unknown(f"{place}.{key}")
    if kind == "function":
        check_function(tool, place)
    if kind == "file_search":
        check_search(tool, place)
    if kind == "code_interpreter":
        check_container(tool["container"], f"{place}.container")


def check_search(tool: Object, place: str) -> None:
    check_texts(tool["vector_store_ids"], f"{place}.vector_store_ids")
    ranking, most = tool.get("ranking_options") or {}, tool.get("max_num_results")
    ranker, threshold = ranking.get("ranker"), ranking.get("score_threshold")
    if ranker is not None and ranker not in RANKERS:
        raise refusals.invalid_value(f"{place}.ranking_options.ranker", ranker, RANKERS)
    if most is not None:
        refusals.check_range(f"{place}.max_num_results", "integer", most, 1, 50)
    if threshold is not None:
        refusals.check_range(f"{place}.ranking_options.score_threshold", "decimal", threshold, 0, 1)


def check_container(container: Any, place: str) -> None:
    """An id, or what to make one of (openapi-responses.json, AutoCodeInterpreterToolParam)."""
    if isinstance(container, str):
        return
    if not isinstance(container, dict):
        raise refusals.invalid_type(place, "one of an object or string", container)
    if container.get("type") is None:
        raise refusals.missing(f"{place}.type")
    if container["type"] != "auto":
        raise refusals.invalid_value(f"{place}.type", container["type"], ("auto",))
    for key in container:
        if key not in ("type", "file_ids", "memory_limit", "network_policy"):
            raise refusals.unknown(f"{place}.{key}")
    check_texts(container.get("file_ids") or [], f"{place}.file_ids", most=50)


def check_texts(given: Any, place: str, most: int | None = None) -> None:
    if not isinstance(given, list):
        raise refusals.invalid_type(place, "an array of strings", given)
    for index, each in enumerate(given):
        if not isinstance(each, str):
            raise refusals.invalid_type(f"{place}[{index}]", "a string", each)
    if most is not None and len(given) > most:
        raise refusals.array_too_long(place, most, len(given))


def check_function(tool: Object, place: str) -> None:
    name, parameters = tool["name"], tool.get("parameters")
    if not re.fullmatch(NAME[1:-1], name):
        message = f"Invalid '{place}.name': string does not match pattern. Expected a string that matches the pattern '{NAME}'."  # noqa: E501
        raise refusals.refusal(message, f"{place}.name", "invalid_value")
    if len(name) > 128:
        raise refusals.too_long(f"{place}.name", 128, len(name))
    if parameters is not None and parameters.get("type") != "object":
        found = parameters.get("type")
        reason = f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{found}\"'."
        raise invalid_schema(name, place, reason)
    if tool.get("strict") and parameters is not None:
        check_strict(name, place, parameters)


def check_strict(name: str, place: str, parameters: Object) -> None:
    """A strict schema closes its objects and requires every property; only the outermost object is looked at."""
    if parameters.get("additionalProperties") is not False:
        raise invalid_schema(
            name, place, "In context=(), 'additionalProperties' is required to be supplied and to be false."
        )
    absent = [key for key in parameters.get("properties") or {} if key not in (parameters.get("required") or ())]
    if absent:
        reason = f"In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing '{absent[0]}'."  # noqa: E501
        raise invalid_schema(name, place, reason)


def invalid_schema(name: str, place: str, reason: str) -> Exception:
    message = f"Invalid schema for function '{name}': {reason}"
    return refusals.refusal(message, f"{place}.parameters", "invalid_function_parameters")


def check_tool_choice(choice: Any, tools: list[Object]) -> None:
    if isinstance(choice, str):
        if choice not in CHOICES:
            raise refusals.invalid_value("tool_choice", choice, CHOICES)
        if choice == "required" and not tools:
            message = "Tool choice 'required' must be specified with 'tools' parameter."
            raise refusals.refusal(message, "tool_choice")
    elif choice is not None:
        check_named_choice(choice, tools)


def check_named_choice(choice: Object, tools: list[Object]) -> None:
    kind = choice.get("type")
    if kind == "function":
        if choice.get("name") is None:
            raise refusals.missing("tool_choice.name")
        if not any(tool.get("name") == choice["name"] for tool in tools):
            message = f"Tool choice 'function' with name '{choice['name']}' not found in 'tools' parameter."
            raise refusals.refusal(message, "tool_choice")
    elif kind in TOOLS and not any(tool["type"] == kind for tool in tools):
        raise refusals.refusal(f"Tool choice '{kind}' not found in 'tools' parameter.", "tool_choice")
