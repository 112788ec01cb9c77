"""What is read of legacy objects: ``run.usage.prompt_tokens``, step by step, and the thing that it ends in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import libcst as cst
from attrs import define, field

from bridge.codemod.fixer import parse
from bridge.codemod.plan import Around, Edit, NotConverted, Plan
from bridge.codemod.things import CONVERSATION, MESSAGE, MESSAGE_TEXTS, NOT_READ, SHOWN, THINGS, VALUES, Step, thing


@define
class Chain:
    """`nodes` from the innermost on: ``run``, ``run.usage``, ``run.usage.prompt_tokens``. `ends` is the thing of the
    whole, "" where it is a plain value; `last` the node of the last step that was understood."""

    nodes: list[cst.BaseExpression]
    begins: str
    ends: str = ""
    last: cst.BaseExpression | None = None
    steps: list[tuple[cst.BaseExpression, int, Step]] = field(factory=list)
    """(the node, how many nodes further in its thing is, the step)"""


def chains(plan: Plan) -> Iterator[Chain]:
    """All of the module that begin with a thing."""
    for node in plan.nodes:
        if not isinstance(node, cst.BaseExpression) or not plan.is_value(node) or _continues(plan, node):
            continue
        nodes = list(_inner(node))
        made = next((made for each in nodes if (made := plan.made(each)) is not None), None)
        begins = thing(made)
        while nodes and thing(plan.made(nodes[0])) is None:
            nodes.pop(0)
        if nodes and begins is not None:
            yield Chain(nodes, thing(plan.made(nodes[0])) or "")


def _continues(plan: Plan, node: cst.BaseExpression) -> bool:
    """Whether more is read of it."""
    parent = plan.parent(node)
    if isinstance(parent, (cst.Attribute, cst.Subscript)):
        return parent.value is node
    return isinstance(parent, cst.Await)


def _inner(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The innermost expression first."""
    if isinstance(node, (cst.Attribute, cst.Subscript)):
        yield from _inner(node.value)
    elif isinstance(node, cst.Await):
        yield from _inner(node.expression)
    yield node


def walked(plan: Plan, chain: Chain) -> Chain:
    """With its steps. Raises NotConverted for what native code does not have."""
    at, read, since = chain.begins, "", 0
    chain.last = chain.nodes[0]
    for node in chain.nodes[1:]:
        if at == "":
            break
        if isinstance(node, cst.Await):
            since += 1
            chain.last = node
            continue
        read, since = _joined(read, node), since + 1
        step = _steps(plan, at).get(read)
        if step is not None:
            chain.steps.append((node, since, step))
            at, read, since, chain.last = step.gives, "", 0, node
    if at and read and at not in VALUES:
        raise NotConverted(chain.nodes[-1], _reason(at, read))
    if at == "event data":  # as a whole, it is the run
        node, depth, _ = chain.steps[-1]
        chain.steps[-1], at = (node, depth, RESPONSE), "run"
    chain.ends = at
    return chain


RESPONSE: Final = Step("{it}.response", "run")


def _steps(plan: Plan, at: str) -> Mapping[str, Step]:
    if at == "message":
        return MESSAGE_TEXTS if plan.keeps_texts else MESSAGE
    if at == "thread" and plan.state == "conversation":
        return CONVERSATION
    return THINGS.get(at, {})


def _joined(read: str, node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{read}.{node.attr.value}" if read else node.attr.value
    return f"{read}[]"


def _reason(at: str, read: str) -> str:
    name = read.partition(".")[0].partition("[")[0]
    known = NOT_READ.get((at, name)) or NOT_READ.get((at, "*"))
    return known or f"`{read}` of {SHOWN.get(at, at)} has no counterpart"


def rewrite(plan: Plan, chain: Chain) -> None:
    """Note the native expression for each step."""
    for node, depth, step in chain.steps:
        if step.template != "{it}" or depth:
            plan.replace(node, _edit(depth, step.template))


def _edit(depth: int, template: str) -> Edit:
    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        it = updated
        for _ in range(depth):
            assert isinstance(it, (cst.Attribute, cst.Subscript, cst.Await))
            it = it.expression if isinstance(it, cst.Await) else it.value
        if template == "{it}":
            return it
        made = parse(template, it=it)
        lpar, rpar = getattr(updated, "lpar", ()), getattr(updated, "rpar", ())
        return made.with_changes(lpar=lpar, rpar=rpar) if lpar else made

    return edit


def end_of(chain: Chain) -> cst.BaseExpression:
    """The node whose value is the thing that the chain ends in."""
    assert chain.last is not None
    return chain.last
