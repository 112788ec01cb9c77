"""A fixer converts one shape of legacy code.

Each has a file in fixers/, its cases in tests, and its paragraph in docs/codemod.md.

A fixer registers itself by being made: `fixers` are all of the package, in the order of their names.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Literal, TypeAlias

import libcst as cst
from attrs import field, frozen

from bridge.codemod.plan import Plan
from bridge.scan.python import Call

Target: TypeAlias = Literal["bridge", "responses"]
State: TypeAlias = Literal["history", "conversation"]


@frozen
class Fixer:
    """`name` is the module's. `calls` convert an operation of scan's table; `begin` looks at the module before they do,
    `end` when they have. All note edits in the plan, or raise NotConverted."""

    name: str
    target: Target = "responses"
    calls: dict[str, Callable[[Plan, Call], None]] = field(factory=dict)
    begin: Callable[[Plan], None] | None = None
    end: Callable[[Plan], None] | None = None


@cache
def fixers(target: Target) -> tuple[Fixer, ...]:
    from bridge.codemod import fixers as package

    modules = [import_module(f"{package.__name__}.{each.name}") for each in pkgutil.iter_modules(package.__path__)]
    found: list[Fixer] = [each.FIXER for each in modules]
    return tuple(fixer for fixer in found if fixer.target == target)


def parse(template: str, **nodes: Any) -> cst.BaseExpression:
    """The expression of the template, with nodes for ``{name}``."""
    from libcst.helpers import parse_template_expression

    return parse_template_expression(template, **_used(template, nodes))


def statement(template: str, **nodes: Any) -> cst.SimpleStatementLine | cst.BaseCompoundStatement:
    """The same for a statement."""
    from libcst.helpers import parse_template_statement

    return parse_template_statement(template, **_used(template, nodes))


def _used(template: str, nodes: dict[str, Any]) -> dict[str, Any]:
    return {name: node for name, node in nodes.items() if f"{{{name}}}" in template}
