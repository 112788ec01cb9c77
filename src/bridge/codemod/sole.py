"""What a later leg of a run needs and is not given: assistant and thread, where only one can be meant."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from bridge.codemod import states
from bridge.codemod.plan import NotConverted, Plan
from bridge.codemod.things import thing
from bridge.scan.python import Call, Scope
from bridge.scan.python.scopes import first_parameter

WITH_THREAD = ("threads.create_and_run", "threads.create_and_run_poll")
CREATORS = ("runs.create", "runs.create_and_poll", "runs.stream", "runs.create_and_stream")


def expression(plan: Plan, name: str, at: cst.CSTNode) -> cst.BaseExpression:
    """What all runs of the file are created with, if `at` sees the same. Raises NotConverted."""
    what = name.removesuffix("_id")
    scope = plan.scope(at)
    if name == "thread_id" and any(plan.scope(each.node) is scope for each in plan.calls(*WITH_THREAD)):
        return cst.parse_expression("thread" if states.is_history(plan) else "thread.id")  # of fixers/create_and_run.py
    given = [(call, node) for call in plan.calls(*CREATORS) for node in _argument(plan, call, name)]
    nearest = [(call, node) for call, node in given if plan.scope(call.node) is scope] or given
    is_thing = name == "assistant_id" or states.is_history(plan)
    texts = {plan.code(_without_id(node) if is_thing else node) for _, node in nearest}
    if len(texts) != 1 or any(not _is_seen(plan, node, call.scope, scope) for call, node in nearest):
        raise NotConverted(at, f"which {what} the run is of cannot be seen here")
    return cst.parse_expression(texts.pop())


def _argument(plan: Plan, call: Call, name: str) -> Iterable[cst.BaseExpression]:
    for each in call.arguments:
        if each.name == name or (each.name is None and not each.star and name == "thread_id"):
            yield each.node


def _without_id(node: cst.BaseExpression) -> cst.BaseExpression:
    return node.value if isinstance(node, cst.Attribute) and node.attr.value == "id" else node


def _is_seen(plan: Plan, node: cst.BaseExpression, there: Scope, here: Scope) -> bool:
    """Whether the expression means the same in both scopes, and is of a thing of this file."""
    root: cst.CSTNode = node
    while isinstance(root, cst.Attribute):
        root = root.value
    if not isinstance(root, cst.Name) or thing(plan.made(node)) is None:
        return False
    method, other = _method(there), _method(here)
    if method is not None and root.value == first_parameter(method):
        return other is not None and other.owner is method.owner and first_parameter(other) == root.value
    return there.lookup(root.value) is here.lookup(root.value)


def _method(scope: Scope) -> Scope | None:
    function = scope.function()
    while function is not None and function.owner is None:
        function = function.parent.function() if function.parent is not None else None
    return function
