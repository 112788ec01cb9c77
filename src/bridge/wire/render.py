"""Records as they travel: the REST form and the SSE form of each, and the table of their differences.

Keys stand in the order of the recordings (assistants-wire §2.1, §3.1, §4.1, §5.1, §7.1). Numbers that the old service
wrote as floats are floats. What the schema requires and the wire lacked is added at the end (§11): no client minds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Literal

import orjson

from bridge.ids import Kind
from bridge.records import Assistant, File, Message, Object, Run, Step, Thread

Shown = Assistant | Thread | Message | Run | Step

NO_FILES: Final[Object] = {"code_interpreter": {"file_ids": []}}
"""How the old service showed tool_resources that were never set, in some places (§3.1, §5.1)."""

ENDED: Final = frozenset({"cancelled", "failed", "completed", "incomplete", "expired"})

OBJECTS: Final[dict[Kind, str]] = {
    "assistant": "assistant",
    "thread": "thread",
    "message": "thread.message",
}


def rest(
    record: Shown,
    *,
    how: Literal["create", "get"] = "create",
    run_is_terminal: bool = False,
    include_results: bool = False,
) -> Object:
    """The JSON object of a REST answer.

    `how` matters for threads: only a GET shows the default tool_resources. `run_is_terminal` and `include_results`
    matter for steps: `expires_at` is null once the run has ended, and search results show their content on demand.
    """
    if isinstance(record, Assistant):
        return _assistant(record)
    if isinstance(record, Thread):
        return _thread(record, dict(NO_FILES) if how == "get" else {})
    if isinstance(record, Message):
        return _message_rest(record)
    if isinstance(record, Run):
        return _run(record, {})
    return _step(record, None if run_is_terminal else record.expires_at, include_results)


def event(name: str, record: Any, *, include_results: bool = False) -> Object:
    """The data of the event `name` that carries a whole record."""
    if isinstance(record, Thread):
        return _thread(record, dict(NO_FILES))
    if isinstance(record, Message):
        return _message_event(record)
    if isinstance(record, Run):
        return _run(record, dict(NO_FILES))
    if isinstance(record, Step):
        return _step(record, record.expires_at, include_results)
    raise TypeError(f"{name} carries no {type(record).__name__}")


def file(file: File) -> Object:
    """A file that is kept here, in the form of the Files API."""
    return {
        "object": "file",
        "id": file.id,
        "purpose": file.purpose,
        "filename": file.filename,
        "bytes": file.size,
        "created_at": file.created_at,
        "expires_at": None,
        "status": "processed",
        "status_details": None,
    }


def delta(name: str, id: str, changed: Object) -> Object:
    """The data of `thread.message.delta` and `thread.run.step.delta` (§8.1)."""
    return {"id": id, "object": name, "delta": changed}


def deleted(kind: Kind, id: str) -> Object:
    return {"id": id, "object": f"{OBJECTS[kind]}.deleted", "deleted": True}


def listing(objects: Sequence[Object], has_more: bool) -> Object:
    """A list page; the ids of an empty one are null (§1.4)."""
    return {
        "object": "list",
        "data": list(objects),
        "first_id": objects[0]["id"] if objects else None,
        "last_id": objects[-1]["id"] if objects else None,
        "has_more": has_more,
    }


def encode_pretty(value: Any) -> bytes:
    """JSON as REST answers have it: indented by two (§1.2)."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except TypeError:
        return json.dumps(value, indent=2).encode()  # see encode_compact


def encode_compact(value: Any) -> bytes:
    """JSON as events have it: no space anywhere (§1.2).

    orjson refuses two things that are legal: half of a surrogate pair, which a delta may end with, and integers of more
    than 64 bits, which a JSON schema may hold.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()


# --- one kind each


def _assistant(assistant: Assistant) -> Object:
    return {
        "id": assistant.id,
        "object": "assistant",
        "created_at": assistant.created_at,
        "name": assistant.name,
        "description": assistant.description,
        "model": assistant.model,
        "instructions": assistant.instructions,
        "tools": list(assistant.tools),
        "top_p": _float(assistant.top_p),
        "temperature": _float(assistant.temperature),
        "reasoning_effort": assistant.reasoning_effort,
        "tool_resources": assistant.tool_resources,
        "metadata": assistant.metadata,
        "response_format": assistant.response_format,
    }


def _thread(thread: Thread, unset: Object) -> Object:
    return {
        "id": thread.id,
        "object": "thread",
        "created_at": thread.created_at,
        "metadata": thread.metadata,
        "tool_resources": thread.tool_resources or unset,
    }


def _message_rest(message: Message) -> Object:
    return {
        "id": message.id,
        "object": "thread.message",
        "created_at": message.created_at,
        "assistant_id": message.assistant_id,
        "thread_id": message.thread_id,
        "run_id": message.run_id,
        "role": message.role,
        "content": list(message.content),
        "attachments": list(message.attachments),
        "metadata": message.metadata,
        "status": message.status,
        "incomplete_details": message.incomplete_details,
        "incomplete_at": message.incomplete_at,
        "completed_at": message.completed_at,
    }


def _message_event(message: Message) -> Object:
    return {
        "id": message.id,
        "object": "thread.message",
        "created_at": message.created_at,
        "assistant_id": message.assistant_id,
        "thread_id": message.thread_id,
        "run_id": message.run_id,
        "status": message.status,
        "incomplete_details": message.incomplete_details,
        "incomplete_at": message.incomplete_at,
        "completed_at": message.completed_at,
        "role": message.role,
        "content": list(message.content),
        "attachments": list(message.attachments),
        "metadata": message.metadata,
    }


def _run(run: Run, unset: Object) -> Object:
    has_ended = run.status in ENDED
    return {
        "id": run.id,
        "object": "thread.run",
        "created_at": run.created_at,
        "assistant_id": run.assistant_id,
        "thread_id": run.thread_id,
        "status": run.status,
        "started_at": run.started_at,
        "expires_at": None if has_ended else run.expires_at,
        "cancelled_at": run.cancelled_at,
        "failed_at": run.failed_at,
        "completed_at": run.completed_at,
        "required_action": run.required_action,
        "last_error": run.last_error,
        "model": run.model,
        "instructions": run.instructions,
        "tools": list(run.tools),
        "tool_resources": unset,  # always the unset form: the resources are the assistant's and the thread's (§5.1)
        "metadata": run.metadata,
        "temperature": _float(run.temperature),
        "top_p": _float(run.top_p),
        "reasoning_effort": run.reasoning_effort,
        "max_completion_tokens": run.max_completion_tokens,
        "max_prompt_tokens": run.max_prompt_tokens,
        "truncation_strategy": run.truncation_strategy,
        "incomplete_details": run.incomplete_details,
        "usage": run.usage if has_ended else None,  # summed up all along, shown at the end (§6.2)
        "response_format": run.response_format,
        "tool_choice": run.tool_choice,
        "parallel_tool_calls": run.parallel_tool_calls,
    }


def _step(step: Step, expires_at: int | None, include_results: bool) -> Object:
    return {
        "id": step.id,
        "object": "thread.run.step",
        "created_at": step.created_at,
        "run_id": step.run_id,
        "assistant_id": step.assistant_id,
        "thread_id": step.thread_id,
        "type": step.type,
        "status": step.status,
        "cancelled_at": step.cancelled_at,
        "completed_at": step.completed_at,
        "expires_at": expires_at,
        "failed_at": step.failed_at,
        "last_error": step.last_error,
        "step_details": _details(step.step_details, include_results),
        "usage": None if step.status == "in_progress" else step.usage,  # known before, shown when it ends (§7.1)
        "expired_at": step.expired_at,
        "metadata": None,
    }


# --- pieces


def _details(details: Object, include_results: bool) -> Object:
    """Step details; without `include[]` search results have no content (§7.2)."""
    calls = details.get("tool_calls")
    if include_results or not calls or all(call["type"] != "file_search" for call in calls):
        return details
    return {**details, "tool_calls": [_without_content(call) for call in calls]}


def _without_content(call: Object) -> Object:
    if call["type"] != "file_search":
        return call
    results = [{key: value for key, value in r.items() if key != "content"} for r in call["file_search"]["results"]]
    return {**call, "file_search": {**call["file_search"], "results": results}}


def _float(number: float | None) -> float | None:
    return None if number is None else float(number)
