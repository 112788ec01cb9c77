"""Streams with their deltas folded: what they add up to, and what shapes they have.

In how many pieces a text comes depends on how fast it is read, so a run of deltas of one object is folded into one
event: its data is what they add up to; beside it are the shapes of the pieces that open a part, and of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen

from bridge.diff.compare.fields import json_type
from bridge.diff.compare.values import Object
from bridge.diff.tape import Event

GROWING: Final = frozenset(("value", "arguments", "input", "refusal", "logs", "delta", "text"))
"""Keys of deltas whose texts are put together."""

GROWS_AT_TIMES: Final = ("annotations", "outputs", "output", "results")
"""What only some of the later deltas bring; what they add up to tells whether it is the same."""

DONE: Final = "done"


@frozen
class Folded:
    """An event, or the deltas that follow each other about one object; `place` is that of the first on the tape.

    `openings` are the shapes of deltas that open a part, by the type of that part; `later` those of all others.
    """

    name: str
    place: int
    data: Any
    openings: Object | None = None
    later: tuple[str, ...] = ()


def folded(events: Sequence[Event]) -> list[Folded]:
    told: list[Folded] = []
    waiting: list[tuple[int, Event]] = []
    for place, event in enumerate(events):
        if waiting and not _continues(waiting[-1][1], event):
            told.append(_joined(waiting))
            waiting = []
        if is_delta(event):
            waiting.append((place, event))
        else:
            told.append(Folded(name_of(event), place, event.data))
    return [*told, _joined(waiting)] if waiting else told


def name_of(event: Event) -> str:
    """Its name, or its data's type, as Responses streams have it; `done` for the end."""
    if event.data == "[DONE]":
        return DONE
    inner = event.data.get("type") if isinstance(event.data, dict) else None
    return event.event or (inner if isinstance(inner, str) else "message")


def is_delta(event: Event) -> bool:
    return name_of(event).endswith(".delta") and isinstance(event.data, dict)


def _continues(before: Event, event: Event) -> bool:
    if not is_delta(event) or name_of(event) != name_of(before):
        return False
    return all(before.data.get(key) == event.data.get(key) for key in ("id", "item_id", "content_index"))


def _joined(waiting: Sequence[tuple[int, Event]]) -> Folded:
    whole: Object = {}
    openings: Object = {}
    later: set[str] = set()
    seen: set[Any] = set()
    for _, event in waiting:
        _add(whole, event.data)
        item = _item(event.data)
        if item.get("index") not in seen:
            seen.add(item.get("index"))
            openings.setdefault(str(item.get("type")), _shape(_blank(event.data)))
        elif not _brings(event.data):
            later.add(_shape(event.data))
    return Folded(name_of(waiting[0][1]), waiting[0][0], _settled(whole), openings, tuple(sorted(later)))


def _item(data: Object) -> Object:
    """The content part or the tool call that a delta is about."""
    delta = data.get("delta")
    inner = delta if isinstance(delta, dict) else {}
    details = inner.get("step_details")
    items = inner.get("content") or (details.get("tool_calls") if isinstance(details, dict) else None)
    first = items[0] if isinstance(items, list) and items else None
    return first if isinstance(first, dict) else {}


class _Pieces(list[str]):
    """A text that grows."""


def _add(whole: Object, piece: Object) -> None:
    """Adds a delta: growing texts are put together, list items go by their index, all else stays as it came first."""
    for name, value in piece.items():
        if whole.get(name) is None:
            whole[name] = {} if isinstance(value, dict) else _Pieces() if _grows(name, value) else value
            whole[name] = [] if isinstance(value, list) else whole[name]
        known = whole[name]
        if isinstance(known, _Pieces):
            known.append(str(value))
        elif isinstance(known, dict) and isinstance(value, dict):
            _add(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            _add_items(known, value)


def _grows(name: str, value: Any) -> bool:
    return name in GROWING and isinstance(value, str)


def _add_items(items: list[Any], pieces: list[Any]) -> None:
    for piece in pieces:
        index = piece.get("index") if isinstance(piece, dict) else None
        known = next((item for item in items if index is not None and item.get("index") == index), None)
        if known is None:
            known = {} if isinstance(piece, dict) else piece
            items.append(known)
        if isinstance(piece, dict):
            _add(known, piece)


def _settled(value: Any) -> Any:
    if isinstance(value, _Pieces):
        return "".join(value)
    if isinstance(value, dict):
        return {name: _settled(each) for name, each in value.items()}
    return [_settled(each) for each in value] if isinstance(value, list) else value


def _blank(value: Any, key: str = "") -> Any:
    """The value with its growing texts emptied: how long a piece is says nothing."""
    if isinstance(value, dict):
        return {name: _blank(each, name) for name, each in value.items() if name not in GROWS_AT_TIMES or not each}
    if isinstance(value, list):
        return [_blank(each) for each in value]
    return "" if isinstance(value, str) and key in GROWING else value


def _shape(value: Any) -> str:
    """Keys and types alone."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_shape(each)}" for name, each in value.items()) + "}"
    return f"[{', '.join(map(_shape, value))}]" if isinstance(value, list) else json_type(value)


def _brings(value: Any) -> bool:
    if isinstance(value, dict):
        return any(name in GROWS_AT_TIMES or _brings(each) for name, each in value.items())
    return isinstance(value, list) and any(_brings(each) for each in value)
