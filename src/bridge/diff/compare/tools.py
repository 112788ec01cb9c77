"""What tools are called: in a run that waits for outputs, in its steps, in a stream.

A call is its function and its arguments, as JSON. Calls that stand beside each other are parallel: their order is no
behaviour. Ids of calls are paired by what the calls are, not by where they stand.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from bridge.diff.compare import contents
from bridge.diff.compare.alignment import Keys, aligned
from bridge.diff.compare.fields import fingerprint
from bridge.diff.compare.values import Object, Renamed, Walk, reordered
from bridge.diff.observations import MISSING

ARGUMENTS: Final[Renamed] = {
    **dict.fromkeys(("missing-key", "extra-key", "null", "type", "value", "literal", "id"), "arguments"),
    **dict.fromkeys(("missing-item", "extra-item", "item-order"), "arguments"),
    **dict.fromkeys(("key-order", "number-form")),
}
RESULTS: Final[Renamed] = dict.fromkeys(
    ("value", "text", "text-similar", "text-normalised", "text-whitespace", "missing-item", "extra-item"), "tool-result"
)
CODE: Final[Renamed] = dict.fromkeys(("text", "text-similar", "text-normalised", "text-whitespace"), "tool-code")


def calls(walk: Walk, control: Any, candidate: Any, path: str) -> None:
    """`tool_calls`, wherever they stand."""
    if not isinstance(control, list):
        walk.value(control, candidate, path)
        return
    left, right = [keys(call) for call in control], [keys(call) for call in candidate]
    if left != right and sorted(left) == sorted(right):
        places = reordered([each[0] for each in left], [each[0] for each in right])
        walk.tell("call-order", path, [names(call) for call in control], [names(call) for call in candidate])
        pairs: list[tuple[int | None, int | None]] = list(enumerate(places))
    else:
        pairs = aligned(left, right)
    for one, other in pairs:
        if one is None and other is not None:
            walk.tell("extra-call", f"{path}[{other}]", MISSING, candidate[other])
        elif other is None and one is not None:
            walk.tell("missing-call", f"{path}[{one}]", control[one], MISSING)
        elif one is not None and other is not None:
            call(walk, control[one], candidate[other], f"{path}[{one}]")


def call(walk: Walk, control: Any, candidate: Any, path: str) -> None:
    if not isinstance(control, dict) or not isinstance(candidate, dict):
        walk.value(control, candidate, path)
        return
    if control.get("type") != candidate.get("type"):
        walk.tell("function", f"{path}.type", control.get("type"), candidate.get("type"))
        return
    walk.keys(control, candidate, path)
    for key in control:
        if key in candidate:
            compare = _PARTS.get(key)
            if compare is not None and isinstance(control[key], dict) and isinstance(candidate[key], dict):
                compare(walk, control[key], candidate[key], f"{path}.{key}")
            else:
                walk.value(control[key], candidate[key], f"{path}.{key}", key)


def function(walk: Walk, control: Object, candidate: Object, path: str) -> None:
    walk.keys(control, candidate, path)
    for key in control:
        if key not in candidate:
            continue
        left, right, where = control[key], candidate[key], f"{path}.{key}"
        if key == "arguments" and isinstance(left, str) and isinstance(right, str):
            arguments(walk, left, right, where)
        elif key == "name" and left != right:
            walk.tell("function", where, left, right)
        else:
            walk.within({"value": "tool-result"}).value(left, right, where)


def arguments(walk: Walk, control: str, candidate: str, path: str) -> None:
    if control == candidate:
        return
    left, right = parsed(control), parsed(candidate)
    if left is MISSING and right is MISSING:
        walk.within(ARGUMENTS, True).string(control, candidate, path)
    elif left is MISSING or right is MISSING:
        walk.tell("arguments-json", path, control, candidate)
    else:
        before = len(walk.found)
        walk.within(ARGUMENTS, True).value(left, right, path)
        if len(walk.found) == before and control != candidate:
            walk.tell("arguments-form", path, control, candidate)


def parsed(text: Any) -> Any:
    """The JSON value; MISSING for what is none."""
    try:
        return orjson.loads(text)
    except ValueError:
        return MISSING


def hosted(walk: Walk, control: Object, candidate: Object, path: str) -> None:
    """`code_interpreter` and `file_search`: what was run, and what came of it."""
    walk.keys(control, candidate, path)
    for key in control:
        if key not in candidate:
            continue
        left, right = control[key], candidate[key]
        if key == "input" and isinstance(left, str) and isinstance(right, str):
            contents.text(walk.within(CODE), left, right, f"{path}.{key}")
        else:
            walk.within(RESULTS).value(left, right, f"{path}.{key}", key)


_PARTS: Final = {"function": function, "code_interpreter": hosted, "file_search": hosted}


def names(call: Any) -> str:
    """What a call is, for people: `weather`, or `code_interpreter`."""
    if not isinstance(call, dict):
        return repr(call)
    inner = call.get("function")
    return str(inner.get("name") if isinstance(inner, dict) else call.get("type"))


def canonical(call: Any) -> str:
    """Function and arguments as one text, the same for the same call."""
    inner = call.get("function") if isinstance(call, dict) else None
    if not isinstance(inner, dict):
        return fingerprint(call.get(call.get("type")) if isinstance(call, dict) else call)
    value = parsed(inner.get("arguments") or "")
    return f"{inner.get('name')} {fingerprint(inner.get('arguments') if value is MISSING else value, key='metadata')}"


def keys(call: Any) -> Keys:
    kind = str(call.get("type")) if isinstance(call, dict) else ""
    return f"{kind} {canonical(call)}", f"{kind} {names(call)}", kind, ""
