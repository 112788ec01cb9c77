"""Checks of `input`: the shape of each item, and what must come with what (responses-mapping §3.1, §4.4, §13)."""

from __future__ import annotations

from types import NoneType
from typing import Any, Final

from bridge.records import Object
from bridge.upstream.scripted import refusals
from bridge.upstream.scripted.sealed import opens

ITEMS: Final[dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "message": ("msg", ("role", "content"), ("id", "status", "phase")),
    "function_call": ("fc", ("call_id", "name", "arguments"), ("id", "status", "namespace", "caller")),
    "function_call_output": ("", ("call_id", "output"), ("id", "status", "name", "namespace", "caller")),
    "reasoning": ("rs", ("summary",), ("id", "content", "encrypted_content")),
    "item_reference": ("", ("id",), ()),
    "file_search_call": ("fs", ("id", "queries", "status"), ("results",)),
    "code_interpreter_call": ("ci", ("id", "container_id"), ("status", "code", "outputs")),
}
"""type → (what an id begins with, required keys, other keys). A reasoning item takes no status on input."""

OTHERS: Final = [
    "additional_tools",
    "apply_patch_call",
    "apply_patch_call_output",
    "compaction",
    "compaction_trigger",
    "computer_call",
    "computer_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "image_generation_call",
    "local_shell_call",
    "local_shell_call_output",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "mcp_list_tools",
    "program",
    "program_output",
    "shell_call",
    "shell_call_output",
    "tool_search_call",
    "tool_search_output",
    "web_search_call",
]

PARTS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "input_text": (("text",), ()),
    "input_image": ((), ("image_url", "file_id", "detail")),
    "input_file": ((), ("file_id", "file_url", "file_data", "filename", "detail")),
    "output_text": (("text",), ("annotations", "logprobs")),
    "refusal": (("refusal",), ()),
}
GIVEN: Final = ("input_text", "input_image", "input_file")
MADE: Final = ("output_text", "refusal")
ROLES: Final = {"user": GIVEN, "system": GIVEN, "developer": GIVEN, "assistant": MADE}


def check_input(input: Any) -> None:
    if isinstance(input, str):
        return
    for index, item in enumerate(input):
        check_item(item, f"input[{index}]")
    check_ids(input)
    check_pairs(input)
    check_reasoning(input)


def check_item(item: Any, place: str) -> None:
    if not isinstance(item, dict):
        raise refusals.invalid_type(place, "an object", item)
    kind = item.get("type") or "message"
    if kind in OTHERS:
        return
    if kind not in ITEMS:
        raise refusals.invalid_value(f"{place}.type", kind, (*ITEMS, *OTHERS))
    prefix, required, others = ITEMS[kind]
    check_keys(item, place, required, others)
    id = item.get("id")
    if id is not None and not str(id).startswith(prefix):
        message = f"Invalid '{place}.id': '{id}'. Expected an ID that begins with '{prefix}'."
        raise refusals.refusal(message, f"{place}.id", "invalid_value")
    if kind == "message":
        check_message(item, place)
    elif kind in ("function_call", "function_call_output"):
        check_call(item, kind, place)


def check_keys(table: Object, place: str, required: tuple[str, ...], others: tuple[str, ...]) -> None:
    for key in required:
        if table.get(key) is None:
            raise refusals.missing(f"{place}.{key}")
    for key in table:
        if key not in ("type", *required, *others):
            raise refusals.unknown(f"{place}.{key}")


def check_message(item: Object, place: str) -> None:
    role, content = item["role"], item["content"]
    if role not in ROLES:
        raise refusals.invalid_value(f"{place}.role", role, tuple(ROLES))
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        raise refusals.invalid_type(f"{place}.content", "one of an array of objects or string", content)
    for index, part in enumerate(content):
        check_part(part, f"{place}.content[{index}]", ROLES[role])


def check_part(part: Any, place: str, allowed: tuple[str, ...]) -> None:
    if not isinstance(part, dict):
        raise refusals.invalid_type(place, "an object", part)
    kind = part.get("type")
    if kind is None:
        raise refusals.missing(f"{place}.type")
    if kind not in allowed:
        raise refusals.invalid_value(place, kind, allowed)
    check_keys(part, place, *PARTS[kind])
    if not isinstance(part.get("file_id"), (str, NoneType)):
        raise refusals.invalid_type(f"{place}.file_id", "a string", part["file_id"])
    if kind == "input_image" and part.get("image_url") is None and part.get("file_id") is None:
        raise refusals.missing(f"{place}.image_url")


def check_call(item: Object, kind: str, place: str) -> None:
    call_id = item["call_id"]
    if not isinstance(call_id, str):
        raise refusals.invalid_type(f"{place}.call_id", "a string", call_id)
    if len(call_id) > 64:
        raise refusals.too_long(f"{place}.call_id", 64, len(call_id))
    if kind == "function_call" and not isinstance(item["arguments"], str):
        raise refusals.invalid_type(f"{place}.arguments", "a string", item["arguments"])
    if kind == "function_call_output":
        check_output(item["output"], f"{place}.output")


def check_output(output: Any, place: str) -> None:
    if isinstance(output, list):
        for index, part in enumerate(output):
            check_part(part, f"{place}[{index}]", GIVEN)
    elif not isinstance(output, str):
        raise refusals.invalid_type(place, "one of an array of objects or string", output)


def check_ids(input: list[Object]) -> None:
    """Ids stand for nothing here, as with store: false; sent along with their content they do no harm."""
    seen = set[str]()
    for item in input:
        id, kind = item.get("id"), item.get("type")
        if id is None:
            continue
        if kind == "item_reference" or (kind == "reasoning" and not item.get("encrypted_content")):
            raise refusals.item_not_found(id)
        if id in seen:
            message = f"Duplicate item found with id {id}. Remove duplicate items from your input and try again."
            raise refusals.refusal(message, "input")
        seen.add(id)


def check_pairs(input: list[Object]) -> None:
    """Every call has one output after it, every output one call before it; a call_id may come again after that."""
    waiting = dict[str, None]()
    for item in input:
        kind = item.get("type")
        if kind == "function_call":
            if item["call_id"] in waiting:
                break
            waiting[item["call_id"]] = None
        elif kind == "function_call_output":
            if item["call_id"] not in waiting:
                message = f"No tool call found for function call output with call_id {item['call_id']}."
                raise refusals.refusal(message, "input")
            del waiting[item["call_id"]]
    for call_id in waiting:
        raise refusals.refusal(f"No tool output found for function call {call_id}.", "input")


def check_reasoning(input: list[Object]) -> None:
    for item, following in zip(input, [*input[1:], {"role": "user"}], strict=True):
        if item.get("type") != "reasoning":
            continue
        sealed = item.get("encrypted_content")
        if sealed and not opens(sealed):
            message = f"The encrypted content {sealed[:8]}... could not be verified."
            raise refusals.refusal(message, "input", "invalid_encrypted_content")
        if following.get("type") == "function_call_output" or following.get("role") in ("user", "system", "developer"):
            message = f"Item '{item.get('id')}' of type 'reasoning' was provided without its required following item."
            raise refusals.refusal(message, "input")
