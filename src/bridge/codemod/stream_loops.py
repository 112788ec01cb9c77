"""Loops that read streams: over events, over text deltas, or to the end, each over response events from now on."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import libcst as cst
from attrs import frozen

from bridge.codemod import states
from bridge.codemod.fixer import statement
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import Call

ENDINGS: Final = '("response.completed", "response.incomplete")'
Block: TypeAlias = list[cst.SimpleStatementLine | cst.BaseCompoundStatement]


@frozen(eq=False)
class Streamed:
    """A stream and what reads it. `thread` is how its history is called there, `handler` the expression of its
    handler, `event` a name that is free for one event."""

    call: Call
    thread: str
    handler: cst.BaseExpression | None
    holder: cst.With | cst.Assign | cst.For
    event: str


def _kept(plan: Plan, streamed: Streamed, event: str) -> Block:
    """What every loop over events begins with."""
    grow = f"{streamed.thread}.extend({event}.response.output)"
    if plan.keeps_texts:
        grow = f'{streamed.thread}.append({{"role": "assistant", "content": {event}.response.output_text}})'
    body: Block = [statement(f"if {event}.type in {ENDINGS}:\n    {grow}\n")] if states.is_history(plan) else []
    if streamed.handler is not None:
        wait = "await " if streamed.call.is_async else ""
        body.append(statement(f"{wait}handler.on_event({event})"))
    return body


def events(plan: Plan, streamed: Streamed, loop: cst.For) -> None:
    if not isinstance(loop.target, cst.Name) or not isinstance(loop.body, cst.IndentedBlock):
        raise NotConverted(loop, "the loop over events has no name for one event")
    name = loop.target.value

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        assert isinstance(updated, cst.For) and isinstance(updated.body, cst.IndentedBlock)
        own: Any = updated.body.body
        return _with_body(updated, [*_kept(plan, streamed, name), *own])

    plan.replace(loop, edit)


def _with_body(loop: cst.For, body: Block) -> cst.For:
    return loop.with_changes(body=loop.body.with_changes(body=body))


def deltas(plan: Plan, streamed: Streamed, loop: cst.For) -> None:
    if not isinstance(loop.body, cst.IndentedBlock):
        raise NotConverted(loop, "the loop stands in one line")

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        assert isinstance(updated, cst.For) and isinstance(updated.body, cst.IndentedBlock)
        assert isinstance(updated.iter, cst.Attribute)
        text = cst.SimpleStatementLine(
            [cst.Assign([cst.AssignTarget(updated.target)], cst.parse_expression(f"{streamed.event}.delta"))]
        )
        delta = statement(f'if {streamed.event}.type == "response.output_text.delta":\n    pass\n')
        assert isinstance(delta, cst.If)
        body: Any = [text, *updated.body.body]
        delta = delta.with_changes(body=updated.body.with_changes(body=body))
        changed = updated.with_changes(target=cst.Name(streamed.event), iter=updated.iter.value)
        return _with_body(changed, [*_kept(plan, streamed, streamed.event), delta])

    plan.replace(loop, edit)


def until_done(plan: Plan, streamed: Streamed, call: cst.Call) -> None:
    small = plan.parent(call)
    small = plan.parent(small) if isinstance(small, cst.Await) else small
    if not isinstance(small, cst.Expr):
        raise NotConverted(call, "what until_done gives is used")
    line = plan.statement(call)
    assert isinstance(call.func, cst.Attribute)
    name = plan.code(call.func.value)

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        asynchronous = "async " if streamed.call.is_async else ""
        loop = statement(f"{asynchronous}for {streamed.event} in {name}:\n    pass\n")
        assert isinstance(loop, cst.For) and isinstance(updated, cst.SimpleStatementLine)
        loop = loop.with_changes(leading_lines=updated.leading_lines)
        return _with_body(loop, _kept(plan, streamed, streamed.event) or [statement("pass")])

    plan.replace(line, edit)
