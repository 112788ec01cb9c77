"""What `bridge doctor` found, and how it is shown: to people, what is wrong first; to programs, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal

from attrs import asdict, frozen
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

Level = Literal["ok", "note", "wrong"]
Part = Literal["packages", "settings", "store", "upstream", "probe"]

MARKS: Final[dict[Level, str]] = {"wrong": "[bold red]wrong[/]", "note": "[yellow]note[/]", "ok": "[green]ok[/]"}
TITLES: Final[dict[Part, str]] = {
    "packages": "Packages",
    "settings": "Settings in force",
    "store": "Store",
    "upstream": "Upstream",
    "probe": "What the upstream can do",
}
BESIDES: Final = len("wrong") + 4
"""Columns of a line that are neither subject nor text: the mark, and the room between."""


@frozen
class Finding:
    """One line: what was looked at, what it is, and where that comes from or what to do."""

    part: Part
    level: Level
    subject: str
    value: str
    remark: str = ""


def are_good(findings: Iterable[Finding]) -> bool:
    return all(finding.level != "wrong" for finding in findings)


def as_json(findings: Sequence[Finding], version: str) -> str:
    """``{"ok": …, "version": …, "findings": [{"part", "level", "subject", "value", "remark"}]}``"""
    document: dict[str, Any] = {"ok": are_good(findings), "version": version}
    return json.dumps({**document, "findings": [asdict(finding) for finding in findings]}, indent=2)


def show(console: Console, findings: Sequence[Finding]) -> None:
    """What is wrong, what is to be noted, then the rest part by part. The notes of a probe are a table of their own."""
    wrong = [finding for finding in findings if finding.level == "wrong"]
    noted = [finding for finding in findings if finding.level == "note" and finding.part != "probe"]
    width = max(cell_len(finding.subject) for finding in findings)
    console.print(_summary(len(wrong), len(noted)))
    if wrong or noted:
        console.print(_table(console, [*wrong, *noted], width))
    for part, rest in _rest(findings):
        console.print(f"\n[bold]{TITLES[part]}[/]")
        console.print(_table(console, rest, width))


def _summary(wrong: int, noted: int) -> str:
    first = f"[bold red]{_things(wrong)} wrong[/]" if wrong else "[bold green]Nothing is wrong[/]"
    return f"{first}{f', {_things(noted)} to be noted' if noted else ''}."


def _things(count: int) -> str:
    return "1 thing is" if count == 1 else f"{count} things are"


def _rest(findings: Sequence[Finding]) -> Iterator[tuple[Part, list[Finding]]]:
    for part in TITLES:
        levels = ("ok", "note") if part == "probe" else ("ok",)
        rest = [finding for finding in findings if finding.part == part and finding.level in levels]
        if rest:
            yield part, rest


def _table(console: Console, findings: Sequence[Finding], width: int) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")
    for finding in findings:
        mark = _padded(Text.from_markup(MARKS[finding.level]), len("wrong"))
        subject = _padded(Text(finding.subject), width)
        table.add_row(mark, subject, _text(finding, console.width - width - BESIDES))
    return table


def _padded(text: Text, width: int) -> Text:
    """Of this width at least. The `min_width` of a column is with its padding or without, as rich is old or new."""
    text.pad_right(max(0, width - text.cell_len))
    return text


def _text(finding: Finding, room: int) -> Text:
    """The remark beside the value, or below where there is no room."""
    if not finding.remark:
        return Text(finding.value)
    fits = cell_len(finding.value) + 2 + cell_len(finding.remark) <= room
    return Text.assemble(finding.value, "  " if fits else "\n", (finding.remark, "dim"))
