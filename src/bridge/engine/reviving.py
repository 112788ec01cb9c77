"""What a program tells of a thread or an assistant that the store does not know → the changes that make it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve

from bridge import ids
from bridge.engine import normalise
from bridge.hooks import Missing
from bridge.records import Assistant, Message, Object, Put, Thread
from bridge.wire import assistants as wire
from bridge.wire.checks import check_format

WHOLE: Final = re.compile(rf"thread_[A-Za-z0-9]{{{ids.LENGTH}}}")
"""The old service's ids. Others were never one of its threads, whatever they begin with."""

OF_A_THREAD: Final = ("messages", "metadata", "tool_resources", "created_at")

Mint = Callable[[ids.Kind], str]


def is_whole(thread_id: str) -> bool:
    """Whether a thread may be made for this id when nobody knows more of it."""
    return WHOLE.fullmatch(thread_id) is not None


def changes(kind: Missing, id: str, told: Any, mint: Mint, now: float) -> list[Put]:
    """Raises TypeError, ValueError or APIError for what is none of what a hook may answer."""
    return _thread(id, told, mint, now) if kind == "thread" else [_assistant(id, told, now)]


def assistant(id: str, given: Object, at: int) -> Assistant:
    """The assistant of what POST /assistants takes, for which nothing is made upstream. Raises APIError, ValueError."""
    body = wire.check_body(wire.CreateAssistant, given).given()
    check_format(body.get("tools"), body.get("response_format"))
    if ((body.get("tool_resources") or {}).get("file_search") or {}).get("vector_stores"):
        raise ValueError("tool_resources must name vector stores by their ids: nothing is made upstream here")
    return normalise.new_assistant(body, id, at)


def _assistant(id: str, told: Any, now: float) -> Put:
    given = _mapping(told, "assistant")
    at = _time(given.pop("created_at", now), "created_at")
    return Put(assistant(id, given, at), is_new=True)


def _thread(id: str, told: Any, mint: Mint, now: float) -> list[Put]:
    given = {"messages": told} if isinstance(told, Iterable) and not isinstance(told, Mapping) else told
    given = {} if given is None else _mapping(given, "thread")
    for name in given.keys() - {*OF_A_THREAD}:
        raise ValueError(f"{name!r} is none of {', '.join(OF_A_THREAD)}")
    listed = [_message(each, id, mint, now) for each in _listed(given.pop("messages", None))]
    messages = sorted(listed, key=lambda each: each.created_at)  # as lists show them, so the model is sent them
    begin = messages[0].created_at if messages else int(now)
    at = _time(given.pop("created_at", begin), "created_at")
    thread: Thread = normalise.new_thread(wire.check_body(wire.ModifyThread, given).given(), id, at)
    return [Put(thread, is_new=True), *(Put(each, is_new=True) for each in messages)]


def _message(told: Any, thread_id: str, mint: Mint, now: float) -> Message:
    given = _mapping(told, "message")
    at = _time(given.pop("created_at", now), "created_at of a message")
    name = given.pop("id", None) or mint("message")
    if not isinstance(name, str) or not ids.has_prefix("message", name):
        raise ValueError(f"{name!r} is no id of a message")
    if given.get("attachments"):
        raise ValueError("attachments of messages are not taken here: name their files in tool_resources")
    body = wire.check_body(wire.CreateMessage, given).given()
    return evolve(normalise.new_message(body, name, thread_id, at), completed_at=at)


def _mapping(told: Any, what: str) -> Object:
    if not isinstance(told, Mapping):
        raise TypeError(f"the {what} must be a mapping, not {type(told).__name__}")
    return dict(told)


def _listed(told: Any) -> Sequence[Any]:
    if isinstance(told, (str, bytes, Mapping)):
        raise TypeError(f"messages must be a list, not {type(told).__name__}")
    return list(told or ())


def _time(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**53:
        raise ValueError(f"{name} must be Unix seconds, not {value!r}")
    return int(value)
