"""Objects of the old API as recorded traffic shows them: keys in their order, nulls, what streams have otherwise.

Written down on their own: nothing of bridge is used here, so that both can be wrong in different ways only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Object = dict[str, Any]
NO_FILES: Object = {"code_interpreter": {"file_ids": []}}
LATE_KEYS = ("status", "incomplete_details", "incomplete_at", "completed_at")
"""Of a message, in streams only."""


def assistant(id: str, now: int, body: Object) -> Object:
    return {
        "id": id,
        "object": "assistant",
        "created_at": now,
        "name": body.get("name"),
        "description": body.get("description"),
        "model": body["model"],
        "instructions": body.get("instructions"),
        "tools": [tool(each) for each in body.get("tools") or ()],
        "top_p": float(body.get("top_p") or 1),
        "temperature": float(body.get("temperature") or 1),
        "reasoning_effort": None,
        "tool_resources": {},
        "metadata": body.get("metadata") or {},
        "response_format": body.get("response_format") or "auto",
    }


def tool(given: Object) -> Object:
    function = given["function"]
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    said = {name: function[name] for name in ("name", "description") if name in function}
    return {"type": "function", "function": {**said, "parameters": parameters, "strict": bool(function.get("strict"))}}


def thread(id: str, now: int, body: Object) -> Object:
    head = {"id": id, "object": "thread", "created_at": now}
    return {**head, "metadata": body.get("metadata") or {}, "tool_resources": {}}


def message(id: str, now: int, thread_id: str, body: Object, run: Object | None = None) -> Object:
    """As in a stream; `run` is the one that made it."""
    return {
        "id": id,
        "object": "thread.message",
        "created_at": now,
        "assistant_id": run and run["assistant_id"],
        "thread_id": thread_id,
        "run_id": run and run["id"],
        "status": "in_progress" if run else "completed",
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": None,
        "role": body["role"],
        "content": content(body["content"]),
        "attachments": body.get("attachments") or [],
        "metadata": body.get("metadata") or {},
    }


def content(given: Any) -> list[Object]:
    parts = [{"type": "text", "text": given}] if isinstance(given, str) else given
    return [{"type": "text", "text": {"value": part["text"], "annotations": []}} for part in parts]


def run(id: str, now: int, thread_id: str, body: Object, assistant: Object) -> Object:
    made = {"id": id, "object": "thread.run", "created_at": now, "assistant_id": assistant["id"]}
    ends = dict.fromkeys(("cancelled_at", "failed_at", "completed_at", "required_action", "last_error"))
    return {
        **made,
        "thread_id": thread_id,
        "status": "queued",
        "started_at": None,
        "expires_at": now + 600,
        **ends,
        "model": body.get("model") or assistant["model"],
        "instructions": body.get("instructions") or assistant["instructions"],
        "tools": [tool(each) for each in body.get("tools") or ()] or assistant["tools"],
        "tool_resources": {},
        "metadata": body.get("metadata") or {},
        "temperature": float(body.get("temperature") or assistant["temperature"]),
        "top_p": float(body.get("top_p") or assistant["top_p"]),
        "reasoning_effort": None,
        "max_completion_tokens": body.get("max_completion_tokens"),
        "max_prompt_tokens": body.get("max_prompt_tokens"),
        "truncation_strategy": body.get("truncation_strategy") or {"type": "auto", "last_messages": None},
        "incomplete_details": None,
        "usage": None,
        "response_format": body.get("response_format") or assistant["response_format"],
        "tool_choice": body.get("tool_choice") or "auto",
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
    }


def step(id: str, now: int, run: Object, details: Object) -> Object:
    """As in a stream."""
    return {
        "id": id,
        "object": "thread.run.step",
        "created_at": now,
        "run_id": run["id"],
        "assistant_id": run["assistant_id"],
        "thread_id": run["thread_id"],
        "type": details["type"],
        "status": "in_progress",
        "cancelled_at": None,
        "completed_at": None,
        "expires_at": run["expires_at"],
        "failed_at": None,
        "last_error": None,
        "step_details": details,
        "usage": None,
    }


def call(id: str, name: str, arguments: str) -> Object:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def usage(prompt: int, completion: int) -> Object:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def total(usages: Sequence[Object]) -> Object:
    """What a run has used: the sum over its steps; zeros where it never had one."""
    return usage(*(sum(each[name] for each in usages) for name in ("prompt_tokens", "completion_tokens")))


def page(data: Sequence[Object], has_more: bool) -> Object:
    ends = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return {"object": "list", "data": list(data), "first_id": ends[0], "last_id": ends[1], "has_more": has_more}


# --- REST and streams


def in_stream(value: Object) -> Object:
    """Runs and threads show files there that nobody put anywhere."""
    return {**value, "tool_resources": NO_FILES} if value["object"] in ("thread", "thread.run") else value


def over_rest(value: Object, is_over: bool = True) -> Object:
    """`is_over` is the run of a step."""
    if value["object"] == "thread.message":
        return {name: each for name, each in value.items() if name not in LATE_KEYS}
    return {**value, "expires_at": None} if value["object"] == "thread.run.step" and is_over else value
