"""What a scan finds: a finding is one place in one file, and what is to be known of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import field, frozen

from bridge.diff.observations import SEVERITIES, Severity
from bridge.scan.python.values import SURENESS, Sureness

LONGEST: Final = 300
"""Characters of a snippet; a line of a bundle may be megabytes."""


@frozen
class Place:
    """`line` and `column` are counted from 1, `column` in characters. `cell` is the notebook's cell, from 1, and
    `line` is then the line in the cell. `snippet` is the line, or the part of a long one around the place."""

    path: str
    line: int
    column: int
    snippet: str = ""
    cell: int | None = None

    @property
    def shown(self) -> str:
        """As terminals and editors take it."""
        cell = "" if self.cell is None else f"[{self.cell}]"
        return f"{self.path}{cell}:{self.line}:{self.column}"


@frozen
class Finding:
    """`rule` names a row of rules.py. `message` says what is there, `becomes` what it becomes or how to change it
    (may be ""). `operation` is that of operations.py, for calls. `notes` tell of its parameters. `why` is what the
    sureness rests on."""

    rule: str
    severity: Severity
    sureness: Sureness
    place: Place
    message: str
    becomes: str = ""
    operation: str | None = None
    why: str = ""
    notes: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[str, int, int, int, str]:
        place = self.place
        return place.path, place.cell or 0, place.line, place.column, self.rule


@frozen
class Scan:
    """All findings, in the order of their places. `files` were looked at; `skipped` names folders and files that were
    not, with the reason."""

    findings: tuple[Finding, ...] = ()
    files: int = 0
    seconds: float = 0.0
    skipped: tuple[tuple[str, str], ...] = field(default=())

    def at_least(self, severity: Severity) -> list[Finding]:
        """Those that are so heavy or heavier."""
        least = SEVERITIES.index(severity)
        return [each for each in self.findings if SEVERITIES.index(each.severity) >= least]


def distinct(findings: Iterable[Finding]) -> list[Finding]:
    """In order, and each rule once at a place: several ways may lead to it, the surest counts."""
    kept: dict[tuple[object, ...], Finding] = {}
    for each in sorted(findings, key=lambda each: SURENESS.index(each.sureness)):
        key = (each.rule, each.place.path, each.place.cell, each.place.line, each.place.column)
        kept.setdefault(key, each)
    return sorted(kept.values(), key=lambda each: each.order)


def cut(line: str, column: int) -> str:
    """The line as a snippet: trimmed, and of a long one the part around the column (from 1)."""
    if len(line) <= LONGEST:
        return line.strip()
    start = max(0, column - 1 - LONGEST // 3)
    shown = line[start : start + LONGEST].strip()
    return f"{'…' if start else ''}{shown}{'…' if start + LONGEST < len(line) else ''}"
