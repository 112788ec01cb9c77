"""Records, written short."""

from __future__ import annotations

from typing import Any

from bridge.records import Item, Message, Run

Object = dict[str, Any]


def text(value: str, *annotations: Object) -> Object:
    return {"type": "text", "text": {"value": value, "annotations": list(annotations)}}


def message(id: str, *content: Object | str, role: Any = "user", run_id: str | None = None, **fields: Any) -> Message:
    blocks = [text(block) if isinstance(block, str) else block for block in content]
    return Message(id, "thread_1", 1, role, content=blocks, run_id=run_id, **fields)


def answer(id: str, *content: Object | str, run_id: str = "run_1") -> Message:
    return message(id, *content, role="assistant", run_id=run_id)


def item(body: Object, run_id: str = "run_1", message_id: str | None = None) -> Item:
    return Item(f"item_{id(body)}", "thread_1", run_id, body["type"], body, body.get("call_id"), message_id)


def run(**fields: Any) -> Run:
    return Run("run_1", "thread_1", "asst_1", 1, 601, fields.pop("model", "gpt-4o"), **fields)


def said(value: str, role: str = "user") -> Object:
    """The input item of a message."""
    if role == "user":
        return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": value}]}
    part = {"type": "output_text", "text": value, "annotations": [], "logprobs": []}
    return {"type": "message", "role": "assistant", "status": "completed", "content": [part]}


def raw(value: str, **fields: Any) -> Object:
    """A message as the upstream gave it."""
    return {**said(value, "assistant"), "id": "msg_raw", **fields}


def call(call_id: str, **fields: Any) -> Object:
    return {"type": "function_call", "call_id": call_id, "name": "look", "arguments": "{}", **fields}


def output(call_id: str, value: str = "seen") -> Object:
    return {"type": "function_call_output", "call_id": call_id, "output": value}


def thought(**fields: Any) -> Object:
    return {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed", **fields}
