"""messages.create => an item more in the history, with role and content."""

from __future__ import annotations

import libcst as cst

from bridge.codemod import arguments, nodes, states, tools
from bridge.codemod.fixer import Fixer
from bridge.codemod.messages import KEPT
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import Call


def create(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, frozenset((*KEPT, "thread_id", "metadata")))
    thread = arguments.take(plan, call, given, "thread_id")
    if not set(KEPT) <= set(given):
        raise NotConverted(call.node, "role or content is not given")
    tools.convert_content(plan, given["content"].node, given["role"].value)
    if "metadata" in given:
        plan.note(call.node, "`metadata` of the message is left out: items have none")

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        inner = arguments.inner(updated)
        assert isinstance(inner, cst.Call) and isinstance(call.node, cst.Call)
        names = [each.keyword.value if each.keyword else "" for each in call.node.args]
        kept = {place: (name, inner.args[place].value) for place, name in enumerate(names) if name in KEPT}
        at = arguments.value(inner, thread, call)
        return states.added(plan, call, updated, at, nodes.from_arguments(inner, kept), is_list=False)

    plan.replace(arguments.outer(plan, call), edit)
    _forget(plan, call)


def _forget(plan: Plan, call: Call) -> None:
    """``message = …create(…)``: the name goes, if nobody reads it."""
    small = plan.small(call.node)
    if isinstance(small, cst.Expr):
        return
    is_named = (
        isinstance(small, cst.Assign) and len(small.targets) == 1 and isinstance(small.targets[0].target, cst.Name)
    )
    if not is_named:
        raise NotConverted(call.node, "the message that it gives is used")
    assert isinstance(small, cst.Assign)
    name = small.targets[0].target
    assert isinstance(name, cst.Name)
    bindings = plan.scope(small).lookup(name.value)
    for each in plan.names(name.value):
        if plan.scope(each).lookup(name.value) is bindings:
            raise NotConverted(call.node, "the message that it gives is used")

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        assert isinstance(updated, cst.Assign)
        return cst.Expr(updated.value)

    plan.replace(small, edit)


FIXER = Fixer("messages_create", calls={"messages.create": create})
