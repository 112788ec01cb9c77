"""messages.list => what the response said, or the history itself.

.data[0].content[0].text.value     => run.output_text, where the run is in sight; else of the history's last item
print(messages)                    => print(run.output_text)
message = messages.data[0]         => message = thread[-1]
for message in messages            => a loop over the history, which then holds plain messages only
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import libcst as cst

from bridge.codemod import arguments, pages, responding, sole, states
from bridge.codemod.fixer import Fixer, parse
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import Argument, Call, Defined, Scope, dotted

KNOWN: Final = frozenset(("thread_id", "order", "limit", "run_id"))
SUBMITS: Final = ("runs.submit_tool_outputs", "runs.submit_tool_outputs_and_poll")
SUBMITS_STREAM: Final = ("runs.submit_tool_outputs_stream", "runs.submit_tool_outputs_and_stream")


def begin(plan: Plan) -> None:
    """Whether some loop reads the whole history: that decides what the history holds."""
    if states.is_history(plan):
        uses = [use for call in plan.calls("messages.list") for use in pages.uses(plan, call)]
        plan.keeps_texts = any(pages.is_looped(plan, use) for use in uses)


def listed(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, KNOWN)
    thread = arguments.take(plan, call, given, "thread_id")
    if "run_id" in given:
        arguments.take(plan, call, given, "run_id")
    order = given["order"].value if "order" in given else "desc"
    if order not in ("asc", "desc"):
        raise NotConverted(call.node, "the order of the messages cannot be seen")
    if plan.keeps_texts and (plan.has_functions or plan.has_parts):
        raise NotConverted(call.node, "the history holds more than plain messages, and the whole of it is read")
    small = plan.small(call.node)
    uses = list(pages.uses(plan, call))
    loops = [each for each in uses if pages.is_looped(plan, each)]
    if not states.is_history(plan):
        _of_conversation(plan, call, given, thread, uses, loops)
        return
    if loops and ("limit" in given or "run_id" in given):
        raise NotConverted(call.node, "only some of the messages are read")
    code = _thread_code(plan, thread.node)
    plan.taken.update((call.node, arguments.outer(plan, call)))
    for use in uses:
        if use not in loops:
            _read(plan, call, use, str(order), code)
        else:
            plan.taken.update((use, pages.data(plan, use), pages.looped(plan, use)))
            _loop(plan, use)
    if isinstance(small, cst.Assign) and not loops:
        plan.remove(plan.statement(call.node))
    elif loops:
        template = "{thread}" if order == "asc" else "{thread}[::-1]"
        plan.replace(
            arguments.outer(plan, call),
            lambda updated, around: parse(template, thread=arguments.value(arguments.inner(updated), thread, call)),
        )


def _of_conversation(
    plan: Plan,
    call: Call,
    given: dict[str, Argument],
    thread: Argument,
    uses: list[cst.BaseExpression],
    loops: list[cst.BaseExpression],
) -> None:
    """``conversations.items.list``: what it gives is read as before, but that a text has no value."""
    if "run_id" in given or (loops and plan.has_functions):
        raise NotConverted(call.node, "the items of a conversation are listed with its calls, and not by run")
    for use in uses:
        if use not in loops and not _is_newest(plan, use):
            raise NotConverted(use, "only the newest message, and loops over all of them, can be converted")
        plan.taken.update((use, pages.data(plan, use), pages.looped(plan, use)))
    plan.taken.update((call.node, arguments.outer(plan, call)))

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        inner = arguments.inner(updated)
        more = "".join(f", {name}={{{name}}}" for name in ("order", "limit") if name in given)
        held = {name: arguments.value(inner, given[name], call) for name in ("order", "limit") if name in given}
        template = f"{{client}}.conversations.items.list({{thread}}{more})"
        at = arguments.value(inner, thread, call)
        return states.again(updated, parse(template, client=arguments.client(plan, call), thread=at, **held))

    plan.replace(arguments.outer(plan, call), edit)


def _is_newest(plan: Plan, use: cst.BaseExpression) -> bool:
    """``….data[0].content[0].text.value``, which loses its end."""
    item = plan.parent(pages.data(plan, use))
    whole = pages.text_of(plan, item) if isinstance(item, cst.Subscript) else None
    if whole is None:
        return False
    assert isinstance(item, cst.Subscript)
    plan.taken.add(item)
    plan.replace(whole, lambda updated, around: updated.value)
    return True


def _thread_code(plan: Plan, node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute) and node.attr.value == "thread_id":
        return plan.code(sole.expression(plan, "thread_id", node))
    return plan.code(node.value if isinstance(node, cst.Attribute) and node.attr.value == "id" else node)


def _loop(plan: Plan, use: cst.BaseExpression) -> None:
    """``messages.data`` => ``messages``; a list needs no ``async for``."""
    data = pages.data(plan, use)
    if data is not use:
        plan.replace(data, lambda updated, around: updated.value)
    parent = plan.parent(data)
    if isinstance(parent, (cst.For, cst.CompFor)) and parent.asynchronous is not None:
        plan.replace(parent, lambda updated, around: updated.with_changes(asynchronous=None))


def _read(plan: Plan, call: Call, use: cst.BaseExpression, order: str, thread: str) -> None:
    """The newest message, or its text, or the page itself where it is printed."""
    data = pages.data(plan, use)
    plan.taken.update((use, data))
    parent = plan.parent(data)
    if isinstance(parent, cst.Arg) and dotted(getattr(plan.parent(parent), "func", None)) == "print":
        answer = _answer(plan, call, use, thread)
        plan.replace(data, lambda updated, around: answer)
        return
    if not isinstance(parent, cst.Subscript) or plan.flow.constant(pages.index(parent)) != (
        0 if order == "desc" else -1
    ):
        raise NotConverted(use, "only the newest message, and loops over all of them, can be converted")
    plan.taken.add(parent)
    whole = pages.text_of(plan, parent)
    if whole is not None:
        answer = _answer(plan, call, use, thread)
        plan.replace(whole, lambda updated, around: answer)
    elif isinstance(plan.parent(parent), cst.Assign):
        _refuse_own(plan, call)
        last = cst.parse_expression(f"{thread}[-1]")
        plan.replace(parent, lambda updated, around: last)
    elif _has_annotations(plan, parent):
        raise NotConverted(use, "the text goes on with its annotations, and those of a response mark no part of it")
    else:
        raise NotConverted(use, "only the text of the newest message can be converted")


def _has_annotations(plan: Plan, message: cst.CSTNode) -> bool:
    """Whether it is ``….content[0].text`` that is read, and not its value."""
    above = [each for each in plan.analysis.bindings.ancestors(message) if isinstance(each, cst.Attribute)]
    names = [each.attr.value for each in above]
    return names[:2] == ["content", "text"]


def _answer(plan: Plan, call: Call, at: cst.BaseExpression, thread: str) -> cst.BaseExpression:
    """What the newest message says."""
    _refuse_own(plan, call)
    run = _run_in_sight(plan, call, at)
    if run is not None:
        return cst.parse_expression(f"{run}.output_text")
    responding.simple(plan, cst.parse_expression(thread))
    return cst.parse_expression(f'{thread}[-1]["content"]' if plan.keeps_texts else f"{thread}[-1].content[0].text")


def _run_in_sight(plan: Plan, call: Call, at: cst.BaseExpression) -> str | None:
    """The name of the last response before the list: it is given in this function, and surely before."""
    scope, line = plan.scope(call.node), plan.line(call.node)
    made = [each for each in plan.calls(*sole.CREATORS, *sole.WITH_THREAD, *SUBMITS) if plan.scope(each.node) is scope]
    before = [each for each in made if plan.line(each.node) <= line]
    names = {_target(plan, each) for each in before}
    if len(names) != 1 or None in names or not any(_is_sure(plan, each, at) for each in before):
        return None
    return names.pop()


def _refuse_own(plan: Plan, call: Call) -> None:
    """Raises NotConverted where the newest message is one that the program itself has just added."""
    scope, line = plan.scope(call.node), plan.line(call.node)
    added = [plan.line(each.node) for each in plan.calls("messages.create") if plan.scope(each.node) is scope]
    last = max((each for each in added if each < line), default=None)
    if last is not None and not any(last < each <= line for each in _runs(plan, scope)):
        raise NotConverted(call.node, "the newest message may be one that the program has added itself")


def _runs(plan: Plan, scope: Scope) -> Iterator[int]:
    """Lines in which a run is made, or a function called that makes one."""
    made = plan.calls(*sole.CREATORS, *sole.WITH_THREAD, *SUBMITS, *SUBMITS_STREAM)
    makers = {id(each.scope.function()) for each in made}
    for call in (each for calls in plan.analysis.bindings.calls.values() for each in calls):
        target = plan.flow.of(call.func)
        is_maker = isinstance(target, Defined) and id(target.scope) in makers
        if plan.scope(call) is scope and (is_maker or any(call is each.node for each in made)):
            yield plan.line(call)


def _target(plan: Plan, call: Call) -> str | None:
    small = plan.small(call.node)
    if isinstance(small, cst.Assign) and isinstance(small.targets[0].target, cst.Name):
        return small.targets[0].target.value
    run = call.argument("run_id") if isinstance(small, cst.Expr) and call.name in SUBMITS else None
    named = run.node.value if run is not None and isinstance(run.node, cst.Attribute) else None
    return named.value if isinstance(named, cst.Name) else None  # the fixer of outputs names the response so


def _is_sure(plan: Plan, call: Call, at: cst.BaseExpression) -> bool:
    """Whether the block of the run holds what comes after."""
    block = plan.parent(plan.statement(call.node))
    return block in set(plan.analysis.bindings.ancestors(at))


FIXER = Fixer("messages_list", calls={"messages.list": listed}, begin=begin)
