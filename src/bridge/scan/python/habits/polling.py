"""Loops that wait for a run: endless where only `completed` ends them, without a deadline where none looks at expired.

while run.status != "completed":                       endless-poll
    run = client.beta.threads.runs.retrieve(…)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import libcst as cst

from bridge.scan.python.calls import Analysis
from bridge.scan.python.hits import Hit, made, names, nodes, words
from bridge.scan.python.tree import walk
from bridge.scan.python.values import Sureness

ENDS: Final = frozenset({"failed", "expired", "cancelled", "incomplete"})
CLOCKS: Final = re.compile(r"time(out)?$|deadline|attempt|elapsed|max_|retries|tries|monotonic", re.IGNORECASE)
NAP: Final = frozenset({"sleep", "time"})
"""``time.sleep`` is no deadline."""


def find(analysis: Analysis) -> Iterator[Hit]:
    for node in nodes(analysis, cst.While):
        assert isinstance(node, cst.While)
        sureness = _waits(analysis, node)
        if sureness is not None:
            yield from _judged(analysis, node, sureness)


def _waits(analysis: Analysis, loop: cst.While) -> Sureness | None:
    """For a run, until it is completed: by the loop's condition, or by a look at it inside of ``while True``."""
    is_forever = isinstance(loop.test, cst.Name) and loop.test.value == "True"
    where = loop if is_forever else loop.test
    found = [
        sureness
        for each in walk(where)
        if isinstance(each, cst.Comparison) and (sureness := _compares(analysis, each, is_forever)) is not None
    ]
    asks = any(
        call.name in ("runs.retrieve", "runs.poll") for call in analysis.calls if _is_in(analysis, call.node, loop)
    )
    return found[0] if found and (asks or not is_forever) else None


def _compares(analysis: Analysis, node: cst.Comparison, is_forever: bool) -> Sureness | None:
    """``run.status != "completed"`` (in ``while True``: ``==``)."""
    target = node.comparisons[0]
    wanted = (cst.Equal, cst.In) if is_forever else (cst.NotEqual, cst.NotIn)
    status, sureness = made(analysis, node.left, "run", r"(?i)run\w*\.status$|run_?status$")
    is_status = status is not None and status.path in ("status", "")
    values = _values(analysis, target.comparator)
    return sureness if isinstance(target.operator, wanted) and is_status and "completed" in values else None


def _values(analysis: Analysis, node: cst.BaseExpression) -> set[str]:
    value = analysis.inference.constant(node)
    if isinstance(value, list):
        return {each for each in value if isinstance(each, str)}
    return {value} if isinstance(value, str) else words(node)


def _judged(analysis: Analysis, loop: cst.While, sureness: Sureness) -> Iterator[Hit]:
    known = words(loop).union(
        *(_values(analysis, each) for each in walk(loop) if isinstance(each, (cst.Name, cst.Attribute)))
    )
    ends = known & ENDS
    if not ends:
        yield Hit(
            "endless-poll",
            loop,
            "waits for completed alone: a run that fails or expires is waited for for ever",
            sureness,
        )
    elif "expired" not in ends and not _has_deadline(loop):
        missing = ", ".join(sorted(ENDS - ends))
        yield Hit("no-deadline", loop, f"looks at {', '.join(sorted(ends))}, not at {missing}", sureness)


def _has_deadline(loop: cst.While) -> bool:
    return any(CLOCKS.search(name) for name in names(loop) - NAP)


def _is_in(analysis: Analysis, node: cst.CSTNode, loop: cst.CSTNode) -> bool:
    return any(each is loop for each in analysis.bindings.ancestors(node))
