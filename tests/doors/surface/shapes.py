"""The shapes of the old wire: keys in order, events in order (assistants-wire §2-§8), and ways to see them raw."""

from __future__ import annotations

import json
from typing import Any, Final

from doors.surface.places import Place


def _keys(keys: str) -> list[str]:
    return keys.split()


ASSISTANT: Final = _keys(
    "id object created_at name description model instructions tools top_p temperature reasoning_effort "
    "tool_resources metadata response_format"
)
THREAD: Final = _keys("id object created_at metadata tool_resources")
MESSAGE: Final = _keys("id object created_at assistant_id thread_id run_id role content attachments metadata")
MESSAGE_EXTRA: Final = {"status", "incomplete_details", "completed_at", "incomplete_at"}
"""In events on the old wire; sent by REST too, as the published schema has it (§11)."""
MESSAGE_EVENT: Final = _keys(
    "id object created_at assistant_id thread_id run_id status incomplete_details incomplete_at completed_at "
    "role content attachments metadata"
)
RUN: Final = _keys(
    "id object created_at assistant_id thread_id status started_at expires_at cancelled_at failed_at "
    "completed_at required_action last_error model instructions tools tool_resources metadata temperature top_p "
    "reasoning_effort max_completion_tokens max_prompt_tokens truncation_strategy incomplete_details usage "
    "response_format tool_choice parallel_tool_calls"
)
STEP: Final = _keys(
    "id object created_at run_id assistant_id thread_id type status cancelled_at completed_at expires_at "
    "failed_at last_error step_details usage"
)
STEP_EXTRA: Final = {"expired_at", "metadata"}
LIST: Final = _keys("object data first_id last_id has_more")
USAGE: Final = _keys("prompt_tokens completion_tokens total_tokens prompt_token_details completion_tokens_details")
EMPTY_LIST: Final = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}

# --- event orders

BORN: Final = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
STEP_OPENS: Final = ["thread.run.step.created", "thread.run.step.in_progress"]
MESSAGE_STEP: Final = [
    *STEP_OPENS,
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.step.completed",
]
TEXT: Final = [*BORN, *MESSAGE_STEP, "thread.run.completed", "done"]
CALLS: Final = [*BORN, *STEP_OPENS, "thread.run.step.delta", "thread.run.requires_action", "done"]
SUBMITTED: Final = ["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress"]
AFTER_OUTPUTS: Final = [*SUBMITTED, *MESSAGE_STEP, "thread.run.completed", "done"]

Event = tuple[str, Any]


def names(events: list[Event]) -> list[str]:
    """The events' names, a row of deltas told once."""
    found: list[str] = []
    for name, _ in events:
        if not (name.endswith(".delta") and found[-1:] == [name]):
            found.append(name)
    return found


def of(events: list[Event], name: str) -> list[Any]:
    """The data of the events of this name."""
    return [data for event, data in events if event == name]


def only(events: list[Event], name: str) -> Any:
    (data,) = of(events, name)
    return data


# --- the wire, seen raw


def raw(answer: Any) -> Any:
    """The JSON of a with_raw_response answer, its keys in their order."""
    return json.loads(answer.http_response.text)


def streamed(place: Place, method: str, resource: Any = None, **given: Any) -> list[Event]:
    """The frames of a streaming call as they came, data decoded; `done` is one of them."""
    resource = place.beta.threads.runs if resource is None else resource
    with getattr(resource.with_streaming_response, method)(stream=True, **given) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        lines = list(answer.iter_lines())
    frames = [frame.split("\n") for frame in "\n".join(lines).strip("\n").split("\n\n")]
    return [_event(frame) for frame in frames]


def _event(frame: list[str]) -> Event:
    name, data = frame
    assert name.startswith("event: ") and data.startswith("data: "), frame
    text = data.removeprefix("data: ")
    if text == "[DONE]":
        return name.removeprefix("event: "), text
    decoded = json.loads(text)
    assert json.dumps(decoded, separators=(",", ":"), ensure_ascii=False) == text, "compact JSON (§1.2)"
    return name.removeprefix("event: "), decoded
