"""One response: the configuration with what a run said otherwise, asked with the whole history (responses-mapping §4).

instructions, model, temperature, top_p  => in place of the configuration's
additional_instructions                  => behind the instructions, on a line of its own
tools, response_format, reasoning_effort => converted, in place of the configuration's
tool_choice                              => of the first response only: forced again, the model would call for ever
additional_messages                      => items more in the history, before
max_completion_tokens                    => max_output_tokens
metadata, parallel_tool_calls            => the same
truncation_strategy auto                 => truncation auto
"""

from __future__ import annotations

from typing import Final

import libcst as cst
from attrs import frozen

from bridge.codemod import arguments, messages, nodes, states, tools
from bridge.codemod.fixer import parse, statement
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import Argument, Call

REPLACED: Final = ("model", "instructions", "temperature", "top_p")
ADDED: Final = {"metadata": "metadata", "parallel_tool_calls": "parallel_tool_calls",
                "max_completion_tokens": "max_output_tokens"}  # fmt: skip
LONGEST: Final = 88
"""Columns of a call before its arguments have a line each."""

IDS: Final = ("thread_id", "assistant_id")
KNOWN: Final = frozenset(
    (*IDS, *REPLACED, *ADDED, "additional_instructions", "additional_messages", "tools", "response_format",
     "tool_choice", "truncation_strategy")
)  # fmt: skip


@frozen(eq=False)
class Asked:
    """A run as its call asks for it."""

    call: Call
    given: dict[str, Argument]
    thread: Argument
    assistant: Argument


def understood(plan: Plan, call: Call, more: frozenset[str] = frozenset()) -> Asked:
    """Note the edits within the arguments. Raises NotConverted."""
    given = arguments.named(plan, call, KNOWN | more)
    if "additional_messages" in given:
        messages.convert(plan, given["additional_messages"].node)
    if "tools" in given:
        tools.convert(plan, given["tools"].node, None)
    if "response_format" in given:
        tools.convert_format(plan, given["response_format"].node)
    if "tool_choice" in given and given["tool_choice"].value not in ("auto", "none", "required"):
        raise NotConverted(given["tool_choice"].node, "which tool is chosen is not written as auto, none or required")
    if "truncation_strategy" in given and given["truncation_strategy"].value != {"type": "auto"}:
        raise NotConverted(given["truncation_strategy"].node, "only the truncation strategy auto has a counterpart")
    if "additional_instructions" in given and "instructions" not in given:
        lacking = [each for each in plan.calls("assistants.create") if each.argument("instructions") is None]
        if lacking:
            raise NotConverted(call.node, "instructions are added to an assistant that may have none")
    thread = arguments.take(plan, call, given, "thread_id")
    return Asked(call, given, thread, arguments.take(plan, call, given, "assistant_id"))


def configuration(asked: Asked, updated: cst.CSTNode, is_first: bool = True) -> cst.BaseExpression:
    """The dict of what is sent beside the history."""
    assistant = arguments.value(updated, asked.assistant, asked.call)
    changed = _changed(asked, updated, assistant)
    if is_first and "tool_choice" in asked.given:
        changed.append(nodes.element("tool_choice", _value(asked, updated, "tool_choice")))
    if not changed:
        return assistant
    return parse(
        "{assistant} | {changed}", assistant=assistant, changed=nodes.laid_out(cst.Dict([]), changed)
    ).with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _changed(asked: Asked, updated: cst.CSTNode, assistant: cst.BaseExpression) -> list[cst.DictElement]:
    given, changed = asked.given, []
    for name in REPLACED:
        if name in given and name != "instructions":
            changed.append(nodes.element(name, _value(asked, updated, name)))
    if (instructions := _instructions(asked, updated, assistant)) is not None:
        changed.append(nodes.element("instructions", instructions))
    if "tools" in given:
        changed.append(nodes.element("tools", _value(asked, updated, "tools")))
    if "response_format" in given and given["response_format"].value not in ("auto", {"type": "text"}):
        format = cst.Dict([nodes.element("format", _value(asked, updated, "response_format"))])
        changed.append(nodes.element("text", format))
    for name, native in ADDED.items():
        if name in given:
            changed.append(nodes.element(native, _value(asked, updated, name)))
    if "truncation_strategy" in given:
        changed.append(nodes.element("truncation", nodes.text("auto")))
    return changed


def _instructions(asked: Asked, updated: cst.CSTNode, assistant: cst.BaseExpression) -> cst.BaseExpression | None:
    own = _value(asked, updated, "instructions") if "instructions" in asked.given else None
    if "additional_instructions" not in asked.given:
        return own
    own = own or parse('{assistant}["instructions"]', assistant=assistant)
    added = _value(asked, updated, "additional_instructions")
    return parse('{own} + "\\n" + {added}', own=own, added=added)


def _value(asked: Asked, updated: cst.CSTNode, name: str) -> cst.BaseExpression:
    return arguments.value(updated, asked.given[name], asked.call)


def history(plan: Plan, asked: Asked, updated: cst.CSTNode, around: Around) -> cst.BaseExpression:
    """The history; what the run adds to it is added before."""
    thread = arguments.value(updated, asked.thread, asked.call)
    if "additional_messages" in asked.given:
        added = _value(asked, updated, "additional_messages")
        more = states.added(plan, asked.call, updated, thread, added, is_list=True)
        more = cst.Await(more) if asked.call.is_awaited and not states.is_history(plan) else more
        around.before.append(statement("{more}", more=more))
    return thread


def request(
    plan: Plan,
    call: Call,
    with_: cst.BaseExpression,
    thread: cst.BaseExpression,
    around: Around,
    outputs: cst.BaseExpression | None = None,
    stream: bool = False,
) -> cst.BaseExpression:
    """``client.responses.create(**assistant, input=thread)``, with the outputs of tools where there are such."""
    given, held = states.asked(plan, thread, outputs, around)
    template = f"{{client}}.responses.create(**{{with_}}, {given}{', stream=True' if stream else ''})"
    made = parse(template, client=arguments.client(plan, call), with_=with_, **held)
    assert isinstance(made, cst.Call)
    return nodes.spread(made, plan.indent) if len(plan.code(made)) > LONGEST else made


def place(plan: Plan, call: Call, target: cst.BaseExpression | None = None) -> None:
    """Raises NotConverted where a run is made within a larger expression, so that nothing can follow it."""
    small = plan.small(call.node)
    is_assigned = isinstance(small, cst.Assign) and len(small.targets) == 1
    if isinstance(small, (cst.Expr, cst.Return)) or is_assigned:
        plan.statement(call.node)
        return
    raise NotConverted(call.node, "the run is made within a larger expression")


def simple(plan: Plan, node: cst.BaseExpression) -> None:
    """Raises NotConverted for an expression that is not to be written down twice."""
    inner = node
    while isinstance(inner, (cst.Attribute, cst.Subscript)):
        inner = inner.value
    if not isinstance(inner, cst.Name):
        raise NotConverted(node, "the thread is made where it is used")


__all__ = ["KNOWN", "Asked", "configuration", "history", "place", "request", "simple", "understood"]
