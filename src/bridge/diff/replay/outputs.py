"""Tool outputs of the tape for the calls of the candidate: a tool is never executed twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bridge.diff.tape import Object

LACKING = ""
"""The output of a call that the tape has none for. The candidate went another way; what follows shows it."""


def matched(body: Object, control: Sequence[Object], candidate: Sequence[Object]) -> tuple[Object, list[str]]:
    """The recorded body of submit_tool_outputs, its outputs given to the candidate's calls, and what did not fit.

    `control` and `candidate` are the calls that each side asked for. A call gets the output of the one of the same
    name and arguments, else of the same name, else none.
    """
    given = {each.get("tool_call_id"): each.get("output") for each in body.get("tool_outputs") or ()}
    left = [call for call in control if call["id"] in given]
    outputs, notes = [], []
    for call in candidate:
        same = next((each for each in left if _asks(each) == _asks(call)), None)
        like = same or next((each for each in left if _asks(each)[0] == _asks(call)[0]), None)
        if like is not None:
            left.remove(like)
        else:
            notes.append(f"the tape has no output for a call of {_asks(call)[0]}")
        outputs.append({"tool_call_id": call["id"], "output": LACKING if like is None else given[like["id"]]})
    notes += [f"the candidate did not call {_asks(call)[0]}" for call in left]
    return {**body, "tool_outputs": outputs}, notes


def _asks(call: Object) -> tuple[str, Any]:
    function = call.get("function") or {}
    try:
        return function.get("name", ""), json.loads(function.get("arguments") or "{}")
    except ValueError:
        return function.get("name", ""), function.get("arguments")
