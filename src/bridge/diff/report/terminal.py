"""A comparison for people at a terminal: the verdict, the numbers, what differs, what was accepted and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.diff.observations import KINDS, Comparison, Severity, Side
from bridge.diff.report import counts
from bridge.diff.report.counts import HEAVIEST_FIRST, Acceptance, Counts, Group, Verdict
from bridge.diff.report.shown import line, pair
from bridge.diff.report.spent import Spent, spent

COLOURS: Final[dict[Severity, str]] = {"breaking": "bold red", "notice": "yellow", "info": "cyan"}
VERDICTS: Final[dict[Verdict, str]] = {
    "breaking": COLOURS["breaking"],
    "notice": COLOURS["notice"],
    "info": "bold green",
    "same": "bold green",
    "empty": "yellow",
}
LEAST: Final = 40
"""Characters of a value that are shown however narrow the terminal is."""

BESIDES: Final = 30
"""Columns of a row that are neither path nor values."""

PLACES: Final = 3
"""Places that a row names besides its own."""

LONGEST: Final = 400
"""Characters of a note."""


def show(console: Console, comparison: Comparison, limit: int = 20) -> None:
    """At most `limit` rows of what differs, and as many reasons for what was accepted. Mismatches whose places
    differ in indices alone share a row, which shows the first of them."""
    counted = counts.counted(comparison)
    verdict = counts.verdict(counted)
    _line(console, Text(counts.WORDS[verdict], VERDICTS[verdict]))
    _line(console, Text(f"{counts.in_words(counted)}."))
    console.print(_sides(comparison, counted))
    if counted.unaccepted:
        console.print()
        console.print(_numbers(counted))
        _rows(console, counts.unaccepted(comparison), limit)
    if counted.accepted:
        _reasons(console, counts.accepted(comparison), limit)
    for note in comparison.notes[:limit]:
        _line(console, Text(f"Note: {line(note, LONGEST)}", "dim"))
    if comparison.notes[limit:]:
        _line(console, Text(f"… and {len(comparison.notes[limit:]):,} more notes, see --html", "dim"))


def _line(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=not console.is_terminal)


# --- numbers


def _sides(comparison: Comparison, counted: Counts) -> Table:
    table = Table.grid(padding=(0, 2))
    cost = spent(comparison)
    for name, side, alone in (
        ("control", comparison.control, counted.control_only),
        ("candidate", comparison.candidate, counted.candidate_only),
    ):
        table.add_row(Text(name, "dim"), _side(side), Text(_cost(cost, name, alone), "dim"))
    return table


def _side(side: Side) -> Text:
    source = f" ({line(side.source, 2 * LEAST)})" if side.source else ""
    return Text.assemble((line(side.name, LEAST), "bold"), source)


def _cost(cost: Spent, name: str, alone: int) -> str:
    tokens = cost.control_tokens if name == "control" else cost.candidate_tokens
    seconds = cost.control_seconds if name == "control" else cost.candidate_seconds
    parts = (
        f"{tokens.total:,} tokens" if tokens else "",
        f"{seconds.median:.2f} s at the median" if seconds else "",
        f"{alone:,} here only" if alone else "",
    )
    return ", ".join(part for part in parts if part)


def _numbers(counted: Counts) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="")
    table.add_column("")
    for severity in HEAVIEST_FIRST:
        table.add_column(Text(severity, COLOURS[severity]), justify="right")
    for kind in KINDS:
        row = [counted.unaccepted[kind, severity] for severity in HEAVIEST_FIRST]
        if any(row):
            table.add_row(kind, *(f"{count:,}" if count else "·" for count in row))
    return table


# --- what differs


def _rows(console: Console, groups: Sequence[Group], limit: int) -> None:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for width in (max(map(len, HEAVIEST_FIRST)), None, None):
        table.add_column(no_wrap=width is not None, min_width=width, max_width=None if width else 24, overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    for group in groups[:limit]:
        what = group.first
        table.add_row(
            Text(what.severity, COLOURS[what.severity]),
            Text(f"#{group.found[0].observation.number}"),
            Text(f"{what.kind}\n{line(what.rule, LEAST)}"),
            _what(group, console.width),
        )
    console.print()
    console.print(table)
    _more(console, groups[limit:])


def _what(group: Group, width: int) -> Text:
    what, found, room = group.first, group.found[0], max(LEAST, width - BESIDES)
    exchange = found.observation.control or found.observation.candidate
    asked = line(f"{exchange.request.method} {exchange.request.path}", room) if exchange else "legs of no exchange"
    detail = f"  {line(what.detail, room)}" if what.detail and len(group.found) == 1 else ""
    control, candidate = pair(what.control, what.candidate, 2 * room)
    path = what.path if len(group.found) == 1 else group.pattern
    return Text.assemble(
        (line(path, 2 * room), "bold"), _times(group), detail, "\n", (asked, "dim"), f"\n- {control}\n+ {candidate}",
        *((f"\nalso {place}", "dim") for place in _others(group.again, room)),
    )  # fmt: skip


def _others(groups: Sequence[Group], room: int) -> Iterator[str]:
    for group in groups[:PLACES]:
        yield f"#{group.found[0].observation.number} {line(group.pattern, 2 * room)}{_times(group)}"
    if groups[PLACES:]:
        yield f"at {len(groups) - PLACES:,} other places"


def _times(group: Group) -> str:
    return f"  ×{len(group.found):,}" if len(group.found) > 1 else ""


def _more(console: Console, rest: Sequence[Group]) -> None:
    if rest:
        count = sum(group.count for group in rest)
        _line(console, Text(f"… and {count:,} more, see --html", "dim"))


# --- what was accepted


def _reasons(console: Console, accepted: Sequence[Acceptance], limit: int) -> None:
    _line(console, Text("\nAccepted, and why", "bold"))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for each in accepted[:limit]:
        note = line(each.note, LONGEST)
        table.add_row(f"{each.count:,}", Text.assemble(note, ("\n" + "\n".join(_places(each)), "dim")))
    console.print(table)
    if accepted[limit:]:
        count = sum(each.count for each in accepted[limit:])
        _line(console, Text(f"… and {count:,} more for {len(accepted[limit:]):,} other reasons, see --html", "dim"))


def _places(accepted: Acceptance) -> Iterator[str]:
    for group in accepted.groups[:PLACES]:
        yield f"{line(group.first.rule, LEAST)} {line(group.pattern, 2 * LEAST)}{_times(group)}"
    if accepted.groups[PLACES:]:
        yield f"… and {len(accepted.groups) - PLACES:,} other places"
