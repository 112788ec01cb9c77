"""Reading JSON that other servers wrote: what is missing or of the wrong type is absent, and nothing raises.

Real Responses servers leave out fields, send null for them, or put something else there (upstreams.md).
"""

from __future__ import annotations

from typing import Any

from bridge.errors import BridgeError
from bridge.records import Object


class Untranslatable(BridgeError, ValueError):
    """What was given has no counterpart on the other API; the message names it."""


def text(value: Any, key: str) -> str | None:
    """The string under `key`, if `value` is an object and has one there."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def number(value: Any, key: str) -> int | None:
    """The integer under `key`. A float without a fraction is one; a boolean is not."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, float) and found.is_integer():
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def object(value: Any, key: str) -> Object | None:
    """The object under `key`."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else None


def objects(value: Any, key: str) -> list[Object]:
    """The objects in the list under `key`; entries that are none are left out."""
    found = value.get(key) if isinstance(value, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
