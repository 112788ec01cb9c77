"""Whether the file shows all that becomes of a thing: where it goes, and that what holds it holds nothing else.

A thread's id that leaves for a database, a framework or another module comes back as a text, and a native history is
no text. So a thing may go only where this file can follow it.
"""

from __future__ import annotations

from typing import Final

import libcst as cst

from bridge.codemod import hints
from bridge.codemod.chains import Chain, end_of
from bridge.codemod.plan import NotConverted, Plan
from bridge.codemod.things import SHOWN, same, thing
from bridge.scan.python import Binding, Defined, Made, Scope, dotted

SHOWABLE: Final = ("usage", "error", "run")
"""What may be printed as it is: it shows the same in other words."""

HARMLESS: Final = ("override", "staticmethod", "classmethod", "property", "wraps", "retry", "on_exception")


def check_goal(plan: Plan, chain: Chain) -> None:
    """Raises NotConverted where the thing goes out of sight. The id of a conversation may go anywhere."""
    if chain.ends == "thread id" and plan.state == "conversation":
        return
    node: cst.CSTNode = end_of(chain)
    while True:
        parent = plan.parent(node)
        if node in plan.consumed or node in plan.taken or isinstance(parent, cst.Expr):
            return
        if isinstance(parent, (cst.Element, cst.IfExp, cst.NamedExpr, cst.Await)) and _is_passed(plan, parent, chain):
            node = parent
            continue
        break
    if isinstance(parent, cst.Element) and _is_looped_over(plan, parent, chain.ends):
        return
    if _goes_on(plan, node, parent, chain.ends) or _is_shown(plan, node, parent, chain.ends):
        return
    function = plan.scope(node).function() if isinstance(parent, cst.Return) else None
    if function is not None and (why := check_function(plan, function)) is not None:
        raise NotConverted(node, why)
    what = SHOWN.get(chain.ends, chain.ends)
    raise NotConverted(node, f"{what} goes where this file does not follow it: {_where(plan, node)}")


def _is_passed(plan: Plan, parent: cst.CSTNode, chain: Chain) -> bool:
    return isinstance(parent, cst.BaseExpression) and same(thing(plan.made(parent)), chain.ends)


def _is_looped_over(plan: Plan, element: cst.Element, ends: str) -> bool:
    """``for each in (writer, critic)``: every element is the same kind of thing."""
    holder = plan.parent(element)
    loop = plan.parent(holder) if holder is not None else None
    if not isinstance(holder, (cst.Tuple, cst.List)) or not isinstance(loop, (cst.For, cst.CompFor)):
        return False
    return loop.iter is holder and all(same(thing(plan.made(each.value)), ends) for each in holder.elements)


def _goes_on(plan: Plan, node: cst.CSTNode, parent: cst.CSTNode | None, ends: str) -> bool:
    if isinstance(parent, cst.Arg):
        return _is_followed_argument(plan, parent, ends)
    if isinstance(parent, cst.Assign):
        return all(_is_followed_target(plan, each.target) for each in parent.targets)
    if isinstance(parent, cst.AnnAssign):
        hints.change(plan, parent.annotation, ends)
        return _is_followed_target(plan, parent.target)
    if isinstance(parent, cst.Return):
        return _is_followed_result(plan, parent)
    if isinstance(parent, (cst.For, cst.CompFor)):
        return ends == "calls" and parent.iter is node
    if isinstance(parent, cst.Comparison):
        return _is_compared_with_none(parent)
    is_truth = isinstance(parent, (cst.If, cst.While, cst.BooleanOperation)) or (
        isinstance(parent, cst.UnaryOperation) and isinstance(parent.operator, cst.Not)
    )
    return is_truth and ends in ("run", "calls", "assistant", "assistant id", "error", "usage")


def _is_shown(plan: Plan, node: cst.CSTNode, parent: cst.CSTNode | None, ends: str) -> bool:
    if ends not in SHOWABLE:
        return False
    if isinstance(parent, cst.FormattedStringExpression):
        return True
    call = plan.parent(parent) if isinstance(parent, cst.Arg) else None
    return isinstance(call, cst.Call) and dotted(call.func) in ("print", "str", "repr", "logging.info", "logger.info")


def _is_compared_with_none(node: cst.Comparison) -> bool:
    return all(isinstance(each.comparator, cst.Name) and each.comparator.value == "None" for each in node.comparisons)


def _is_followed_target(plan: Plan, target: cst.CSTNode) -> bool:
    """A name, an attribute of an object of this file, or a dict of this file."""
    if isinstance(target, cst.Name):
        return True
    if isinstance(target, cst.Attribute):
        owner = plan.flow.of(target.value)
        return isinstance(owner, Defined) and owner.is_made
    if isinstance(target, cst.Subscript) and isinstance(target.value, (cst.Name, cst.Attribute)):
        return _is_own_dict(plan, target.value)
    return False


def _is_own_dict(plan: Plan, holder: cst.Name | cst.Attribute) -> bool:
    """Made here as an empty dict, and used as one only: read and written by key."""
    text = dotted(holder)
    if isinstance(holder, cst.Name):
        made = [each.node for each in plan.scope(holder).lookup(holder.value)]
    else:
        made = [each.node for each in plan.analysis.bindings.dotted.get(text or "", ())]
    uses = [each for each in plan.nodes if type(each) is type(holder) and dotted(each) == text and plan.is_value(each)]
    is_empty = len(made) == 1 and isinstance(made[0], cst.Dict) and not made[0].elements
    return is_empty and all(_is_use_of_dict(plan, each) for each in uses)


def _is_use_of_dict(plan: Plan, name: cst.CSTNode) -> bool:
    parent = plan.parent(name)
    if isinstance(parent, cst.Subscript):
        return parent.value is name
    if isinstance(parent, cst.Attribute):
        return parent.attr.value in ("get", "pop", "clear")
    return isinstance(parent, (cst.ComparisonTarget, cst.AssignTarget, cst.AnnAssign))


def _is_followed_argument(plan: Plan, argument: cst.Arg, ends: str) -> bool:
    call = plan.parent(argument)
    if not isinstance(call, cst.Call) or argument.star:
        return False
    target = plan.flow.of(call.func)
    if not isinstance(target, Defined):
        return False
    function = _function(plan, target.scope)
    return function is not None and _fits(plan, function, call, argument, ends)


def _function(plan: Plan, scope: Scope) -> Scope | None:
    """The function that is called: of a class, its __init__."""
    if isinstance(scope.node, cst.ClassDef):
        made = [each.scope for each in scope.names.get("__init__", ())]
        return made[0] if len(made) == 1 else None
    return scope if isinstance(scope.node, cst.FunctionDef) else None


def _fits(plan: Plan, function: Scope, call: cst.Call, argument: cst.Arg, ends: str) -> bool:
    """Whether some parameter of the function is known to be given this argument."""
    for bindings in function.names.values():
        for binding in bindings:
            if isinstance(node := binding.node, cst.Param) and argument.value in set(plan.flow.given(node, function)):
                return same(thing_of(plan, binding), ends)
    return False


def _is_followed_result(plan: Plan, node: cst.Return) -> bool:
    """Of a function that is called in this file, and nowhere handed on."""
    function = plan.scope(node).function()
    if function is None or not isinstance(function.node, cst.FunctionDef):
        return False
    return check_function(plan, function) is None


def check_function(plan: Plan, function: Scope) -> str | None:
    """Why what a function is given and gives cannot be seen, or None."""
    node = function.node
    assert isinstance(node, cst.FunctionDef)
    for each in node.decorators:
        decorator = each.decorator.func if isinstance(each.decorator, cst.Call) else each.decorator
        name = (dotted(decorator) or "").rpartition(".")[2]
        if name not in HARMLESS and not isinstance(plan.flow.of(decorator), Defined):
            return f"the decorator {plan.code(decorator)} of {node.name.value} may call it from elsewhere"
    for use in plan.names(node.name.value):
        is_own = isinstance(value := plan.flow.of(use), Defined) and value.scope is function
        if is_own and isinstance(plan.parent(use), (cst.Arg, cst.Element, cst.DictElement)):
            return f"{node.name.value} is handed on as a function"
    for call in plan.analysis.bindings.calls.get(node.name.value, ()):
        if plan.flow.of(call.func) is None:
            return f"whether {plan.code(call.func)}(…) calls {node.name.value} of this file cannot be seen"
    return None


def thing_of(plan: Plan, binding: Binding) -> str | None:
    value = plan.flow.binding(binding)
    return thing(value) if isinstance(value, Made) else None


def _where(plan: Plan, node: cst.CSTNode) -> str:
    """The code around, in a few words."""
    parent = plan.parent(node)
    while isinstance(parent, (cst.Arg, cst.Element, cst.DictElement, cst.Tuple, cst.AssignTarget)):
        node, parent = parent, plan.parent(parent)
    line = plan.code(parent if isinstance(parent, (cst.BaseExpression, cst.BaseSmallStatement)) else node).splitlines()
    return line[0] if len(line) == 1 else f"{line[0]} …"
