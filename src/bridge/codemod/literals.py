"""Literals that a fixer rewrites: where a list or dict was written down, and whether it serves for nothing else."""

from __future__ import annotations

import libcst as cst

from bridge.codemod.plan import NotConverted, Plan


def written(plan: Plan, node: cst.BaseExpression) -> cst.BaseExpression:
    """The literal that the expression is, or that the name of it stands for. Raises NotConverted."""
    if not isinstance(node, cst.Name):
        return node
    bindings = plan.scope(node).lookup(node.value)
    if len(bindings) != 1 or bindings[0].how != "value" or not isinstance(bindings[0].node, cst.BaseExpression):
        raise NotConverted(node, f"where `{node.value}` is written down cannot be seen in this file")
    uses = [each for each in plan.names(node.value) if plan.scope(each).lookup(node.value) is bindings]
    others = [each for each in uses if each is not node and not _is_same_use(plan, each, node)]
    if others:
        raise NotConverted(node, f"`{node.value}` is used for something else in line {plan.line(others[0])}")
    return bindings[0].node


def _is_same_use(plan: Plan, one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """An argument of the same name (``tools=TOOLS``), or an element of the same kind of list."""
    first, second = plan.parent(one), plan.parent(other)
    if isinstance(first, cst.Arg) and isinstance(second, cst.Arg):
        names = [each.keyword.value if each.keyword else None for each in (first, second)]
        return names[0] is not None and names[0] == names[1]
    return type(first) is type(second) and isinstance(first, (cst.Element, cst.StarredElement))


def elements(plan: Plan, node: cst.BaseExpression, what: str) -> list[cst.Dict]:
    """The dicts of a list that is written down in this file. Raises NotConverted."""
    node = written(plan, node)
    if isinstance(node, cst.ListComp) and isinstance(element := written(plan, node.elt), cst.Dict):
        return [element]
    if not isinstance(node, cst.List):
        raise NotConverted(node, f"where {what} are written down cannot be seen in this file")
    found: list[cst.Dict] = []
    for each in node.elements:
        value = written(plan, each.value)
        if isinstance(each, cst.StarredElement):
            found += elements(plan, each.value, what)
        elif isinstance(value, cst.Dict):
            found.append(value)
        else:
            raise NotConverted(each.value, f"where {what} are written down cannot be seen in this file")
    return found
