"""What an expression is, for a rewrite: scan's inference, and what it leaves open because it only looks for calls.

runs.create(stream=True)             a stream, not a run
on_event(self, event)                an event, in a class of event handlers; other methods take parts of events
self.current_run                     a run, in such a class
threads[user], threads.get(user)     what this file put into the dict `threads`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import libcst as cst
from attrs import define, field

from bridge.scan.python import Analysis, Binding, Defined, Inference, Made, Scope, dotted
from bridge.scan.python.expressions import RULES
from bridge.scan.python.values import Value

EVENT: Final = Made("stream", "[]")
HANDLED: Final = {
    "on_event": (EVENT,),
    "on_text_created": (Made("text"),),
    "on_text_delta": (Made("text delta"), Made("text snapshot")),
    "on_text_done": (Made("text"),),
}
"""Methods of event handlers that are converted, and what they are given."""

PASSED: Final = ("reversed", "list")
TAKERS: Final = ("get", "pop", "setdefault")


@define
class Flow(Inference):
    """Over one module. `stores` are dicts of this file by name, and what was put into them."""

    stores: dict[str, list[Binding]] = field(factory=dict, repr=False)
    _handlers: set[Scope] = field(factory=set, repr=False)

    @classmethod
    def over(cls, analysis: Analysis) -> Flow:
        rules: dict[type[cst.CSTNode], Any] = {
            **RULES,
            cst.Call: Flow.called,
            cst.Attribute: Flow.attribute,
            cst.Subscript: Flow.subscript,
        }
        flow = cls(analysis.bindings, rules)
        flow._handlers = {_body(analysis, handler.node) for handler in analysis.handlers}
        for node, scope in analysis.bindings.scopes.items():
            if isinstance(node, cst.Assign):
                flow._note_stores(node, scope)
        return flow

    def called(self, node: cst.Call) -> Value | None:
        found = RULES[cst.Call](self, node)
        if found == Made("run") and _streams(node):
            return Made("stream")
        return found if found is not None else self._taken(node) or self._passed(node)

    def attribute(self, node: cst.Attribute) -> Value | None:
        """``self.current_run``, of event handlers."""
        found = RULES[cst.Attribute](self, node)
        if found is None and node.attr.value == "current_run":
            owner = self.of(node.value)
            if isinstance(owner, Defined) and owner.is_made and owner.scope in self._handlers:
                return Made("run")
        return found

    def subscript(self, node: cst.Subscript) -> Value | None:
        return RULES[cst.Subscript](self, node) or self._stored(node.value)

    def binding(self, binding: Binding) -> Value | None:
        """What this one binding gives."""
        return self._binding(binding)

    def given(self, parameter: cst.Param, scope: Scope) -> Iterator[cst.BaseExpression]:
        """What the calls of this file give for a parameter."""
        return self._given(parameter, scope)

    def _passed(self, node: cst.Call) -> Value | None:
        """``reversed(messages)``: the same things."""
        return self.of(node.args[0].value) if dotted(node.func) in PASSED and node.args else None

    # --- event handlers

    def _parameter(self, node: cst.Param, scope: Scope) -> Value | None:
        if scope.owner in self._handlers and isinstance(scope.node, cst.FunctionDef):
            given = HANDLED.get(scope.node.name.value, ())
            place = list(scope.node.params.params).index(node) - 1 if node in scope.node.params.params else -1
            if 0 <= place < len(given):
                return given[place]
        return super()._parameter(node, scope)

    # --- dicts

    def _note_stores(self, node: cst.Assign, scope: Scope) -> None:
        for each in node.targets:
            if isinstance(each.target, cst.Subscript) and (name := dotted(each.target.value)) is not None:
                self.stores.setdefault(name, []).append(Binding("value", scope, node.value))

    def _stored(self, holder: cst.CSTNode) -> Value | None:
        name = dotted(holder)
        return self.bound(self.stores.get(name, [])) if name else None

    def _taken(self, node: cst.Call) -> Value | None:
        if isinstance(node.func, cst.Attribute) and node.func.attr.value in TAKERS:
            return self._stored(node.func.value)
        return None


def _body(analysis: Analysis, node: cst.ClassDef) -> Scope:
    """The scope inside the class."""
    return analysis.bindings.scopes[node.body]


def _streams(node: cst.Call) -> bool:
    return any(
        each.keyword is not None
        and each.keyword.value == "stream"
        and isinstance(each.value, cst.Name)
        and each.value.value == "True"
        for each in node.args
    )
