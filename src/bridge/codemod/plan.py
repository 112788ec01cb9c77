"""What is to become of a module: edits, found one by one, and what stands against them.

Fixers look at the tree and note what they would change; nothing is changed before all have looked. One thing that
cannot be converted keeps everything of its module as it is: threads that are half here and half there are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import libcst as cst
from attrs import define, field, frozen

from bridge.codemod.flow import Flow
from bridge.scan.python import Analysis, Call, Made, Scope

Statement: TypeAlias = cst.SimpleStatementLine | cst.BaseCompoundStatement


class NotConverted(Exception):
    """Raised by fixers: `node` cannot be rewritten, `reason` ends the sentence that begins with "not converted:".
    `fixer` is whose it is, if not that of the fixer that was asked."""

    def __init__(self, node: cst.CSTNode, reason: str, fixer: str = "") -> None:
        super().__init__(reason)
        self.node, self.reason, self.fixer = node, reason, fixer


@frozen(eq=False)
class Refusal:
    """`fixer` names the paragraph of docs/codemod.md that says more."""

    node: cst.CSTNode
    reason: str
    fixer: str


@define
class Around:
    """Statements to stand before and after the one that is being rewritten."""

    before: list[Statement] = field(factory=list)
    after: list[Statement] = field(factory=list)


Edit: TypeAlias = Callable[[Any, Around], cst.CSTNode]
"""(the node as edited inside, around) -> what stands in its place."""


@define
class Plan:
    """Edits of one module. `consumed` are arguments that a fixer has understood."""

    analysis: Analysis
    flow: Flow
    nodes: tuple[cst.CSTNode, ...] = field(init=False, repr=False)
    """All code of the module in its order, taken once: the inference adds what it reads in quoted annotations."""
    edits: dict[cst.CSTNode, list[Edit]] = field(factory=dict)
    removed: set[cst.CSTNode] = field(factory=set)
    consumed: set[cst.CSTNode] = field(factory=set)
    taken: set[cst.CSTNode] = field(factory=set)
    """Expressions that a fixer rewrites as a whole."""
    refusals: list[Refusal] = field(factory=list)
    notes: list[str] = field(factory=list)
    unused: set[str] = field(factory=set)
    """Names whose imports may be needed no more."""
    has_functions: bool = False
    """Whether some assistant or run has function tools, so that a response may wait for outputs."""
    has_parts: bool = False
    """Whether some message has more than a text."""
    state: str = "history"
    keeps_texts: bool = False
    """Whether the history holds plain messages only, since the program reads all of it."""

    @nodes.default
    def _nodes(self) -> tuple[cst.CSTNode, ...]:
        return tuple(self.analysis.bindings.scopes)

    def replace(self, node: cst.CSTNode, edit: Edit) -> None:
        self.edits.setdefault(node, []).append(edit)

    def note(self, node: cst.CSTNode, sentence: str) -> None:
        """What is told beside the patch."""
        self.notes.append(f"line {self.line(node)}: {sentence}")

    def remove(self, statement: cst.CSTNode) -> None:
        self.removed.add(statement)

    def line(self, node: cst.CSTNode) -> int:
        return self.analysis.place(node).start.line

    # --- where a node stands

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self.analysis.bindings.parents.get(node)

    def scope(self, node: cst.CSTNode) -> Scope:
        return self.analysis.bindings.scopes[node]

    def statement(self, node: cst.CSTNode) -> Statement:
        """The statement that holds the node. Raises NotConverted where others share its line."""
        held = node
        for each in (node, *self.analysis.bindings.ancestors(node)):
            if isinstance(each, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                if isinstance(each, cst.SimpleStatementLine) and len(each.body) > 1:
                    raise NotConverted(node, "several statements stand in this line")
                return each
            if isinstance(each, cst.SimpleStatementSuite):
                raise NotConverted(node, "the statement shares its line with the one around it")
            held = each
        raise AssertionError(f"{held} is in no statement")

    def small(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The simple statement (Assign, Expr, Return …) of which this is the value, awaited or not."""
        parent = self.parent(node)
        if isinstance(parent, cst.Await):
            parent = self.parent(parent)
        return parent

    def is_value(self, node: cst.CSTNode) -> bool:
        """Whether the expression is read: it is no target, keyword, attribute's or parameter's name, or annotation."""
        parent = self.parent(node)
        if isinstance(parent, cst.Param):
            return parent.default is node
        if isinstance(parent, cst.Arg):
            return parent.value is node
        if isinstance(parent, cst.Attribute):
            return parent.value is node
        if isinstance(parent, (cst.For, cst.CompFor, cst.AnnAssign, cst.NamedExpr)):
            return parent.target is not node
        naming = (cst.AssignTarget, cst.AsName, cst.ImportAlias, cst.FunctionDef, cst.ClassDef, cst.NameItem)
        return not isinstance(parent, (*naming, cst.Annotation))

    def names(self, name: str) -> Iterator[cst.Name]:
        """Where it is read, in the order of the text."""
        for node in self.nodes:
            if isinstance(node, cst.Name) and node.value == name and self.is_value(node):
                yield node

    @property
    def indent(self) -> str:
        """One level, as the module is written."""
        return self.analysis.wrapper.module.default_indent

    def code(self, node: cst.CSTNode) -> str:
        return self.analysis.wrapper.module.code_for_node(node).strip()

    def made(self, node: cst.CSTNode | None) -> Made | None:
        value = self.flow.of(node)
        return value if isinstance(value, Made) else None

    def calls(self, *names: str) -> Sequence[Call]:
        """Those of these operations, in the order of the text."""
        return [each for each in self.analysis.calls if each.name in names]
