"""Output items ↔ tool calls of run steps; tool outputs → items (assistants-wire §7.2, responses-mapping §4.4, §5.1).

    Responses item                                Assistants tool call
    function_call {call_id, name, arguments}   => {"id": call_id, "function": {name, arguments, "output": null}}
    code_interpreter_call {id, code, outputs}  => {"id", "code_interpreter": {"input": code, outputs}}
    file_search_call {id, results}             => {"id", "file_search": {ranking_options, results}}
    function_call, function_call_output        <= a function call, and its output if there is one
    function_call_output {call_id, output}     <= a tool output {tool_call_id, output}

Items of all other types (reasoning, web_search_call, mcp_call …) have no Assistants form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from bridge.records import Item, Object, Step
from bridge.translate import loose
from bridge.translate.loose import Untranslatable

RANKING: Final[Object] = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
"""What the old service showed as ranking_options where none were given (§8.2)."""


def to_assistants(
    item: Mapping[str, Any],
    *,
    ranking_options: Object | None = None,
    images: Sequence[str] = (),
) -> Object:
    """The tool call of a step. Search results keep their content; showing it is up to `include`.

    `images` are the ids of the files that stand for what the code drew: the item itself has at most URLs, and an
    Assistants client can only ask for a file.
    """
    kind = item.get("type")
    if kind == "function_call":
        function = {"name": item["name"], "arguments": item["arguments"], "output": None}
        return {"id": item.get("call_id") or item["id"], "type": "function", "function": function}
    if kind == "code_interpreter_call":
        return hosted_call("code_interpreter", item["id"], _interpreted(item, images))
    if kind == "file_search_call":
        results = [_result(result) for result in loose.objects(item, "results")]
        shown = {"ranking_options": _ranked(ranking_options), "results": results}
        return hosted_call("file_search", item["id"], shown)
    raise Untranslatable(f"item of type {kind!r} has no Assistants tool call")


def hosted_call(
    type: Literal["code_interpreter", "file_search"],
    id: str,
    found: Object | None = None,
    *,
    ranking_options: Object | None = None,
) -> Object:
    """The tool call of a hosted tool, as it begins or (with what was `found`) as it ended."""
    if found is None:
        begun = {"code_interpreter": {"input": "", "outputs": []}}
        found = begun.get(type) or {"ranking_options": _ranked(ranking_options), "results": []}
    return {"id": id, "type": type, type: found}


def to_responses(call: Object) -> list[Object]:
    """The items behind a tool call of a step.

    Hosted calls give none: their containers and results are gone, and an id without its content is refused
    (responses-mapping §13 c). What they found is in the messages that follow.
    """
    kind = call.get("type")
    if kind == "function":
        function = call["function"]
        asked = {"type": "function_call", "call_id": call["id"], **_picked(function)}
        output = function.get("output")
        return [asked] if output is None else [asked, _output(call["id"], output)]
    if kind in ("code_interpreter", "file_search"):
        return []
    raise Untranslatable(f"tool call {call!r} has no Responses form")


def items(step: Step) -> list[Item]:
    """What of a step that was made elsewhere is sent to the model again: its function calls, then their outputs, as a
    run of ours stores them. Calls that say too little to be sent are left out. The ids follow from the step's: the same
    step gives the same items."""
    calls = [call for call in loose.objects(step.step_details, "tool_calls") if _is_callable(call)]
    bodies = [body for call in calls for body in to_responses(call)]
    bodies.sort(key=lambda body: body["type"] == "function_call_output")
    return [
        Item(f"{step.id}.{number}", step.thread_id, step.run_id, body["type"], body, call_id=body["call_id"])
        for number, body in enumerate(bodies)
    ]


def outputs_to_responses(tool_outputs: Iterable[Object]) -> list[Object]:
    """The items that answer function calls. An output that was left out, or null, is the empty string."""
    return [_output(given["tool_call_id"], given.get("output")) for given in tool_outputs]


def output_text(item: Mapping[str, Any]) -> str:
    """The output of a function_call_output item as Assistants clients know it: one string."""
    output = item.get("output")
    if isinstance(output, str):
        return output
    return "".join(loose.text(part, "text") or "" for part in loose.objects(item, "output"))


def asked(call: Object) -> Object:
    """A function call of a step as required_action shows it: without an output (assistants-wire §5.1)."""
    function = {key: call["function"][key] for key in ("name", "arguments")}
    return {"id": call["id"], "type": "function", "function": function}


# --- pieces


def _is_callable(call: Object) -> bool:
    """Whether it is a function call that could be sent again."""
    says_all = all(loose.text(call.get("function"), name) is not None for name in ("name", "arguments"))
    return call.get("type") == "function" and says_all and loose.text(call, "id") is not None


def _ranked(given: Object | None) -> Object:
    return {**RANKING, **(given or {})}


def _picked(function: Object) -> Object:
    return {"name": function["name"], "arguments": function["arguments"]}


def _output(call_id: str, output: str | None) -> Object:
    return {"type": "function_call_output", "call_id": call_id, "output": output or ""}


def _interpreted(item: Mapping[str, Any], images: Sequence[str]) -> Object:
    written = [output for output in loose.objects(item, "outputs") if output.get("type") == "logs"]
    logs: list[Object] = [{"type": "logs", "logs": loose.text(output, "logs") or ""} for output in written]
    drawn: list[Object] = [{"type": "image", "image": {"file_id": file_id}} for file_id in images]
    return {"input": loose.text(item, "code") or "", "outputs": [*logs, *drawn]}


def _result(result: Object) -> Object:
    """Scores are between 0 and 1 on the old wire; some servers say more (upstreams.md)."""
    score = result.get("score")
    score = float(score) if isinstance(score, (int, float)) else 0.0
    text = loose.text(result, "text")
    return {
        "file_id": loose.text(result, "file_id") or "",
        "file_name": loose.text(result, "filename") or "",
        "score": min(max(score, 0.0), 1.0),
        "attributes": loose.object(result, "attributes") or {},
        "content": [] if text is None else [{"type": "text", "text": text}],
    }
