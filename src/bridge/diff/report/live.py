"""What shadows observe, while they do: a table for a terminal that goes on, and a line each for a file."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import define, field, frozen
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bridge.diff.compare import heaviest
from bridge.diff.observations import Comparison, Mismatch, Severity
from bridge.diff.report.shown import line, pair
from bridge.diff.report.terminal import COLOURS
from bridge.diff.tape import Object
from bridge.records import Observed

NEWEST: Final = 12
"""Observations that the table shows."""

SAME: Final = "same"
STYLES: Final[Mapping[str, str]] = {**dict(COLOURS.items()), SAME: "green", "trouble": "bold red"}
LONGEST: Final = 120
"""Characters of what a line says of an observation."""


@frozen
class Glance:
    """One observation at a glance. `seconds` and `tokens` are the control's and the candidate's."""

    at: float
    candidate: str
    run_id: str
    severity: Severity | None
    says: str
    seconds: tuple[float | None, float | None]
    tokens: tuple[int | None, int | None]
    is_trouble: bool = False


def glance(one: Observed, comparison: Comparison) -> Glance:
    told = [each for each in comparison.mismatches() if not each.is_accepted]
    severity = heaviest(comparison)
    first = next((each for each in told if each.severity == severity), None)
    return Glance(
        one.created_at,
        one.candidate,
        one.run_id,
        severity,
        line(one.trouble or _says(first), LONGEST),
        (_seconds(one.control), _seconds(one.aside)),
        (_tokens(one.control), _tokens(one.aside)),
        one.trouble is not None,
    )


def _says(first: Mismatch | None) -> str:
    if first is None:
        return SAME
    control, candidate = pair(first.control, first.candidate, LONGEST // 3)
    return f"{first.rule} {first.path}: {control} → {candidate}"


def _seconds(side: Object) -> float | None:
    seconds = side.get("seconds") or [None]
    return None if None in seconds else sum(seconds)


def _tokens(side: Object) -> int | None:
    usage = (side.get("run") or {}).get("usage") or {}
    total: int | None = usage.get("total_tokens")
    return total


@define
class Board:
    """All that was seen so far, as numbers for each candidate, and the newest of it."""

    newest: list[Glance] = field(factory=list)
    counts: dict[str, Counter[str]] = field(factory=dict)
    ratios: dict[str, list[float]] = field(factory=dict)

    def add(self, one: Glance) -> None:
        self.newest = [*self.newest, one][-NEWEST:]
        counts = self.counts.setdefault(one.candidate, Counter())
        counts.update(["all", one.severity or SAME, *(["trouble"] if one.is_trouble else [])])
        control, candidate = one.seconds
        if control and candidate is not None and not one.is_trouble:
            self.ratios.setdefault(one.candidate, []).append(candidate / control)

    def shown(self) -> Group:
        """Each observation on one line, cut where the terminal ends."""
        return Group(self._numbers(), Text(), *self._lines())

    def _numbers(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for name in ("candidate", "observed", "same", "breaking", "notice", "info", "no end", "time"):
            table.add_column(name, justify="left" if name == "candidate" else "right", header_style="dim")
        for name, counts in self.counts.items():
            words = [Text(f"{counts[each]:,}", _style(each, counts[each])) for each in
                     ("all", SAME, "breaking", "notice", "info", "trouble")]  # fmt: skip
            table.add_row(Text(line(name, 40)), *words, Text(self._ratio(name)))
        return table

    def _ratio(self, name: str) -> str:
        """The median of how long the candidate took for what the control did."""
        ratios = self.ratios.get(name)
        return f"{statistics.median(ratios):.2f} ×" if ratios else ""

    def _lines(self) -> Sequence[Text]:
        lines = [as_line(each) for each in self.newest] or [Text("Nothing was observed yet.", "dim")]
        for each in lines:
            each.no_wrap, each.overflow = True, "ellipsis"
        return lines


def _style(name: str, count: int) -> str:
    return STYLES.get(name, "") if count else "dim"


def as_line(one: Glance) -> Text:
    moment = datetime.fromtimestamp(one.at).strftime("%H:%M:%S")
    word = "no end" if one.is_trouble else one.severity or SAME
    style = _style("trouble" if one.is_trouble else one.severity or SAME, 1)
    said = "" if one.says == SAME else f"  {one.says}"
    run_id = line(one.run_id, 40)
    return Text.assemble(
        (moment, "dim"), "  ", (f"{word:8}", style), f"  {line(one.candidate, 24)}{said}  {run_id}", _spent(one)
    )


def _spent(one: Glance) -> tuple[str, str]:
    parts = []
    if None not in one.seconds:
        parts.append("{:.2f} → {:.2f} s".format(*one.seconds))
    if None not in one.tokens:
        parts.append("{:,} → {:,} tokens".format(*one.tokens))
    return (f"  ({', '.join(parts)})" if parts else "", "dim")
