"""Two event streams: which events, in which order, about what; deltas as what they add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bridge.diff.compare.alignment import Keys, aligned
from bridge.diff.compare.folding import DONE, Folded, folded
from bridge.diff.compare.identity import Identities
from bridge.diff.compare.values import Object, Walk
from bridge.diff.observations import MISSING
from bridge.diff.tape import Event


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
