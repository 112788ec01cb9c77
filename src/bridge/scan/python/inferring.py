"""What an expression is, as far as the file alone tells: followed through names, attributes, calls and annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final

import libcst as cst
from attrs import define, evolve, field

from bridge.scan.python.scopes import Binding, Bindings, Scope, first_parameter
from bridge.scan.python.tree import MISSING, dotted, literal
from bridge.scan.python.values import Client, Constant, Defined, Made, Named, Several, Value, client_of

DEEPEST: Final = 120
"""Steps that are followed for one expression."""

PATIENCE: Final = 300_000
"""Steps for one module, after which what gave nothing once gives nothing any more: names that all depend on each other
would take the square of their number."""

HOLDERS: Final = frozenset(
    {"list", "List", "dict", "Dict", "tuple", "Tuple", "set", "Sequence", "Mapping", "Iterator", "Iterable"}
    | {"AsyncIterator", "AsyncIterable", "Generator", "AsyncGenerator"}
)
TYPES: Final = "openai.types.beta"

OBJECTS: Final[Mapping[str, str]] = {
    "assistant.Assistant": "assistant",
    "thread.Thread": "thread",
    "threads.run.Run": "run",
    "threads.message.Message": "message",
    "threads.thread_message.ThreadMessage": "message",
    "threads.runs.run_step.RunStep": "step",
}
"""The SDK's types, below `TYPES`; packages re-export them."""

BY_TYPE: Final = {
    f"{TYPES}.{short}": what
    for path, what in OBJECTS.items()
    for short in (path, ".".join((*path.split(".")[:-2], path.rpartition(".")[2])))
}


@define
class Inference:
    """Over the bindings of one module. `of` may be asked for any expression of it."""

    bindings: Bindings
    _rules: Mapping[type[cst.CSTNode], Callable[[Any, Any], Value | None]]
    _known: dict[object, Value | None] = field(factory=dict)
    _unsettled: set[object] = field(factory=set)
    """What gave nothing while something was being followed: it may have been for that."""
    _open: set[object] = field(factory=set)
    """What is being followed: a name may depend on itself."""
    _is_cut: bool = False
    _steps: int = 0

    def of(self, node: cst.CSTNode | None) -> Value | None:
        """None where nothing tells."""
        rule = None if node is None else self._rules.get(type(node))
        return None if rule is None else self._once(node, lambda: rule(self, node))

    def _once(self, key: object, find: Callable[[], Value | None]) -> Value | None:
        """Found once and remembered: of names that depend on each other each is followed once per question."""
        if key in self._known or key in self._unsettled:
            return self._known.get(key)
        if key in self._open or len(self._open) > DEEPEST:
            self._is_cut = True
            return None
        self._steps += 1
        self._open.add(key)
        try:
            found = find()
        finally:
            self._open.discard(key)
        self._remember(key, found)
        return found

    def _remember(self, key: object, found: Value | None) -> None:
        if found is not None or not self._open:
            self._known[key] = found
        else:
            self._unsettled.add(key)
        if not self._open:
            is_settled = not self._is_cut or self._steps > PATIENCE
            self._known.update(dict.fromkeys(self._unsettled) if is_settled else {})
            self._unsettled.clear()
            self._is_cut = False

    def constant(self, node: cst.CSTNode | None) -> object:
        """The literal value, also by a name that has one; else MISSING."""
        value = self.of(node)
        return value.value if isinstance(value, Constant) else literal(node)

    def scope(self, node: cst.CSTNode) -> Scope:
        return self.bindings.scopes.get(node, self.bindings.module)

    def first(self, nodes: Iterable[cst.CSTNode | None]) -> Value | None:
        return next((found for each in nodes if (found := self.of(each)) is not None), None)

    # --- names

    def name(self, node: cst.Name) -> Value | None:
        if (value := literal(node)) is not MISSING:
            return Constant(value)
        return self._own(self.scope(node), node.value) or self.bound(self.scope(node).lookup(node.value))

    def _own(self, scope: Scope, name: str) -> Value | None:
        """``self``, in a method and in the functions inside of it."""
        looked: Scope | None = scope
        while looked is not None:
            if looked.owner is not None and name == first_parameter(looked):
                return Defined(looked.owner, is_made=True)
            looked = looked.parent if name not in looked.names else None
        return None

    def bound(self, *listed: Sequence[Binding]) -> Value | None:
        """Of these, which stay where they are as long as the module does, the one that says most; a literal only where
        it is the only one."""
        return self._once(("bound", *map(id, listed)), lambda: self._bound([*chain(*listed)])) if any(listed) else None

    def _bound(self, bindings: Sequence[Binding]) -> Value | None:
        found = [value for each in bindings if (value := self._once(each, partial(self._binding, each))) is not None]
        things = [value for value in found if not isinstance(value, Constant)]
        if things:
            return max(things, key=_weight)
        return found[0] if len(found) == len(bindings) == 1 else None

    def _binding(self, binding: Binding) -> Value | None:
        node = binding.node
        if binding.how == "import":
            return Named(binding.path)
        if binding.how == "definition":
            return Defined(binding.scope)
        if binding.how == "annotation":
            return self.annotated(node)
        if binding.how == "parameter":
            return self._parameter(node, binding.scope) if isinstance(node, cst.Param) else None
        value = self.of(node)
        return element(value) if binding.how == "element" else value

    def _parameter(self, node: cst.Param, scope: Scope) -> Value | None:
        """By annotation, by default (``Depends(get_client)`` too), by what calls of this file give."""
        found = self.annotated(node.annotation.annotation) if node.annotation else None
        if found is None:
            found = self.of(node.default)
            found = None if isinstance(found, Constant) else found
        return found or self.first(self._given(node, scope))

    def _given(self, parameter: cst.Param, scope: Scope) -> Iterator[cst.BaseExpression]:
        function = scope.node
        if not isinstance(function, cst.FunctionDef):
            return
        names = [each.name.value for each in (*function.params.posonly_params, *function.params.params)]
        skipped = 1 if scope.owner is not None else 0
        called = scope.owner.node.name.value if _makes(scope) else function.name.value  # type: ignore[union-attr]
        wanted = parameter.name.value
        for call in self.bindings.calls.get(called, ()):
            if self._calls(call, scope):
                yield from _argument(call, wanted, names.index(wanted) - skipped if wanted in names else None)

    def _calls(self, call: cst.Call, scope: Scope) -> bool:
        target = self.of(call.func)
        if not isinstance(target, Defined):
            return False
        return target.scope is scope or (_makes(scope) and target.scope is scope.owner)

    # --- annotations

    def annotated(self, node: cst.CSTNode | None) -> Value | None:
        """What a thing with this annotation is: ``OpenAI``, ``"OpenAI"``, ``OpenAI | None``, ``Optional[OpenAI]`` …"""
        if isinstance(node, cst.SimpleString):
            return self._quoted(node)
        if isinstance(node, cst.BinaryOperation):
            return self.annotated(node.left) or self.annotated(node.right)
        if isinstance(node, cst.Subscript):
            inner = [each.slice.value for each in node.slice if isinstance(each.slice, cst.Index)]
            found = next((value for each in inner if (value := self.annotated(each)) is not None), None)
            is_holder = (dotted(node.value) or "").rpartition(".")[2] in HOLDERS
            return Several(found) if is_holder and found is not None else found
        return self._instance(self.of(node)) if isinstance(node, (cst.Name, cst.Attribute)) else None

    def _quoted(self, node: cst.SimpleString) -> Value | None:
        try:
            parsed = cst.parse_expression(str(literal(node)))
        except cst.ParserSyntaxError:
            return None
        if not isinstance(parsed, (cst.Name, cst.Attribute)):
            return None
        for each in (parsed, *_left(parsed)):
            self.bindings.scopes.setdefault(each, self.scope(node))
        return self._instance(self.of(parsed))

    def _instance(self, value: Value | None) -> Value | None:
        if isinstance(value, Named):
            client = client_of(value.path)
            if client is not None:
                return evolve(client, why=f"annotated as {value.path}")
            what = BY_TYPE.get(value.path)
            return Made(what) if what else None
        if isinstance(value, Defined) and isinstance(value.scope.node, cst.ClassDef):
            return Defined(value.scope, is_made=True)
        return None


def _weight(value: Value) -> int:
    """Of several bindings, the one that says most."""
    if isinstance(value, Client):
        return 4 if value.sureness == "certain" else 3
    return 2 if isinstance(value, (Made, Several)) else 1


def element(value: Value | None) -> Value | None:
    """One of what a list or an iterator holds."""
    if isinstance(value, Several):
        return value.each
    return value.element() if isinstance(value, Made) else None


def _makes(scope: Scope) -> bool:
    return scope.owner is not None and getattr(scope.node, "name", cst.Name("_")).value in ("__init__", "__new__")


def _argument(call: cst.Call, name: str, place: int | None) -> Iterator[cst.BaseExpression]:
    """What the call gives for a parameter."""
    for number, each in enumerate(call.args):
        is_named = each.keyword is not None and each.keyword.value == name
        if is_named or (each.keyword is None and not each.star and number == place):
            yield each.value


def _left(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    while isinstance(node, cst.Attribute):
        node = node.value
        yield node
