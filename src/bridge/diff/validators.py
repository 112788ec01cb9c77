"""What the parts of a tape must be: tapes are sent around and edited, and comparing takes their types for granted.

Each is a validator of attrs and raises TypeError, which `tape.parsed` tells with the line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

LONGEST: Final = 1e12
"""Seconds. No program took so long, and larger numbers cannot be counted with."""

Validator = Callable[[Any, Any, Any], None]


def of(*kinds: type) -> Validator:
    """A value of one of these types. True is no number."""

    def check(instance: Any, attribute: Any, value: Any) -> None:
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise TypeError(f"`{attribute.name}` cannot be {str(value)[:40]!r}")

    return check


def seconds(instance: Any, attribute: Any, value: Any) -> None:
    """A number, or None."""
    of(int, float, type(None))(instance, attribute, value)
    if value is not None and not -LONGEST < value < LONGEST:
        raise TypeError(f"`{attribute.name}` is no number of seconds that can be counted with")


def pairs(instance: Any, attribute: Any, value: Any) -> None:
    """Pairs of texts."""
    if not all(isinstance(each, str) for pair in value for each in pair):
        raise TypeError(f"`{attribute.name}` is a list of pairs of texts")
