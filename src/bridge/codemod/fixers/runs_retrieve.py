"""runs.retrieve and poll => nothing: responses.create answers when it is done. Loops that only wait go, with sleeps."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from bridge.codemod import arguments
from bridge.codemod.fixer import Fixer
from bridge.codemod.plan import Plan
from bridge.scan.python import Call, dotted

SLEEPS = ("time.sleep", "sleep", "asyncio.sleep", "anyio.sleep")


def retrieve(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, frozenset(("run_id", "thread_id")))
    run = arguments.take(plan, call, given, "run_id")
    if "thread_id" in given:
        arguments.take(plan, call, given, "thread_id")
    plan.replace(
        arguments.outer(plan, call), lambda updated, around: arguments.value(arguments.inner(updated), run, call)
    )
    if _says_nothing(plan, call, run.node):
        statement = plan.statement(call.node)
        plan.remove(statement)
    _stop_sleeping(plan, call)


def _says_nothing(plan: Plan, call: Call, run: cst.BaseExpression) -> bool:
    """``run = retrieve(run_id=run.id)``."""
    small = plan.small(call.node)
    held = run.value if isinstance(run, cst.Attribute) else run
    if isinstance(small, cst.Assign) and len(small.targets) == 1:
        return plan.code(small.targets[0].target) == plan.code(held)
    return isinstance(small, cst.Expr)


def _stop_sleeping(plan: Plan, call: Call) -> None:
    """In the loop around the call, its own block and that of the call: there is nothing to wait for."""
    ancestors = list(plan.analysis.bindings.ancestors(call.node))
    loops = [each for each in ancestors if isinstance(each, (cst.While, cst.For))]
    if not loops or not isinstance(loops[0].body, cst.IndentedBlock):
        return
    blocks = [each for each in ancestors if isinstance(each, cst.IndentedBlock)]
    for block in (*blocks[:1], loops[0].body):
        for each in block.body:
            if isinstance(each, cst.SimpleStatementLine) and (name := _sleep(each)) is not None:
                plan.remove(each)
                plan.unused.add(name.partition(".")[0])


def _sleep(line: cst.SimpleStatementLine) -> str | None:
    """What it calls to sleep, if that is all it does."""
    if len(line.body) != 1 or not isinstance(line.body[0], cst.Expr):
        return None
    value = line.body[0].value
    value = value.expression if isinstance(value, cst.Await) else value
    name = dotted(value.func) if isinstance(value, cst.Call) else None
    return name if name in SLEEPS else None


def drop_loops(plan: Plan) -> None:
    """Loops of which nothing is left."""
    for loop in _loops(plan):
        body = loop.body
        if isinstance(body, cst.IndentedBlock) and loop.orelse is None and set(body.body) <= plan.removed:
            plan.remove(loop)


def _loops(plan: Plan) -> Iterator[cst.While]:
    return (each for each in plan.nodes if isinstance(each, cst.While))


FIXER = Fixer("runs_retrieve", calls={"runs.retrieve": retrieve, "runs.poll": retrieve}, end=drop_loops)
