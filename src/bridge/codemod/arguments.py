"""The arguments of a legacy call by their names, those by position too."""

from __future__ import annotations

from typing import Final

import libcst as cst

from bridge.codemod.plan import NotConverted, Plan
from bridge.codemod.things import thing
from bridge.scan.python import Argument, Call

FIRST: Final = {
    "assistants.retrieve": "assistant_id",
    "assistants.update": "assistant_id",
    "assistants.delete": "assistant_id",
    "threads.retrieve": "thread_id",
    "threads.delete": "thread_id",
    "messages.create": "thread_id",
    "messages.list": "thread_id",
    "runs.create": "thread_id",
    "runs.create_and_poll": "thread_id",
    "runs.create_and_stream": "thread_id",
    "runs.stream": "thread_id",
    "runs.retrieve": "run_id",
    "runs.poll": "run_id",
    "runs.submit_tool_outputs": "run_id",
    "runs.submit_tool_outputs_and_poll": "run_id",
    "runs.submit_tool_outputs_stream": "run_id",
    "runs.submit_tool_outputs_and_stream": "run_id",
}
"""What may be given by position (openai 1.21 to 3.57: one argument)."""

OF_THE_SDK: Final = frozenset({"timeout", "extra_headers", "extra_query", "poll_interval_ms"})
"""Of how a request is sent, not of what it asks for."""


def named(plan: Plan, call: Call, known: frozenset[str]) -> dict[str, Argument]:
    """By name. Raises NotConverted for a parameter that is not `known`, and where names cannot be seen."""
    if not isinstance(call.node, cst.Call):
        raise NotConverted(call.node, f"{call.name} is handed on as a function")
    if call.is_raw:
        raise NotConverted(call.node, "the raw answer is asked for")
    if call.sureness == "possible":
        raise NotConverted(call.node, "whose method this is cannot be seen in this file")
    if call.is_async and not call.is_awaited and not call.name.endswith(("stream", ".list")):
        raise NotConverted(call.node, "what it gives is awaited elsewhere")
    found: dict[str, Argument] = {}
    for each in call.arguments:
        if each.star:
            raise NotConverted(call.node, f"its parameters come from {each.star}{plan.code(each.node)}")
        name = each.name or FIRST.get(call.name)
        if name is None or name in found:
            raise NotConverted(call.node, "a parameter is given by position")
        if name not in known | OF_THE_SDK:
            raise NotConverted(call.node, f"`{name}` has no counterpart that can be written here")
        if each.value is not None:  # null is not given
            found[name] = each
    return found


def value(updated: cst.CSTNode, argument: Argument, call: Call) -> cst.BaseExpression:
    """The argument's expression as it is by now, in the call as it is by now."""
    assert isinstance(updated, cst.Call) and isinstance(call.node, cst.Call)
    place = next(place for place, each in enumerate(call.node.args) if each.value is argument.node)
    return updated.args[place].value


def client(plan: Plan, call: Call) -> cst.BaseExpression:
    """The client that the call is made on, without ``beta.threads…``. Raises NotConverted where a name holds a part."""
    node = call.receiver
    while isinstance(node, cst.Attribute):
        if node.attr.value == "beta":
            return node.value
        node = node.value
    raise NotConverted(call.node, "a part of the client is kept under a name of its own")


def take(plan: Plan, call: Call, given: dict[str, Argument], name: str) -> Argument:
    """The argument that is an id of a thing of this file; it is understood. Raises NotConverted."""
    if name not in given:
        raise NotConverted(call.node, f"`{name}` is not given")
    argument = given[name]
    what = name.removesuffix("_id")
    found = thing(plan.made(argument.node))
    if found not in (f"{what} id", f"{what} id of run"):
        raise NotConverted(argument.node, _elsewhere(plan, argument, what))
    plan.consumed.add(argument.node)
    return argument


def _elsewhere(plan: Plan, argument: Argument, what: str) -> str:
    if isinstance(argument.value, str):
        return f"the {what} {argument.value} was made elsewhere"
    return f"the {what} {plan.code(argument.node)} comes from outside of this file"


def outer(plan: Plan, call: Call) -> cst.BaseExpression:
    """The call, with its await."""
    parent = plan.parent(call.node)
    return parent if isinstance(parent, cst.Await) else call.node


def inner(updated: cst.CSTNode) -> cst.CSTNode:
    """The call in what `outer` has become."""
    return updated.expression if isinstance(updated, cst.Await) else updated


def refuse_use(plan: Plan, call: Call, gives: str) -> None:
    """Raises NotConverted where the program uses what the call gives."""
    if not isinstance(plan.small(call.node), cst.Expr):
        raise NotConverted(call.node, f"{gives} is used")
