"""What was given → what is kept: defaults, and the forms in which the old service answered (assistants-wire §2-§5).

`given` is a request body after validation: only the keys the caller sent, null kept. Nothing is filled in twice: what
is stored is what every later answer shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bridge.records import Assistant, Message, Object, Run, Thread
from bridge.translate import tools as tool_items

RUN_SECONDS: Final = 600
"""How long a run may take, tool outputs included (§6.5)."""

RANKING: Final[Object] = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
AUTO: Final[Object] = {"type": "auto", "last_messages": None}
IDS: Final = {"code_interpreter": "file_ids", "file_search": "vector_store_ids"}


# --- records


def new_assistant(given: Mapping[str, Any], id: str, now: float) -> Assistant:
    listed = tools(given.get("tools"))
    return Assistant(
        id=id,
        created_at=int(now),
        model=given["model"],
        name=given.get("name"),
        description=given.get("description"),
        instructions=given.get("instructions"),
        tools=listed,
        top_p=_or(given.get("top_p"), 1.0),
        temperature=_or(given.get("temperature"), 1.0),
        reasoning_effort=given.get("reasoning_effort"),
        tool_resources=tool_resources(listed, given.get("tool_resources")),
        metadata=given.get("metadata") or {},
        response_format=_or(given.get("response_format"), "auto"),
    )


def amended_assistant(given: Mapping[str, Any], before: Assistant) -> Object:
    """The values a modify call sets: tools and metadata as a whole, tool_resources list by list (§2.2)."""
    values: Object = {name: given[name] for name in ("name", "description", "instructions") if name in given}
    for name, default in (("top_p", 1.0), ("temperature", 1.0), ("response_format", "auto")):
        if name in given:
            values[name] = _or(given[name], default)
    if "reasoning_effort" in given:
        values["reasoning_effort"] = given["reasoning_effort"]
    if given.get("model") is not None:
        values["model"] = given["model"]
    if "metadata" in given:
        values["metadata"] = given["metadata"] or {}
    if "tools" in given:
        values["tools"] = tools(given["tools"])
    if "tools" in given or "tool_resources" in given:
        merged = {**before.tool_resources, **_ids_given(given.get("tool_resources") or {})}
        values["tool_resources"] = tool_resources(values.get("tools", before.tools), merged)
    return values


def new_thread(given: Mapping[str, Any], id: str, now: float) -> Thread:
    resources = thread_resources(given)["tool_resources"] if given.get("tool_resources") else {}
    return Thread(id, int(now), metadata=given.get("metadata") or {}, tool_resources=resources)


def amended_thread(given: Mapping[str, Any], before: Thread) -> Object:
    values: Object = {}
    if "metadata" in given:
        values["metadata"] = given["metadata"] or {}
    if "tool_resources" in given:
        values["tool_resources"] = {**before.tool_resources, **_ids_given(given["tool_resources"] or {})}
    return values


def thread_resources(given: Mapping[str, Any]) -> Object:
    """`tool_resources` of a create-thread-and-run body, as the thread's (§5.3); empty when none were given."""
    resources = given.get("tool_resources")
    return {"tool_resources": _ids_only(resources)} if resources else {}


def new_message(given: Mapping[str, Any], id: str, thread_id: str, now: float) -> Message:
    """A message of the client's: neither assistant_id nor run_id, whatever its role (§4.1)."""
    return Message(
        id=id,
        thread_id=thread_id,
        created_at=int(now),
        role=given["role"],
        status="completed",
        content=content(given["content"]),
        attachments=attachments(given.get("attachments")),
        metadata=given.get("metadata") or {},
        completed_at=int(now),
    )


def amended_metadata(given: Mapping[str, Any]) -> Object:
    return {"metadata": given["metadata"] or {}} if "metadata" in given else {}


def new_run(given: Mapping[str, Any], assistant: Assistant, thread: Thread, id: str, now: float) -> Run:
    """The run's own copy of all settings: what was given for it, else the assistant's (§5.2, §10.4)."""
    given_tools = given.get("tools")
    return Run(
        id=id,
        thread_id=thread.id,
        assistant_id=assistant.id,
        created_at=int(now),
        expires_at=int(now) + RUN_SECONDS,
        model=_or(given.get("model"), assistant.model),
        instructions=instructions(given, assistant),
        tools=assistant.tools if given_tools is None else tools(given_tools),
        tool_resources=tool_items.merge(assistant.tool_resources, thread.tool_resources),
        metadata=given.get("metadata") or {},
        temperature=_or(given.get("temperature"), assistant.temperature),
        top_p=_or(given.get("top_p"), assistant.top_p),
        reasoning_effort=_or(given.get("reasoning_effort"), assistant.reasoning_effort),
        max_completion_tokens=given.get("max_completion_tokens"),
        max_prompt_tokens=given.get("max_prompt_tokens"),
        truncation_strategy=truncation_strategy(given.get("truncation_strategy")),
        response_format=_or(given.get("response_format"), assistant.response_format),
        tool_choice=_or(given.get("tool_choice"), "auto"),
        parallel_tool_calls=_or(given.get("parallel_tool_calls"), True),
    )


# --- fields


def instructions(given: Mapping[str, Any], assistant: Assistant) -> str | None:
    """The run's own or the assistant's, then the additional ones on a line of their own; null if neither (§5.1)."""
    parts = [_or(given.get("instructions"), assistant.instructions), given.get("additional_instructions")]
    return "\n".join(part for part in parts if part) or None


def tools(given: Sequence[Object] | None) -> list[Object]:
    return [_tool(tool) for tool in given or ()]


def tool_resources(listed: Sequence[Object], given: Mapping[str, Any] | None) -> Object:
    """Only the keys of enabled tools, each with its ids (§2.1)."""
    enabled = [tool["type"] for tool in listed]
    resources = given or {}
    return {
        name: {key: list((resources.get(name) or {}).get(key) or ())} for name, key in IDS.items() if name in enabled
    }


def content(given: str | Sequence[Object]) -> list[Object]:
    """A string, or parts whose text is a plain string, as the blocks that answers show (§4.3)."""
    if isinstance(given, str):
        return [_text(given)]
    return [_block(part) for part in given]


def attachments(given: Sequence[Object] | None) -> list[Object]:
    return [dict(attachment) for attachment in given or ()]


def truncation_strategy(given: Mapping[str, Any] | None) -> Object:
    if not given:
        return dict(AUTO)
    return {"type": given["type"], "last_messages": given.get("last_messages")}


# --- pieces


def _tool(tool: Object) -> Object:
    if tool["type"] == "function":
        return {"type": "function", "function": _function(tool["function"])}
    if tool["type"] == "file_search":
        options = tool.get("file_search") or {}
        known = {"max_num_results": options["max_num_results"]} if options.get("max_num_results") is not None else {}
        return {"type": "file_search", "file_search": {**known, "ranking_options": _ranking(options)}}
    return {"type": tool["type"]}


def _function(function: Object) -> Object:
    """`description` only where one was given; parameters and strict always (§2.1)."""
    shown: Object = {"name": function["name"]}
    if "description" in function:
        shown["description"] = function["description"]
    shown["parameters"] = _or(function.get("parameters"), {"type": "object", "properties": {}})
    shown["strict"] = _or(function.get("strict"), False)
    return shown


def _ranking(options: Object) -> Object:
    given = options.get("ranking_options") or {}
    merged = {**RANKING, **{key: value for key, value in given.items() if value is not None}}
    merged["score_threshold"] = float(merged["score_threshold"])
    return merged


def _block(part: Object) -> Object:
    if part["type"] == "text":
        return _text(part["text"])
    if part["type"] == "image_url":
        image = part["image_url"]
        return {"type": "image_url", "image_url": {"url": image["url"], "detail": image.get("detail") or "auto"}}
    return {"type": part["type"], part["type"]: dict(part[part["type"]])}


def _text(value: str) -> Object:
    return {"type": "text", "text": {"value": value, "annotations": []}}


def _ids_only(resources: Mapping[str, Any]) -> Object:
    return {
        name: {key: list(resources[name].get(key) or ())}
        for name, key in IDS.items()
        if resources.get(name) is not None
    }


def _ids_given(resources: Mapping[str, Any]) -> Object:
    """What a modify call says of ids. A tool that is null or `{}` keeps its own: Agency Swarm's tests, which ran
    against the old service, send `{}` for a store that they expect to find again."""
    return {name: ids for name, ids in _ids_only(resources).items() if IDS[name] in resources[name]}


def _or(value: Any, default: Any) -> Any:
    """The value, or the default where it is null or was left out."""
    return default if value is None else value
