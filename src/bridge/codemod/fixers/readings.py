"""What is read of runs, calls, threads and assistants => what native objects have in its place (codemod/things.py)."""

from __future__ import annotations

import libcst as cst

from bridge.codemod import chains, closed, holders, sole
from bridge.codemod.fixer import Fixer, parse
from bridge.codemod.fixers import run_status, stream_events
from bridge.codemod.plan import Around, NotConverted, Plan, Refusal


def read(plan: Plan) -> None:
    """Every expression that begins with a thing, and then what holds things."""
    has_obstacles = bool(plan.refusals)
    for chain in list(chains.chains(plan)):
        if has_obstacles and chain.begins in ("page", "stream"):  # nobody has looked at all that reads them
            continue
        if chain.nodes[0] in plan.taken or any(node in plan.taken for node in chain.nodes):
            continue
        try:
            _chain(plan, chain)
        except NotConverted as why:
            plan.refusals.append(Refusal(why.node, why.reason, why.fixer or "readings"))
    plan.refusals += [Refusal(why.node, why.reason, "readings") for why in holders.check_names(plan)]


def _chain(plan: Plan, chain: chains.Chain) -> None:
    if chain.begins in ("page", "stream"):
        raise NotConverted(
            chain.nodes[0], f"what becomes of the {'messages' if chain.begins == 'page' else 'stream'} cannot be seen"
        )
    chains.walked(plan, chain)
    if chain.ends == "run id" and not _is_followed(plan, chain):
        chain.steps.pop()  # shown, or written down: the response has an id as well
        chain.ends = ""
    chains.rewrite(plan, chain)
    _end(plan, chain)


def _is_followed(plan: Plan, chain: chains.Chain) -> bool:
    try:
        closed.check_goal(plan, chain)
    except NotConverted:
        return not chain.steps  # a name that holds it: no id is left to show
    return True


def _end(plan: Plan, chain: chains.Chain) -> None:
    if chain.ends == "status":
        run_status.convert(plan, chain)
    elif chain.ends == "event name":
        stream_events.convert(plan, chain)
    elif chain.ends == "type of call":
        _type(plan, chain)
    elif chain.ends == "action":
        _action(plan, chain)
    elif chain.ends == "thread id of run":
        node = chains.end_of(chain)
        thread = sole.expression(plan, "thread_id", node)
        plan.replace(node, lambda updated, around: thread)
    elif chain.ends and chain.ends != "message":
        closed.check_goal(plan, chain)


def _type(plan: Plan, chain: chains.Chain) -> None:
    """``call.type == "function"``"""
    node = chains.end_of(chain)
    parent = plan.parent(node)
    if not isinstance(parent, cst.Comparison) or plan.flow.constant(parent.comparisons[0].comparator) != "function":
        raise NotConverted(node, "the type of a call has another name")

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        return cst.SimpleString('"function_call"')

    plan.replace(parent.comparisons[0].comparator, edit)


def _action(plan: Plan, chain: chains.Chain) -> None:
    """``if run.required_action``: whether there are calls."""
    node = chains.end_of(chain)
    parent = plan.parent(node)
    is_truth = isinstance(parent, (cst.If, cst.While, cst.BooleanOperation)) or (
        isinstance(parent, cst.UnaryOperation) and isinstance(parent.operator, cst.Not)
    )
    if not is_truth:
        raise NotConverted(node, "the required action goes where this file does not follow it")
    plan.replace(node, lambda updated, around: parse(run_status.CALLS, it=updated))


FIXER = Fixer("readings", end=read)
