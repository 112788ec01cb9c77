"""Two event streams: which events, in which order, about what; deltas as what they add up to.

In how many pieces a text comes depends on how fast it is read, so a run of deltas of one object is folded into one
event: its data is what they add up to; beside it are the shapes of the pieces that open a part, and of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen

from bridge.diff.compare.alignment import Keys, aligned
from bridge.diff.compare.fields import json_type
from bridge.diff.compare.identity import Identities
from bridge.diff.compare.values import Object, Walk
from bridge.diff.observations import MISSING
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


def compare(walk: Walk, control: Sequence[Event], candidate: Sequence[Event]) -> None:
    left, right = folded(control), folded(candidate)
    pairs = aligned(_keys(left, walk.identities, False), _keys(right, walk.identities, True))
    missing = [left[one] for one, other in pairs if one is not None and other is None]
    extra = [right[other] for one, other in pairs if one is None and other is not None]
    ends = _is_done(left), _is_done(right)
    if ends[0] != ends[1]:
        _truncated(walk, left, right)
        # What would follow on the side that stops is told as the end that is not there.
        one, other = next((pair for pair in reversed(pairs) if None not in pair), (-1, -1))
        missing = [event for event in missing if not ends[0] or event.place < _place(left, one)]
        extra = [event for event in extra if not ends[1] or event.place < _place(right, other)]
    _misplaced(walk, left, right, missing, extra)
    for one, other in pairs:
        if one is not None and other is not None:
            _event(walk, left[one], right[other])


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


def _keys(events: list[Folded], identities: Identities, of_candidate: bool) -> list[Keys]:
    return [_key(event, identities, of_candidate) for event in events]


def _key(event: Folded, identities: Identities, of_candidate: bool) -> Keys:
    data: Object = event.data if isinstance(event.data, dict) else {}
    id = data.get("id") or data.get("item_id")
    about = identities.name(id, of_candidate) if isinstance(id, str) else ""
    return (
        f"{event.name} {about} {data.get('type')} {data.get('status')}",
        f"{event.name} {data.get('type')}",
        event.name,
    )


# --- events as wholes


def _place(events: list[Folded], number: int | None) -> int:
    return events[number].place if number is not None and number >= 0 else -1


def _is_done(events: list[Folded]) -> bool:
    """Streams of Responses have no such event; their last says what became of the response."""
    last = events[-1].name if events else ""
    return last == DONE or (
        last.startswith("response.") and last.split(".")[1] in ("completed", "failed", "incomplete")
    )


def _truncated(walk: Walk, left: list[Folded], right: list[Folded]) -> None:
    ends = [events[-1].name if events else MISSING for events in (left, right)]
    place = min(events[-1].place + 1 if events else 0 for events in (left, right))
    walk.tell("truncated", f"events[{place}]", ends[0], ends[1], f"{len(left)} events against {len(right)}")


def _misplaced(walk: Walk, left: list[Folded], right: list[Folded], missing: list[Folded], extra: list[Folded]) -> None:
    """Events without a partner: at another place, twice, or on one side alone."""
    moved = Counter(event.name for event in missing) & Counter(event.name for event in extra)
    for event in missing:
        if moved[event.name]:
            moved[event.name] -= 1
            other = next(each for each in extra if each.name == event.name)
            extra = [each for each in extra if each is not other]
            walk.tell("event-order", f"events[{event.place}]", _around(left, event), _around(right, other))
        elif _is_twice(left, event):
            walk.tell("duplicate-event", f"events[{event.place}]", event.name, MISSING)
        else:
            walk.tell("missing-event", f"events[{event.place}]", event.name, MISSING)
    for event in extra:
        rule = "duplicate-event" if _is_twice(right, event) else "extra-event"
        walk.tell(rule, f"events[{event.place}]", MISSING, event.name)


def _around(events: list[Folded], event: Folded) -> str:
    place = _index(events, event)
    return f"{event.name} after {events[place - 1].name}" if place else f"{event.name} first"


def _index(events: list[Folded], event: Folded) -> int:
    return next(n for n, each in enumerate(events) if each is event)


def _is_twice(events: list[Folded], event: Folded) -> bool:
    """Whether an equal event stands just beside it; deltas beside each other are folded."""
    place = _index(events, event)
    beside = [events[n] for n in (place - 1, place + 1) if 0 <= n < len(events)]
    return any(each.name == event.name and each.data == event.data for each in beside)


# --- an event


def _event(walk: Walk, control: Folded, candidate: Folded) -> None:
    path = f"events[{control.place}].data"
    _shapes(walk, control, candidate, path)
    walk.value(control.data, candidate.data, path)


def _shapes(walk: Walk, control: Folded, candidate: Folded, path: str) -> None:
    """The first way in which deltas look otherwise."""
    openings = candidate.openings or {}
    for kind, shape in (control.openings or {}).items():
        if openings.get(kind, shape) != shape:
            walk.tell("delta-shape", path, shape, openings[kind], f"the first delta of a part of the type {kind}")
            return
    if control.later and candidate.later and control.later != candidate.later:
        walk.tell("delta-shape", path, list(control.later), list(candidate.later), "the deltas after the first")
