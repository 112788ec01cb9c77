"""submit_tool_outputs => the outputs as items of the history, and the next response (responses-mapping §4.4).

{"tool_call_id": id, "output": text}  => {"type": "function_call_output", "call_id": id, "output": text}
a call for its own sake               => its run is the response from then on
"""

from __future__ import annotations

import libcst as cst

from bridge.codemod import arguments, nodes, responding, sole, states, streaming
from bridge.codemod.fixer import Fixer
from bridge.codemod.fixers.runs_create import answered
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import Call

KNOWN = frozenset(("thread_id", "run_id", "tool_outputs", "stream", "event_handler"))


def submit(plan: Plan, call: Call) -> None:
    given = arguments.named(plan, call, KNOWN)
    run = arguments.take(plan, call, given, "run_id")
    thread = arguments.take(plan, call, given, "thread_id")
    if "tool_outputs" not in given:
        raise NotConverted(call.node, "`tool_outputs` is not given")
    with_ = _configuration(plan, call)
    if streaming.is_stream(plan, call):
        streaming.submit(plan, call, given, thread, with_)
        return
    responding.place(plan, call)

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        inner = arguments.inner(updated)
        at = arguments.value(inner, thread, call)
        outputs = arguments.value(inner, given["tool_outputs"], call)
        response = states.again(updated, responding.request(plan, call, with_, at, around, outputs))
        if isinstance(plan.small(call.node), cst.Expr):
            around.after += states.kept(plan, arguments.value(inner, run, call), at)
            return response
        return answered(plan, call, response, at, around)

    plan.replace(arguments.outer(plan, call), edit)
    _name_the_run(plan, call, run.node)


def _configuration(plan: Plan, call: Call) -> cst.BaseExpression:
    """What the run was created with: it goes with every response, nothing carries over."""
    assistant = sole.expression(plan, "assistant_id", call.node)
    creators = [each for each in plan.calls(*sole.CREATORS) if _overrides(each)]
    if not creators:
        return assistant
    raise NotConverted(call.node, "the run says otherwise than its assistant, which the later responses have to repeat")


def _overrides(call: Call) -> bool:
    kept = {each.name for each in call.arguments} & (responding.KNOWN - {*responding.IDS, "tool_choice"})
    return bool(kept - {"additional_messages"})


def _name_the_run(plan: Plan, call: Call, run: cst.BaseExpression) -> None:
    """``submit(run_id=run.id, …)`` => ``run = …``"""
    small = plan.small(call.node)
    if not isinstance(small, cst.Expr):
        return
    target = run.value if isinstance(run, cst.Attribute) else run
    if not isinstance(target, cst.Name):
        raise NotConverted(call.node, "what the run is named after it got its outputs cannot be said here")

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        assert isinstance(updated, cst.Expr) and isinstance(target, cst.Name)
        return cst.Assign([cst.AssignTarget(cst.Name(target.value))], updated.value)

    plan.replace(small, edit)


# --- the outputs themselves


def outputs(plan: Plan) -> None:
    """Every dict that is an output, wherever it is made."""
    if not plan.calls(*FIXER.calls):
        return
    for node in plan.nodes:
        if isinstance(node, cst.Dict) and nodes.get(node, "tool_call_id") is not None:
            if not {nodes.key_of(each) for each in node.elements} <= {"tool_call_id", "output"}:
                raise NotConverted(node, "the output of a tool has other keys")
            plan.replace(node, _item)
        elif isinstance(node, cst.SimpleString) and node.evaluated_value == "tool_call_id":
            if not isinstance(plan.parent(node), cst.DictElement):
                raise NotConverted(node, "the outputs of tools are not written down as dicts")
        elif isinstance(node, cst.Arg) and node.keyword is not None and node.keyword.value == "tool_call_id":
            raise NotConverted(node, "the outputs of tools are not written down as dicts")


def _item(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
    assert isinstance(updated, cst.Dict)
    elements = [
        each.with_changes(key=nodes.text("call_id")) if nodes.key_of(each) == "tool_call_id" else each
        for each in updated.elements
    ]
    kind = nodes.element("type", nodes.text("function_call_output"))
    if nodes.get(updated, "output") is None:
        return nodes.laid_out(updated, [kind, *elements, nodes.element("output", nodes.text(""))])
    return nodes.laid_out(updated, [kind, *elements])


FIXER = Fixer(
    "tool_outputs",
    calls=dict.fromkeys(
        (
            "runs.submit_tool_outputs",
            "runs.submit_tool_outputs_and_poll",
            "runs.submit_tool_outputs_stream",
            "runs.submit_tool_outputs_and_stream",
        ),
        submit,
    ),
    begin=outputs,
)
