"""What legacy objects become in native code, and what of them may be read: one table a thing.

A thing is an object of the Assistants API as the program holds it. A step is a chain of attributes that is read of it;
`template` is the native expression, with the thing for ``{it}``; `gives` the thing that comes of it, or nothing where
it is a plain value, with which the program may do as it likes.

    thread, thread id        the list of items that is the history
    assistant, assistant id  the configuration, a dict
    run                      the response; run id too: what is asked for by id is at hand
    calls, call              function_call items of the response
    event                    a response.* event
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from bridge.scan.python import Made

ACTION: Final = "required_action.submit_tool_outputs.tool_calls"


@frozen
class Step:
    template: str
    gives: str = ""


RUN: Final = {
    "id": Step("{it}", "run id"),
    "thread_id": Step("{it}", "thread id of run"),
    "status": Step("{it}.status", "status"),
    "model": Step("{it}.model"),
    "required_action": Step("{it}", "action"),
    "usage": Step("{it}.usage", "usage"),
    "last_error": Step("{it}.error", "error"),
}
USAGE: Final = {
    "prompt_tokens": Step("{it}.input_tokens"),
    "completion_tokens": Step("{it}.output_tokens"),
    "total_tokens": Step("{it}.total_tokens"),
}

THINGS: Final[dict[str, dict[str, Step]]] = {
    "run": RUN,
    "action": {
        "submit_tool_outputs": Step("{it}", "action"),
        "tool_calls": Step('[item for item in {it}.output if item.type == "function_call"]', "calls"),
    },
    "calls": {"[]": Step("{it}", "call")},
    "call": {
        "id": Step("{it}.call_id"),
        "function": Step("{it}", "call"),
        "name": Step("{it}.name"),
        "arguments": Step("{it}.arguments"),
        "type": Step("{it}.type", "type of call"),
    },
    "usage": USAGE,
    "error": {"message": Step("{it}.message"), "code": Step("{it}.code")},
    "assistant": {"id": Step("{it}", "assistant id"), "model": Step('{it}["model"]')},
    "thread": {"id": Step("{it}", "thread id")},
    "event": {
        "event": Step("{it}.type", "event name"),
        "data": Step("{it}", "event data"),
    },
    "event data": {
        **{name: Step(step.template.replace("{it}", "{it}.response"), step.gives) for name, step in RUN.items()},
        "required_action": Step("{it}.response", "action"),
        "delta.content[].text.value": Step("{it}.delta"),
        "content[].text.value": Step("{it}.text"),
    },
    "text delta": {"value": Step("event.delta")},
    "text": {"value": Step("event.text")},
    "text snapshot": {},
    "run id": {},
    "thread id": {},
    "assistant id": {},
}

MESSAGE: Final = {"role": Step("{it}.role"), "content[].text.value": Step("{it}.content[0].text")}
"""Of an item that the model gave, as the SDK holds it."""

MESSAGE_TEXTS: Final = {"role": Step('{it}["role"]'), "content[].text.value": Step('{it}["content"]')}
"""Of an item of a history of plain messages."""

CONVERSATION: Final = {"id": Step("{it}.id", "thread id"), "metadata": Step("{it}.metadata")}
"""Of a thread that is a conversation."""

VALUES: Final = ("status", "event name", "type of call")
"""Words of a vocabulary: what they are compared with is converted where they are read."""

NOT_READ: Final = {
    ("run", "incomplete_details"): "the reasons of incomplete_details have other names",
    ("run", "assistant_id"): "a response does not know its assistant",
    ("run", "instructions"): "a response tells no additional instructions apart",
    ("thread", "metadata"): "a history of the program's own has no metadata",
    ("assistant", "name"): "a configuration has no name",
    ("thread id", "*"): "the thread's id is a text no more",
}

SHOWN: Final = {
    "thread": "a thread",
    "thread id": "a thread's id",
    "thread id of run": "a thread's id",
    "assistant": "an assistant",
    "assistant id": "an assistant's id",
    "run": "a run",
    "run id": "a run's id",
    "calls": "tool calls",
    "call": "a tool call",
    "stream": "a stream",
    "page": "a page of messages",
    "message": "a message",
    "event": "an event",
    "usage": "usage",
    "error": "an error",
}
"""Things as a sentence names them."""

_NAMED: Final = {
    ("run", ""): "run",
    ("run", "id"): "run id",
    ("run", "thread_id"): "thread id of run",
    ("run", "required_action"): "action",
    ("run", "required_action.submit_tool_outputs"): "action",
    ("run", ACTION): "calls",
    ("run", f"{ACTION}[]"): "call",
    ("run", f"{ACTION}[].function"): "call",
    ("run", "usage"): "usage",
    ("run", "last_error"): "error",
    ("thread", ""): "thread",
    ("thread", "id"): "thread id",
    ("assistant", ""): "assistant",
    ("assistant", "id"): "assistant id",
    ("list of message", ""): "page",
    ("list of message", "data"): "page",
    ("message", ""): "message",
    ("stream", ""): "stream",
    ("stream", "[]"): "event",
    ("text delta", ""): "text delta",
    ("text snapshot", ""): "text snapshot",
    ("text", ""): "text",
}


def thing(made: Made | None) -> str | None:
    """What a name with this value holds; None for a plain value, and for what is refused where it comes from."""
    if made is None:
        return None
    if made.what == "stream" and made.path.startswith("[].data"):
        rest = made.path.removeprefix("[].data").removeprefix(".")
        return _NAMED.get(("run", rest))
    return _NAMED.get((made.what, made.path))


def same(one: str | None, other: str | None) -> bool:
    """Whether both are the same thing in native code: a thread and its id are."""
    return one is not None and one.removesuffix(" id") == (other or "").removesuffix(" id")
