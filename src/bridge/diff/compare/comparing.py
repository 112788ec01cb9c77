"""From two tapes to a Comparison: paired, compared, and what is known, ruled or noise accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import evolve, field, frozen

from bridge.diff.compare import exchanges, lanes, legs, natives, rounds
from bridge.diff.compare.identity import Identities
from bridge.diff.compare.lanes import Entry
from bridge.diff.compare.measures import Threshold, Thresholds
from bridge.diff.compare.natives import NATIVE
from bridge.diff.compare.noise import Noise, learnt
from bridge.diff.compare.notes import NOTES, Note, noted
from bridge.diff.compare.rules import Rule, ruled
from bridge.diff.observations import Comparison, Mismatch, Observation, Side
from bridge.diff.tape import Exchange, Tape
from bridge.errors import ConfigurationError

Pair = tuple[Entry | None, Entry | None]

EVERYTHING: Final = Thresholds(*(Threshold(0, 0) for _ in range(4)))
"""For learning noise: a number that strays within the threshold here may stray beyond it next time."""


def compare(
    control: Tape,
    candidate: Tape,
    *,
    names: tuple[str, str] = ("control", "candidate"),
    repeats: Sequence[Tape] = (),
    noise: Noise | None = None,
    rules: Sequence[Rule] = (),
    notes: Sequence[Note] = NOTES,
    thresholds: Thresholds = Thresholds(),  # noqa: B008 frozen
) -> Comparison:
    """Every difference of the two tapes.

    Noise is learnt from `repeats`, at least two runs of one side (those of the comparison among them, if they are to
    count), or is what `learn` made of them before. Raises ConfigurationError for a single repeat.
    """
    control, candidate = natives.beside(control, candidate)
    known = learn(repeats) if repeats else noise or Noise()
    judge = Judge(tuple(notes), tuple(rules), known)
    observations = [
        evolve(each, number=number, mismatches=tuple(judge(operation, each.mismatches)))
        for number, (operation, each) in enumerate(observed(control, candidate, thresholds), 1)
    ]
    sides = Side(names[0], control.source), Side(names[1], candidate.source)
    return Comparison(*sides, tuple(observations), known.repeats, (*_remarks(control, candidate), *judge.remarks()))


def learn(repeats: Sequence[Tape]) -> Noise:
    """What differs among repeats of one side: each is compared with the first and with the one before it."""
    if len(repeats) < 2:
        raise ConfigurationError("Noise is learnt from at least two runs of one side; there is one.")
    pairs = [(repeats[0], other) for other in repeats[1:]]
    pairs += [(repeats[n], repeats[n + 1]) for n in range(1, len(repeats) - 1)]
    found = (
        (operation, mismatch)
        for one, other in pairs
        for operation, observation in observed(one, other, EVERYTHING)
        for mismatch in observation.mismatches
    )
    return learnt(found, len(repeats))


@frozen
class Judge:
    """What accepts mismatches: notes of the project, rules of the user, noise, in this order."""

    notes: tuple[Note, ...]
    rules: tuple[Rule, ...]
    noise: Noise
    ignored: dict[Rule, int] = field(factory=dict)

    def __call__(self, operation: str, mismatches: Sequence[Mismatch]) -> list[Mismatch]:
        kept = ruled(operation, noted(operation, mismatches, self.notes), self.rules, self.ignored)
        return self.noise.subtracted(operation, kept)

    def remarks(self) -> tuple[str, ...]:
        return tuple(
            f"{count} {'mismatch is' if count == 1 else 'mismatches are'} ignored by a rule: {rule.reason}"
            for rule, count in self.ignored.items()
        )


def observed(control: Tape, candidate: Tape, thresholds: Thresholds) -> Iterator[tuple[str, Observation]]:
    """Each observation with the name of its operation, numbers still open."""
    identities = Identities()
    pairs = lanes.paired(control.exchanges, candidate.exchanges)
    found = [exchanges.compared(one, other, identities, thresholds) for one, other in pairs]
    found = rounds.judged(pairs, found, identities)
    groups = legs.compared(control.legs, candidate.legs, identities) if control.legs and candidate.legs else []
    owners = _owners(pairs)
    by_pair: dict[int, legs.Group] = {}
    homeless: list[legs.Group] = []
    for group in groups:
        place = owners.get((group.run, group.of_candidate))
        if place is None or by_pair.setdefault(place, group) is not group:
            homeless.append(group)
    for place, ((one, other), mismatches) in enumerate(zip(pairs, found, strict=True)):
        told, beside = (by_pair[place].mismatches, by_pair[place].pairs) if place in by_pair else ((), ())
        observation = Observation(0, _exchange(one), _exchange(other), (*mismatches, *told), beside)
        yield _operation((one, other)), observation
    for group in homeless:
        yield NATIVE, Observation(0, None, None, group.mismatches, group.pairs)


def _owners(pairs: Sequence[Pair]) -> dict[tuple[str | None, bool], int]:
    """Where each run is first answered: by run, and whether the id is the candidate's."""
    found: dict[tuple[str | None, bool], int] = {}
    for place, pair in enumerate(pairs):
        for entry, of_candidate in zip(pair, (False, True), strict=True):
            for run in lanes.runs(entry) if entry is not None else ():
                found.setdefault((run, of_candidate), place)
    return found


def _operation(pair: Pair) -> str:
    entry = pair[0] or pair[1]
    return entry.operation.name if entry is not None else NATIVE


def _exchange(entry: Entry | None) -> Exchange | None:
    return entry.exchange if entry is not None else None


def _remarks(control: Tape, candidate: Tape) -> Iterator[str]:
    for name, tape in (("control", control), ("candidate", candidate)):
        yield from (f"{name}: {note}" for note in tape.notes)
    if bool(control.legs) != bool(candidate.legs):
        name = "control" if control.legs else "candidate"
        yield f"Only the {name} shows its Responses requests: they are not compared."
