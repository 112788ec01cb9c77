"""What several tests of the scripted upstream share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
NO_SHARED = not SHARED.is_dir()
NO_SHARED_REASON = "the reference folder ../shared is missing"


def tool(name: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "name": name, "description": None, "parameters": parameters, "strict": False}


def ask(given: str | list[Any], /, *tools: dict[str, Any], **more: Any) -> dict[str, Any]:
    request: dict[str, Any] = {"model": "gpt-4o", "input": given, "stream": True, **more}
    return {**request, "tools": list(tools)} if tools else request


def user(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def output(call_id: str, text: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def call(call_id: str, name: str, arguments: str = "{}") -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def said(events: Any) -> list[str]:
    """The texts of the messages, from the deltas."""
    texts: dict[str, str] = {}
    for event in events:
        if event["type"] in ("response.output_text.delta", "response.refusal.delta"):
            texts[event["item_id"]] = texts.get(event["item_id"], "") + event["delta"]
    return list(texts.values())


def calls_of(events: Any) -> list[dict[str, Any]]:
    return [
        event["item"]
        for event in events
        if event["type"] == "response.output_item.done" and event["item"]["type"] == "function_call"
    ]


def types(events: Any) -> list[str]:
    """Event types without ``response.``, repeats of a delta once."""
    names = [re.sub(r"^response\.", "", event["type"]) for event in events]
    return [name for index, name in enumerate(names) if index == 0 or name != names[index - 1]]
