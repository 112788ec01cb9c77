"""Patterns of operations and paths, as rules and notes name them: `*` is anything, `[*]` any place of a list."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

PLACES: Final = re.compile(r"\[\d+\]")


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits; places of lists count as `[*]` where the pattern says so."""
    return _compiled(pattern).fullmatch(text) is not None


def blurred(path: str) -> str:
    """The path with every place of a list as `[*]`."""
    return PLACES.sub("[*]", path)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (re.escape(part).replace(r"\*", ".*") for part in pattern.split("[*]"))
    return re.compile(r"\[\d+\]".join(parts), re.DOTALL)
