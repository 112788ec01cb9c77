"""How a run calls tools over its life: how many rounds, and which calls stand side by side in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from attrs import frozen

from bridge.diff.compare.identity import Identities
from bridge.diff.compare.lanes import Entry
from bridge.diff.compare.tools import canonical, names
from bridge.diff.compare.values import Object
from bridge.diff.compare.weights import mismatch
from bridge.diff.observations import Mismatch

Round = tuple[str, ...]
Pair = tuple[Entry | None, Entry | None]

PARTITIONED: Final = ("missing-call", "extra-call", "call-order")
"""How the same calls in other rounds look where single answers are compared."""


@frozen
class Rounds:
    """The rounds of a run, each by its calls; `shown` for people. `choice` is what the run was to call: a function, or
    `required` for any; None where nothing was forced."""

    rounds: tuple[Round, ...]
    shown: tuple[Round, ...]
    choice: str | None = None

    @property
    def follows(self) -> bool:
        """Whether the first round is what was forced."""
        first = self.shown[0] if self.shown else ()
        return bool(first) and (self.choice == "required" or set(first) == {self.choice})


def rounds(entries: Iterable[Entry]) -> dict[str, Rounds]:
    """By run, what it waited for, each set of calls once."""
    found: dict[str, dict[tuple[Any, ...], list[Any]]] = {}
    choices: dict[str, str | None] = {}
    for entry in entries:
        for body in _bodies(entry):
            run, calls = str(body.get("id")), _calls(body)
            choices.setdefault(run, _forced(body.get("tool_choice")))
            seen = found.setdefault(run, {})
            if calls:
                seen.setdefault(tuple((str(call.get("id")), canonical(call)) for call in calls), calls)
    return {run: _rounds(list(seen.values()), choices[run]) for run, seen in found.items()}


def _rounds(seen: list[list[Any]], choice: str | None) -> Rounds:
    return Rounds(
        tuple(tuple(sorted(canonical(call) for call in calls)) for calls in seen),
        tuple(tuple(names(call) for call in calls) for calls in seen),
        choice,
    )


def _forced(choice: Any) -> str | None:
    if choice == "required":
        return "required"
    function = choice.get("function") if isinstance(choice, dict) else None
    return str(function.get("name")) if isinstance(function, dict) else None


def _bodies(entry: Entry) -> Iterable[Object]:
    """Runs as an exchange shows them, in a body or in events."""
    for exchange in entry.polls or (entry.exchange,):
        if exchange.answer is not None:
            bodies = [event.data for event in exchange.answer.events or ()] or [exchange.answer.body]
            yield from (body for body in bodies if isinstance(body, dict) and body.get("object") == "thread.run")


def _calls(body: Any) -> list[Any]:
    for key in ("required_action", "submit_tool_outputs", "tool_calls"):
        body = body.get(key) if isinstance(body, dict) else None
    return [call for call in body if isinstance(call, dict)] if isinstance(body, list) else []


def judged(pairs: Sequence[Pair], found: list[list[Mismatch]], identities: Identities) -> list[list[Mismatch]]:
    """The findings of each pair, where the same calls in other rounds are told as that and no longer as calls that are
    missing here and more there."""
    left = rounds(entry for entry, _ in pairs if entry is not None)
    right = {identities.name(run, True): each for run, each in rounds(other for _, other in pairs if other).items()}
    places = _places(pairs)
    found = [list(each) for each in found]
    for run, control in left.items():
        candidate = right.get(identities.name(run, False))
        if candidate is None or run not in places:
            continue
        shown = list(control.shown), list(candidate.shown)
        if control.choice is not None and control.choice == candidate.choice and control.follows != candidate.follows:
            found[places[run][-1]].append(mismatch("forced-choice", "run.tool_choice", *shown, control.choice))
        if _is_repartitioned(control, candidate):
            for place in places[run]:
                found[place] = [each for each in found[place] if each.rule not in PARTITIONED]
            found[places[run][-1]].append(mismatch("parallelism", "run.rounds", *shown))
    return found


def _is_repartitioned(control: Rounds, candidate: Rounds) -> bool:
    flat = [sorted(call for each in side.rounds for call in each) for side in (control, candidate)]
    return control.rounds != candidate.rounds and flat[0] == flat[1]


def _places(pairs: Sequence[Pair]) -> dict[str, list[int]]:
    """By run of the control, the pairs that are about it."""
    found: dict[str, list[int]] = {}
    for place, (one, other) in enumerate(pairs):
        if one is not None and other is not None:
            for run in _runs(one):
                found.setdefault(run, []).append(place)
    return found


def _runs(entry: Entry) -> set[str]:
    """The runs that an exchange is about."""
    shown = {str(body.get("id")) for body in _bodies(entry)}
    is_of_run = entry.operation.name.startswith(("runs.", "steps.")) and len(entry.operation.ids) > 1
    return shown | ({entry.operation.ids[1]} if is_of_run else set())
