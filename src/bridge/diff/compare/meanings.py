"""Responses requests that say the same in other words: each way to say it, with the sentence that names it.

A bridged program and the same program written for Responses by hand ask the model the same thing, yet one says what
the other leaves to defaults. Here both become what they mean; what had to be changed for it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import evolve, frozen

from bridge.diff.compare.fields import same
from bridge.diff.compare.tools import parsed
from bridge.diff.observations import MISSING
from bridge.diff.tape import Leg

Object = dict[str, Any]
NO_PARAMETERS: Final[Object] = {"type": "object", "properties": {}}
FIRST_NULLS: Final = ("instructions", "max_output_tokens", "max_tool_calls", "reasoning", "user", "prompt",
                      "previous_response_id", "conversation", "top_logprobs", "safety_identifier",
                      "prompt_cache_key")  # fmt: skip


@frozen
class Meaning:
    """`change` makes of the value of `key` (MISSING where there is none) what it means."""

    key: str
    sentence: str
    change: Callable[[Any], Any]


@frozen
class Same:
    """A difference that is none: `key` said in two ways."""

    key: str
    control: Any
    candidate: Any
    sentence: str


def default(value: Any) -> Callable[[Any], Any]:
    """Not given, or null, is the default."""
    return lambda given: value if given is MISSING or given is None else given


def nothing(given: Any) -> Any:
    """Null and what is empty are the same as not given."""
    return MISSING if given is None or given in ([], {}) else given


def _format(given: Any) -> Any:
    text = dict(given) if isinstance(given, dict) else {}
    form = text.get("format") or {"type": "text"}
    if form.get("type") == "json_schema":
        form = {"strict": False, **{name: value for name, value in form.items() if value is not None}}
    return {**text, "format": form}


def _text_input(given: Any) -> Any:
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def _messages(given: Any) -> Any:
    return [_message(item) for item in given] if isinstance(given, list) else given


def _message(item: Any) -> Any:
    if not isinstance(item, dict) or item.get("type", "message") != "message":
        return item
    content = item.get("content")
    if isinstance(content, str):
        kind = "output_text" if item.get("role") == "assistant" else "input_text"
        content = [{"type": kind, "text": content}]
    parts = [_part(part) for part in content] if isinstance(content, list) else content
    return {"type": "message", **item, "content": parts}


def _part(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {name: value for name, value in part.items() if value or name not in ("annotations", "logprobs", "detail")}


def _items(given: Any) -> Any:
    if not isinstance(given, list):
        return given
    return [_item(item) for item in given]


def _item(item: Any) -> Any:
    if not isinstance(item, dict) or item.get("type") == "item_reference":
        return item
    return {name: value for name, value in item.items() if name not in ("id", "status") and value is not None}


def _arguments(given: Any) -> Any:
    if not isinstance(given, list):
        return given
    return [
        {**item, "arguments": parsed(item["arguments"])}
        if isinstance(item, dict) and parsed(item.get("arguments") or "") is not MISSING
        else item
        for item in given
    ]


def _tools(given: Any) -> Any:
    if not isinstance(given, list):
        return given
    return [_tool(tool) for tool in given]


def _tool(tool: Any) -> Any:
    if not isinstance(tool, dict):
        return tool
    kept = {name: value for name, value in tool.items() if value is not None}
    return {**kept, "parameters": kept.get("parameters", NO_PARAMETERS)} if tool.get("type") == "function" else kept


def _sorted(given: Any) -> Any:
    return sorted(given, key=str) if isinstance(given, list) else given


MEANINGS: Final[tuple[Meaning, ...]] = (
    *(Meaning(key, f"`{key}` that is null is not given.", nothing) for key in FIRST_NULLS),
    Meaning("tools", "No tools, an empty list and null are the same.", nothing),
    Meaning("tools", "Keys of tools that are null are not given; no parameters are an object without any.", _tools),
    Meaning("tool_choice", "Where none is given, `tool_choice` is auto.", default("auto")),
    Meaning("parallel_tool_calls", "Where none is given, calls may be parallel.", default(True)),
    Meaning("temperature", "Where none is given, the temperature is 1.", default(1)),
    Meaning("top_p", "Where none is given, `top_p` is 1.", default(1)),
    Meaning("truncation", "Where none is given, truncation is disabled.", default("disabled")),
    Meaning("text", "Where none is given, the format is text; a schema is not strict.", _format),
    Meaning("metadata", "No metadata, an empty object and null are the same.", nothing),
    Meaning("include", "What is included has no order; nothing, an empty list and null are the same.", nothing),
    Meaning("include", "What is included has no order.", _sorted),
    Meaning("store", "Where nothing is said, an answer is stored.", default(True)),
    Meaning("background", "Where nothing is said, an answer is not made in the background.", default(False)),
    Meaning("service_tier", "Where none is given, the tier is auto.", default("auto")),
    Meaning(
        "stream", "Whether the answer comes as a stream changes nothing of what the model is asked.", lambda _: MISSING
    ),
    Meaning("stream_options", "How a stream is sent changes nothing of what the model is asked.", lambda _: MISSING),
    Meaning("input", "A plain text is one message of the user.", _text_input),
    Meaning("input", "A message may leave out its type, and have its text as a string or as one part.", _messages),
    Meaning("input", "Ids and statuses of items that are sent back say nothing to the model.", _items),
    Meaning("input", "The same arguments of a call, written otherwise.", _arguments),
)


def meant(control: Object, candidate: Object) -> tuple[Object, Object, list[Same]]:
    """What two requests mean, and what they say in different words."""
    left, right = dict(control), dict(candidate)
    told: list[Same] = []
    for meaning in MEANINGS:
        key = meaning.key
        before = left.get(key, MISSING), right.get(key, MISSING)
        after = meaning.change(before[0]), meaning.change(before[1])
        _set(left, key, after[0])
        _set(right, key, after[1])
        changed = [not _equal(*pair) for pair in zip(before, after, strict=True)]
        if not _equal(*before) and (_equal(*after) or changed[0] != changed[1]):
            told.append(Same(key, control.get(key, MISSING), candidate.get(key, MISSING), meaning.sentence))
    return left, right, told


def alone(request: Object) -> Object:
    """What one request means."""
    return meant(request, request)[0]


def _set(request: Object, key: str, value: Any) -> None:
    if value is MISSING:
        request.pop(key, None)
    else:
        request[key] = value


def _equal(control: Any, candidate: Any) -> bool:
    return control is candidate or (MISSING not in (control, candidate) and same(control, candidate))


# --- state kept upstream


def unfolded(legs: Sequence[Leg]) -> list[Leg]:
    """Legs with what `previous_response_id` stands for in their input, where the tape has the answer it names."""
    whole: dict[str, list[Any]] = {}
    told: list[Leg] = []
    for leg in legs:
        before = whole.get(str(leg.request.get("previous_response_id")))
        own = _text_input(leg.request.get("input")) or []
        if before is not None:
            rest = {name: value for name, value in leg.request.items() if name != "previous_response_id"}
            leg = evolve(leg, request={**rest, "input": [*before, *own]})
        if leg.answer is not None and isinstance(leg.answer.get("id"), str) and isinstance(own, list):
            whole[leg.answer["id"]] = [*(before or []), *own, *(leg.answer.get("output") or [])]
        told.append(leg)
    return told
