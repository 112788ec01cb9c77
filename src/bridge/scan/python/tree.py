"""Walking over libcst trees: what a node holds but for spaces and punctuation, its dotted name, its literal value.

libcst's own visitors look at every space and comma; this walk looks at code alone, and takes an eighth of the time.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Final

import libcst as cst

SPACING: Final = ("whitespace", "lines", "comma", "lpar", "rpar", "semicolon", "brace", "bracket", "equal", "indent")
MARKS: Final = frozenset({"asynchronous", "dot", "header", "footer", "star", "colon", "operator", "newline"})
DEEPEST: Final = 40
"""Levels of a literal or a dotted name that are read."""


class Missing:
    """The value of what is no literal."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


@cache
def _code_fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    names = [each.name for each in fields(kind)]
    return tuple(name for name in names if name not in MARKS and not any(part in name for part in SPACING))


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes below that are code, in their order."""
    for name in _code_fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from (each for each in value if isinstance(each, cst.CSTNode))


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and everything below, outer first, in their order."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(reversed(list(children(each))))


def dotted(node: cst.CSTNode | None, depth: int = DEEPEST) -> str | None:
    """``self.client``, ``state["client"]``: names, attributes and literal subscripts; None for anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute) and depth:
        left = dotted(node.value, depth - 1)
        return left and f"{left}.{node.attr.value}"
    if isinstance(node, cst.Subscript) and depth:
        left, key = dotted(node.value, depth - 1), literal(subscript(node))
        return f"{left}[{key!r}]" if left and isinstance(key, (str, int)) else None
    return None


def subscript(node: cst.Subscript) -> cst.BaseExpression | None:
    """What is between the brackets, where it is one index."""
    if len(node.slice) == 1 and isinstance(index := node.slice[0].slice, cst.Index):
        return index.value
    return None


def literal(node: cst.CSTNode | None, depth: int = DEEPEST) -> Any:
    """The value as it is written: texts, numbers, None, booleans, and lists, tuples and dicts of such. Else MISSING."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString, cst.Integer, cst.Float)):
        return _evaluated(node)
    if isinstance(node, cst.Name):
        return {"None": None, "True": True, "False": False}.get(node.value, MISSING)
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        value = literal(node.expression, depth)
        return -value if isinstance(value, (int, float)) else MISSING
    if isinstance(node, (cst.List, cst.Tuple)) and depth:
        return _sequence(node.elements, depth - 1)
    return _mapping(node, depth - 1) if isinstance(node, cst.Dict) and depth else MISSING


def _evaluated(node: cst.SimpleString | cst.ConcatenatedString | cst.Integer | cst.Float) -> Any:
    """Python warns of unknown escapes in texts that it reads: whose they are, not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = node.evaluated_value
        except (SyntaxError, ValueError):
            return MISSING
    return MISSING if value is None else value


def _sequence(elements: Sequence[cst.BaseElement], depth: int) -> Any:
    if any(isinstance(each, cst.StarredElement) for each in elements):
        return MISSING
    values = [literal(each.value, depth) for each in elements]
    return MISSING if MISSING in values else values


def _mapping(node: cst.Dict, depth: int) -> Any:
    found: dict[Any, Any] = {}
    for each in node.elements:
        key = literal(each.key, depth) if isinstance(each, cst.DictElement) else MISSING
        value = literal(each.value, depth)
        if MISSING in (key, value) or isinstance(key, (list, dict)):
            return MISSING
        found[key] = value
    return found
