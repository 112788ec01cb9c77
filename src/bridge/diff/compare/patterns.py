"""Patterns of operations and paths, as rules and notes name them: `*` is anything, `[*]` any place of a list."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

PLACES: Final = re.compile(r"\[\d+\]")
ANYTHING: Final = re.compile(r"(?<!\[)\*|\*(?!\])")
"""A `*` that is no place of a list."""


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits; places of lists count as `[*]` where the pattern says so.

    What stands behind a `*` is taken where it is found first. One regular expression for all of it would try every
    place with every other: patterns of a few `*` would never end.
    """
    first, *others = _pieces(pattern)
    found = first.match(text)
    for piece in others:
        if found is None:
            return False
        found = piece.search(text, found.end())
    return found is not None


def blurred(path: str) -> str:
    """The path with every place of a list as `[*]`."""
    return PLACES.sub("[*]", path)


@lru_cache(maxsize=1024)
def _pieces(pattern: str) -> tuple[re.Pattern[str], ...]:
    """What stands between the `*`; the last ends with the text."""
    pieces = [r"\[\d+\]".join(map(re.escape, piece.split("[*]"))) for piece in ANYTHING.split(pattern)]
    return tuple(re.compile(piece) for piece in (*pieces[:-1], pieces[-1] + r"\Z"))
