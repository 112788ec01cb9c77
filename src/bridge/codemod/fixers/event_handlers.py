"""Classes of event handlers => plain classes whose on_event takes response events, and calls their other methods.

on_text_created(text)              on response.content_part.added
on_text_delta(delta, snapshot)     on response.output_text.delta; delta.value => event.delta
on_text_done(text)                 on response.output_text.done; text.value => event.text
on_event(event)                    on every event
"""

from __future__ import annotations

from typing import Any, Final

import libcst as cst

from bridge.codemod.fixer import Fixer, statement
from bridge.codemod.flow import HANDLED
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import Defined, Handler, dotted

EVENTS: Final = {
    "on_text_created": "response.content_part.added",
    "on_text_delta": "response.output_text.delta",
    "on_text_done": "response.output_text.done",
}


def convert(plan: Plan) -> None:
    for handler in plan.analysis.handlers:
        _handler(plan, handler)


def _handler(plan: Plan, handler: Handler) -> None:
    others = [name for name in handler.methods if name.startswith("on_") and name not in HANDLED]
    if others:
        raise NotConverted(handler.node, f"{others[0]} of an event handler has no counterpart that can be written here")
    if not isinstance(handler.node.body, cst.IndentedBlock) or handler.node.keywords:
        raise NotConverted(handler.node, "the class is written in one line")
    _refuse_inherited(plan, handler)
    for each in handler.node.body.body:
        if isinstance(each, cst.FunctionDef) and each.name.value in HANDLED:
            _method(plan, each)
    for base in handler.node.bases:
        plan.unused.add((dotted(base.value) or "").partition(".")[0])

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        assert isinstance(updated, cst.ClassDef)
        plain = updated.with_changes(bases=(), lpar=cst.MaybeSentinel.DEFAULT, rpar=cst.MaybeSentinel.DEFAULT)
        return _dispatching(plain, handler)

    plan.replace(handler.node, edit)


def _refuse_inherited(plan: Plan, handler: Handler) -> None:
    """Raises NotConverted where the class uses what it has of its base, or of another class of this file."""
    inside = plan.scope(handler.node.body)
    for base in handler.node.bases:
        if isinstance(plan.flow.of(base.value), Defined):
            raise NotConverted(handler.node, "the handler is made of another class of this file")
    for node in plan.nodes:
        if not isinstance(node, cst.Attribute) or handler.node not in plan.analysis.bindings.ancestors(node):
            continue
        owner = plan.flow.of(node.value)
        is_own = isinstance(owner, Defined) and owner.is_made and owner.scope is inside
        is_known = plan.flow.of(node) is not None or node.attr.value in (*inside.names, *inside.attributes)
        if _is_super(node) or (is_own and plan.is_value(node) and not is_known):
            raise NotConverted(node, f"`{plan.code(node)}` comes from the SDK's class of handlers")


def _is_super(node: cst.Attribute) -> bool:
    is_call = isinstance(node.value, cst.Call) and dotted(node.value.func) == "super"
    return is_call and node.attr.value != "__init__"


def _method(plan: Plan, node: cst.FunctionDef) -> None:
    """One parameter, the event. `override` goes, since there is no base any more."""
    given = HANDLED[node.name.value]
    params = node.params.params
    if len(params) != 1 + len(given) or node.params.star_kwarg is not None:
        raise NotConverted(node, f"{node.name.value} takes other parameters")
    is_event = node.name.value == "on_event"
    name = params[1].name.value if is_event else "event"
    for each in node.decorators:
        plan.unused.add((dotted(each.decorator) or "").partition(".")[0])

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        assert isinstance(updated, cst.FunctionDef)
        decorators = [
            each for each in updated.decorators if (dotted(each.decorator) or "").rpartition(".")[2] != "override"
        ]
        first = updated.params.params[0].with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
        params = updated.params.with_changes(params=[first, cst.Param(cst.Name(name))])
        return updated.with_changes(decorators=decorators, params=params)

    plan.replace(node, edit)


def _dispatching(node: cst.ClassDef, handler: Handler) -> cst.ClassDef:
    """With calls of the methods for single kinds of events, at the end of on_event, which is made if there is none."""
    calls = [_call(name, handler.is_async) for name in handler.methods if name in EVENTS]
    if not calls:
        return node
    body: list[Any] = list(node.body.body)
    for place, each in enumerate(body):
        if isinstance(each, cst.FunctionDef) and each.name.value == "on_event":
            event = each.params.params[1].name.value
            assert event == "event" and isinstance(each.body, cst.IndentedBlock)
            body[place] = each.with_changes(body=each.body.with_changes(body=[*each.body.body, *calls]))
            break
    else:
        asynchronous = "async " if handler.is_async else ""
        made = statement(f"{asynchronous}def on_event(self, event):\n    pass\n")
        assert isinstance(made, cst.FunctionDef)
        method = made.with_changes(body=cst.IndentedBlock(calls), leading_lines=[cst.EmptyLine(indent=False)])
        body.insert(_first_method(body), method)
        if body[0] is method:
            body = [method.with_changes(leading_lines=()), *body[1:]]
            body[1] = _with_empty_line(body[1])
    return node.with_changes(body=node.body.with_changes(body=body))


def _with_empty_line(node: Any) -> Any:
    return node.with_changes(leading_lines=[cst.EmptyLine(indent=False), *node.leading_lines])


def _first_method(body: list[Any]) -> int:
    return next((place for place, each in enumerate(body) if isinstance(each, cst.FunctionDef)), len(body))


def _call(name: str, is_async: bool) -> cst.BaseCompoundStatement | cst.SimpleStatementLine:
    wait = "await " if is_async else ""
    return statement(f'if event.type == "{EVENTS[name]}":\n    {wait}self.{name}(event)\n')


FIXER = Fixer("event_handlers", begin=convert)
