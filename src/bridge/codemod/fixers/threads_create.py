"""threads.create => the list of items that is the history, with the messages it begins with; threads.retrieve => the
list; threads.delete => an empty list. Metadata of a thread that nobody reads is left out."""

from __future__ import annotations

import libcst as cst

from bridge.codemod import arguments, messages, nodes, states
from bridge.codemod.fixer import Fixer, parse
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import Call


def create(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, frozenset(("messages", "metadata")))
    if "messages" in given:
        messages.convert(plan, given["messages"].node)
    if "metadata" in given:
        plan.note(call.node, "`metadata` of the thread is left out: a history of the program's own has none")

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        if "messages" not in given:
            return states.created(plan, call, updated, None)
        written = arguments.value(arguments.inner(updated), given["messages"], call)
        if not isinstance(written, (cst.List, cst.ListComp)):
            return states.created(plan, call, updated, parse("list({written})", written=written))
        items = nodes.at_margin(written, plan.indent) if states.is_history(plan) else written
        return states.created(plan, call, updated, items)

    plan.replace(arguments.outer(plan, call), edit)


def retrieve(plan: Plan, call: Call) -> None:
    if not states.is_history(plan):
        raise NotConverted(call.node, "a conversation that is retrieved cannot be told from a thread of before")
    given = arguments.named(plan, call, frozenset(("thread_id",)))
    thread = arguments.take(plan, call, given, "thread_id")
    if isinstance(plan.small(call.node), cst.Expr):
        plan.remove(plan.statement(call.node))
    plan.replace(
        arguments.outer(plan, call), lambda updated, around: arguments.value(arguments.inner(updated), thread, call)
    )


def delete(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, frozenset(("thread_id",)))
    thread = arguments.take(plan, call, given, "thread_id")
    arguments.refuse_use(plan, call, "what the deletion gives")

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        return states.deleted(plan, call, updated, arguments.value(arguments.inner(updated), thread, call))

    plan.replace(arguments.outer(plan, call), edit)


FIXER = Fixer(
    "threads_create",
    calls={"threads.create": create, "threads.retrieve": retrieve, "threads.delete": delete},
)
