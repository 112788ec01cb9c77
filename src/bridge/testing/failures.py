"""What a failed comparison says in a test's output: short, of bounded size, and harmless whatever a model wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bridge.diff.compare.weights import WEIGHTS
from bridge.diff.observations import Comparison
from bridge.diff.report import counts
from bridge.diff.report.counts import Found, Group
from bridge.diff.report.shown import line, pair

SHOWN: Final = 5
"""Places that are shown; those whose paths differ in indices alone are one."""

VALUE: Final = 120
"""Characters of a value."""

WORD: Final = 160
"""Characters of a path, a name, a sentence."""


def differing(name: str, found: Sequence[Found], total: int, page: Path) -> str:
    """`found` is what differs, at least one, of `total` exchanges; `page` is where all of it can be read."""
    groups = counts.groups(found)
    where = len({each.observation.number for each in found})
    first = groups[0].found[0]
    lines = [
        f"{line(name, WORD)}: {_counted(len(found), 'mismatch', 'mismatches')} in {where:,} of "
        f"{_counted(total, 'exchange', 'exchanges')}, the first: {_what(first)}"
    ]
    for group in groups[:SHOWN]:
        lines += _place(group)
    rest = sum(len(group.found) for group in groups[SHOWN:])
    lines += [f"  … and {rest:,} more"] if rest else []
    return "\n".join((*lines, f"  the report: {page}#{first.anchor}"))


def nothing(name: str, comparison: Comparison, page: Path) -> str:
    """Where neither side holds an exchange; its notes may say why."""
    notes = [f"  {line(note, WORD)}" for note in comparison.notes[:SHOWN]]
    return "\n".join((f"{line(name, WORD)}: nothing was compared", *notes, f"  the report: {page}"))


def _place(group: Group) -> Iterator[str]:
    what, first = group.first, group.found[0]
    exchange = first.observation.control or first.observation.candidate
    asked = f"{exchange.request.method} {exchange.request.path}" if exchange else "Responses requests of no exchange"
    times = f", and {len(group.found) - 1:,} like it" if len(group.found) > 1 else ""
    control, candidate = pair(what.control, what.candidate, VALUE)
    yield f"  #{first.observation.number} {line(asked, WORD)}"
    yield f"    {what.severity}: {_what(first)}{times}"
    yield f"    {WEIGHTS[what.rule].sentence if what.rule in WEIGHTS else what.kind}"
    yield f"    control:   {control}"
    yield f"    candidate: {candidate}"


def _what(found: Found) -> str:
    return f"{line(found.mismatch.rule, WORD)} at {line(found.mismatch.path, WORD)}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
