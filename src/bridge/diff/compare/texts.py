"""Texts: the same, the same but for how it is written, alike, or another; in time linear in their length."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from itertools import pairwise
from typing import Final

SIMILAR: Final = 0.6
"""From this similarity on two texts are much alike."""

MOST_WORDS: Final = 40_000
"""Of longer texts a sample of pairs of words is compared, the same on both sides."""

MIXER: Final = 0x9E3779B97F4A7C15
"""Checksums of words alike are alike; times this odd number, their upper bits are not."""

MARKERS: Final = re.compile(r"【[^【】]*】")
"""Citation markers of the old service; others put them elsewhere or number them otherwise. Each begins anew at a
bracket: a text of opening ones alone would be read to its end from every one of them."""

SPACE: Final = re.compile(r"\s+")
WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+|[^\w\s]")
TYPOGRAPHY: Final = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'",
        "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-",
        "…": "...", "\u200b": None, "\u200c": None, "\u200d": None, "\u2060": None, "\ufeff": None,
    }
)  # fmt: skip


def rule(control: str, candidate: str) -> tuple[str, float] | None:
    """The rule by which the texts differ and their similarity; None for the same text."""
    if control == candidate:
        return None
    if _without_space(control) == _without_space(candidate):
        return "text-whitespace", 1.0
    if normalised(control) == normalised(candidate):
        return "text-normalised", 1.0
    ratio = similarity(control, candidate)
    return ("text-similar" if ratio >= SIMILAR else "text"), ratio


def normalised(text: str) -> str:
    """In Unicode's composed form, with plain quotes and dashes, without citation markers and whitespace."""
    return SPACE.sub("", MARKERS.sub("", unicodedata.normalize("NFC", text).translate(TYPOGRAPHY)))


def similarity(control: str, candidate: str) -> float:
    """From 0 to 1: the share of pairs of neighbouring words that both texts have (Dice), each as often as it stands.

    Order counts as far as neighbours go, so a sentence that has moved costs little and a shuffled text nearly all.
    """
    size = max(len(control), len(candidate))
    left, right = _pairs(control, size), _pairs(candidate, size)
    total = sum(left.values()) + sum(right.values())
    if not total:
        return 1.0
    return 2 * sum((left & right).values()) / total


def _pairs(text: str, size: int) -> Counter[int]:
    """Pairs of words by their checksums. Where the longer text has `size` letters, of very many a share only."""
    words = ["", *WORD.findall(text), ""]
    each = 1 << max(0, (size >> 3) // MOST_WORDS).bit_length()
    sums = [zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words]
    pairs = ((left * 31 + right) * MIXER & 0xFFFFFFFFFFFFFFFF for left, right in pairwise(sums))
    return Counter(pair for pair in pairs if (pair >> 40) & (each - 1) == 0)


def _without_space(text: str) -> str:
    return SPACE.sub("", text)
