"""What other servers answer → records, and messages of ours → what other servers are given.

Servers leave out fields, or add some: what is missing is what a new record has, what is unknown is left behind. Raises
nothing for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from attrs import evolve

from bridge import ids
from bridge.engine import tables
from bridge.records import Assistant, Message, Object, Run, Step, Thread
from bridge.translate import loose

R = TypeVar("R", Assistant, Thread, Message, Run, Step)

KEPT_ASSISTANT: Final = (
    *("name", "description", "instructions", "tools", "top_p", "temperature", "reasoning_effort", "tool_resources"),
    *("metadata", "response_format"),
)
KEPT_MESSAGE: Final = (
    *("status", "content", "attachments", "metadata", "assistant_id", "run_id", "completed_at", "incomplete_at"),
    "incomplete_details",
)
KEPT_RUN: Final = (
    *("model", "status", "instructions", "tools", "metadata", "temperature", "top_p", "reasoning_effort"),
    *("max_completion_tokens", "max_prompt_tokens", "truncation_strategy", "response_format", "tool_choice"),
    *("parallel_tool_calls", "started_at", "cancelled_at", "failed_at", "completed_at", "required_action"),
    *("last_error", "incomplete_details", "usage"),
)
KEPT_STEP: Final = ("status", "cancelled_at", "completed_at", "expired_at", "failed_at", "last_error", "usage")
RUN_SECONDS: Final = 600
"""How long a run lasts where its server does not say (assistants-wire §6.5)."""

NULLABLE: Final = (
    *("name", "description", "instructions", "temperature", "top_p", "reasoning_effort", "required_action"),
    *("last_error", "usage"),
)


def assistant(body: Object, id: str) -> Assistant:
    model = loose.text(body, "model") or ""
    return _filled(Assistant(id, loose.number(body, "created_at") or 0, model), body, KEPT_ASSISTANT)


def thread(body: Object, id: str) -> Thread:
    return _filled(Thread(id, loose.number(body, "created_at") or 0), body, ("metadata", "tool_resources"))


def message(body: Object, thread_id: str, run_id: str | None) -> Message:
    """`run_id` is what the run is called here."""
    role: Any = "assistant" if loose.text(body, "role") == "assistant" else "user"
    made = Message(loose.text(body, "id") or "", thread_id, loose.number(body, "created_at") or 0, role)
    filled = _filled(made, body, KEPT_MESSAGE)
    status = filled.status if filled.status in tables.MESSAGE else "completed"
    return evolve(filled, run_id=run_id, status=status, attachments=filled.attachments or ())


def run(body: Object, before: Run) -> Run:
    """The run as it is now, under the name that it has here. Its times are all its server's: they follow each other."""
    filled = _filled(before, body, KEPT_RUN)
    created_at = loose.number(body, "created_at") or before.created_at
    expires_at = loose.number(body, "expires_at") or before.expires_at
    return evolve(filled, status=status_of(body), created_at=created_at, expires_at=expires_at)


def new_run(body: Object, thread_id: str, upstream: str) -> Run:
    """A run that was made at another server, under the name that it has there."""
    created_at = loose.number(body, "created_at") or 0
    names = (loose.text(body, "id") or "", thread_id, loose.text(body, "assistant_id") or "")
    return run(body, Run(*names, created_at, created_at + RUN_SECONDS, "", upstream=upstream))


def step(body: Object, of: Run) -> Step:
    """A step of that run."""
    details = loose.object(body, "step_details") or {}
    kind: Any = "message_creation" if loose.text(body, "type") == "message_creation" else "tool_calls"
    created_at = loose.number(body, "created_at") or of.created_at
    names = (loose.text(body, "id") or "", of.id, of.thread_id, of.assistant_id)
    made = Step(*names, created_at, of.expires_at, kind, details)
    filled = _filled(made, body, KEPT_STEP)
    return filled if filled.status in tables.STEP else evolve(filled, status="completed")


def status_of(body: Object) -> Any:
    """The status of a run. One that nobody knows is as good as under way: its server will say how it ends."""
    status = loose.text(body, "status")
    return status if status in tables.RUN else "in_progress"


def given(message: Message) -> Object | None:
    """The message as a request to make it says it; None where nothing of it can be said."""
    blocks = [block for each in message.content if (block := _block(each)) is not None]
    if not blocks:
        return None
    kept = [one for one in message.attachments if not ids.is_kept_file(one.get("file_id") or "")]
    said: Object = {"role": message.role, "content": blocks}
    said.update({"attachments": kept} if kept else {})
    said.update({"metadata": message.metadata} if message.metadata else {})
    return said


def without_files(given: Object) -> Object:
    """The same without what names files: those of one server are not known to another."""
    blocks = [block for block in given["content"] if block["type"] != "image_file"]
    rest = {key: value for key, value in given.items() if key != "attachments"}
    return {**rest, "content": blocks or [{"type": "text", "text": "(an image)"}]}


def has_files(given: Object) -> bool:
    return "attachments" in given or any(block["type"] == "image_file" for block in given["content"])


def _block(block: Mapping[str, Any]) -> Object | None:
    if block.get("type") == "text":
        value = loose.text(block.get("text"), "value")
        return {"type": "text", "text": value} if value else None
    if block.get("type") == "refusal":
        return {"type": "text", "text": block["refusal"]} if block.get("refusal") else None
    if block.get("type") == "image_file" and ids.is_kept_file((block.get("image_file") or {}).get("file_id") or ""):
        return None
    return dict(block)


def _filled(record: R, body: Object, names: tuple[str, ...]) -> R:
    """With what the body says. A null is a value where one may stand; else it is as good as not said."""
    said = {name: body[name] for name in names if name in body}
    return evolve(record, **{name: value for name, value in said.items() if value is not None or name in NULLABLE})
