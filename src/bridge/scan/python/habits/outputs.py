"""Tool outputs one by one.

for tool_call in run.required_action.submit_tool_outputs.tool_calls:
    client.beta.threads.runs.submit_tool_outputs(…, tool_outputs=[{…}])     single-output
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import libcst as cst

from bridge.scan.python.calls import Analysis, Call
from bridge.scan.python.hits import Hit
from bridge.scan.python.tree import dotted
from bridge.scan.python.values import Made, Sureness

CALLS: Final = re.compile(r"tool_?calls|required_action", re.IGNORECASE)


def find(analysis: Analysis) -> Iterator[Hit]:
    for call in analysis.calls:
        endpoint = call.operation.endpoint if call.operation else None
        if endpoint == "runs.submit_tool_outputs" and (sureness := _in_loop(analysis, call)) is not None:
            yield Hit("single-output", call.node, "one output per request, inside the loop over the calls", sureness)


def _in_loop(analysis: Analysis, call: Call) -> Sureness | None:
    """The nearest loop around, in the same function, goes over the calls of a run."""
    for each in analysis.bindings.ancestors(call.node):
        if isinstance(each, (cst.FunctionDef, cst.ClassDef, cst.While)):
            return None
        if isinstance(each, cst.For):
            return _over_calls(analysis, each.iter)
    return None


def _over_calls(analysis: Analysis, node: cst.BaseExpression) -> Sureness | None:
    value = analysis.inference.of(node)
    if isinstance(value, Made) and value.path.endswith("tool_calls"):
        return "certain"
    return "likely" if CALLS.search(dotted(node) or "") else None
