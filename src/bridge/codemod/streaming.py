"""Runs that stream => responses.create(stream=True), whose events are read in the place of text deltas and handlers.

    with runs.stream(…) as stream:          with client.responses.create(…, stream=True) as stream:
        for text in stream.text_deltas:         for event in stream:
            print(text)                             if event.type == "response.completed" …: the history grows
                                                    if event.type == "response.output_text.delta": text = event.delta …
        stream.until_done()                     for event in stream: …, and the handler's on_event(event)
        for event in stream:                    the same loop; what it compares is converted (fixers/stream_events.py)

What the model answered is kept when its last event comes, before a handler sees that: it may ask again at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import libcst as cst
from attrs import frozen

from bridge.codemod import arguments, responding, states
from bridge.codemod.fixer import statement
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import Argument, Call, Made

ENDINGS: Final = '("response.completed", "response.incomplete")'
OWN: Final = frozenset(("stream", "event_handler"))
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


def is_stream(plan: Plan, call: Call) -> bool:
    return plan.made(call.node) == Made("stream") or call.name.endswith("_stream")


def create(plan: Plan, call: Call) -> None:
    """Note the edits of a run that streams. Raises NotConverted."""
    asked = responding.understood(plan, call, OWN)
    _read(plan, call, asked.given, asked.thread)

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        inner = arguments.inner(updated)
        thread = responding.history(plan, asked, inner, around)
        with_ = responding.configuration(asked, inner)
        request = responding.request(plan, call, with_, thread, around, stream=True)
        return _opened(plan, call, updated, request, around, asked.given)

    plan.replace(arguments.outer(plan, call), edit)


def submit(plan: Plan, call: Call, given: dict[str, Argument], thread: Argument, with_: cst.BaseExpression) -> None:
    """The same for tool outputs."""
    _read(plan, call, given, thread)

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        inner = arguments.inner(updated)
        at = arguments.value(inner, thread, call)
        outputs = arguments.value(inner, given["tool_outputs"], call)
        request = responding.request(plan, call, with_, at, around, outputs, stream=True)
        return _opened(plan, call, updated, request, around, given)

    plan.replace(arguments.outer(plan, call), edit)


def _opened(
    plan: Plan,
    call: Call,
    updated: cst.CSTNode,
    request: cst.BaseExpression,
    around: Around,
    given: dict[str, Argument],
) -> cst.BaseExpression:
    if "event_handler" in given:
        handler = arguments.value(arguments.inner(updated), given["event_handler"], call)
        around.before.append(statement("handler = {handler}", handler=handler))
    is_awaited = isinstance(updated, cst.Await)
    return cst.Await(request) if is_awaited or _is_async(plan, call) else request


def _is_async(plan: Plan, call: Call) -> bool:
    """``async with``, whose call has no await of its own."""
    item = plan.parent(call.node)
    holder = plan.parent(item) if isinstance(item, cst.WithItem) else None
    return isinstance(holder, cst.With) and holder.asynchronous is not None


# --- what reads it


def _read(plan: Plan, call: Call, given: dict[str, Argument], thread: Argument) -> None:
    holder = _holder(plan, call)
    plan.taken.update((call.node, arguments.outer(plan, call)))
    handler = given["event_handler"].node if "event_handler" in given else None
    if handler is not None and any(each.value == "handler" for each in _names(plan, call)):
        raise NotConverted(call.node, "the name `handler` is taken")
    event = "response_event" if plan.scope(call.node).lookup("event") else "event"
    streamed = Streamed(call, _thread(plan, thread), handler, holder, event)
    if isinstance(holder, cst.For):
        _events(plan, streamed, holder)
        return
    uses = list(_uses(plan, holder))
    if not uses:
        raise NotConverted(call.node, "nothing in sight reads the stream")
    for use in uses:
        _use(plan, streamed, use)


def _thread(plan: Plan, thread: Argument) -> str:
    node = thread.node
    code = plan.code(node.value if isinstance(node, cst.Attribute) and node.attr.value == "id" else node)
    if code.endswith(".thread_id"):
        from bridge.codemod import sole

        code = plan.code(sole.expression(plan, "thread_id", node))
    responding.simple(plan, cst.parse_expression(code))
    return code


def _holder(plan: Plan, call: Call) -> cst.With | cst.Assign | cst.For:
    small = plan.small(call.node)
    if isinstance(small, cst.WithItem):
        holder = plan.parent(small)
        if isinstance(holder, cst.With) and len(holder.items) == 1 and small.asname is not None:
            return holder
    if isinstance(small, cst.Assign) and len(small.targets) == 1 and isinstance(small.targets[0].target, cst.Name):
        return small
    if isinstance(small, cst.For) and arguments.outer(plan, call) is small.iter:
        return small
    raise NotConverted(call.node, "what reads the stream cannot be seen here")


def _name(holder: cst.With | cst.Assign) -> cst.Name:
    as_name = holder.items[0].asname if isinstance(holder, cst.With) else None
    target = holder.targets[0].target if isinstance(holder, cst.Assign) else as_name and as_name.name
    assert isinstance(target, cst.Name)
    return target


def _uses(plan: Plan, holder: cst.With | cst.Assign) -> Iterator[cst.Name]:
    """Of this stream's name, up to where it is given to another stream."""
    own = _name(holder)
    scope = plan.scope(holder)
    begin = plan.line(holder)
    others = [plan.line(each) for each in plan.nodes
              if isinstance(each, (cst.With, cst.Assign)) and each is not holder and _gives(each, own.value)
              and plan.scope(each) is scope and plan.line(each) > begin]  # fmt: skip
    end = min(others, default=10**9)
    for node in plan.names(own.value):
        if plan.scope(node) is scope and begin <= plan.line(node) < end:
            yield node


def _gives(node: cst.CSTNode, name: str) -> bool:
    named: list[cst.CSTNode] = []
    if isinstance(node, cst.With):
        named = [each.asname.name for each in node.items if each.asname is not None]
    elif isinstance(node, cst.Assign):
        named = [each.target for each in node.targets]
    return any(isinstance(each, cst.Name) and each.value == name for each in named)


def _names(plan: Plan, call: Call) -> Iterator[cst.Name]:
    scope = plan.scope(call.node)
    return (each for each in plan.nodes if isinstance(each, cst.Name) and plan.scope(each) is scope)


def _use(plan: Plan, streamed: Streamed, name: cst.Name) -> None:
    parent = plan.parent(name)
    plan.taken.add(name)
    if isinstance(parent, cst.For) and parent.iter is name:
        _events(plan, streamed, parent)
        return
    if isinstance(parent, cst.Attribute):
        plan.taken.add(parent)
        above = plan.parent(parent)
        if parent.attr.value == "text_deltas" and isinstance(above, cst.For) and above.iter is parent:
            _deltas(plan, streamed, above)
            return
        if parent.attr.value == "until_done" and isinstance(above, cst.Call):
            _until_done(plan, streamed, above)
            return
    raise NotConverted(name, f"`{plan.code(parent or name)}`: only events, text_deltas and until_done can be converted")


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


def _events(plan: Plan, streamed: Streamed, loop: cst.For) -> None:
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


def _deltas(plan: Plan, streamed: Streamed, loop: cst.For) -> None:
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


def _until_done(plan: Plan, streamed: Streamed, call: cst.Call) -> None:
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
