"""run.status => the response's: a response that waits for outputs is completed, and holds function_call items.

Where no assistant has functions, statuses stay as they are read. Else a comparison looks for calls as well, and a
status that is shown or handed on is the old word.
"""

from __future__ import annotations

from typing import Final

import libcst as cst

from bridge.codemod.chains import Chain, end_of
from bridge.codemod.fixer import Fixer, parse
from bridge.codemod.plan import Around, NotConverted, Plan

CALLS: Final = 'any(item.type == "function_call" for item in {it}.output)'
TEMPLATES: Final = {
    ("==", "completed"): ('{it}.status == "completed" and not ' + CALLS, True),
    ("!=", "completed"): ('{it}.status != "completed" or ' + CALLS, True),
    ("==", "requires_action"): (CALLS, False),
    ("!=", "requires_action"): ("not " + CALLS, True),
}
"""(operator, status) -> what asks the same of a response, and whether it needs parentheses within more."""

WORD: Final = f'"requires_action" if {CALLS} else {{it}}.status'


def convert(plan: Plan, chain: Chain) -> None:
    """Note the edit for a status that is read. Raises NotConverted."""
    if not plan.has_functions:
        return
    node = end_of(chain)
    parent = plan.parent(node)
    if isinstance(parent, cst.Comparison) and parent.left is node and len(parent.comparisons) == 1:
        _comparison(plan, parent)
    else:
        is_alone = isinstance(parent, (cst.Arg, cst.Assign, cst.Return, cst.FormattedStringExpression))
        template = WORD if is_alone else f"({WORD})"
        plan.replace(node, lambda updated, around: parse(template, it=_base(updated)))


def _comparison(plan: Plan, node: cst.Comparison) -> None:
    target = node.comparisons[0]
    word = plan.flow.constant(target.comparator)
    if isinstance(target.operator, (cst.In, cst.NotIn)):
        _membership(plan, node, word)
        return
    sign = {cst.Equal: "==", cst.NotEqual: "!="}.get(type(target.operator))
    if (sign, word) in TEMPLATES:
        template, is_long = TEMPLATES[str(sign), str(word)]
        _replace(plan, node, template, is_long)
    elif sign is None or not isinstance(word, str):
        raise NotConverted(node, "what the status is compared with cannot be seen", FIXER.name)


def _membership(plan: Plan, node: cst.Comparison, words: object) -> None:
    """Several statuses at once: those of a response that waits for outputs would be counted wrong."""
    if not isinstance(words, list) or not {"completed", "requires_action"} & set(words):
        if not isinstance(words, list):
            raise NotConverted(node, "what the status is compared with cannot be seen", FIXER.name)
        return
    if {"completed", "requires_action"} <= set(words):
        return  # a response that waits is completed, and both words are there
    is_in = isinstance(node.comparisons[0].operator, cst.In)
    if "requires_action" in words:
        template = "{it}.status in {words} or " + CALLS if is_in else "{it}.status not in {words} and not " + CALLS
    else:
        template = "{it}.status in {words} and not " + CALLS if is_in else "{it}.status not in {words} or " + CALLS
    _replace(plan, node, template, True)


def _replace(plan: Plan, node: cst.Comparison, template: str, is_long: bool) -> None:
    is_within = isinstance(plan.parent(node), (cst.BooleanOperation, cst.UnaryOperation, cst.Comparison))

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        assert isinstance(updated, cst.Comparison)
        words = updated.comparisons[0].comparator
        made = parse(template, it=_base(updated.left), words=words)
        if updated.lpar:
            return made.with_changes(lpar=updated.lpar, rpar=updated.rpar)
        return made.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]) if is_within and is_long else made

    plan.replace(node, edit)


def _base(status: cst.CSTNode) -> cst.BaseExpression:
    assert isinstance(status, cst.Attribute)
    return status.value


FIXER = Fixer("run_status")
