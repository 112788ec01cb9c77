"""Annotations of what held an id, a text, and holds the thing itself now."""

from __future__ import annotations

from typing import Final

import libcst as cst

from bridge.codemod.plan import NotConverted, Plan

TYPES: Final = {"thread id": "list", "assistant id": "dict"}
ANY: Final = ("Any", "object")


def change(plan: Plan, annotation: cst.Annotation | None, held: str) -> None:
    """Note the edit of ``str``. Raises NotConverted for an annotation that would be wrong."""
    if annotation is None or (held == "thread id" and plan.state == "conversation"):
        return
    node = annotation.annotation
    name = node.value if isinstance(node, cst.Name) else None
    if name in ANY or node in plan.edits:
        return
    native = TYPES.get(held)
    if name != "str" or native is None:
        raise NotConverted(node, f"the annotation {plan.code(node)} would be wrong")
    plan.replace(node, lambda updated, around: cst.Name(native))
