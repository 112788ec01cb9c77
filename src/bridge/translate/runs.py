"""Run parameters → one Responses request; a response → what it says of the run (responses-mapping §4).

    Assistants                                  Responses
    model, instructions, reasoning_effort    => the same, reasoning.effort; on every leg, nothing carries over
    tools, tool_resources                    => tools                               (tools.py)
    tool_choice                              => tool_choice; a forced choice is auto again after the first leg
    response_format                          => text.format                         (formats.py)
    the thread's messages                    => input                               (history.py)
    truncation_strategy, max_prompt_tokens   => what is left out of input           (context.py)
    max_completion_tokens                    => max_output_tokens, what the run's legs left of it
    metadata                                 => the same
    temperature, top_p, parallel_tool_calls  => the same, where they differ from the default
    (nothing)                                => store: false, stream: true, include

A request is built key by key: what is the default on both sides is left out. So reasoning models, which refuse even
temperature 1 and parallel_tool_calls, are asked as they want to be (mapping §17.19).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from bridge.records import Entry, Object, Run
from bridge.translate import context, formats, history, loose, steps, tools
from bridge.translate.failures import last_error as last_error
from bridge.translate.usage import NO_USAGE as NO_USAGE
from bridge.translate.usage import add as add_usage
from bridge.translate.usage import to_assistants as usage_to_assistants
from bridge.wire import responses

__all__ = [
    "MIN_OUTPUT_TOKENS",
    "NO_USAGE",
    "add_usage",
    "exhausted",
    "last_error",
    "left_to_prompt",
    "to_assistants",
    "to_responses",
    "usage_to_assistants",
]

MIN_OUTPUT_TOKENS: Final = 16
"""The least max_output_tokens that Responses accepts (mapping §4.1)."""

INCLUDE: Final = {
    "file_search": "file_search_call.results",
    "code_interpreter": "code_interpreter_call.outputs",
}
"""What a tool's results need to be asked for (mapping §4.1)."""


def to_responses(
    run: Run,
    entries: Sequence[Entry],
    *,
    first_leg: bool,
    include_reasoning: bool,
    characters: int | None = None,
    prompt_characters: int | None = None,
    container: str | None = None,
) -> Object:
    """The request of one leg. `entries` are the thread's in `seq` order, those of the run included.

    `include_reasoning` asks for encrypted reasoning and sends it back; only models that reason take that.
    `characters` is how much input fits; `prompt_characters` how much of it `max_prompt_tokens` leaves, four a token
    where nobody counted better. `container` is the code interpreter's session to go on with.
    """
    request: responses.Request = {"model": run.model, "input": [], "store": False, "stream": True}
    fitting = _fitting(run, entries, characters, prompt_characters)
    request["input"] = history.to_responses(run.id, fitting, include_reasoning=include_reasoning)
    if run.instructions is not None:
        request["instructions"] = run.instructions
    _add_tools(request, run, first_leg, container)
    _add_sampling(request, run)
    if run.metadata:
        request["metadata"] = dict(run.metadata)
    if (left := _left(run.max_completion_tokens, run, "completion_tokens")) is not None:
        request["max_output_tokens"] = max(left, MIN_OUTPUT_TOKENS)
    if include := _include(request.get("tools", ()), include_reasoning):
        request["include"] = include
    return cast(Object, request)


def to_assistants(response: Object) -> Object:
    """What a response says of its run: status, required_action, last_error, incomplete_details, usage.

    A response cut by the content filter makes the run incomplete without a reason: only messages have that one.
    """
    status, calls = loose.text(response, "status") or "completed", _pending(response)
    told: Object = {"status": status, "required_action": None, "last_error": None, "incomplete_details": None}
    if status == "completed" and calls:
        action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
        told |= {"status": "requires_action", "required_action": action}
    elif status == "incomplete":
        reason = loose.text(loose.object(response, "incomplete_details"), "reason")
        if reason not in (None, "max_output_tokens", "content_filter"):
            error = {"code": "server_error", "message": f"The response is incomplete: {reason}"}
            told |= {"status": "failed", "last_error": last_error(error)}
        else:
            told["incomplete_details"] = {"reason": None if reason == "content_filter" else "max_completion_tokens"}
    elif status == "failed":
        told["last_error"] = last_error(loose.object(response, "error"))
    return {**told, "usage": usage_to_assistants(loose.object(response, "usage"))}


def exhausted(run: Run) -> str | None:
    """Which budget the legs so far used up: the reason of the run's incomplete_details, or None to go on."""
    completion = _left(run.max_completion_tokens, run, "completion_tokens")
    if completion is not None and completion < MIN_OUTPUT_TOKENS:
        return "max_completion_tokens"
    prompt = left_to_prompt(run)
    return "max_prompt_tokens" if prompt is not None and prompt <= 0 else None


# --- the parts of a request


def left_to_prompt(run: Run) -> int | None:
    """What the run's legs so far left of max_prompt_tokens; None where it has no such budget."""
    return _left(run.max_prompt_tokens, run, "prompt_tokens")


def _fitting(
    run: Run, entries: Sequence[Entry], characters: int | None, prompt_characters: int | None
) -> Sequence[Entry]:
    count = run.truncation_strategy.get("last_messages")
    if run.truncation_strategy.get("type") == "last_messages" and count:
        entries = context.last_messages(entries, count, run.id)
    left = left_to_prompt(run)
    if prompt_characters is None and left is not None:
        prompt_characters = max(left, 0) * context.CHARACTERS_PER_TOKEN - len(run.instructions or "")
    limits = [limit for limit in (characters, prompt_characters) if limit is not None]
    return context.trim(entries, min(limits), run.id) if limits else entries


def _add_tools(request: responses.Request, run: Run, first_leg: bool, container: str | None) -> None:
    """Tools, and what belongs to them only: without tools a choice among them is refused."""
    results = tools.OLD_RESULTS if run.model.startswith("gpt-3.5") else tools.DEFAULT_RESULTS
    translated = tools.to_responses(run.tools, run.tool_resources, container=container, max_results=results)
    if not translated:
        return
    request["tools"] = translated
    choice = tools.choice_to_responses(run.tool_choice)
    if choice != "auto" and _may_choose(choice, translated, first_leg):
        request["tool_choice"] = choice
    if not run.parallel_tool_calls:
        request["parallel_tool_calls"] = False


def _may_choose(choice: str | Object, translated: Sequence[Object], first_leg: bool) -> bool:
    """A forced choice holds for the first leg: on the next it would make the model call again, for ever (§4.4)."""
    if choice == "none":
        return True
    if not isinstance(choice, dict):
        return first_leg
    return first_leg and any(tool["type"] == choice["type"] for tool in translated)


def _add_sampling(request: responses.Request, run: Run) -> None:
    if run.temperature is not None and run.temperature != 1:
        request["temperature"] = run.temperature
    if run.top_p is not None and run.top_p != 1:
        request["top_p"] = run.top_p
    if (format := formats.to_responses(run.response_format)) is not None:
        request["text"] = {"format": cast(responses.TextFormat, format)}
    if run.reasoning_effort is not None:
        request["reasoning"] = {"effort": run.reasoning_effort}


def _include(translated: Sequence[Object], include_reasoning: bool) -> list[str]:
    types = {tool["type"] for tool in translated}
    include = ["reasoning.encrypted_content"] if include_reasoning else []
    return [*include, *(name for type, name in INCLUDE.items() if type in types)]


def _left(budget: int | None, run: Run, key: str) -> int | None:
    """What the run's legs so far left of a budget in tokens."""
    return None if budget is None else budget - int((run.usage or NO_USAGE).get(key) or 0)


# --- the parts of a response


def _pending(response: Object) -> list[Any]:
    calls = [item for item in loose.objects(response, "output") if item.get("type") == "function_call"]
    return [steps.asked(steps.to_assistants(item)) for item in calls]
