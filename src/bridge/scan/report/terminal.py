"""A scan for people at a terminal: findings file by file, what the rules mean, and what is left on each rung."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.diff.report.shown import line
from bridge.diff.report.terminal import COLOURS
from bridge.scan import ladder
from bridge.scan.findings import Finding, Scan
from bridge.scan.rules import GUIDE, RULES, link

LONGEST: Final = 400
"""Characters of a path or a message."""

BESIDES: Final = 20
"""Columns of a row that are not the finding's text."""

SKIPPED: Final = 3
"""Skipped folders that are named."""


def show(console: Console, scan: Scan, findings: Sequence[Finding], limit: int = 50) -> None:
    """`findings` are those of the scan that are asked for. At most `limit` of them are shown one by one."""
    for path, group in groupby(findings[:limit], key=lambda each: each.place.path):
        _line(console, Text(line(path, LONGEST), "bold"))
        _rows(console, list(group))
    if findings[limit:]:
        _line(console, Text(f"… and {len(findings[limit:]):,} more: --limit, or --format html\n", "dim"))
    words = ladder.in_words(findings, scan.files)
    _line(console, Text(f"{words[0].upper()}{words[1:]}.", "bold"))
    if findings:
        _rules(console, findings)
        _ladder(console, findings)
    _skipped(console, scan)


def _line(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=not console.is_terminal)


def _rows(console: Console, findings: Sequence[Finding]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(justify="right", no_wrap=True, min_width=8)
    table.add_column(no_wrap=True, min_width=len("breaking"))
    table.add_column(overflow="fold", ratio=1)
    room, above = max(BESIDES, console.width - BESIDES), ""
    for each in findings:
        shown = "" if each.place.snippet == above else line(each.place.snippet, room)
        table.add_row(_where(each), Text(each.severity, COLOURS[each.severity]), _what(each, shown))
        above = each.place.snippet
    console.print(table)
    console.print()


def _where(finding: Finding) -> Text:
    cell = "" if finding.place.cell is None else f"[{finding.place.cell}] "
    return Text(f"{cell}{finding.place.line}:{finding.place.column}", "cyan")


def _what(finding: Finding, snippet: str) -> Text:
    """The rules' own cures are told once, below."""
    sure = "" if finding.sureness == "certain" else f"  ({finding.sureness})"
    text = Text.assemble((finding.rule, "bold"), "  ", line(finding.message, LONGEST), (sure, "yellow"))
    if snippet:
        text.append(f"\n{snippet}", "dim")
    if finding.becomes and finding.becomes != RULES[finding.rule].cure:
        text.append(f"\n→ {line(finding.becomes, LONGEST)}")
    return text


def _rules(console: Console, findings: Sequence[Finding]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for name, count in ladder.by_rule(findings):
        rule = RULES[name]
        what = Text.assemble(rule.sentence, (f"\n{rule.cure}  {link(name)}", "dim"))
        table.add_row(f"{count:,}", Text(name, COLOURS[rule.severity]), what)
    console.print(table)


def _ladder(console: Console, findings: Sequence[Finding]) -> None:
    console.print(Text(f"\nWhat is left on each rung ({GUIDE})", "bold"))
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for column in (1, 2, 3):
        table.add_column(justify="right" if column == 2 else "left", no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for number, each in enumerate(ladder.ladder(findings), 1):
        colour = "green" if not each.findings else ""
        table.add_row(str(number), Text(f"{each.findings:,}", colour), each.where, each.says)
    console.print(table)


def _skipped(console: Console, scan: Scan) -> None:
    for path, reason in scan.skipped[:SKIPPED]:
        _line(console, Text(f"Not looked at: {line(path, LONGEST)} ({line(reason, LONGEST)}).", "dim"))
    if scan.skipped[SKIPPED:]:
        more = len(scan.skipped[SKIPPED:])
        _line(console, Text(f"… and {more:,} more folders and files; --all looks at them too.", "dim"))
