"""The calls of the Assistants API in one module of Python: which, on what, with what, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import libcst as cst
from attrs import define, field, frozen
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from bridge.scan.operations import BY_PATH, DISTINCT, HOMES, RESOURCES, Operation
from bridge.scan.python.expressions import inference
from bridge.scan.python.inferring import Inference
from bridge.scan.python.scopes import Bindings, Scope, bindings
from bridge.scan.python.tree import MISSING, dotted
from bridge.scan.python.values import Client, Defined, Named, Sureness

HANDLERS: Final = {"AssistantEventHandler": False, "AsyncAssistantEventHandler": True}
"""The SDK's classes of event handlers, and whether they are async."""

TAILS: Final = ("threads.runs.steps", "threads.messages.files", "threads.runs", "threads.messages", "assistants.files")
"""What the receiver of a possible call ends in, the longer first."""


@frozen(eq=False)
class Argument:
    """`name` is None for one by position; `star` is ``*`` or ``**``. `value` is what is known of it: a literal, also
    by a name that has one; else MISSING."""

    name: str | None
    node: cst.BaseExpression = field(repr=False)
    value: Any = MISSING
    star: str = ""


@frozen(eq=False)
class Call:
    """`operation` is None where only the resource is known (``getattr(client.beta.threads, name)``). `node` is the
    cst.Call; or, where the method is handed on (``to_thread(client.beta.threads.create)``), the method itself."""

    operation: Operation | None
    path: str
    node: cst.BaseExpression = field(repr=False)
    receiver: cst.BaseExpression | None = field(repr=False)
    arguments: tuple[Argument, ...]
    scope: Scope = field(repr=False)
    is_async: bool | None
    is_awaited: bool
    sureness: Sureness
    why: str
    package: str | None = None
    is_raw: bool = False
    """By ``with_raw_response`` or ``with_streaming_response``."""

    @property
    def name(self) -> str:
        """The operation's, or the path of what is called."""
        return self.operation.name if self.operation else self.path

    def argument(self, name: str) -> Argument | None:
        return next((each for each in self.arguments if each.name == name), None)


@frozen(eq=False)
class Handler:
    """A class of event handlers: `methods` are those it has itself."""

    node: cst.ClassDef = field(repr=False)
    scope: Scope = field(repr=False)
    is_async: bool
    methods: tuple[str, ...]


@define
class Analysis:
    """Of one module. `wrapper` gives positions; its `module` is the tree that all nodes are of."""

    wrapper: MetadataWrapper = field(repr=False)
    bindings: Bindings = field(repr=False)
    inference: Inference = field(repr=False)
    calls: tuple[Call, ...] = ()
    handlers: tuple[Handler, ...] = ()
    _ranges: Mapping[cst.CSTNode, CodeRange] | None = field(default=None, repr=False)

    def place(self, node: cst.CSTNode) -> CodeRange:
        """Lines from 1, columns from 0. Made for the whole module when first asked for."""
        if self._ranges is None:
            self._ranges = self.wrapper.resolve(PositionProvider)
        return self._ranges[node]


def analyse(source: str | bytes | MetadataWrapper) -> Analysis:
    """Raises libcst.ParserSyntaxError. Nothing of the source is run or imported."""
    if isinstance(source, MetadataWrapper):
        wrapper = source
    else:
        wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    found = bindings(wrapper.module)
    analysis = Analysis(wrapper, found, inference(found))
    analysis.calls = tuple(_calls(analysis))
    analysis.handlers = tuple(_handlers(analysis))
    return analysis


# --- calls


def _calls(analysis: Analysis) -> Iterator[Call]:
    """In the order of the text. A method is found where it is called or handed on, not where it is a part of more."""
    for node, scope in list(analysis.bindings.scopes.items()):
        if isinstance(node, cst.Call):
            found = _method(analysis, node.func)
            if found is not None:
                yield _call(analysis, node, node.func, found, scope)
        elif isinstance(node, cst.Attribute) and not _is_part(analysis, node):
            value = analysis.inference.of(node)
            if isinstance(value, Client) and value.path in BY_PATH:
                yield _call(analysis, node, node, value, scope)


def _is_part(analysis: Analysis, node: cst.Attribute) -> bool:
    """Of a longer name, of a call, or a target."""
    parent = analysis.bindings.parents.get(node)
    if isinstance(parent, cst.Attribute):
        return True
    return (isinstance(parent, cst.Call) and parent.func is node) or isinstance(parent, cst.AssignTarget)


def _method(analysis: Analysis, function: cst.BaseExpression) -> Client | None:
    value = analysis.inference.of(function)
    if isinstance(value, Client):
        return value if _is_method(value.path) else None
    if isinstance(function, cst.Call):
        return _dynamic(analysis, function)
    return _possible(function) if value is None and isinstance(function, cst.Attribute) else None


def _is_method(path: str) -> bool:
    """Of a resource, whether the table knows it or not; ``with_options`` and such are none."""
    resource, _, method = path.rpartition(".")
    return path in BY_PATH or (resource in RESOURCES and not method.startswith(("with_", "_")))


def _dynamic(analysis: Analysis, function: cst.Call) -> Client | None:
    """``getattr(client.beta.threads, name)(…)``."""
    if dotted(function.func) != "getattr" or not function.args:
        return None
    value = analysis.inference.of(function.args[0].value)
    return value if isinstance(value, Client) and value.path in RESOURCES else None


def _possible(function: cst.Attribute) -> Client | None:
    """By names alone: ``….threads.runs.create``, ``….submit_tool_outputs``."""
    text, method = dotted(function.value) or "", function.attr.value
    if ".agents." in f"{text}.":  # Azure's agents have methods of these names
        return None
    for tail in TAILS:
        if text == tail or text.endswith(f".{tail}"):
            path = f"beta.{tail}.{method}"
            return Client(path, None, "possible", f"named {tail}.{method}") if path in BY_PATH else None
    if method not in DISTINCT:
        return None
    resource = "threads" if method.startswith("create_and_run") else "runs"
    return Client(f"{HOMES[resource]}.{method}", None, "possible", f"a method named {method}")


def _call(
    analysis: Analysis, node: cst.BaseExpression, function: cst.BaseExpression, method: Client, scope: Scope
) -> Call:
    parents = analysis.bindings.parents
    return Call(
        operation=BY_PATH.get(method.path),
        path=method.path,
        node=node,
        receiver=function.value if isinstance(function, cst.Attribute) else None,
        arguments=tuple(_arguments(analysis, node)) if isinstance(node, cst.Call) else (),
        scope=scope,
        is_async=method.is_async,
        is_awaited=isinstance(parents.get(node), cst.Await),
        sureness=method.sureness,
        why=method.why,
        package=method.package,
        is_raw="_response." in (dotted(function) or ""),
    )


def _arguments(analysis: Analysis, node: cst.Call) -> Iterator[Argument]:
    for each in node.args:
        name = each.keyword.value if each.keyword else None
        value = MISSING if each.star else analysis.inference.constant(each.value)
        yield Argument(name, each.value, value, each.star)


# --- event handlers


def _handlers(analysis: Analysis) -> Iterator[Handler]:
    for scope in analysis.bindings.classes:
        base = _handler_base(analysis, scope)
        if base is not None and isinstance(scope.node, cst.ClassDef):
            body = scope.node.body.body
            methods = tuple(each.name.value for each in body if isinstance(each, cst.FunctionDef))
            yield Handler(scope.node, scope, HANDLERS[base], methods)


def _handler_base(analysis: Analysis, scope: Scope, depth: int = 10) -> str | None:
    """The SDK's class that this one is made of, through classes of this file."""
    for base in scope.node.bases if isinstance(scope.node, cst.ClassDef) and depth else ():
        value = analysis.inference.of(base.value)
        if isinstance(value, Named) and (name := value.path.rpartition(".")[2]) in HANDLERS:
            return name
        if isinstance(value, Defined) and (found := _handler_base(analysis, value.scope, depth - 1)) is not None:
            return found
    return None
