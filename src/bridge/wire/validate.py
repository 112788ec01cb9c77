"""Request bodies and queries → shapes, or the one error that the old service would have told (assistants-wire §9).

When several things are wrong, one is told. Keys, types and words come before limits of values (§9.1). Among equals it
is the first in the order of the body, where a missing key stands before the keys that its object has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import unquote

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, model_validator
from pydantic_core import ErrorDetails

from bridge import errors
from bridge.wire.fields import SHAPE, Refusal

S = TypeVar("S", bound="Shape")

TYPES: Final = {
    "string_type": "a string",
    "int_type": "an integer",
    "float_type": "a decimal",
    "bool_type": "a boolean",
    "dict_type": "an object",
    "model_type": "an object",
    "none_required": "null",
}
"""pydantic's error → what was expected. 1 is a decimal too, but neither 1.0 nor true is an integer."""

EMPTY: Final = (b"", b'""')
"""Bodies that bodyless calls were seen to send (§1.1)."""

DEEPEST: Final = 200
"""Levels of objects and arrays in a body. What is deeper can be read, but not be written again: orjson stops at 254."""

IGNORED: Final = frozenset({"api-version"})
"""Query parameters that say nothing to us: Azure's clients send them with every call."""


class Shape(BaseModel):
    """A request body, or a part of one. Strict, and without keys that nobody knows."""

    model_config = ConfigDict(strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _note(cls, value: Any, info: ValidationInfo) -> Any:
        """Remembers which keys this object may have: pydantic's errors do not tell."""
        if info.context is not None:
            info.context[id(value)] = [field.alias or name for name, field in cls.model_fields.items()]
        return value

    def given(self) -> dict[str, Any]:
        """Only what the caller sent, null kept: omitted is not null."""
        return self.model_dump(exclude_unset=True, by_alias=True)


def parse_body(shape: type[S], raw: bytes) -> S:
    """The request body. Raises APIError."""
    return check_body(shape, read_body(raw))


def read_body(raw: bytes) -> dict[str, Any]:
    """The request body as it came, unchecked. Raises APIError for what is no JSON object, or a too deep one."""
    if raw.strip() in EMPTY:
        return {}
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise errors.no_json() from None
    if not isinstance(data, dict):
        raise errors.invalid_type("", "an object", data)
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _is_deeper(data, DEEPEST):
        raise errors.too_deep(DEEPEST)
    return data


def _is_deeper(data: Any, levels: int) -> bool:
    """Whether objects and arrays lie within each other on more than so many levels."""
    layer = [data]
    for _ in range(levels):
        layer = [inner for outer in layer for inner in _parts(outer) if isinstance(inner, (dict, list))]
        if not layer:
            return False
    return True


def _parts(container: Any) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def parse_query(shape: type[S], pairs: Sequence[tuple[str, str]]) -> S:
    """The query. Arrays are spelled ``include[]=…``, brackets encoded or not. Raises APIError."""
    data: dict[str, Any] = {}
    for key, value in pairs:
        name, brackets, _ = unquote(key).partition("[")
        if brackets or name == "include":
            data.setdefault(name, []).append(value)
        elif name in IGNORED or (name in ("after", "before") and not value):
            continue
        else:
            data[name] = int(value) if name == "limit" and re.fullmatch(r"[+-]?\d{1,18}", value, re.ASCII) else value
    return check_body(shape, data)


def check_body(shape: type[S], data: dict[str, Any]) -> S:
    """The shape of what was read. Raises APIError."""
    known: dict[int, list[str]] = {}
    try:
        return shape.model_validate(data, context=known)
    except ValidationError as error:
        details = error.errors(include_url=False)
    place = _Places(data)
    found = [_refusal(each) for each in details]
    path, refusal = min(found, key=lambda pair: (pair[1].make not in SHAPE, place(pair[0])))
    if refusal.make is errors.unknown:
        raise errors.unknown(spell(path), _near(path, known[id(_at(path[:-1], data))]))
    raise refusal.make(spell(path), *refusal.args)


def _refusal(detail: ErrorDetails) -> tuple[list[str | int], Refusal]:
    """Where it went wrong, and how."""
    kind = detail["type"]
    own = 1 if kind == "extra_forbidden" else 0  # an unknown key is the caller's, whatever it looks like
    tags = len(detail["loc"]) - own
    path = [key for place, key in enumerate(detail["loc"]) if place >= tags or not str(key).startswith("<")]
    if kind == "refused":
        refusal: Refusal = detail["ctx"]["refusal"]
        return [*path, *refusal.at], refusal
    if kind == "missing":
        return path, Refusal(errors.missing)
    if kind == "extra_forbidden":
        return path, Refusal(errors.unknown)
    return path, Refusal(errors.invalid_type, (TYPES[kind], detail["input"]))


def spell(path: Iterable[str | int]) -> str:
    """``messages[0].content[1].image_url.url``"""
    spelled = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return spelled.removeprefix(".")


def _at(path: Sequence[str | int], data: Any) -> Any:
    for key in path:
        data = data[key]
    return data


class _Places:
    """Sorts paths by the order of the body; what is missing comes before what is there."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self._orders: dict[int, dict[str, int]] = {}

    def __call__(self, path: Sequence[str | int]) -> list[int]:
        place, data = [], self._data
        for key in path:
            if isinstance(data, dict):
                place.append(self._order(data).get(str(key), -1))
                data = data.get(key)
            else:
                place.append(int(key))
                data = data[key]
        return place

    def _order(self, data: dict[str, Any]) -> dict[str, int]:
        """Counted once for each object: one with very many wrong keys is looked at very often."""
        if id(data) not in self._orders:
            self._orders[id(data)] = {key: number for number, key in enumerate(data)}
        return self._orders[id(data)]


def _near(path: list[str | int], known: list[str]) -> str | None:
    """The path of the known key at most two edits away, the nearest one."""
    wrong = str(path[-1])
    near = [(_distance(wrong, name), name) for name in known if abs(len(wrong) - len(name)) <= 2]
    distance, name = min(near, default=(3, ""))
    return spell([*path[:-1], name]) if distance <= 2 else None


def _distance(one: str, other: str) -> int:
    """How many letters to insert, delete or replace (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, row = row, [i]
        for j, target in enumerate(other, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != target)))
    return row[-1]
