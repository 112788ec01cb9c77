"""What each kind of expression is: the rules that inferring.py follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import libcst as cst
from attrs import evolve

from bridge.scan.operations import BY_PATH
from bridge.scan.python.inferring import Inference, element
from bridge.scan.python.scopes import Bindings, Scope
from bridge.scan.python.tree import MISSING, dotted, literal, subscript
from bridge.scan.python.values import Client, Constant, Defined, Made, Named, Several, Value, client_of

SAME: Final = frozenset({"with_options", "copy", "__enter__", "__aenter__"})
"""Methods of a client that give such a client."""

ELEMENTS: Final = frozenset({"get", "pop", "values", "setdefault"})
PROPERTIES: Final = ("property", "cached_property")

SEEDS: Final = {"threads": "beta.threads", "assistants": "beta.assistants"}
"""What makes an unknown ``….beta`` the one of the Assistants API."""


def inference(bindings: Bindings) -> Inference:
    """Over a module, with these rules."""
    return Inference(bindings, RULES)


def attribute(known: Inference, node: cst.Attribute) -> Value | None:
    found = _part(known, known.of(node.value), node.attr.value)
    if found is not None and not isinstance(found, Named):
        return found
    text = dotted(node)
    given = known.bound(known.bindings.dotted.get(text, ())) if text else None
    return given or _unknown(node) or found


def _part(known: Inference, value: Value | None, name: str) -> Value | None:
    if isinstance(value, (Client, Made)):
        return value.part(name)
    if isinstance(value, Defined):
        return _member(known, value, name)
    if isinstance(value, Named):
        return _of_package(f"{value.path}.{name}")
    return None


def _unknown(node: cst.Attribute) -> Value | None:
    """``….beta.threads`` of whatever."""
    inner = node.value
    if isinstance(inner, cst.Attribute) and inner.attr.value == "beta" and node.attr.value in SEEDS:
        text = dotted(inner.value)
        shown = f"of {text}, which is not known here" if text else "of something unknown"
        return Client(SEEDS[node.attr.value], None, "likely", f"beta.{node.attr.value} {shown}")
    return None


def _member(known: Inference, value: Defined, name: str, depth: int = 10) -> Value | None:
    """An attribute of a class of this file or of its objects, also where a base has it."""
    owner = value.scope
    if not isinstance(owner.node, cst.ClassDef) or not depth:
        return None
    found = known.bound(owner.names.get(name, ()), owner.attributes.get(name, ()))
    if isinstance(found, Defined) and not found.is_made and _is_property(found.scope):
        return result(known, found.scope)
    for base in () if found is not None else owner.node.bases:
        inherited = known.of(base.value)
        if isinstance(inherited, Defined):
            found = _member(known, Defined(inherited.scope, value.is_made), name, depth - 1)
        elif isinstance(inherited, Named) and value.is_made and (client := client_of(inherited.path)) is not None:
            found = evolve(client, why=f"of {owner.node.name.value}, made of {inherited.path}").part(name)
        if found is not None:
            break
    return found


def call(known: Inference, node: cst.Call) -> Value | None:
    if dotted(node.func) == "getattr":
        return _got(known, node)
    function = known.of(node.func)
    if isinstance(function, Client):
        return _called_client(function, node)
    if isinstance(function, Defined):
        return _called(known, function)
    if isinstance(function, Several) and isinstance(node.func, cst.Attribute):
        return function.each
    if isinstance(function, Named):
        return client_of(function.path) or _handed_on(known, node, function.path)
    return _holder(known, node) or _handed_on(known, node, dotted(node.func) or "")


def _got(known: Inference, node: cst.Call) -> Value | None:
    """``getattr(client, "beta")``."""
    given = [each.value for each in node.args]
    name = known.constant(given[1]) if len(given) > 1 else MISSING
    return _part(known, known.of(given[0]), name) if isinstance(name, str) else None


def _called_client(client: Client, node: cst.Call) -> Value | None:
    operation = BY_PATH.get(client.path)
    if operation is not None:
        return Made(operation.gives, "", node) if operation.gives else None
    return evolve(client, path="") if client.path in SAME else None


def _called(known: Inference, function: Defined) -> Value | None:
    if isinstance(function.scope.node, cst.ClassDef):
        return _made_of(known, function.scope) or Defined(function.scope, is_made=True)
    return result(known, function.scope)


def _made_of(known: Inference, owner: Scope) -> Client | None:
    """A class of this file that is itself a class of clients."""
    assert isinstance(owner.node, cst.ClassDef)
    named = [value.path for base in owner.node.bases if isinstance(value := known.of(base.value), Named)]
    found = next((client for path in named if (client := client_of(path)) is not None), None)
    return found and evolve(found, why=f"made by {owner.node.name.value}, a class of such clients")


def result(known: Inference, function: Scope) -> Value | None:
    """What a function of this file gives."""
    node = function.node
    if not isinstance(node, cst.FunctionDef):
        return None
    found = known.first(function.returns)
    if (found is None or isinstance(found, Constant)) and node.returns is not None:
        return known.annotated(node.returns.annotation)
    return found


def _handed_on(known: Inference, node: cst.Call, name: str) -> Value | None:
    """A function from elsewhere that is given a client or a class of clients: ``partial(OpenAI, …)``,
    ``wrap(OpenAI())``, ``Depends(get_client)``, ``field(default_factory=OpenAI)``."""
    for each in node.args:
        value = known.of(each.value)
        is_factory = each.keyword is not None and each.keyword.value in ("default_factory", "factory")
        if isinstance(value, Client) and not value.path:
            return _wrapped(value, name)
        if name.endswith("partial") and isinstance(value, (Named, Client, Defined)):
            return value
        if isinstance(value, Named) and is_factory:
            return client_of(value.path)
        if isinstance(value, Defined) and (is_factory or name.endswith("Depends")):
            return _called(known, value)
    return None


def _wrapped(client: Client, name: str) -> Client:
    """Of ``bridge.wrap`` it is known what it gives; of others that it is a client, most likely."""
    if name == "bridge.wrap":
        return evolve(client, package="bridge", why=f"{client.why}, wrapped by bridge")
    return evolve(client, sureness="likely", why=f"{client.why}, handed on by {name or 'a function'}")


def _holder(known: Inference, node: cst.Call) -> Value | None:
    """``clients.get("a")``, ``run.required_action.model_dump()`` …"""
    if isinstance(node.func, cst.Attribute) and node.func.attr.value in ELEMENTS:
        held = known.of(node.func.value)
        return held.each if isinstance(held, Several) else None
    return None


def waited(known: Inference, node: cst.Await) -> Value | None:
    return known.of(node.expression)


def either(known: Inference, node: cst.IfExp) -> Value | None:
    return known.first((node.body, node.orelse))


def both(known: Inference, node: cst.BooleanOperation) -> Value | None:
    return known.first((node.left, node.right))


def walrus(known: Inference, node: cst.NamedExpr) -> Value | None:
    return known.of(node.value)


def subscripted(known: Inference, node: cst.Subscript) -> Value | None:
    text = dotted(node)
    found = known.bound(known.bindings.dotted.get(text, ())) if text else None
    held = None if found is not None else known.of(node.value)
    if isinstance(held, Made) and isinstance(key := literal(subscript(node)), str):
        return held.part(key)
    return found or element(held)


def held(known: Inference, node: cst.List | cst.Tuple | cst.Dict | cst.Set) -> Value | None:
    if (value := literal(node)) is not MISSING:
        return Constant(value)
    things = [each.value for each in node.elements]
    found = [value for each in things if isinstance(value := known.of(each), (Client, Made, Defined))]
    are_alike = len({value.path for value in found if isinstance(value, Client)}) <= 1
    return Several(found[0]) if found and are_alike else None


def written(known: Inference, node: cst.BaseExpression) -> Value | None:
    value = literal(node)
    return None if value is MISSING else Constant(value)


def _of_package(path: str) -> Value:
    """``openai.beta`` is a part of the client that the package itself is."""
    package, _, rest = path.partition(".")
    if package in ("openai", "bridge") and rest.partition(".")[0] == "beta":
        return Client(rest, False, "certain", f"the client that the package {package} itself is", package)
    return Named(path)


def _is_property(scope: Scope) -> bool:
    if not isinstance(scope.node, cst.FunctionDef):
        return False
    names = (dotted(each.decorator) or "" for each in scope.node.decorators)
    return any(name.rpartition(".")[2] in PROPERTIES for name in names)


RULES: Final[Mapping[type[cst.CSTNode], Callable[..., Value | None]]] = {
    cst.Name: Inference.name,
    cst.Attribute: attribute,
    cst.Call: call,
    cst.Await: waited,
    cst.IfExp: either,
    cst.BooleanOperation: both,
    cst.NamedExpr: walrus,
    cst.Subscript: subscripted,
    **dict.fromkeys((cst.List, cst.Tuple, cst.Dict, cst.Set), held),
    **dict.fromkeys((cst.SimpleString, cst.ConcatenatedString, cst.Integer, cst.Float, cst.UnaryOperation), written),
}
