"""What differs between runs of the same side says nothing about the other: it is learnt, and subtracted.

As in Twitter's Diffy: whatever differs among repeats of one side, at an operation and a path, is noise there. Numbers
are noise as far as they strayed among the repeats, texts down to the least similarity that was seen, words of a
vocabulary (statuses, functions) only those that were seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from attrs import evolve, field, frozen

from bridge.diff.compare import texts
from bridge.diff.compare.fields import fingerprint, is_number
from bridge.diff.compare.patterns import blurred
from bridge.diff.compare.weights import OPPOSITES
from bridge.diff.observations import Mismatch

MARGIN: Final = 2.0
"""How much further than among the repeats a number may stray: a few repeats do not show the farthest."""

TEXT_MARGIN: Final = 0.5
"""Texts may be so much less alike than the least alike of the repeats were."""

WORDS: Final = frozenset(("literal", "type", "function", "status", "form", "content-type", "error-message"))
"""Rules whose values are of a vocabulary: only values that repeats showed are noise."""

FAMILIES: Final = {
    **dict.fromkeys(("text", "text-similar", "text-normalised", "text-whitespace"), "text"),
    **{less: more for more, less in OPPOSITES.items()},
    "call-order": "arguments",
    "arguments-form": "arguments",
}
"""Rules that are one kind of noise: a number that strays up in one pair of repeats strays down in another."""

Place = tuple[str, str, str]


@frozen
class Seen:
    """What repeats showed at one place: how far numbers strayed (as a ratio), how alike texts were at least, values."""

    ratio: float = 1.0
    similarity: float = 1.0
    values: frozenset[str] = frozenset()


@frozen
class Noise:
    """By operation, path and family of rules. `repeats` is how many runs it was learnt from."""

    places: dict[Place, Seen] = field(factory=dict)
    repeats: int = 0

    def note(self, operation: str, mismatch: Mismatch) -> str | None:
        """Why the mismatch is noise; None where it is none."""
        seen = self.places.get(place(operation, mismatch))
        if seen is None or not _is_within(mismatch, seen):
            return None
        return f"noise: this differs among {self.repeats} repeats of one side as well"

    def subtracted(self, operation: str, mismatches: Iterable[Mismatch]) -> list[Mismatch]:
        return [each if each.is_accepted else evolve(each, note=self.note(operation, each)) for each in mismatches]


def learnt(found: Iterable[tuple[str, Mismatch]], repeats: int) -> Noise:
    """From mismatches between repeats, each with its operation."""
    places: dict[Place, Seen] = {}
    for operation, mismatch in found:
        key = place(operation, mismatch)
        places[key] = _widened(places.get(key, Seen()), mismatch)
    return Noise(places, repeats)


def place(operation: str, mismatch: Mismatch) -> Place:
    return operation, blurred(mismatch.path), FAMILIES.get(mismatch.rule, mismatch.rule)


def _widened(seen: Seen, mismatch: Mismatch) -> Seen:
    values = {_word(mismatch.control), _word(mismatch.candidate)} if mismatch.rule in WORDS else set()
    return Seen(
        max(seen.ratio, _ratio(mismatch)), min(seen.similarity, _similarity(mismatch)), seen.values | frozenset(values)
    )


def _is_within(mismatch: Mismatch, seen: Seen) -> bool:
    if mismatch.rule in WORDS:
        return {_word(mismatch.control), _word(mismatch.candidate)} <= seen.values
    if mismatch.kind == "text":
        return _similarity(mismatch) >= seen.similarity * TEXT_MARGIN
    return _ratio(mismatch) <= 1 + (seen.ratio - 1) * MARGIN


def _word(value: Any) -> str:
    return fingerprint(value)


def _ratio(mismatch: Mismatch) -> float:
    """How many times the smaller of two numbers the larger is; 1 for what are no numbers."""
    values = [mismatch.control, mismatch.candidate]
    if mismatch.kind not in ("cost", "latency") or not all(map(is_number, values)):
        return 1.0
    small, large = sorted(max(float(value), 1e-3) for value in values)
    return large / small


def _similarity(mismatch: Mismatch) -> float:
    if mismatch.kind != "text" or not isinstance(mismatch.control, str) or not isinstance(mismatch.candidate, str):
        return 1.0
    return texts.similarity(mismatch.control, mismatch.candidate)
