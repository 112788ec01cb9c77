"""One module, converted: fixers look, then either all edits are made or each obstacle gets its comment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import libcst as cst
from attrs import frozen

from bridge.codemod import comments, imports, renaming
from bridge.codemod.fixer import Fixer, State, Target, fixers
from bridge.codemod.flow import Flow
from bridge.codemod.plan import NotConverted, Plan, Refusal
from bridge.codemod.rewriting import Rewriting
from bridge.scan.python import Call, analyse

LAST: Final = ("messages.list",)
"""Operations that are looked at when all others are understood."""

WORDS: Final = ("beta", "Assistant", "openai")
"""A module without any of these calls nothing of the API: it need not be parsed."""


@frozen
class Left:
    """What was left as it is: the line (from 1), why, and the fixer whose paragraph says more."""

    line: int
    reason: str
    fixer: str


@frozen
class Converted:
    """`code` is what the module becomes. `notes` tell what of it the new code does not hold. `calls` is how many calls
    of the Assistants API were found."""

    code: str
    notes: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    calls: int = 0

    @property
    def is_done(self) -> bool:
        """Whether calls were found, and all of them converted."""
        return self.calls > 0 and not self.left


def convert(source: str, to: Target = "responses", state: State = "history") -> Converted:
    """Raises libcst.ParserSyntaxError for what is not Python. Nothing of the source is run."""
    if not any(word in source for word in WORDS):
        return Converted(source)
    analysis = analyse(source)
    plan = Plan(analysis, Flow.over(analysis), state=state)
    if to == "responses" and not (analysis.calls or analysis.handlers):
        return Converted(source)
    _look(plan, fixers(to))
    calls = len(analysis.calls)
    if plan.refusals:
        refusals = sorted(_once(plan), key=lambda each: plan.line(each.node))
        left = tuple(Left(plan.line(each.node), each.reason, each.fixer) for each in refusals)
        return Converted(comments.commented(plan, refusals).code, (), left, calls)
    module = analysis.wrapper.module.visit(Rewriting(plan))
    assert isinstance(module, cst.Module)
    module = imports.without_unused(module, plan.unused)
    if to == "responses":
        module = renaming.renamed(module, renaming.wanted(plan))
    return Converted(comments.cleaned(module).code, tuple(plan.notes), (), calls)


def _look(plan: Plan, fixers: tuple[Fixer, ...]) -> None:
    by_call = {name: fixer for fixer in fixers for name in fixer.calls}
    for fixer in fixers:
        _try(plan, fixer.name, plan.analysis.wrapper.module, fixer.begin)
    for call in sorted(plan.analysis.calls, key=lambda each: each.name in LAST) if by_call else ():
        _call(plan, by_call.get(call.name), call)
    for fixer in fixers:
        _try(plan, fixer.name, plan.analysis.wrapper.module, fixer.end)


def _call(plan: Plan, fixer: Fixer | None, call: Call) -> None:
    known = len(plan.refusals)
    _convert(plan, fixer, call)
    if len(plan.refusals) > known:  # it is said what is wrong with the call: not again with what it is given
        plan.consumed.update(each.node for each in call.arguments)


def _convert(plan: Plan, fixer: Fixer | None, call: Call) -> None:
    if fixer is not None:
        _try(plan, fixer.name, call.node, lambda plan: fixer.calls[call.name](plan, call))
    elif call.operation is not None:
        becomes = call.operation.becomes
        plan.refusals.append(Refusal(call.node, f"{call.name} has no fixer; it becomes {becomes}", "not-converted"))
    else:
        plan.refusals.append(Refusal(call.node, f"which method {call.path} is cannot be seen", "not-converted"))


def _try(plan: Plan, name: str, node: cst.CSTNode, look: Callable[[Plan], None] | None) -> None:
    if look is None:
        return
    try:
        look(plan)
    except NotConverted as why:
        plan.refusals.append(Refusal(why.node, why.reason, name))


def _once(plan: Plan) -> list[Refusal]:
    """Each obstacle once, however often it was met."""
    found: dict[tuple[int, str], Refusal] = {}
    for each in plan.refusals:
        found.setdefault((plan.line(each.node), each.reason), each)
    return list(found.values())
