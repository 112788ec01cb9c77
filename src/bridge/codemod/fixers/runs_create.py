"""runs.create and create_and_poll => responses.create, and what the model answered goes into the history."""

from __future__ import annotations

import libcst as cst

from bridge.codemod import arguments, responding, streaming
from bridge.codemod.fixer import Fixer, parse, statement
from bridge.codemod.plan import Around, Plan
from bridge.scan.python import Call, Made


def create(plan: Plan, call: Call) -> None:
    if plan.made(call.node) == Made("stream"):
        streaming.create(plan, call)
        return
    asked = responding.understood(plan, call, frozenset(("stream",)))
    responding.place(plan, call)

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        inner = arguments.inner(updated)
        thread = responding.history(plan, asked, inner, around)
        response = responding.request(plan, call, responding.configuration(asked, inner), thread)
        return answered(plan, call, again(updated, response), thread, around)

    plan.replace(arguments.outer(plan, call), edit)


def again(updated: cst.CSTNode, response: cst.BaseExpression) -> cst.BaseExpression:
    """Awaited, if the call was."""
    return updated.with_changes(expression=response) if isinstance(updated, cst.Await) else response


def answered(
    plan: Plan, call: Call, response: cst.BaseExpression, thread: cst.BaseExpression, around: Around
) -> cst.BaseExpression:
    """The response in the place of the run, and a statement behind it that keeps what it says."""
    small = plan.small(call.node)
    if isinstance(small, cst.Assign):
        target = small.targets[0].target
        assert isinstance(target, cst.BaseExpression)
        around.after.append(responding.kept(plan, target, thread))
        return response
    if isinstance(small, cst.Return):
        name = cst.Name("run" if not plan.scope(call.node).lookup("run") else "response")
        around.before.append(statement("{name} = {response}", name=name, response=response))
        around.before.append(responding.kept(plan, name, thread))
        return name
    if isinstance(response, cst.Await):
        response = response.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    if plan.keeps_texts:
        item = '{thread}.append({"role": "assistant", "content": {response}.output_text})'
        return parse(item, thread=thread, response=response)
    return parse("{thread}.extend({response}.output)", thread=thread, response=response)


FIXER = Fixer("runs_create", calls={"runs.create": create, "runs.create_and_poll": create})
