"""``# bridge:`` comments above what was left as it is: why, and where more is said. A second run finds its own."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import Any, Final

import libcst as cst

from bridge.codemod.plan import Plan, Refusal

MARK: Final = "# bridge: "
BEGIN: Final = "# bridge: not converted: "
PAGE: Final = "docs/codemod.md"
END: Final = re.compile(r"\(docs/codemod\.md#[\w-]+\)$")
COLUMNS: Final = 88


def comment(refusal: Refusal) -> list[str]:
    """The lines of it, each with the mark."""
    text = f"not converted: {refusal.reason} ({PAGE}#{refusal.fixer})"
    lines = textwrap.wrap(text, COLUMNS - len(MARK), break_long_words=False, break_on_hyphens=False)
    return [f"{MARK}{line}" for line in lines]


def commented(plan: Plan, refusals: Iterable[Refusal]) -> cst.Module:
    """The module with a comment above the statement of each refusal, and those of earlier runs gone."""
    above: dict[cst.CSTNode, list[str]] = {}
    for refusal in refusals:
        lines = above.setdefault(_statement(plan, refusal.node), [])
        lines += comment(refusal)
    changed = plan.analysis.wrapper.module.visit(_Commenting(above))
    assert isinstance(changed, cst.Module)
    return changed


def cleaned(module: cst.Module) -> cst.Module:
    """Without comments of earlier runs."""
    changed = module.visit(_Commenting({}))
    assert isinstance(changed, cst.Module)
    return changed


def _statement(plan: Plan, node: cst.CSTNode) -> cst.CSTNode:
    for each in (node, *plan.analysis.bindings.ancestors(node)):
        if isinstance(plan.parent(each), (cst.IndentedBlock, cst.Module)):
            return each
    return node


class _Commenting(cst.CSTTransformer):
    def __init__(self, above: dict[cst.CSTNode, list[str]]) -> None:
        super().__init__()
        self._above = above

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        if isinstance(updated_node, cst.Module):  # what stands above the first statement
            return updated_node.with_changes(header=_of_others(updated_node.header))
        if not hasattr(updated_node, "leading_lines"):
            return updated_node
        lines = _of_others(updated_node.leading_lines)
        lines += [cst.EmptyLine(comment=cst.Comment(text)) for text in self._above.get(original_node, ())]
        return updated_node.with_changes(leading_lines=lines)


def _of_others(lines: Iterable[cst.EmptyLine]) -> list[cst.EmptyLine]:
    """Without comments of ours: each goes on, line by line, until it has named its page."""
    kept, is_ours = [], False
    for line in lines:
        text = line.comment.value if line.comment is not None else ""
        is_ours = is_ours or text.startswith(BEGIN)
        if not (is_ours and text.startswith(MARK)):
            kept.append(line)
        is_ours = is_ours and text.startswith(MARK) and END.search(text) is None
    return kept
