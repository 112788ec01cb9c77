"""Hostile text made harmless: what is invisible, moves the cursor or turns the reading order is shown as a mark.

A mark is ``<U+202E>``, as `less` writes it. text.js does the same in the page.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

from bridge.diff.observations import MISSING
from bridge.masking import masked

DEPTH: Final = 200
"""Levels of a JSON value that reports hold, as many as the gateway takes."""

DEEPER: Final = f"[deeper than {DEPTH} levels]"

MARKED: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
"""Controls, the escape character among them; invisible and bidirectional marks; half a surrogate pair; tags."""

BEFORE: Final = 20
"""Characters that are shown before two long texts part."""

STACK: Final = 4
"""Combining marks on one character; more of them could be drawn over the lines around."""


def visible(text: str) -> str:
    """One line that can be printed anywhere. Line breaks and tabs are marks too."""
    return _unstacked(MARKED.sub(lambda match: f"<U+{ord(match[0]):04X}>", text))


def line(text: str, limit: int) -> str:
    """As `visible`, without secrets and of `limit` characters at most."""
    shown = visible(masked(text)[: 2 * limit])
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def pair(control: Any, candidate: Any, limit: int) -> tuple[str, str]:
    """Both values, each as one line of about `limit` characters. Long texts begin shortly before they part."""
    skipped = 0
    control, candidate = (masked(each) if isinstance(each, str) else each for each in (control, candidate))
    if isinstance(control, str) and isinstance(candidate, str) and max(len(control), len(candidate)) > limit:
        skipped = max(0, _alike(control, candidate) - BEFORE)
    return value(control, limit, skipped), value(candidate, limit, skipped)


def value(thing: Any, limit: int, skipped: int = 0) -> str:
    """JSON, and ``(missing)`` for MISSING. Of a text the first `skipped` characters are left out."""
    if thing is MISSING:
        return repr(MISSING)
    if isinstance(thing, str):
        text, length = json.dumps(masked(thing)[skipped : skipped + 2 * limit], ensure_ascii=False), len(thing)
    else:
        text = json.dumps(plain(thing), ensure_ascii=False)
        length = len(text)
    shown = ("…" if skipped else "") + visible(text[: 2 * limit])
    return shown if len(shown) <= limit and length <= limit else f"{shown[: limit - 1]}… ({length:,} characters)"


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def plain(thing: Any) -> Any:
    """The JSON value as reports hold it: without secrets, not too deep, whatever was no JSON as its `repr`."""
    return masked(_levels(thing, DEPTH))


def _levels(thing: Any, depth: int) -> Any:
    if isinstance(thing, (dict, list, tuple)) and not depth:
        return DEEPER
    if isinstance(thing, dict):
        return {str(name): _levels(each, depth - 1) for name, each in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [_levels(each, depth - 1) for each in thing]
    return thing if thing is None or isinstance(thing, (str, bool, int, float)) else repr(thing)


def _unstacked(text: str) -> str:
    if text.isascii():
        return text
    made: list[str] = []
    height = 0
    for character in text:
        height = height + 1 if unicodedata.combining(character) else 0
        made.append(character if height <= STACK else f"<U+{ord(character):04X}>")
    return "".join(made)
