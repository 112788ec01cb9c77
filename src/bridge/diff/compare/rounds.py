"""How a run calls tools over its life: how many rounds, and which calls stand side by side in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

from bridge.diff.compare.identity import Identities
from bridge.diff.compare.lanes import Entry
from bridge.diff.compare.tools import canonical, names
from bridge.diff.compare.weights import mismatch
from bridge.diff.observations import Mismatch

Round = tuple[str, ...]


@frozen
class Rounds:
    """The rounds of a run, each by its calls; `shown` for people."""

    rounds: tuple[Round, ...]
    shown: tuple[Round, ...]


def rounds(entries: Iterable[Entry]) -> dict[str, Rounds]:
    """By run, what it waited for, each set of calls once."""
    found: dict[str, dict[tuple[Any, ...], list[Any]]] = {}
    for entry in entries:
        for run, calls in _waiting(entry):
            found.setdefault(run, {}).setdefault(tuple((call.get("id"), canonical(call)) for call in calls), calls)
    return {run: _rounds(list(seen.values())) for run, seen in found.items()}


def _rounds(seen: list[list[Any]]) -> Rounds:
    return Rounds(
        tuple(tuple(sorted(canonical(call) for call in calls)) for calls in seen),
        tuple(tuple(names(call) for call in calls) for calls in seen),
    )


def _waiting(entry: Entry) -> Iterable[tuple[str, list[Any]]]:
    """Runs that wait for outputs, in a body or in an event."""
    for exchange in entry.polls or (entry.exchange,):
        if exchange.answer is not None:
            bodies = [event.data for event in exchange.answer.events or ()] or [exchange.answer.body]
            for body in bodies:
                calls = _calls(body)
                if calls:
                    yield str(body.get("id")), calls


def _calls(body: Any) -> list[Any]:
    for key in ("required_action", "submit_tool_outputs", "tool_calls"):
        body = body.get(key) if isinstance(body, dict) else None
    return [call for call in body if isinstance(call, dict)] if isinstance(body, list) else []


def judged(
    pairs: Sequence[tuple[Entry | None, Entry | None]], found: list[list[Mismatch]], identities: Identities
) -> list[list[Mismatch]]:
    """The findings of each pair, where the same calls in other rounds are told as that and no longer as calls that are
    missing here and more there."""
    left = rounds(entry for entry, _ in pairs if entry is not None)
    right = {identities.name(run, True): each for run, each in rounds(other for _, other in pairs if other).items()}
    for run, control in left.items():
        candidate = right.get(identities.name(run, False))
        if candidate is not None and _is_repartitioned(control, candidate):
            found = _told(pairs, found, run, control, candidate)
    return found


def _is_repartitioned(control: Rounds, candidate: Rounds) -> bool:
    flat = [sorted(call for each in side.rounds for call in each) for side in (control, candidate)]
    return control.rounds != candidate.rounds and flat[0] == flat[1]


def _told(
    pairs: Sequence[tuple[Entry | None, Entry | None]],
    found: list[list[Mismatch]],
    run: str,
    control: Rounds,
    candidate: Rounds,
) -> list[list[Mismatch]]:
    told = [list(each) for each in found]
    first = True
    for place, (one, other) in enumerate(pairs):
        if one is None or other is None or run not in _runs(one):
            continue
        if first:
            told[place].insert(0, mismatch("parallelism", "run.rounds", list(control.shown), list(candidate.shown)))
            first = False
        told[place] = [each for each in told[place] if each.rule not in ("missing-call", "extra-call", "call-order")]
    return told


def _runs(entry: Entry) -> set[str]:
    return {run for run, _ in _waiting(entry)} | ({entry.operation.ids[1]} if _is_of_run(entry) else set())


def _is_of_run(entry: Entry) -> bool:
    return entry.operation.name.startswith(("runs.", "steps.")) and len(entry.operation.ids) > 1
