"""The numbers of a comparison, and its verdict in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from attrs import evolve, frozen

from bridge.diff.compare.fields import fingerprint
from bridge.diff.observations import KINDS, SEVERITIES, Comparison, Kind, Mismatch, Observation, Severity

Verdict = Literal["breaking", "notice", "info", "same", "empty"]
"""The heaviest severity that is not accepted; same: there is no such mismatch; empty: nothing was compared."""

Table = Counter[tuple[Kind, Severity]]

HEAVIEST_FIRST: Final[tuple[Severity, ...]] = tuple(reversed(SEVERITIES))
INDEX: Final = re.compile(r"\[\d+\]")
EVENT: Final = "events[*]"
RECURRING: Final[tuple[Kind, ...]] = ("tool", "text", "cost")
"""A text, a call, a number of tokens stands in several objects, and differs in all of them for one reason."""


@frozen
class Counts:
    """`exchanges` are all observations, `legs_only` those without an exchange, `differing` those with a mismatch
    that is not accepted. `unaccepted` and `accepted` count mismatches."""

    exchanges: int
    paired: int
    control_only: int
    candidate_only: int
    legs_only: int
    differing: int
    unaccepted: Table
    accepted: Table

    def of(self, severity: Severity) -> int:
        """Mismatches of this severity that are not accepted."""
        return sum(self.unaccepted[kind, severity] for kind in KINDS)


@frozen
class Found:
    """A mismatch in its place: `anchor` is its id in all reports, ``exchange-12-m3``."""

    observation: Observation
    mismatch: Mismatch
    anchor: str


@frozen
class Group:
    """Mismatches of one kind at places of one `pattern` (``$.data[*].role``), in the order they were found. `again` are
    groups of other patterns that tell nothing but these differences again, as a list does of what a stream told."""

    pattern: str
    found: tuple[Found, ...]
    again: tuple[Group, ...] = ()

    @property
    def first(self) -> Mismatch:
        return self.found[0].mismatch

    @property
    def count(self) -> int:
        return len(self.found) + sum(each.count for each in self.again)


@frozen
class Acceptance:
    """What was accepted for one reason."""

    note: str
    count: int
    groups: tuple[Group, ...]


def counted(comparison: Comparison) -> Counts:
    observations = comparison.observations
    sides = Counter((each.control is not None, each.candidate is not None) for each in observations)
    mismatches = comparison.mismatches()
    return Counts(
        exchanges=len(observations),
        paired=sides[True, True],
        control_only=sides[True, False],
        candidate_only=sides[False, True],
        legs_only=sides[False, False],
        differing=sum(any(not each.is_accepted for each in one.mismatches) for one in observations),
        unaccepted=Counter((each.kind, each.severity) for each in mismatches if not each.is_accepted),
        accepted=Counter((each.kind, each.severity) for each in mismatches if each.is_accepted),
    )


def verdict(counts: Counts) -> Verdict:
    if not counts.exchanges:
        return "empty"
    return next((severity for severity in HEAVIEST_FIRST if counts.of(severity)), "same")


WORDS: Final[dict[Verdict, str]] = {
    "breaking": "Breaking: a program that works with the control can fail on the candidate.",
    "notice": "To be looked at: nothing is breaking, but a person should see what differs.",
    "info": "Alike: what differs is only good to know.",
    "same": "Alike: no mismatch that is not accepted.",
    "empty": "Nothing was compared.",
}


def in_words(counts: Counts) -> str:
    """``3 breaking and 1 info mismatch in 2 of 12 exchanges, 4 accepted``"""
    parts = [f"{counts.of(severity):,} {severity}" for severity in HEAVIEST_FIRST if counts.of(severity)]
    number = "mismatch" if sum(counts.unaccepted.values()) == 1 else "mismatches"
    found = f"{_enumerated(parts)} {number} in {counts.differing:,} of" if parts else "no mismatch in"
    exchanges = f"{counts.exchanges:,} {'exchange' if counts.exchanges == 1 else 'exchanges'}"
    accepted = sum(counts.accepted.values())
    text = f"{found} {exchanges}{f', {accepted:,} accepted' if accepted else ''}"
    return text[:1].upper() + text[1:]


def _enumerated(parts: list[str]) -> str:
    return " and ".join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else "".join(parts)


# --- what was found


def anchor(observation: Observation, place: int | None = None) -> str:
    """`place` counts the observation's mismatches from 1, accepted ones too."""
    return f"exchange-{observation.number}{'' if place is None else f'-m{place}'}"


def found(comparison: Comparison) -> Iterator[Found]:
    for observation in comparison.observations:
        for place, mismatch in enumerate(observation.mismatches, 1):
            yield Found(observation, mismatch, anchor(observation, place))


def groups(found: Iterable[Found]) -> tuple[Group, ...]:
    """Heaviest first, then by kind, then the most frequent. Of events as wholes, each name is a group."""
    by_key: dict[tuple[str, ...], list[Found]] = {}
    for each in found:
        what = each.mismatch
        pattern = INDEX.sub("[*]", what.path)
        names = f"{fingerprint(what.control)} {fingerprint(what.candidate)}" if pattern == EVENT else ""
        by_key.setdefault((what.severity, what.kind, what.rule, pattern, names), []).append(each)
    made = [Group(key[3], tuple(members)) for key, members in by_key.items()]
    return tuple(sorted(made, key=_weight))


def once(told: Sequence[Group]) -> tuple[Group, ...]:
    """The same groups, those that repeat another in it: of one rule, under the same key, with no other values than
    it has. Nothing is left out: the one that is told has the places of the others."""
    values = [frozenset(map(_values, group.found)) for group in told]
    order = sorted(range(len(told)), key=lambda place: -len(values[place]))
    hosts: dict[tuple[str, ...], int] = {}
    for place in order:
        if told[place].first.kind in RECURRING:
            hosts.setdefault(_sort(told[place]), place)
    again: dict[int, list[Group]] = {}
    for place, group in enumerate(told):
        host = hosts.get(_sort(group), place)
        if host != place and values[place] <= values[host]:
            again.setdefault(host, []).append(group)
        else:
            again.setdefault(place, [])
    return tuple(evolve(told[place], again=tuple(again[place])) for place in sorted(again))


def _sort(group: Group) -> tuple[str, ...]:
    what = group.first
    return what.severity, what.kind, what.rule, group.pattern.rpartition(".")[2]


def _values(found: Found) -> tuple[str, str, str]:
    what = found.mismatch
    return what.detail, fingerprint(what.control), fingerprint(what.candidate)


def _weight(group: Group) -> tuple[int, int, int]:
    what = group.first
    return HEAVIEST_FIRST.index(what.severity), KINDS.index(what.kind), -len(group.found)


def unaccepted(comparison: Comparison) -> tuple[Group, ...]:
    return once(groups(each for each in found(comparison) if not each.mismatch.is_accepted))


def accepted(comparison: Comparison) -> tuple[Acceptance, ...]:
    """The most frequent reason first."""
    by_note: dict[str, list[Found]] = {}
    for each in found(comparison):
        if each.mismatch.note is not None:
            by_note.setdefault(each.mismatch.note, []).append(each)
    made = (Acceptance(note, len(members), groups(members)) for note, members in by_note.items())
    return tuple(sorted(made, key=lambda each: -each.count))
