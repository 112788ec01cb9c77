"""Who gives a name its value: one pass over a module that notes every binding, whatever the order of execution.

A name may have several bindings (two branches, a default and an assignment); whoever asks takes those it understands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

import libcst as cst
from attrs import define, field, frozen

from bridge.scan.python.tree import children, dotted

How = Literal["value", "element", "import", "annotation", "definition", "parameter"]


@frozen(eq=False)
class Binding:
    """`node` is the expression, annotation or definition; `scope` where it is evaluated. `path` is what an
    import names.

    value       the name is what the expression is (an assignment, ``with … as``, a default)
    element     it is one of what the expression holds (``for``, unpacking)
    parameter   of the function `scope`; the node is its cst.Param
    """

    how: How
    scope: Scope = field(repr=False)
    node: cst.CSTNode | None = field(default=None, repr=False)
    path: str = ""


@define(eq=False)
class Scope:
    """Of a module, class, function or comprehension. `attributes` (of classes) are what methods set on their object."""

    node: cst.CSTNode = field(repr=False)
    parent: Scope | None = field(default=None, repr=False)
    names: dict[str, list[Binding]] = field(factory=dict, repr=False)
    attributes: dict[str, list[Binding]] = field(factory=dict, repr=False)
    returns: list[cst.BaseExpression] = field(factory=list, repr=False)
    outside: set[str] = field(factory=set)
    """Names that the function declares global or nonlocal."""

    @property
    def owner(self) -> Scope | None:
        """The class, if this is a method of one."""
        is_method = isinstance(self.node, cst.FunctionDef) and self.parent is not None
        return self.parent if is_method and isinstance(self.parent.node, cst.ClassDef) else None  # type: ignore[union-attr]

    def function(self) -> Scope | None:
        """The function around, this one included; None in a module or class."""
        scope: Scope | None = self
        while scope is not None and not isinstance(scope.node, cst.FunctionDef):
            scope = scope.parent
        return scope

    def lookup(self, name: str) -> list[Binding]:
        """The bindings of the nearest scope that has the name; classes are seen from their own body only."""
        scope: Scope | None = self
        while scope is not None:
            is_seen = scope is self or not isinstance(scope.node, cst.ClassDef)
            if is_seen and name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return []


@define
class Bindings:
    """Of a module. `scopes` says where each expression is evaluated (in the order of the text), `parents` what holds
    each node, `dotted` what was given to attributes and subscripts (``st.session_state.client``), by their text;
    `calls` all calls by the last name of what they call."""

    module: Scope
    scopes: dict[cst.CSTNode, Scope] = field(factory=dict)
    parents: dict[cst.CSTNode, cst.CSTNode] = field(factory=dict)
    dotted: dict[str, list[Binding]] = field(factory=dict)
    calls: dict[str, list[cst.Call]] = field(factory=dict)
    classes: list[Scope] = field(factory=list)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """What holds the node, the nearest first."""
        while node in self.parents:
            node = self.parents[node]
            yield node


def bindings(module: cst.Module) -> Bindings:
    """All bindings of the module."""
    collector = _Collector(Bindings(Scope(module)))
    collector.collect(module)
    return collector.found


SCOPED = (cst.FunctionDef, cst.ClassDef, cst.Lambda, cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp)


@define
class _Collector:
    found: Bindings

    def collect(self, module: cst.Module) -> None:
        """Without recursion: a module may be nested deeper than Python's stack."""
        waiting: list[tuple[cst.CSTNode, Scope]] = [(module, self.found.module)]
        while waiting:
            node, scope = waiting.pop()
            self.found.scopes[node] = scope
            below = self._note(node, scope)
            for child in reversed(list(children(node))):
                self.found.parents[child] = node
                waiting.append((child, self._inside(node, child, scope, below)))

    def _inside(self, node: cst.CSTNode, child: cst.CSTNode, scope: Scope, below: Scope) -> Scope:
        """Decorators, defaults, annotations and bases are evaluated outside of what they belong to."""
        if below is scope or not isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            return below
        return below if child is node.body else scope

    def _note(self, node: cst.CSTNode, scope: Scope) -> Scope:
        """The scope of what the node holds."""
        note = NOTES.get(type(node))
        if note is not None:
            note(self, node, scope)
        return self._scope(node, scope) if isinstance(node, SCOPED) else scope

    def _scope(self, node: cst.CSTNode, scope: Scope) -> Scope:
        made = Scope(node, scope)
        if isinstance(node, cst.ClassDef):
            self.found.classes.append(made)
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self._bind(scope, node.name.value, Binding("definition", made, node))
        if isinstance(node, (cst.FunctionDef, cst.Lambda)):
            for each in _parameters(node.params):
                self._bind(made, each.name.value, Binding("parameter", made, each))
        return made

    def _bind(self, scope: Scope, name: str, binding: Binding) -> None:
        while name in scope.outside and scope.parent is not None:
            scope = scope.parent
        scope.names.setdefault(name, []).append(binding)

    # --- targets

    def _target(self, target: cst.CSTNode, binding: Binding) -> None:
        if isinstance(target, cst.Name):
            self._bind(binding.scope, target.value, binding)
        elif isinstance(target, (cst.Tuple, cst.List)):
            self._unpack(target, binding)
        elif (text := dotted(target)) is not None:
            self.found.dotted.setdefault(text, []).append(binding)
            self._attribute(target, binding)

    def _unpack(self, target: cst.Tuple | cst.List, binding: Binding) -> None:
        given = binding.node.elements if isinstance(binding.node, (cst.Tuple, cst.List)) else ()
        is_paired = binding.how == "value" and len(given) == len(target.elements)
        for place, each in enumerate(target.elements):
            part = (
                Binding("value", binding.scope, given[place].value)
                if is_paired
                else Binding("element", binding.scope, binding.node)
            )
            self._target(each.value, part)

    def _attribute(self, target: cst.CSTNode, binding: Binding) -> None:
        """``self.client = …`` in a method of the class, or in a function inside of it."""
        if not isinstance(target, cst.Attribute) or not isinstance(target.value, cst.Name):
            return
        scope: Scope | None = binding.scope
        while scope is not None:
            if scope.owner is not None and target.value.value == first_parameter(scope):
                scope.owner.attributes.setdefault(target.attr.value, []).append(binding)
                return
            scope = scope.parent

    # --- statements

    def assign(self, node: cst.Assign, scope: Scope) -> None:
        for each in node.targets:
            self._target(each.target, Binding("value", scope, node.value))

    def annotated(self, node: cst.AnnAssign, scope: Scope) -> None:
        self._target(node.target, Binding("annotation", scope, node.annotation.annotation))
        if node.value is not None:
            self._target(node.target, Binding("value", scope, node.value))

    def named(self, node: cst.NamedExpr, scope: Scope) -> None:
        self._target(node.target, Binding("value", scope, node.value))

    def loop(self, node: cst.For | cst.CompFor, scope: Scope) -> None:
        self._target(node.target, Binding("element", scope, node.iter))

    def entered(self, node: cst.WithItem, scope: Scope) -> None:
        if node.asname is not None:
            self._target(node.asname.name, Binding("value", scope, node.item))

    def declared(self, node: cst.Global | cst.Nonlocal, scope: Scope) -> None:
        scope.outside.update(each.name.value for each in node.names)

    def returned(self, node: cst.Return | cst.Yield, scope: Scope) -> None:
        function = scope.function()
        value = node.value.item if isinstance(node.value, cst.From) else node.value
        if function is not None and value is not None:
            function.returns.append(value)

    def called(self, node: cst.Call, scope: Scope) -> None:
        name = dotted(node.func)
        if name is not None:
            self.found.calls.setdefault(name.rpartition(".")[2], []).append(node)

    # --- imports

    def imported(self, node: cst.Import, scope: Scope) -> None:
        for each in node.names:
            path = dotted(each.name) or ""
            if each.asname is not None:
                self._target(each.asname.name, Binding("import", scope, each, path))
            else:
                root = path.partition(".")[0]
                self._bind(scope, root, Binding("import", scope, each, root))

    def imported_from(self, node: cst.ImportFrom, scope: Scope) -> None:
        if isinstance(node.names, cst.ImportStar):
            return
        package = "." * len(node.relative) + (dotted(node.module) or "")
        for each in node.names:
            name = dotted(each.name) or ""
            path = f"{package}{name}" if package.endswith(".") else f"{package}.{name}"
            binding = Binding("import", scope, each, path)
            self._target(each.asname.name if each.asname else each.name, binding)


NOTES: Final[Mapping[type[cst.CSTNode], Callable[..., None]]] = {
    cst.Assign: _Collector.assign,
    cst.AnnAssign: _Collector.annotated,
    cst.NamedExpr: _Collector.named,
    cst.For: _Collector.loop,
    cst.CompFor: _Collector.loop,
    cst.WithItem: _Collector.entered,
    cst.Global: _Collector.declared,
    cst.Nonlocal: _Collector.declared,
    cst.Return: _Collector.returned,
    cst.Yield: _Collector.returned,
    cst.Call: _Collector.called,
    cst.Import: _Collector.imported,
    cst.ImportFrom: _Collector.imported_from,
}


def _parameters(given: cst.Parameters) -> Iterator[cst.Param]:
    yield from (*given.posonly_params, *given.params, *given.kwonly_params)
    yield from (each for each in (given.star_arg, given.star_kwarg) if isinstance(each, cst.Param))


def first_parameter(scope: Scope) -> str | None:
    """The name a method has for its object (or class)."""
    if not isinstance(scope.node, cst.FunctionDef):
        return None
    listed = (*scope.node.params.posonly_params, *scope.node.params.params)
    return listed[0].name.value if listed else None
