"""Pages of messages, where a program reads them: by name or in place, whole, one message, or in a loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import libcst as cst

from bridge.codemod import arguments
from bridge.codemod.flow import PASSED
from bridge.codemod.plan import NotConverted, Plan
from bridge.scan.python import Call, dotted

TEXT: Final = ("content", "[]", "text", "value")


def uses(plan: Plan, call: Call) -> Iterator[cst.BaseExpression]:
    """The page where it is used: by its name, or the call itself."""
    outer = arguments.outer(plan, call)
    small = plan.parent(outer)
    if not isinstance(small, cst.Assign):
        yield outer
        return
    target = small.targets[0].target
    if len(small.targets) > 1 or not isinstance(target, cst.Name):
        raise NotConverted(call.node, "the page of messages goes where this file does not follow it")
    bindings = plan.scope(small).lookup(target.value)
    begin, end = plan.line(small), _rebound(plan, small, target.value, [each.node for each in bindings])
    for node in plan.names(target.value):
        if plan.scope(node).lookup(target.value) is bindings and begin <= plan.line(node) < end:
            yield node


def _rebound(plan: Plan, small: cst.Assign, name: str, values: list[cst.CSTNode | None]) -> int:
    """The line in which the name is given another page."""
    lines = [plan.line(each) for each in values if each is not None and each is not small.value]
    return min((line for line in lines if line > plan.line(small)), default=10**9)


def data(plan: Plan, use: cst.BaseExpression) -> cst.BaseExpression:
    """``messages.data``, which is the same as ``messages`` for what reads it."""
    parent = plan.parent(use)
    return parent if isinstance(parent, cst.Attribute) and parent.attr.value == "data" else use


def looped(plan: Plan, use: cst.BaseExpression) -> cst.BaseExpression:
    """What a loop would go over: the page, or ``reversed(page)``."""
    page = data(plan, use)
    parent = plan.parent(page)
    call = plan.parent(parent) if isinstance(parent, cst.Arg) else None
    return call if isinstance(call, cst.Call) and dotted(call.func) in PASSED else page


def is_looped(plan: Plan, use: cst.BaseExpression) -> bool:
    page = looped(plan, use)
    parent = plan.parent(page)
    return isinstance(parent, (cst.For, cst.CompFor)) and parent.iter is page


def index(node: cst.Subscript) -> cst.BaseExpression | None:
    index = node.slice[0].slice
    return index.value if len(node.slice) == 1 and isinstance(index, cst.Index) else None


def text_of(plan: Plan, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """``….content[0].text.value`` of a message, or None."""
    for step in TEXT:
        parent = plan.parent(node)
        is_step = (
            isinstance(parent, cst.Subscript) and plan.flow.constant(index(parent)) == 0
            if step == "[]"
            else isinstance(parent, cst.Attribute) and parent.attr.value == step
        )
        if not is_step or not isinstance(parent, cst.BaseExpression):
            return None
        node = parent
        plan.taken.add(node)
    return node
