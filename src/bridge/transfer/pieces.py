"""The pieces of exported objects: tools, content blocks, the calls of steps, each as it is kept. Pure.

`tell(reason, detail)` is told of what is left out (losses.REASONS).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bridge.engine import normalise
from bridge.records import Object
from bridge.translate import steps as step_items

HOSTED: Final[dict[str, Object]] = {
    "file_search": {"ranking_options": dict(step_items.RANKING), "results": []},
    "code_interpreter": {"input": "", "outputs": []},
}
"""What the calls of hosted tools show at least."""

Tell = Callable[[str, str], None]

TOOLS: Final = ("function", "code_interpreter", "file_search")
BLOCKS: Final = {"text": "value", "image_file": "file_id", "image_url": "url", "refusal": None}
"""The types of content blocks, and what each must say to be sent to a model again (translate/messages.py)."""


def tools(given: list[Object], tell: Tell) -> list[Object]:
    kept = []
    for tool in given:
        if tool.get("type") == "retrieval":
            tell("first_beta", "retrieval")
            kept.append({"type": "file_search"})
        elif tool.get("type") in TOOLS and _is_whole(tool):
            kept.append(tool)
        else:
            tell("unknown_part", f"tool {tool.get('type')}")
    return kept


def _is_whole(tool: Object) -> bool:
    function = tool.get("function")
    return tool["type"] != "function" or (isinstance(function, dict) and isinstance(function.get("name"), str))


def content(given: str | list[Object], tell: Tell) -> list[Object]:
    if isinstance(given, str):
        return normalise.content(given)
    kept = []
    for block in given:
        whole = _block(block)
        if whole is None:
            tell("unknown_part", f"content {block.get('type')}")
        else:
            kept.append(whole)
    return kept


def _block(block: Object) -> Object | None:
    """The block as it is answered; None where it says too little."""
    kind = str(block.get("type"))
    said = block.get(kind) if kind in BLOCKS else None
    if kind == "refusal":
        return block if isinstance(said, str) else None
    if kind == "text" and isinstance(said, str):
        return normalise.content(said)[0]
    if not isinstance(said, dict) or not isinstance(said.get(str(BLOCKS[kind])), str):
        return None
    return {**block, "text": {"annotations": [], **said}} if kind == "text" and "annotations" not in said else block


def details(given: Object) -> Object:
    """Step details in their last form: searches of 2024 showed neither ranking nor results. Raises ValueError."""
    if "tool_calls" not in given:
        return given
    return {**given, "tool_calls": [_call(call) for call in _objects(given["tool_calls"], "tool_calls")]}


def _call(call: Object) -> Object:
    kind = call.get("type")
    if not isinstance(kind, str):
        raise ValueError("step_details: a tool call has no type")
    if kind not in HOSTED:
        return call
    found = {**HOSTED[kind], **_object(call.get(kind), kind)}
    name = "results" if kind == "file_search" else "outputs"
    return {**call, kind: {**found, name: _objects(found[name], name)}}


def _object(value: Any, name: str) -> Object:
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"step_details: {name} is no object")
    return value or {}


def _objects(value: Any, name: str) -> list[Object]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"step_details: {name} is no list of objects")
    return value
