"""Ids of another server in its answers → the ids that the caller knows.

Only where an id stands by itself is it replaced: under the keys in KEYS, outside of metadata. Texts are never touched,
but for the message of an error, which names the thread or the run that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from bridge.records import Object
from bridge.wire import render, sse

KEYS: Final = frozenset({"id", "thread_id", "run_id", "first_id", "last_id"})
USERS: Final = frozenset({"metadata", "arguments", "output"})
"""Below these keys nothing is ours to read."""


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """JSON with its ids replaced. `names` says what each is called here."""
    if isinstance(value, list):
        return [renamed(each, names) for each in value]
    if isinstance(value, dict):
        return {key: _under(key, each, names) for key, each in value.items()}
    return value


def error(body: Object, names: Mapping[str, str]) -> Object:
    """An error envelope, its message in the ids that the caller knows."""
    said = body.get("error")
    if not isinstance(said, dict) or not isinstance(said.get("message"), str):
        return body
    message = said["message"]
    for theirs, ours in names.items():
        message = message.replace(theirs, ours)
    return {**body, "error": {**said, "message": message}}


def frame(event: sse.ServerSentEvent, data: Any, names: Mapping[str, str]) -> bytes:
    """The bytes of an event. `data` is what it holds, None where that is no JSON: then it goes on as it came."""
    payload = event.data if data is None else render.encode_compact(renamed(data, names))
    if event.event is None:
        return b"data: %b\n\n" % payload
    return sse.encode(event.event, payload)


def data(event: sse.ServerSentEvent) -> Any:
    """What the event holds; None where that is no JSON, as at the end of a stream."""
    try:
        return orjson.loads(event.data)
    except ValueError:
        return None


def _under(key: str, value: Any, names: Mapping[str, str]) -> Any:
    if key in KEYS and isinstance(value, str):
        return names.get(value, value)
    return value if key in USERS else renamed(value, names)
