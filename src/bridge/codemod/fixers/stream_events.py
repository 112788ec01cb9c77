"""event.event == "thread.…" => event.type == "response.…"; event.data => what the response event holds of it."""

from __future__ import annotations

from typing import Final

import libcst as cst

from bridge.codemod.chains import Chain, end_of
from bridge.codemod.fixer import Fixer, parse
from bridge.codemod.fixers.run_status import CALLS
from bridge.codemod.plan import Around, NotConverted, Plan

EVENTS: Final = {
    "thread.run.created": "response.created",
    "thread.run.in_progress": "response.in_progress",
    "thread.message.delta": "response.output_text.delta",
    "thread.message.completed": "response.output_text.done",
    "thread.run.requires_action": "response.completed",
    "thread.run.completed": "response.completed",
    "thread.run.incomplete": "response.incomplete",
    "thread.run.failed": "response.failed",
}
WAITING: Final = CALLS.replace("{it}", "{it}.response")


def convert(plan: Plan, chain: Chain) -> None:
    """Note the edit for the name of an event. Raises NotConverted."""
    node = end_of(chain)
    parent = plan.parent(node)
    is_compared = isinstance(parent, cst.Comparison) and parent.left is node and len(parent.comparisons) == 1
    target = parent.comparisons[0] if is_compared and isinstance(parent, cst.Comparison) else None
    word = plan.flow.constant(target.comparator) if target is not None else None
    if target is None or word not in EVENTS or not isinstance(target.operator, cst.Equal):
        why = f"the event {word} has no counterpart" if isinstance(word, str) else "the event's name is used as a text"
        raise NotConverted(node, why, FIXER.name)
    template = f'{{it}}.type == "{EVENTS[str(word)]}"'
    if plan.has_functions and word in ("thread.run.requires_action", "thread.run.completed"):
        template += f" and {'not ' if word == 'thread.run.completed' else ''}{WAITING}"

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        assert isinstance(updated, cst.Comparison) and isinstance(updated.left, cst.Attribute)
        return parse(template, it=updated.left.value)

    assert parent is not None
    plan.replace(parent, edit)


FIXER = Fixer("stream_events")
