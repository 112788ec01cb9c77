"""Which object of the candidate is which of the control: a one-to-one map of ids, learnt where answers are paired.

Ids differ between any two runs of a program. What must hold is that the same object goes by the same id throughout:
an id that stands for one object here and for another there is a mismatch.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from attrs import field, frozen

KINDS: Final = ("asst", "thread", "msg", "run", "step", "call", "ci", "fs", "fc", "file", "vs", "vsfb", "req", "resp",
                "rs", "cntr", "cfile", "item", "bridge")  # fmt: skip
ID: Final = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(KINDS)})[_-](?=[A-Za-z0-9]*[0-9A-Z])([A-Za-z0-9]+)(?![A-Za-z0-9_])")
"""What looks like an id in a text: a known prefix, and behind it letters among which is a digit or a capital."""

LONG: Final = 16
"""So many letters behind the prefix are no word of a language: only such ids are seen in what a model writes."""

SAME_KIND: Final = {"ci": "call", "fs": "call", "fc": "call"}
"""Prefixes that name the same kind of object: calls of hosted tools have the upstream's (docs/conformance.md, Tools)."""


@frozen
class Identities:
    """The map so far, both ways."""

    candidates: dict[str, str] = field(factory=dict)
    controls: dict[str, str] = field(factory=dict)

    def agree(self, control: str, candidate: str) -> bool:
        """Whether the two ids may stand for the same object; if nothing is known of either, from now on they do."""
        if self.candidates.get(control) == candidate:
            return True
        if control in self.candidates or candidate in self.controls:
            return False
        if kind(control) != kind(candidate):
            return False
        self.candidates[control] = candidate
        self.controls[candidate] = control
        return True

    def name(self, id: str, of_candidate: bool) -> str | None:
        """What the object is called on both sides, the control's id; None where it is not known yet."""
        if of_candidate:
            return self.controls.get(id)
        return id if id in self.candidates else None

    def in_texts(self, control: str, candidate: str, loose: bool) -> tuple[str, str, bool]:
        """Two texts in which ids that stand for the same have the same name, and whether all of them agree.

        `loose` sees short ids too, as in error texts; in what a model writes they could be words. Where the texts are
        the same but for ids, these are learnt. An id that agrees with nothing stays as it is.
        """
        pattern = _finder(loose)
        blurred = (pattern(_prefix, control), pattern(_prefix, candidate))
        if blurred[0] == blurred[1]:
            pairs = list(zip(_found(control, loose), _found(candidate, loose), strict=True))
            agree = all([self.agree(left, right) for left, right in pairs])
            return (*blurred, agree)
        named = pattern(lambda id: self.name(id, False) or id, control), pattern(lambda id: self.name(id, True) or id, candidate)
        return (*named, True)


def kind(id: str) -> str:
    """The prefix of an id, or nothing where it has none that is known."""
    found = ID.fullmatch(id)
    return SAME_KIND.get(found[1], found[1]) if found else ""


def is_id(text: str) -> bool:
    """Whether the whole text looks like an id."""
    return ID.fullmatch(text) is not None


def blurred(text: str) -> str:
    """The text with long ids as their prefixes: it is the same on both sides."""
    return _finder(False)(_prefix, text)


def _prefix(id: str) -> str:
    return f"{kind(id)}_…"


def _found(text: str, loose: bool) -> list[str]:
    return [found[0] for found in ID.finditer(text) if loose or len(found[2]) >= LONG]


def _finder(loose: bool) -> Callable[[Callable[[str], str], str], str]:
    def replaced(change: Callable[[str], str], text: str) -> str:
        return ID.sub(lambda found: change(found[0]) if loose or len(found[2]) >= LONG else found[0], text)

    return replaced
