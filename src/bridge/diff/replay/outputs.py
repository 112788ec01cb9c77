"""Tool outputs of the tape for the calls of the candidate: a tool is never executed twice."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.diff.tape import Object
from bridge.shadow.outputs import LACKING, Outputs, asked


def matched(body: Object, control: Sequence[Object], candidate: Sequence[Object]) -> tuple[Object, list[str]]:
    """The recorded body of submit_tool_outputs, its outputs given to the candidate's calls, and what did not fit.

    `control` and `candidate` are the calls that each side asked for. A call gets the output of the one of the same
    name and arguments, else of the same name, else none. The program's way through the calls is kept: where it answered
    the last one first, the candidate's last one is.
    """
    given = {each.get("tool_call_id"): each.get("output") for each in body.get("tool_outputs") or ()}
    answered = [call for call in control if call["id"] in given]
    left = Outputs((call, given[call["id"]]) for call in answered)
    outputs, notes = [], []
    for call in candidate:
        output = left.take(call)
        if output is None:
            notes.append(f"the tape has no output for a call of {asked(call)[0]}")
        outputs.append({"tool_call_id": call["id"], "output": LACKING if output is None else output})
    notes += [f"the candidate did not call {asked(call)[0]}" for call in left.left()]
    turns = [list(given).index(call["id"]) for call in answered]
    return {**body, "tool_outputs": _in_turn(outputs, turns)}, notes


def _in_turn(outputs: Sequence[Object], turns: Sequence[int]) -> list[Object]:
    """As many as there are turns by their turn, the others behind."""
    ordered = sorted(zip(turns, outputs, strict=False), key=lambda each: each[0])
    return [*(output for _, output in ordered), *outputs[len(turns) :]]
