"""An object of the old API → the body of the call that made it, and how it looked before it was over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bridge.diff.tape import Object
from bridge.wire.render import NO_FILES

ASSISTANT: Final = ("model", "name", "description", "instructions", "tools", "tool_resources", "metadata")
SAMPLING: Final = ("temperature", "top_p", "reasoning_effort", "response_format")
OVERRIDES: Final = ("model", "instructions", "tools", *SAMPLING)
"""What a run has of its assistant, unless it was said otherwise."""

OWN: Final = ("metadata", "max_prompt_tokens", "max_completion_tokens", "truncation_strategy", "tool_choice")
NOTHING: Final[dict[str, Any]] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "response_format": "auto",
    "tool_choice": "auto",
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "parallel_tool_calls": True,
}
"""What the API puts where nothing was said."""

AS_MADE: Final = (
    *("id", "object", "created_at", "name", "description", "model", "instructions", "tools", "top_p", "temperature"),
    *("reasoning_effort", "tool_resources", "metadata", "response_format"),
)
AS_RUN: Final = (
    *("id", "object", "created_at", "assistant_id", "thread_id", "status", "started_at", "expires_at", "cancelled_at"),
    *("failed_at", "completed_at", "required_action", "last_error", "model", "instructions", "tools", "tool_resources"),
    *("metadata", "temperature", "top_p", "reasoning_effort", "max_completion_tokens", "max_prompt_tokens"),
    *("truncation_strategy", "incomplete_details", "response_format", "tool_choice", "parallel_tool_calls"),
)
"""The keys of an assistant and of a run, but for its usage, in their order on the wire."""

LIFETIME: Final = 600
"""Seconds that a run had, from its making on."""

AFTERWARDS: Final = ("completed_at", "failed_at", "cancelled_at", "last_error", "incomplete_details", "usage")
"""What a run has only when it is over."""


def assistant(value: Object) -> Object:
    """The body that makes it."""
    return _said(value, (*ASSISTANT, *SAMPLING))


def thread(value: Object) -> Object:
    return _said(created_thread(value), ("metadata", "tool_resources"))


def created_thread(value: Object) -> Object:
    """The thread as its making answers it: only a GET shows files that nobody put there."""
    return {**value, "tool_resources": {}} if value.get("tool_resources") == NO_FILES else value


def message(value: Object) -> Object:
    body = {"role": value.get("role") or "user", "content": _content(value.get("content"))}
    return {**body, **_said(value, ("attachments", "metadata"))}


def run(value: Object, assistant: Object) -> Object:
    """With what the assistant, as it is known, does not have."""
    body: Object = {"assistant_id": value.get("assistant_id")}
    for name in OVERRIDES:
        if name in value and value[name] != assistant.get(name, NOTHING.get(name)):
            body[name] = value[name]
    body |= _said(value, OWN)
    if value.get("parallel_tool_calls") is False:
        body["parallel_tool_calls"] = False
    return body


def _said(value: Object, names: Sequence[str]) -> Object:
    """Of these names what was said: neither the API's own word for nothing nor empty."""
    said = [name for name in names if value.get(name) not in (None, {}, [])]
    return {name: value[name] for name in said if value[name] != NOTHING.get(name)}


def _content(content: Any) -> Any:
    """A text alone as such; of others the text without annotations, as it was sent."""
    parts = content if isinstance(content, list) else []
    sent = [_part(part) for part in parts if isinstance(part, dict)]
    if len(sent) == 1 and sent[0].get("type") == "text":
        return sent[0].get("text")
    return sent or (content if isinstance(content, str) else "")


def _part(part: Object) -> Object:
    text = part.get("text")
    return {"type": "text", "text": text.get("value")} if isinstance(text, dict) else part


# --- what is not there


def assistant_of(id: str, run: Object, at: float) -> Object:
    """An assistant that only a run tells of."""
    shown: Object = {"id": id, "object": "assistant", "created_at": int(at), "name": None, "description": None}
    kept = {name: run.get(name, NOTHING.get(name)) for name in OVERRIDES}
    return _as_shown({**shown, **kept, "tools": kept["tools"] or [], "tool_resources": {}, "metadata": {}}, AS_MADE)


def run_of(message: Object, assistant: Object) -> Object:
    """A run that only its message tells of: as the assistant is, and well ended. Nobody knows its usage."""
    moment = message["created_at"]
    own = ("id", "run_id"), ("thread_id", "thread_id"), ("assistant_id", "assistant_id")
    shown = {name: message.get(there) for name, there in own} | {"object": "thread.run", "created_at": moment}
    ends = dict.fromkeys((*AFTERWARDS, "required_action", "expires_at"))
    inherited = {name: assistant.get(name, NOTHING.get(name)) for name in OVERRIDES}
    unsaid = {name: NOTHING.get(name) for name in (*OWN, "parallel_tool_calls")}
    times = {"status": "completed", "started_at": moment, "completed_at": message.get("completed_at") or moment}
    made = {**shown, **ends, **times, **inherited, "tool_resources": {}, **unsaid, "metadata": {}}
    return _as_shown({name: value for name, value in made.items() if name != "usage"}, AS_RUN)


def _as_shown(value: Object, order: Sequence[str]) -> Object:
    """With its keys in the order of the old API's."""
    return {name: value[name] for name in order if name in value}


# --- a run before its end


def on_its_way(run: Object, status: str) -> Object:
    """The run with this status: without what it has only in the end, and with the end of its time, which is null once
    it is over. A run that was queued again has been at work before: it keeps its `started_at`."""
    shown = {name: None if name in AFTERWARDS else value for name, value in run.items()}
    expires_at = run.get("expires_at") or int(run["created_at"]) + LIFETIME
    return {**shown, "status": status, "required_action": None, "expires_at": expires_at}


def begun(run: Object) -> Object:
    """The run as it was made."""
    return {**on_its_way(run, "queued"), "started_at": None}


def requiring(run: Object, calls: Sequence[Object]) -> Object:
    asked = [{**call, "function": _without_output(call["function"])} for call in calls]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": asked}}
    return {**on_its_way(run, "requires_action"), "required_action": action}


def _without_output(function: Object) -> Object:
    return {name: value for name, value in function.items() if name != "output"}


# --- calls of functions


def calls(step: Object) -> list[Object]:
    details = step.get("step_details")
    found = details.get("tool_calls") if isinstance(details, dict) else None
    every = found if isinstance(found, list) else []
    return [
        each
        for each in every
        if isinstance(each, dict) and each.get("type") == "function" and isinstance(each.get("function"), dict)
    ]


def is_round(step: Object) -> bool:
    """Whether the program was asked for outputs."""
    return bool(calls(step))


def has_output(call: Object) -> bool:
    return call["function"].get("output") is not None


def output(call: Object) -> Object:
    return {"tool_call_id": call.get("id"), "output": call["function"]["output"]}


# --- lists


def listing(data: Sequence[Object], has_more: bool) -> Object:
    ends = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return {"object": "list", "data": list(data), "first_id": ends[0], "last_id": ends[1], "has_more": has_more}
