"""What is left on each rung of the ladder, from running unchanged to removing bridge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from attrs import frozen

from bridge.diff.observations import SEVERITIES, Severity
from bridge.scan.findings import Finding
from bridge.scan.rules import RULES, RUNGS, Rung


@frozen
class Left:
    """`findings` in `files` that are in the way on this rung."""

    rung: Rung
    says: str
    findings: int
    files: int

    @property
    def where(self) -> str:
        return f"in {self.files:,} file{'' if self.files == 1 else 's'}" if self.findings else "nothing left"


def ladder(findings: Sequence[Finding]) -> list[Left]:
    """All rungs, the first first."""
    made = []
    for rung, says in RUNGS.items():
        there = [each for each in findings if rung in RULES[each.rule].rungs]
        made.append(Left(rung, says, len(there), len({each.place.path for each in there})))
    return made


def by_severity(findings: Sequence[Finding]) -> dict[Severity, int]:
    """How many of each, the heaviest first."""
    counted = Counter(each.severity for each in findings)
    return {severity: counted[severity] for severity in reversed(SEVERITIES)}


def by_rule(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    """The rules that found something, in the order of the table, with how often."""
    counted = Counter(each.rule for each in findings)
    return [(rule, counted[rule]) for rule in RULES if counted[rule]]


def in_words(findings: Sequence[Finding], files: int) -> str:
    """One line: what was found."""
    heavy = ", ".join(f"{count:,} {severity}" for severity, count in by_severity(findings).items() if count)
    looked = f"{files:,} file{'' if files == 1 else 's'}"
    if not findings:
        return f"nothing of the Assistants API found in {looked}"
    return f"{len(findings):,} finding{'' if len(findings) == 1 else 's'} in {looked}: {heavy}"
