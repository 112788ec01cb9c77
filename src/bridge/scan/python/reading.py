"""A file of Python, or the cells of a notebook, as findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import libcst as cst

from bridge.parity import ENDPOINTS
from bridge.scan.findings import Finding, Place
from bridge.scan.operations import OPERATIONS
from bridge.scan.python.calls import Analysis, Call, Handler, analyse
from bridge.scan.python.habits import endings, outputs, polling, reading
from bridge.scan.python.hits import Hit
from bridge.scan.rules import RULES

HABITS: Final = (polling.find, outputs.find, reading.find, endings.find)

At = Callable[[int, int], Place]
"""The place of a line (from 1) and a column (from 0)."""


def findings(source: str, at: At) -> Iterator[Finding]:
    """Raises libcst.ParserSyntaxError."""
    analysis = analyse(source)
    for call in analysis.calls:
        yield _call(call, _place(analysis, call.node, at))
    for handler in analysis.handlers:
        yield _handler(handler, _place(analysis, handler.node.name, at))
    for find in HABITS:
        for hit in find(analysis):
            yield _habit(hit, _place(analysis, hit.node, at))


def _place(analysis: Analysis, node: cst.CSTNode, at: At) -> Place:
    start = analysis.place(node).start
    return at(start.line, start.column)


def _call(call: Call, place: Place) -> Finding:
    rule = RULES["bridged-call" if call.package == "bridge" else "call"]
    becomes = call.operation.becomes if call.operation else "a call that the scan cannot name"
    return Finding(
        rule.id,
        rule.severity,
        call.sureness,
        place,
        call.name if isinstance(call.node, cst.Call) else f"{call.name}, handed on",
        becomes,
        call.operation.name if call.operation else None,
        call.why,
        tuple(_notes(call)),
    )


def _notes(call: Call) -> Iterator[str]:
    """What parity.py says of its parameters that do not simply carry over."""
    endpoint = ENDPOINTS.get(call.operation.endpoint or "") if call.operation else None
    known = {each.name: each for each in (*endpoint.body, *endpoint.query)} if endpoint else {}
    for each in call.arguments:
        parameter = known.get(each.name or "")
        if parameter is not None and parameter.parity != "exact":
            yield f"{parameter.name} ({parameter.parity}): {parameter.sentence}"


def _handler(handler: Handler, place: Place) -> Finding:
    rule = RULES["event-handler"]
    methods = ", ".join(handler.methods) or "no method of its own"
    message = f"{handler.node.name.value}: {methods}"
    return Finding(rule.id, rule.severity, "certain", place, message, OPERATIONS["runs.stream"].becomes)


def _habit(hit: Hit, place: Place) -> Finding:
    rule = RULES[hit.rule]
    return Finding(rule.id, rule.severity, hit.sureness, place, hit.message, hit.cure or rule.cure, why=hit.why)
