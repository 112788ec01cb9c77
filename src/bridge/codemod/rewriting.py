"""Edits of a plan, made: one walk over the tree, statements of each block put together from what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst

from bridge.codemod.plan import Around, Edit, Plan, Statement


class Rewriting(cst.CSTTransformer):
    """Comments of statements that are removed go to what follows them; those that an edit would lose are put above."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._around: list[Around] = []
        self._of: dict[cst.CSTNode, Around] = {}

    def on_visit(self, node: cst.CSTNode) -> bool:
        if self._stands_in_block(node):
            around = self._of[node] = Around()
            self._around.append(around)
        return True

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        for edit in self._edits(original_node):
            updated_node = edit(updated_node, self._around[-1] if self._around else Around())
        if isinstance(updated_node, cst.FormattedString) and updated_node is not original_node:
            updated_node = quoted(updated_node)
        if original_node in self._of:
            self._around.pop()
            return updated_node
        if isinstance(original_node, (cst.IndentedBlock, cst.Module)):
            return self._block(original_node, updated_node)
        return updated_node

    def _stands_in_block(self, node: cst.CSTNode) -> bool:
        """A statement of its own: an elif is a part of one."""
        return isinstance(self._plan.parent(node), (cst.IndentedBlock, cst.Module))

    def _edits(self, node: cst.CSTNode) -> Sequence[Edit]:
        return self._plan.edits.get(node, ())

    def _block(self, original: Any, updated: Any) -> Any:
        body: list[Statement] = []
        carried: list[cst.EmptyLine] = []
        for before, after in zip(original.body, updated.body, strict=True):
            made = self._statements(before, after)
            if not made:
                carried += [*(() if carried else _blank(before)), *_comments(before)]
                continue
            lost = _lost(before, made)
            first = made[0]
            above = carried if carried and carried[0].comment is None else [*_blank(before), *carried]
            lines = (*above, *_comments(first if first is after else after), *lost)
            made[0] = first.with_changes(leading_lines=lines)
            if len(made) > 1 and first is not after:
                made = [made[0], *(each.with_changes(leading_lines=()) if each is after else each for each in made[1:])]
            body += made
            carried = []
        if not body and isinstance(original, cst.IndentedBlock):
            body = [cst.SimpleStatementLine([cst.Pass()])]
        footer = (*(line for line in carried if line.comment is not None), *updated.footer)
        return updated.with_changes(body=body, footer=footer)

    def _statements(self, original: Any, updated: Any) -> list[Any]:
        around = self._of[original]
        is_removed = original in self._plan.removed
        return [*around.before, *(() if is_removed else (updated,)), *around.after]


def _blank(statement: Any) -> list[cst.EmptyLine]:
    """The empty lines above it."""
    lines: list[cst.EmptyLine] = []
    for line in statement.leading_lines:
        if line.comment is not None:
            break
        lines.append(line)
    return lines


def _comments(statement: Any) -> list[cst.EmptyLine]:
    """What stands above it, from the first comment on."""
    return list(statement.leading_lines[len(_blank(statement)) :])


def _lost(before: Any, made: Sequence[Any]) -> list[cst.EmptyLine]:
    """Comments within the statement that nothing of what became of it has any more."""
    kept = [text for each in made for text in _texts(each)]
    lost: list[cst.EmptyLine] = []
    for text in _texts(before):
        if text in kept:
            kept.remove(text)
        else:
            lost.append(cst.EmptyLine(comment=cst.Comment(text)))
    return lost


def quoted(node: cst.FormattedString) -> cst.FormattedString:
    """With texts inside in the other quotes: before Python 3.12 an f-string may not hold its own."""
    quote = node.start[-1]
    if len(node.end) > 1:
        return node
    changed = node.visit(_OtherQuotes(quote))
    assert isinstance(changed, cst.FormattedString)
    return changed


class _OtherQuotes(cst.CSTTransformer):
    def __init__(self, quote: str) -> None:
        super().__init__()
        self._quote, self._other = quote, "'" if quote == '"' else '"'

    def leave_SimpleString(self, original_node: cst.SimpleString, updated_node: cst.SimpleString) -> cst.SimpleString:
        value = updated_node.value
        if value.startswith(self._quote) and self._other not in value and "\\" not in value:
            return updated_node.with_changes(value=self._other + value[1:-1] + self._other)
        return updated_node


def _texts(node: Any) -> list[str]:
    collector = _Comments()
    node.visit(collector)
    return collector.found


class _Comments(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def visit_Comment(self, node: cst.Comment) -> None:
        self.found.append(node.value)
