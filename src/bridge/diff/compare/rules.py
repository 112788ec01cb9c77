"""Rules of the user's: which mismatches are accepted, and which are not looked at, each with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from attrs import evolve, frozen

from bridge.diff.compare.patterns import matches
from bridge.diff.observations import Mismatch

What = Literal["accept", "ignore"]
SELECTORS: Final = ("operation", "path", "kind", "rule")
NAMES: Final = (*SELECTORS, "reason")


@frozen
class Rule:
    """accept: the mismatch is shown with the reason and weighs nothing. ignore: it is counted and not shown."""

    what: What
    reason: str
    operation: str = "*"
    path: str = "*"
    kind: str | None = None
    rule: str | None = None

    def covers(self, operation: str, mismatch: Mismatch) -> bool:
        return (
            self.kind in (None, mismatch.kind)
            and self.rule in (None, mismatch.rule)
            and matches(self.operation, operation)
            and matches(self.path, mismatch.path)
        )


def ruled(
    operation: str, mismatches: Sequence[Mismatch], rules: Sequence[Rule], ignored: dict[Rule, int]
) -> list[Mismatch]:
    """The mismatches that stay, accepted ones with the reason. What is ignored is counted in `ignored`."""
    kept: list[Mismatch] = []
    for each in mismatches:
        rule = next((rule for rule in rules if rule.covers(operation, each)), None)
        if rule is None:
            kept.append(each)
        elif rule.what == "ignore":
            ignored[rule] = ignored.get(rule, 0) + 1
        else:
            kept.append(each if each.is_accepted else evolve(each, note=f"accepted: {rule.reason}"))
    return kept
