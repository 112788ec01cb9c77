"""Messages that are written down: as input items they keep their role and content; what else they have is lost."""

from __future__ import annotations

from typing import Final

import libcst as cst

from bridge.codemod import literals, nodes, tools
from bridge.codemod.plan import Around, NotConverted, Plan

KEPT: Final = ("role", "content")


def convert(plan: Plan, given: cst.BaseExpression) -> None:
    """Note the edits of a list of messages. Raises NotConverted."""
    for message in literals.elements(plan, given, "the messages"):
        keys = [nodes.key_of(each) for each in message.elements]
        if not set(keys) <= {*KEPT, "metadata"}:
            raise NotConverted(message, "attachments, and whatever is no role and content, cannot be converted")
        content = nodes.get(message, "content")
        if content is None:
            raise NotConverted(message, "the message's content cannot be seen")
        tools.convert_content(plan, content, plan.flow.constant(nodes.get(message, "role")))
        if "metadata" in keys:
            plan.note(message, "`metadata` of a message is left out: items have none")
            plan.replace(message, _without_metadata)


def _without_metadata(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
    assert isinstance(updated, cst.Dict)
    return nodes.laid_out(updated, [each for each in updated.elements if nodes.key_of(each) != "metadata"])
