"""What an expression is, as far as the file alone tells: followed through names, attributes, calls and annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import libcst as cst
from attrs import define, evolve, field

from bridge.scan.operations import BY_PATH
from bridge.scan.python.scopes import Binding, Bindings, Scope, first_parameter
from bridge.scan.python.tree import MISSING, dotted, literal, subscript
from bridge.scan.python.values import Client, Constant, Defined, Made, Named, Several, Value, client_of

DEEPEST: Final = 60
"""Steps that are followed for one expression."""

SAME: Final = frozenset({"with_options", "copy", "__enter__", "__aenter__"})
"""Methods of a client that give such a client."""

HOLDERS: Final = frozenset(
    {"list", "List", "dict", "Dict", "tuple", "Tuple", "set", "Sequence", "Mapping", "Iterator", "Iterable"}
    | {"AsyncIterator", "AsyncIterable", "Generator", "AsyncGenerator"}
)
ELEMENTS: Final = frozenset({"get", "pop", "values", "setdefault"})
PROPERTIES: Final = ("property", "cached_property")
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

SEEDS: Final = {"threads": "beta.threads", "assistants": "beta.assistants"}
"""What makes an unknown ``….beta`` the one of the Assistants API."""


@define
class Inference:
    """Over the bindings of one module. `of` may be asked for any expression of it."""

    bindings: Bindings
    _known: dict[cst.CSTNode, Value | None] = field(factory=dict)
    _open: set[object] = field(factory=set)
    """What is being followed: a name may depend on itself."""

    def of(self, node: cst.CSTNode | None) -> Value | None:
        """None where nothing tells."""
        if node is None or node in self._open or len(self._open) > DEEPEST:
            return None
        if node in self._known:
            return self._known[node]
        rule = RULES.get(type(node))
        if rule is None:
            return None
        self._open.add(node)
        try:
            found = rule(self, node)
        finally:
            self._open.discard(node)
        if found is not None or not self._open:
            self._known[node] = found
        return found

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

    def bound(self, bindings: Iterable[Binding]) -> Value | None:
        """The first that is understood; a literal only where it is the only one, and not None's."""
        listed = list(bindings)
        found = [value for each in listed if (value := self.binding(each)) is not None]
        things = [value for value in found if not isinstance(value, Constant)]
        if things:
            return max(things, key=_weight)
        return found[0] if len(found) == len(listed) == 1 else None

    def binding(self, binding: Binding) -> Value | None:
        if binding in self._open:
            return None
        self._open.add(binding)
        try:
            return self._binding(binding)
        finally:
            self._open.discard(binding)

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
        return _element(value) if binding.how == "element" else value

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
            parsed = cst.parse_expression(str(node.evaluated_value))
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

    # --- expressions

    def attribute(self, node: cst.Attribute) -> Value | None:
        found = self._part(self.of(node.value), node.attr.value)
        if found is not None and not isinstance(found, Named):
            return found
        text = dotted(node)
        given = self.bound(self.bindings.dotted.get(text, ())) if text else None
        return given or self._unknown(node) or found

    def _part(self, value: Value | None, name: str) -> Value | None:
        if isinstance(value, (Client, Made)):
            return value.part(name)
        if isinstance(value, Defined):
            return self._member(value, name)
        if isinstance(value, Named):
            return _of_package(f"{value.path}.{name}")
        return None

    def _unknown(self, node: cst.Attribute) -> Value | None:
        """``….beta.threads`` of whatever."""
        inner = node.value
        if isinstance(inner, cst.Attribute) and inner.attr.value == "beta" and node.attr.value in SEEDS:
            text = dotted(inner.value)
            shown = f"of {text}, which is not known here" if text else "of something unknown"
            return Client(SEEDS[node.attr.value], None, "likely", f"beta.{node.attr.value} {shown}")
        return None

    def _member(self, value: Defined, name: str, depth: int = 10) -> Value | None:
        """An attribute of a class of this file or of its objects, also where a base has it."""
        owner = value.scope
        if not isinstance(owner.node, cst.ClassDef) or not depth:
            return None
        found = self.bound((*owner.names.get(name, ()), *owner.attributes.get(name, ())))
        if isinstance(found, Defined) and not found.is_made and _is_property(found.scope):
            return self.result(found.scope)
        for base in () if found is not None else owner.node.bases:
            inherited = self.of(base.value)
            if isinstance(inherited, Defined):
                found = self._member(Defined(inherited.scope, value.is_made), name, depth - 1)
            elif isinstance(inherited, Named) and value.is_made and (client := client_of(inherited.path)) is not None:
                found = evolve(client, why=f"of {owner.node.name.value}, made of {inherited.path}").part(name)
            if found is not None:
                break
        return found

    def call(self, node: cst.Call) -> Value | None:
        if dotted(node.func) == "getattr":
            return self._got(node)
        function = self.of(node.func)
        if isinstance(function, Client):
            return self._called_client(function)
        if isinstance(function, Defined):
            return self._called(function)
        if isinstance(function, Several) and isinstance(node.func, cst.Attribute):
            return function.each
        if isinstance(function, Named):
            return client_of(function.path) or self._handed_on(node, function.path)
        return self._holder(node) or self._handed_on(node, dotted(node.func) or "")

    def _got(self, node: cst.Call) -> Value | None:
        """``getattr(client, "beta")``."""
        given = [each.value for each in node.args]
        name = self.constant(given[1]) if len(given) > 1 else MISSING
        return self._part(self.of(given[0]), name) if isinstance(name, str) else None

    def _called_client(self, client: Client) -> Value | None:
        operation = BY_PATH.get(client.path)
        if operation is not None:
            return Made(operation.gives)
        return evolve(client, path="") if client.path in SAME else None

    def _called(self, function: Defined) -> Value | None:
        if isinstance(function.scope.node, cst.ClassDef):
            return self._made_of(function.scope) or Defined(function.scope, is_made=True)
        return self.result(function.scope)

    def _made_of(self, owner: Scope) -> Client | None:
        """A class of this file that is itself a class of clients."""
        assert isinstance(owner.node, cst.ClassDef)
        named = [value.path for base in owner.node.bases if isinstance(value := self.of(base.value), Named)]
        found = next((client for path in named if (client := client_of(path)) is not None), None)
        return found and evolve(found, why=f"made by {owner.node.name.value}, a class of such clients")

    def result(self, function: Scope) -> Value | None:
        """What a function of this file gives."""
        node = function.node
        if not isinstance(node, cst.FunctionDef):
            return None
        found = self.first(function.returns)
        if (found is None or isinstance(found, Constant)) and node.returns is not None:
            return self.annotated(node.returns.annotation)
        return found

    def _handed_on(self, node: cst.Call, name: str) -> Value | None:
        """A function from elsewhere that is given a client or a class of clients: ``partial(OpenAI, …)``,
        ``wrap(OpenAI())``, ``Depends(get_client)``, ``field(default_factory=OpenAI)``."""
        for each in node.args:
            value = self.of(each.value)
            is_factory = each.keyword is not None and each.keyword.value in ("default_factory", "factory")
            if isinstance(value, Client) and not value.path:
                return evolve(value, sureness="likely", why=f"{value.why}, handed on by {name or 'a function'}")
            if name.endswith("partial") and isinstance(value, (Named, Client, Defined)):
                return value
            if isinstance(value, Named) and is_factory:
                return client_of(value.path)
            if isinstance(value, Defined) and (is_factory or name.endswith("Depends")):
                return self._called(value)
        return None

    def _holder(self, node: cst.Call) -> Value | None:
        """``clients.get("a")``, ``run.required_action.model_dump()`` …"""
        if isinstance(node.func, cst.Attribute) and node.func.attr.value in ELEMENTS:
            held = self.of(node.func.value)
            return held.each if isinstance(held, Several) else None
        return None

    def waited(self, node: cst.Await) -> Value | None:
        return self.of(node.expression)

    def either(self, node: cst.IfExp) -> Value | None:
        return self.first((node.body, node.orelse))

    def both(self, node: cst.BooleanOperation) -> Value | None:
        return self.first((node.left, node.right))

    def walrus(self, node: cst.NamedExpr) -> Value | None:
        return self.of(node.value)

    def subscripted(self, node: cst.Subscript) -> Value | None:
        text = dotted(node)
        found = self.bound(self.bindings.dotted.get(text, ())) if text else None
        held = None if found is not None else self.of(node.value)
        if isinstance(held, Made) and isinstance(key := literal(subscript(node)), str):
            return held.part(key)
        return found or _element(held)

    def held(self, node: cst.List | cst.Tuple | cst.Dict | cst.Set) -> Value | None:
        if (value := literal(node)) is not MISSING:
            return Constant(value)
        things = [each.value for each in node.elements]
        found = next((value for each in things if isinstance(value := self.of(each), (Client, Made, Defined))), None)
        return None if found is None else Several(found)

    def written(self, node: cst.BaseExpression) -> Value | None:
        value = literal(node)
        return None if value is MISSING else Constant(value)


RULES: Final[Mapping[type[cst.CSTNode], Callable[..., Value | None]]] = {
    cst.Name: Inference.name,
    cst.Attribute: Inference.attribute,
    cst.Call: Inference.call,
    cst.Await: Inference.waited,
    cst.IfExp: Inference.either,
    cst.BooleanOperation: Inference.both,
    cst.NamedExpr: Inference.walrus,
    cst.Subscript: Inference.subscripted,
    **dict.fromkeys((cst.List, cst.Tuple, cst.Dict, cst.Set), Inference.held),
    **dict.fromkeys(
        (cst.SimpleString, cst.ConcatenatedString, cst.Integer, cst.Float, cst.UnaryOperation), Inference.written
    ),
}


def _weight(value: Value) -> int:
    """Of several bindings, the one that says most."""
    if isinstance(value, Client):
        return 4 if value.sureness == "certain" else 3
    return 2 if isinstance(value, (Made, Several)) else 1


def _element(value: Value | None) -> Value | None:
    if isinstance(value, Several):
        return value.each
    return value.element() if isinstance(value, Made) else None


def _of_package(path: str) -> Value:
    """``openai.beta`` is a part of the client that the package itself is."""
    package, _, rest = path.partition(".")
    if package in ("openai", "bridge") and rest.partition(".")[0] == "beta":
        return Client(rest, False, "certain", f"the client that the package {package} itself is", package)
    return Named(path)


def _makes(scope: Scope) -> bool:
    return scope.owner is not None and getattr(scope.node, "name", cst.Name("_")).value in ("__init__", "__new__")


def _is_property(scope: Scope) -> bool:
    if not isinstance(scope.node, cst.FunctionDef):
        return False
    names = (dotted(each.decorator) or "" for each in scope.node.decorators)
    return any(name.rpartition(".")[2] in PROPERTIES for name in names)


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
