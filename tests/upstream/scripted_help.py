"""What several tests of the scripted upstream share."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from bridge.engine.effects import Send

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


# --- hosted tools


CODE: dict[str, Any] = {"type": "code_interpreter", "container": {"type": "auto"}}


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def send(upstream: Any, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
    """The body of an answer, or (status, message) of an error."""
    sent = upstream.send(Send(method, path, body, query))
    return sent.body if sent.status == 200 else (sent.status, sent.body["error"]["message"])


def search_in(upstream: Any, *file_ids: str) -> dict[str, Any]:
    """The tool that searches a new vector store of these files."""
    store = send(upstream, "POST", "/vector_stores", {"file_ids": list(file_ids)})
    return {"type": "file_search", "vector_store_ids": [store["id"]]}


def done(events: Any, kind: str) -> Any:
    """The items of a type, as they are when done."""
    return [e["item"] for e in events if e["type"] == "response.output_item.done" and e["item"]["type"] == kind]


def annotations_of(events: Any) -> list[Any]:
    return [event["annotation"] for event in events if event["type"] == "response.output_text.annotation.added"]


def text_of(message: dict[str, Any]) -> str:
    return str(message["content"][0]["text"])


# --- the description of the API


@cache
def description() -> dict[str, Any]:
    text = (SHARED / "reference" / "openapi-responses.json").read_text(encoding="utf-8")
    loosened: dict[str, Any] = loosen(json.loads(text))
    return loosened


def loosen(node: Any) -> Any:
    """Where two branches of a oneOf may fit, the description is stricter than the API (upstreams.md)."""
    if isinstance(node, dict):
        kept = {key: loosen(value) for key, value in node.items() if key != "discriminator"}
        return {"anyOf" if key == "oneOf" else key: value for key, value in kept.items()}
    return [loosen(each) for each in node] if isinstance(node, list) else node


@cache
def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": description()["components"]})
