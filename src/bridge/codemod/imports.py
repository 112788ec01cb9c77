"""Imports that an edit left without a use: they go, and no others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import libcst as cst


def without_unused(module: cst.Module, names: Collection[str]) -> cst.Module:
    """The module without the imports that gave these names, where nothing uses them any more."""
    unused = set(names) - _used(module)
    changed = module.visit(_Removing(unused)) if unused else module
    assert isinstance(changed, cst.Module)
    return changed


def _used(module: cst.Module) -> set[str]:
    collector = _Used()
    module.visit(collector)
    return collector.names


class _Used(cst.CSTVisitor):
    """Names in code; those in imports are no uses. ``__all__`` is one."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        node.value.visit(self)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        self.names.add(node.value)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        self.names.add(str(node.evaluated_value))


class _Removing(cst.CSTTransformer):
    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self._names = names

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> Any:
        return self._without(updated_node, updated_node.names)

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> Any:
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        return self._without(updated_node, updated_node.names)

    def _without(self, node: cst.Import | cst.ImportFrom, names: Sequence[cst.ImportAlias]) -> Any:
        kept = [each for each in names if local(each) not in self._names]
        if len(kept) == len(names):
            return node
        if not kept:
            return cst.RemoveFromParent()
        return node.with_changes(names=[*kept[:-1], kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)])


def local(alias: cst.ImportAlias) -> str:
    """The name that the import gives."""
    node: cst.BaseExpression = alias.asname.name if alias.asname is not None else alias.name
    while isinstance(node, cst.Attribute):
        node = node.value
    assert isinstance(node, cst.Name)
    return node.value
