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
from typing import Final

import libcst as cst

from bridge.codemod import arguments, responding, stream_loops
from bridge.codemod.fixer import statement
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.codemod.stream_loops import Streamed
from bridge.scan.python import Argument, Call, Made

OWN: Final = frozenset(("stream", "event_handler"))


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
        stream_loops.events(plan, streamed, holder)
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
        stream_loops.events(plan, streamed, parent)
        return
    if isinstance(parent, cst.Attribute):
        plan.taken.add(parent)
        above = plan.parent(parent)
        if parent.attr.value == "text_deltas" and isinstance(above, cst.For) and above.iter is parent:
            stream_loops.deltas(plan, streamed, above)
            return
        if parent.attr.value == "until_done" and isinstance(above, cst.Call):
            stream_loops.until_done(plan, streamed, above)
            return
    raise NotConverted(name, f"`{plan.code(parent or name)}`: only events, text_deltas and until_done can be converted")
