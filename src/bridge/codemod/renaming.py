"""Names that held ids and hold the things themselves now: ``thread_id`` => ``thread``, where that name is free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import libcst as cst

from bridge.codemod.plan import Plan
from bridge.codemod.things import thing
from bridge.scan.python import Made, Scope
from bridge.scan.python.scopes import Bindings, bindings

IDS: Final = ("thread id", "assistant id", "run id")


def wanted(plan: Plan) -> set[tuple[str, str]]:
    """(path of the function, name) of what holds an id by that name."""
    found: set[tuple[str, str]] = set()
    ids = IDS if plan.state == "history" else IDS[1:]
    for scope in _scopes(plan.analysis.bindings):
        for name, held in scope.names.items():
            values = [plan.flow.binding(each) for each in held]
            if name.endswith("_id") and any(isinstance(each, Made) and thing(each) in ids for each in values):
                found.add((_path(scope), name))
    return found


def renamed(module: cst.Module, names: set[tuple[str, str]]) -> cst.Module:
    """The converted module with the names that can be shortened."""
    found = bindings(module)
    new: dict[cst.CSTNode, str] = {}
    for scope in _scopes(found):
        for name in [name for path, name in names if path == _path(scope) and name in scope.names]:
            if _is_free(found, scope, name.removesuffix("_id")):
                new.update({node: name.removesuffix("_id") for node in _uses(found, scope, name)})
    changed = module.visit(_Naming(new))
    assert isinstance(changed, cst.Module)
    return changed


def _scopes(found: Bindings) -> list[Scope]:
    return list({id(each): each for each in found.scopes.values()}.values())


def _path(scope: Scope) -> str:
    return f"{_path(scope.parent)}.{_name(scope)}" if scope.parent is not None else ""


def _is_free(found: Bindings, scope: Scope, name: str) -> bool:
    """Neither given nor read in the scope or below."""
    return not any(
        isinstance(node, cst.Name) and node.value == name and _is_name(found, node) and _is_within(where, scope)
        for node, where in found.scopes.items()
    )


def _is_within(scope: Scope | None, outer: Scope) -> bool:
    while scope is not None and scope is not outer:
        scope = scope.parent
    return scope is outer


def _uses(found: Bindings, scope: Scope, name: str) -> Iterator[cst.CSTNode]:
    """Each place of the name, and the keywords by which the function is called."""
    held = scope.names[name]
    yield from (each.node.name for each in held if isinstance(each.node, cst.Param))
    for node, where in found.scopes.items():
        is_same = isinstance(node, cst.Name) and node.value == name and _is_name(found, node)
        if is_same and where.lookup(name) is held:
            yield node
    for call in (each for called in _called(scope) for each in found.calls.get(called, ())):
        yield from (each.keyword for each in call.args if each.keyword is not None and each.keyword.value == name)


def _called(scope: Scope) -> list[str]:
    """The names by which the function is called."""
    name = _name(scope)
    return [name, _name(scope.owner)] if scope.owner is not None and name == "__init__" else [name]


def _name(scope: Scope) -> str:
    return str(getattr(getattr(scope.node, "name", None), "value", ""))


def _is_name(found: Bindings, node: cst.Name) -> bool:
    """Of a variable: no attribute and no keyword."""
    parent = found.parents.get(node)
    if isinstance(parent, cst.Attribute):
        return parent.value is node
    return not (isinstance(parent, cst.Arg) and parent.keyword is node)


class _Naming(cst.CSTTransformer):
    def __init__(self, new: dict[cst.CSTNode, str]) -> None:
        super().__init__()
        self._new = new

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        name = self._new.get(original_node)
        return updated_node if name is None else updated_node.with_changes(value=name)
