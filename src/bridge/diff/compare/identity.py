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
ID: Final = re.compile(
    rf"(?<![A-Za-z0-9])({'|'.join(KINDS)})[_-](?=[A-Za-z0-9]*[0-9A-Z])([A-Za-z0-9]+)(?![A-Za-z0-9_])"
)
"""What looks like an id in a text: a known prefix, and behind it letters among which is a digit or a capital."""

LONG: Final = 16
"""So many letters behind the prefix are no word of a language: only such ids are seen in what a model writes."""


@frozen
class Identities:
    """The map so far: objects are numbered in the order in which they were learnt, each by its id on either side."""

    controls: dict[str, int] = field(factory=dict)
    candidates: dict[str, int] = field(factory=dict)

    def agree(self, control: str, candidate: str) -> bool:
        """Whether the two ids may stand for the same object; if nothing is known of either, from now on they do."""
        left, right = self.controls.get(control), self.candidates.get(candidate)
        if left is None and right is None:
            self.controls[control] = self.candidates[candidate] = len(self.controls)
            return True
        return left == right

    def name(self, id: str, of_candidate: bool) -> str:
        """What the object is called on both sides: its kind, and its number if that is known."""
        number = (self.candidates if of_candidate else self.controls).get(id)
        return f"{kind(id)}_{'…' if number is None else number}"

    def in_texts(self, control: str, candidate: str, loose: bool) -> tuple[str, str, bool]:
        """Two texts in which ids that stand for the same have the same name, and whether all of them agree.

        `loose` sees short ids too, as in error texts; in what a model writes they could be words. Where the texts are
        the same but for ids, these are learnt.
        """
        left, right = _replaced(_blurred, control, loose), _replaced(_blurred, candidate, loose)
        if left == right:
            pairs = zip(_found(control, loose), _found(candidate, loose), strict=True)
            return left, right, all(self.agree(*pair) for pair in pairs)
        left = _replaced(lambda id: self.name(id, False), control, loose)
        return left, _replaced(lambda id: self.name(id, True), candidate, loose), True


def kind(id: str) -> str:
    """The prefix of an id, or nothing where it has none that is known."""
    found = ID.fullmatch(id)
    return found[1] if found else ""


def blurred(text: str) -> str:
    """The text with long ids as their prefixes: it is the same on both sides."""
    return _replaced(_blurred, text, False)


def _blurred(id: str) -> str:
    return f"{kind(id)}_…"


def _found(text: str, loose: bool) -> list[str]:
    return [found[0] for found in ID.finditer(text) if loose or len(found[2]) >= LONG]


def _replaced(change: Callable[[str], str], text: str, loose: bool) -> str:
    return ID.sub(lambda found: change(found[0]) if loose or len(found[2]) >= LONG else found[0], text)
