"""What the keys of the API mean for comparing, and what a value looks like once ids and moments are blurred."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any, Final, Literal

from bridge.diff.compare.identity import Identities, blurred

Meaning = Literal["id", "ids", "moment", "literal", "data", "value"]

IDS: Final = frozenset(("file_ids", "vector_store_ids"))
NO_IDS: Final = frozenset(("client_id",))
MOMENTS: Final = frozenset(("created", "expires_after_at"))
LITERALS: Final = frozenset(
    ("object", "type", "status", "role", "reason", "finish_reason", "code", "purpose", "ranker", "detail")
)
DATA: Final = frozenset(("metadata", "parameters", "schema", "attributes"))
"""What below these keys is the program's own: nothing there is an id or a moment by its name."""

LONGEST: Final = 200
"""Longer texts go into a fingerprint as their checksum."""

LARGEST: Final = 2**53
"""Numbers are counted with up to here, as in JavaScript; what is larger is compared as a value."""

LATEST: Final = 1e11
"""Seconds since 1970 are smaller until the year 5138, milliseconds larger since 1973."""

DEEPEST: Final = 100
"""Values are looked into so deep; what lies below is compared as a whole."""


@lru_cache(maxsize=4096)
def meaning(key: str) -> Meaning:
    if key in DATA:
        return "data"
    if key in IDS:
        return "ids"
    if (key == "id" or key.endswith("_id")) and key not in NO_IDS:
        return "id"
    if key.endswith("_at") or key in MOMENTS:
        return "moment"
    return "literal" if key in LITERALS else "value"


def json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array"


def is_number(value: Any) -> bool:
    """Whether it is one that can be counted with."""
    return json_type(value) == "number" and abs(value) < LARGEST


def fingerprint(
    value: Any, identities: Identities | None = None, of_candidate: bool = False, key: str = "", depth: int = 0
) -> str:
    """The value as a text that is the same on both sides where the values are. Ids are named as far as they are known;
    moments and tokens count as present only."""
    if depth > DEEPEST:
        return "…"
    if isinstance(value, dict):
        inner = (f"{name}:{_inner(name, key, each, identities, of_candidate, depth)}" for name, each in value.items())
        return "{" + ",".join(sorted(inner)) + "}"
    if isinstance(value, (list, tuple)):
        inner = (fingerprint(each, identities, of_candidate, key, depth + 1) for each in value)
        return "[" + ",".join(inner) + "]"
    return _scalar(value, identities, of_candidate, key)


def _inner(name: str, above: str, value: Any, identities: Identities | None, of_candidate: bool, depth: int) -> str:
    if name == "usage" and value is not None and above not in DATA:
        return "tokens"
    return fingerprint(value, identities, of_candidate, "metadata" if above in DATA else name, depth + 1)


def _scalar(value: Any, identities: Identities | None, of_candidate: bool, key: str) -> str:
    means = meaning(key)
    if isinstance(value, str):
        if means in ("id", "ids"):
            return (identities or Identities()).name(value, of_candidate)
        return repr(blurred(value)) if len(value) <= LONGEST else _checksum(value)
    if means == "moment" and value is not None:
        return "moment"
    return f"{value:.15g}" if is_number(value) else repr(value)


def _checksum(text: str) -> str:
    return f"#{len(text)}:{zlib.crc32(blurred(text).encode('utf-8', 'surrogatepass')):08x}"


def same(control: Any, candidate: Any) -> bool:
    """Whether two JSON values are equal, whatever their depth; 1 and 1.0 are, 1 and true are not."""
    waiting = [(control, candidate)]
    while waiting:
        left, right = waiting.pop()
        if json_type(left) != json_type(right):
            return False
        if isinstance(left, dict):
            if left.keys() != right.keys():
                return False
            waiting += [(left[key], right[key]) for key in left]
        elif isinstance(left, (list, tuple)):
            if len(left) != len(right):
                return False
            waiting += zip(left, right, strict=True)
        elif left != right:
            return False
    return True
