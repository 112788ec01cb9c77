"""threads.create_and_run and create_and_run_poll => a history, named `thread`, and the response to it."""

from __future__ import annotations

from typing import Final

import libcst as cst

from bridge.codemod import arguments, messages, nodes, responding, states
from bridge.codemod.fixer import Fixer, parse, statement
from bridge.codemod.fixers.runs_create import answered
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import Call

NAME: Final = "thread"


def create(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, frozenset(("assistant_id", "thread")))
    assistant = arguments.take(plan, call, given, "assistant_id")
    if plan.scope(call.node).lookup(NAME):
        raise NotConverted(call.node, f"the name `{NAME}` is taken")
    if "thread" in given:
        _messages(plan, given["thread"].node)
    responding.place(plan, call)

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        inner = arguments.inner(updated)
        thread = cst.Name(NAME)
        written = arguments.value(inner, given["thread"], call) if "thread" in given else cst.Dict([])
        items = nodes.get(written, "messages") if isinstance(written, cst.Dict) else None
        made = states.created(plan, call, updated, items and nodes.at_margin(items, plan.indent))
        around.before.append(statement(f"{NAME} = {{made}}", made=made))
        at = thread if states.is_history(plan) else parse("{thread}.id", thread=thread)
        response = responding.request(plan, call, arguments.value(inner, assistant, call), at, around)
        return answered(plan, call, states.again(updated, response), at, around)

    plan.replace(arguments.outer(plan, call), edit)


def _messages(plan: Plan, given: cst.BaseExpression) -> None:
    if not isinstance(given, cst.Dict) or {nodes.key_of(each) for each in given.elements} - {"messages"}:
        raise NotConverted(given, "the thread is not written down here as messages alone")
    for each in given.elements:
        messages.convert(plan, each.value)


FIXER = Fixer("create_and_run", calls={"threads.create_and_run": create, "threads.create_and_run_poll": create})
