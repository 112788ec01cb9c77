"""assistants.create => a dict of what goes with every response: model, instructions, tools, and `store`.

name, description, metadata     => left out: Responses has nothing that holds them
tools, tool_resources           => tools                                   (codemod/tools.py)
response_format                 => text.format
reasoning_effort                => reasoning.effort
(nothing)                       => store: the history is the program's, so answers need not be kept; where the model
                                   is known to reason, with its reasoning encrypted, which has to be sent back.
                                   Of a model that is not known here, answers are stored: its reasoning may be needed
"""

from __future__ import annotations

from typing import Final

import libcst as cst

from bridge import lifecycle
from bridge.codemod import arguments, nodes, states, tools
from bridge.codemod.fixer import Fixer
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.model_families import reasons
from bridge.scan.python import Argument, Call

SAME: Final = ("model", "instructions", "tools", "temperature", "top_p")
LEFT_OUT: Final = ("name", "description", "metadata")
KNOWN: Final = frozenset((*SAME, *LEFT_OUT, "tool_resources", "response_format", "reasoning_effort"))
ENCRYPTED: Final = cst.parse_expression('["reasoning.encrypted_content"]')


def create(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, KNOWN)
    _take_tools(plan, given)
    has_format = "response_format" in given and tools.convert_format(plan, given["response_format"].node)
    for name in LEFT_OUT:
        if name in given:
            plan.note(call.node, f"`{name}` of the assistant is left out: Responses has nothing that holds it")
    _note_end(plan, call, given.get("model"))
    more = _stored(plan, given.get("model"))

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        updated = arguments.inner(updated)
        assert isinstance(updated, cst.Call) and isinstance(call.node, cst.Call)
        kept = {}
        for place, each in enumerate(call.node.args):
            name = each.keyword.value if each.keyword and each.keyword.value in given else ""
            value = _value(name, updated.args[place].value, has_format)
            if value is not None:
                kept[place] = value
        return nodes.with_elements(nodes.from_arguments(updated, kept), more)

    plan.replace(arguments.outer(plan, call), edit)


def _value(name: str, value: cst.BaseExpression, has_format: bool) -> tuple[str, cst.BaseExpression] | None:
    if name in SAME:
        return name, value
    if name == "response_format" and has_format:
        return "text", cst.Dict([nodes.element("format", value)])
    if name == "reasoning_effort":
        return "reasoning", cst.Dict([nodes.element("effort", value)])
    return None


def _take_tools(plan: Plan, given: dict[str, Argument]) -> None:
    resources = given["tool_resources"].node if "tool_resources" in given else None
    if "tools" in given:
        tools.convert(plan, given["tools"].node, resources)
    elif resources is not None:
        raise NotConverted(resources, "resources without tools in this file")


def _stored(plan: Plan, model: Argument | None) -> list[cst.DictElement]:
    known = reasons(model.value) if model is not None and isinstance(model.value, str) else None
    if known is None or not states.is_history(plan):
        return [nodes.element("store", cst.Name("True"))]
    stored = [nodes.element("store", cst.Name("False"))]
    return [*stored, nodes.element("include", ENCRYPTED)] if known else stored


def _note_end(plan: Plan, call: Call, model: Argument | None) -> None:
    ending = lifecycle.BY_MODEL.get(model.value) if model is not None and isinstance(model.value, str) else None
    if ending is not None and model is not None:
        plan.note(call.node, f"{model.value} ends on {ending.day}; docs/models.md names {ending.replacement}")


FIXER = Fixer("assistants_create", calls={"assistants.create": create})
