"""What the rules for Python give: a place in the tree, and what is to be said of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst
from attrs import field, frozen

from bridge.scan.python.calls import Analysis
from bridge.scan.python.tree import dotted, literal, walk
from bridge.scan.python.values import Made, Sureness


@frozen
class Hit:
    """`rule` names a row of rules.py; `cure` takes the place of its cure where it is not ""."""

    rule: str
    node: cst.CSTNode = field(repr=False)
    message: str
    sureness: Sureness = "certain"
    cure: str = ""
    why: str = ""


def made(analysis: Analysis, node: cst.CSTNode, what: str, name: str) -> tuple[Made | None, Sureness]:
    """What an operation gave here, if it is `what`; where nothing is known, whether the text of it matches `name`
    (then a Made without a call)."""
    value = analysis.inference.of(node)
    if isinstance(value, Made):
        return (value, "certain") if value.what == what else (None, "possible")
    if value is None and re.search(name, dotted(node) or ""):
        return Made(what), "likely"
    return None, "possible"


def nodes(analysis: Analysis, *kinds: type[cst.CSTNode]) -> Iterator[cst.CSTNode]:
    """All of these kinds, in the order of the text."""
    yield from (node for node in list(analysis.bindings.scopes) if isinstance(node, kinds))


def words(node: cst.CSTNode) -> set[str]:
    """The texts that stand below the node."""
    return {
        value for each in walk(node) if isinstance(each, cst.SimpleString) and isinstance(value := literal(each), str)
    }


def names(node: cst.CSTNode) -> set[str]:
    return {each.value for each in walk(node) if isinstance(each, cst.Name)}
