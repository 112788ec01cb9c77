"""assistants.update, retrieve and delete => changes of the configuration's dict, the dict itself, and nothing."""

from __future__ import annotations

from typing import Final

import libcst as cst

from bridge.codemod import arguments, nodes
from bridge.codemod.fixer import Fixer, parse
from bridge.codemod.plan import Around, Plan
from bridge.scan.python import Call

SAME: Final = ("model", "instructions", "temperature", "top_p")


def update(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, frozenset(("assistant_id", *SAME)))
    assistant = arguments.take(plan, call, given, "assistant_id")
    arguments.refuse_use(plan, call, "what the update gives")

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        updated = arguments.inner(updated)
        changed = [nodes.element(name, arguments.value(updated, given[name], call)) for name in SAME if name in given]
        return parse(
            "{assistant}.update({changed})",
            assistant=arguments.value(updated, assistant, call),
            changed=nodes.laid_out(cst.Dict([]), changed),
        )

    plan.replace(arguments.outer(plan, call), edit)


def retrieve(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, frozenset(("assistant_id",)))
    assistant = arguments.take(plan, call, given, "assistant_id")
    if isinstance(plan.small(call.node), cst.Expr):
        plan.remove(plan.statement(call.node))
    plan.replace(
        arguments.outer(plan, call),
        lambda updated, around: arguments.value(arguments.inner(updated), assistant, call),
    )


def delete(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, frozenset(("assistant_id",)))
    arguments.take(plan, call, given, "assistant_id")
    arguments.refuse_use(plan, call, "what the deletion gives")
    plan.remove(plan.statement(call.node))


FIXER = Fixer(
    "assistants_change",
    calls={"assistants.update": update, "assistants.retrieve": retrieve, "assistants.delete": delete},
)
