"""Two event streams: which events, in which order, about what; deltas as what they add up to."""

from __future__ import annotations

from collections import defaultdict, deque
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
    missing = [one for one, other in pairs if one is not None and other is None]
    extra = [other for one, other in pairs if one is None and other is not None]
    ends = _is_done(left), _is_done(right)
    if ends[0] != ends[1]:
        _truncated(walk, left, right)
        # What would follow on the side that stops is told as the end that is not there.
        one, other = next((pair for pair in reversed(pairs) if None not in pair), (None, None))
        missing = [number for number in missing if not ends[0] or (one is not None and number < one)]
        extra = [number for number in extra if not ends[1] or (other is not None and number < other)]
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


def _misplaced(walk: Walk, left: list[Folded], right: list[Folded], missing: list[int], extra: list[int]) -> None:
    """Events without a partner, by their numbers: at another place, twice, or on one side alone."""
    others: defaultdict[str, deque[int]] = defaultdict(deque)
    for number in extra:
        others[right[number].name].append(number)
    moved = set()
    for number in missing:
        path, name = f"events[{left[number].place}]", left[number].name
        if others[name]:
            other = others[name].popleft()
            moved.add(other)
            walk.tell("event-order", path, _around(left, number), _around(right, other))
        else:
            walk.tell("duplicate-event" if _is_twice(left, number) else "missing-event", path, name, MISSING)
    for number in extra:
        if number not in moved:
            rule = "duplicate-event" if _is_twice(right, number) else "extra-event"
            walk.tell(rule, f"events[{right[number].place}]", MISSING, right[number].name)


def _around(events: list[Folded], number: int) -> str:
    return f"{events[number].name} after {events[number - 1].name}" if number else f"{events[number].name} first"


def _is_twice(events: list[Folded], number: int) -> bool:
    """Whether an equal event stands just beside it; deltas beside each other are folded."""
    event = events[number]
    beside = [events[place] for place in (number - 1, number + 1) if 0 <= place < len(events)]
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
