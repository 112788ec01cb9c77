"""Names, parameters, attributes and functions that hold or give a thing: whether they hold the same at all times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from bridge.codemod import hints
from bridge.codemod.closed import check_function, thing_of
from bridge.codemod.plan import NotConverted, Plan
from bridge.codemod.things import SHOWN, same, thing
from bridge.scan.python import Binding, Constant, Scope


def check_names(plan: Plan) -> Iterator[NotConverted]:
    """Names that hold a thing, and something else at other times."""
    seen: set[int] = set()
    for scope in {id(each): each for each in list(plan.analysis.bindings.scopes.values())}.values():
        for name, bindings in (*scope.names.items(), *scope.attributes.items()):
            if id(bindings) not in seen:
                seen.add(id(bindings))
                yield from _conflict(plan, name, bindings)
        for name, bindings in scope.attributes.items():
            yield from _strangers(plan, name, bindings)
        if isinstance(scope.node, cst.FunctionDef) and id(scope) not in seen:
            seen.add(id(scope))
            yield from _results(plan, scope)


def _conflict(plan: Plan, name: str, bindings: Sequence[Binding]) -> Iterator[NotConverted]:
    things = {id(each): thing_of(plan, each) for each in bindings if each.how != "annotation"}
    held = [value for value in things.values() if value is not None]
    if not held:
        return
    for each in bindings:
        value = things.get(id(each), held[0])
        if not (same(value, held[0]) or _is_none(plan.flow.binding(each))) and each.node is not None:
            yield NotConverted(each.node, f"`{name}` holds {SHOWN.get(held[0], held[0])}, and something else here")
        if isinstance(each.node, cst.Param):
            yield from _given(plan, name, each, held[0])


def _strangers(plan: Plan, name: str, bindings: Sequence[Binding]) -> Iterator[NotConverted]:
    """Attributes of this name of something that cannot be told: it may be an object of the class, or not."""
    held = next((found for each in bindings if (found := thing_of(plan, each)) is not None), None)
    for node in plan.nodes if held is not None else ():
        if isinstance(node, cst.Attribute) and node.attr.value == name and plan.flow.of(node.value) is None:
            yield NotConverted(node, f"whether `{plan.code(node)}` is {SHOWN.get(str(held), held)} cannot be seen")


def _is_none(value: object) -> bool:
    return isinstance(value, Constant) and value.value is None


def _given(plan: Plan, name: str, binding: Binding, held: str) -> Iterator[NotConverted]:
    """Every call gives a parameter the same kind of thing."""
    node, function = binding.node, binding.scope
    assert isinstance(node, cst.Param)
    yield from _annotated(plan, node.annotation, held)
    if isinstance(function.node, cst.FunctionDef) and (why := check_function(plan, function)) is not None:
        yield NotConverted(node, why)
    for each in plan.flow.given(node, function):
        if not (same(thing(plan.made(each)), held) or _is_none(plan.flow.of(each))):
            yield NotConverted(each, f"`{name}` is given {SHOWN.get(held, held)} elsewhere, and something else here")


def _results(plan: Plan, function: Scope) -> Iterator[NotConverted]:
    """A function gives the same kind of thing, or nothing."""
    things = [(each, thing(plan.made(each))) for each in function.returns]
    held = next((value for _, value in things if value is not None), None)
    if held is None or held in ("page", "message"):
        return
    assert isinstance(function.node, cst.FunctionDef)
    yield from _annotated(plan, function.node.returns, held)
    for each, value in things:
        if not (same(value, held) or _is_none(plan.flow.of(each))):
            yield NotConverted(
                each, f"{function.node.name.value} gives {SHOWN.get(held, held)}, and something else here"
            )


def _annotated(plan: Plan, annotation: cst.Annotation | None, held: str) -> Iterator[NotConverted]:
    try:
        hints.change(plan, annotation, held)
    except NotConverted as why:
        yield why
