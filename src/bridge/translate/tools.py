"""tools, tool_resources and tool_choice (assistants-wire §2.1-§2.2, responses-mapping §5).

    Assistants                                      Responses
    {"type": "function", "function": {name, …}}  => {"type": "function", name, …, "parameters", "strict"}
    code_interpreter, and its file_ids           => {"type": "code_interpreter", "container": {"type": "auto", …}}
    code_interpreter in a session of before      => {"type": "code_interpreter", "container": its id}
    file_search, and its vector_store_ids        => {"type": "file_search", vector_store_ids, max_num_results, …}
    file_search without a store                  => left out: Responses refuses it, the old service ignored it
    tool_choice "none", "auto", "required"       => the same
    {"type": "function", "function": {"name"}}   => {"type": "function", "name"}
    {"type": "file_search"}, code_interpreter    => the same

The other direction is exact, but for what only Responses knows (filters, explicit containers): that is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from bridge.records import Object
from bridge.translate.loose import Untranslatable

DEFAULT_RESULTS: Final = 20
"""max_num_results where none was given: what the old service used for gpt-4 models and later (§2.2)."""

OLD_RESULTS: Final = 5
"""The same for gpt-3.5 models."""

HOSTED: Final = ("file_search", "code_interpreter")
OLD_RANKER: Final = "default_2024_08_21"


def to_responses(
    tools: Sequence[Object],
    tool_resources: Object | None = None,
    *,
    container: str | None = None,
    max_results: int = DEFAULT_RESULTS,
) -> list[Object]:
    """The request's `tools`. `tool_resources` are those of assistant and thread together (see merge).

    `container` is one that exists and holds the code interpreter's files; without it a new one is asked for.
    `max_results` is what file_search takes where the tool does not say.
    """
    resources = tool_resources or {}
    translated = [_tool(tool, resources, container, max_results) for tool in tools]
    return [tool for tool in translated if tool is not None]


def to_assistants(tools: Sequence[Object]) -> tuple[list[Object], Object]:
    """The assistant's `tools` and `tool_resources` that give the model the same tools."""
    resources: Object = {}
    return [_tool_back(tool, resources) for tool in tools], resources


def choice_to_responses(choice: str | Object) -> str | Object:
    """The request's `tool_choice`."""
    if isinstance(choice, str) and choice in ("none", "auto", "required"):
        return choice
    if isinstance(choice, dict) and choice.get("type") == "function":
        return {"type": "function", "name": choice["function"]["name"]}
    if isinstance(choice, dict) and choice.get("type") in HOSTED:
        return {"type": choice["type"]}
    raise Untranslatable(f"tool_choice {choice!r} has no Responses form")


def choice_to_assistants(choice: str | Object) -> str | Object:
    """The run's `tool_choice`. `allowed_tools` and choices of newer tools have none."""
    if isinstance(choice, str) and choice in ("none", "auto", "required"):
        return choice
    if isinstance(choice, dict) and choice.get("type") == "function":
        return {"type": "function", "function": {"name": choice["name"]}}
    if isinstance(choice, dict) and choice.get("type") in HOSTED:
        return {"type": choice["type"]}
    raise Untranslatable(f"tool_choice {choice!r} has no Assistants form")


def merge(*tool_resources: Object | None) -> Object:
    """Several `tool_resources` as one, each id once: a thread's are added to its assistant's (assistants-wire §3.2)."""
    merged: Object = {}
    for tool, key in (("code_interpreter", "file_ids"), ("file_search", "vector_store_ids")):
        given = [(resources or {}).get(tool) for resources in tool_resources]
        if any(resource is not None for resource in given):
            ids = (id for resource in given for id in (resource or {}).get(key) or ())
            merged[tool] = {key: list(dict.fromkeys(ids))}
    return merged


# --- one tool each


def _tool(tool: Object, resources: Object, container: str | None, max_results: int) -> Object | None:
    kind = tool.get("type")
    if kind == "function":
        return _function(tool["function"])
    if kind == "code_interpreter":
        return {"type": "code_interpreter", "container": container or _container(resources)}
    if kind == "file_search":
        stores = _ids(resources, "file_search", "vector_store_ids")
        return _file_search(tool.get("file_search") or {}, stores, max_results) if stores else None
    raise Untranslatable(f"tool {tool!r} has no Responses form")


def _function(function: Object) -> Object:
    """Always with `strict` and `parameters`: left out, Responses would try strict, the Assistants API did not."""
    strict = bool(function.get("strict"))
    flat: Object = {"type": "function", "name": function["name"]}
    if "description" in function:
        flat["description"] = function["description"]
    flat["parameters"] = function.get("parameters") or _no_parameters(strict)
    flat["strict"] = strict
    return flat


def _no_parameters(strict: bool) -> Object:
    """A function without parameters takes none; a strict schema must say so in full."""
    parameters: Object = {"type": "object", "properties": {}}
    return {**parameters, "required": [], "additionalProperties": False} if strict else parameters


def _container(resources: Object) -> Object:
    file_ids = _ids(resources, "code_interpreter", "file_ids")
    return {"type": "auto", "file_ids": file_ids} if file_ids else {"type": "auto"}


def _file_search(options: Object, stores: list[str], max_results: int) -> Object:
    tool: Object = {
        "type": "file_search",
        "vector_store_ids": stores,
        "max_num_results": options.get("max_num_results") or max_results,
    }
    if ranking := _ranking(options.get("ranking_options") or {}):
        tool["ranking_options"] = ranking
    return tool


def _ranking(given: Object) -> Object:
    """Nulls are what the old service filled in (``hybrid_search``); the old ranker's name is refused upstream."""
    ranking = {key: value for key, value in given.items() if value is not None}
    if ranking.get("ranker") == OLD_RANKER:
        ranking["ranker"] = "auto"
    return ranking


def _ids(resources: Object, tool: str, key: str) -> list[str]:
    return list((resources.get(tool) or {}).get(key) or ())


# --- and back


def _tool_back(tool: Object, resources: Object) -> Object:
    kind = tool.get("type")
    if kind == "function":
        return {"type": "function", "function": _picked(tool, ("name", "description", "parameters", "strict"))}
    if kind == "code_interpreter":
        container = tool["container"]
        if not isinstance(container, dict):
            raise Untranslatable(f"the container {container!r} has no Assistants form; its files would")
        resources["code_interpreter"] = {"file_ids": list(container.get("file_ids") or ())}
        return {"type": "code_interpreter"}
    if kind == "file_search":
        if tool.get("filters"):
            raise Untranslatable(f"the filters {tool['filters']!r} have no Assistants form")
        resources["file_search"] = {"vector_store_ids": list(tool.get("vector_store_ids") or ())}
        options = _picked(tool, ("max_num_results", "ranking_options"))
        return {"type": "file_search", "file_search": options}
    raise Untranslatable(f"tool {tool!r} has no Assistants form")


def _picked(source: Any, keys: Iterable[str]) -> Object:
    return {key: source[key] for key in keys if key in source}
