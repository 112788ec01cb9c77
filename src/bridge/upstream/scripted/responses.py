"""The response object of the Responses API, and the estimate of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from bridge.records import Object

ECHOED: Sequence[tuple[str, Any]] = (
    ("instructions", None),
    ("max_output_tokens", None),
    ("max_tool_calls", None),
    ("model", None),
    ("parallel_tool_calls", True),
    ("previous_response_id", None),
    ("prompt_cache_key", None),
    ("safety_identifier", None),
    ("store", True),
    ("temperature", 1.0),
    ("tool_choice", "auto"),
    ("top_logprobs", 0),
    ("top_p", 1.0),
    ("truncation", "disabled"),
    ("metadata", {}),
)
"""What a response repeats of its request, and what stands there when it was not given."""


def named(request: Object) -> str | None:
    """The id of the conversation that a request names."""
    conversation = request.get("conversation")
    return conversation.get("id") if isinstance(conversation, dict) else conversation


def response_base(request: Object, id: str, created_at: int) -> Object:
    """All but what changes while the answer is made. The API's description has no null for `user` and `usage`."""
    echoed = {key: default if request.get(key) is None else request[key] for key, default in ECHOED}
    reasoning, text = request.get("reasoning") or {}, request.get("text") or {}
    conversation = named(request)
    return {
        "id": id,
        "object": "response",
        "created_at": created_at,
        "status": "in_progress",
        "background": bool(request.get("background")),
        "error": None,
        "incomplete_details": None,
        **echoed,
        "reasoning": {"effort": None, "summary": None, **reasoning},
        "text": {"format": {"type": "text"}, "verbosity": "medium", **text},
        "tools": [tool_echo(tool) for tool in request.get("tools") or ()],
        "service_tier": "default",
        **({"user": request["user"]} if request.get("user") is not None else {}),
        **({"conversation": {"id": conversation}} if conversation is not None else {}),
    }


def tool_echo(tool: Object) -> Object:
    """Function tools and file searches come back with every field."""
    if tool.get("type") == "function":
        return {"description": None, "parameters": None, "strict": True, **tool}
    if tool.get("type") == "file_search":
        ranking = {"ranker": "auto", "score_threshold": 0.0, **(tool.get("ranking_options") or {})}
        return {"filters": None, "max_num_results": 20, **tool, "ranking_options": ranking}
    return tool


def count_tokens(request: Object) -> int:
    """An estimate, always the same: a token for four bytes of what the model reads, and three for itself."""
    read = [request.get(key) for key in ("instructions", "input", "tools")]
    return sum(len(orjson.dumps(each)) // 4 for each in read if each) + 3
