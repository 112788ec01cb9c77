"""runs.create and create_and_poll => responses.create, and what the model answered goes into the history."""

from __future__ import annotations

import libcst as cst

from bridge.codemod import arguments, responding, states, streaming
from bridge.codemod.fixer import Fixer, statement
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import Call, Made


def create(plan: Plan, call: Call) -> None:
    if plan.made(call.node) == Made("stream"):
        streaming.create(plan, call)
        return
    asked = responding.understood(plan, call, frozenset(("stream",)))
    if "stream" in asked.given and asked.given["stream"].value is not False:
        raise NotConverted(call.node, "whether it streams cannot be seen")
    responding.place(plan, call)

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        inner = arguments.inner(updated)
        thread = responding.history(plan, asked, inner, around)
        response = responding.request(plan, call, responding.configuration(asked, inner), thread, around)
        return answered(plan, call, states.again(updated, response), thread, around)

    plan.replace(arguments.outer(plan, call), edit)


def answered(
    plan: Plan, call: Call, response: cst.BaseExpression, thread: cst.BaseExpression, around: Around
) -> cst.BaseExpression:
    """The response in the place of the run, and a statement behind it that keeps what it says."""
    small = plan.small(call.node)
    if isinstance(small, cst.Assign):
        target = small.targets[0].target
        assert isinstance(target, cst.BaseExpression)
        around.after += states.kept(plan, target, thread)
        return response
    if isinstance(small, cst.Return) and states.is_history(plan):
        name = cst.Name("run" if not plan.scope(call.node).lookup("run") else "response")
        around.before.append(statement("{name} = {response}", name=name, response=response))
        around.before += states.kept(plan, name, thread)
        return name
    if isinstance(small, cst.Return):
        return response
    return states.kept_at_once(plan, response, thread)


FIXER = Fixer("runs_create", calls={"runs.create": create, "runs.create_and_poll": create})
