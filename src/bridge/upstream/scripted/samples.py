"""Values that fit a JSON schema, for arguments and structured answers nobody wrote down; the same every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.records import Object

PLAIN = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None}


def sample(schema: Any, hints: Mapping[str, Any] | None = None) -> Any:
    """A value for `schema`. `hints` fill properties of those names where the schema allows the value.

    A hint is compared with an enum ignoring case, then by its first letter: ``Fahrenheit`` is ``F`` in ``[C, F]``.
    """
    return _sample(schema if isinstance(schema, Mapping) else {}, schema, dict(hints or {}), depth=0)


def _sample(schema: Any, root: Any, hints: Object, depth: int) -> Any:
    schema = _resolved(schema, root)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _sample(schema[key][0], root, hints, depth + 1)
    return _of_type(schema, root, hints, depth)


def _of_type(schema: Any, root: Any, hints: Object, depth: int) -> Any:
    type_ = schema.get("type") or ("object" if "properties" in schema else "string")
    type_ = type_[0] if isinstance(type_, list) else type_
    if type_ == "object":
        return _object(schema, root, hints, depth)
    if type_ == "array":
        count = max(1, schema.get("minItems", 1)) if depth < 8 else 0
        return [_sample(schema.get("items") or {}, root, {}, depth + 1)] * count
    return max(PLAIN[type_], schema.get("minimum", 1)) if type_ in ("integer", "number") else PLAIN.get(type_)


def _object(schema: Any, root: Any, hints: Object, depth: int) -> Object:
    """Required properties and hinted ones; all of them when none is required."""
    properties = schema.get("properties") or {}
    required = schema.get("required") or list(properties)
    wanted = [name for name in properties if name in required or name in hints] if depth < 8 else []
    return {name: _property(name, properties[name], root, hints, depth) for name in wanted}


def _property(name: str, schema: Any, root: Any, hints: Object, depth: int) -> Any:
    if name not in hints:
        return _sample(schema, root, {}, depth + 1)
    hint, choices = hints[name], _resolved(schema, root).get("enum")
    if not choices or hint in choices:
        return hint
    word = str(hint).casefold()
    same = [choice for choice in choices if str(choice).casefold() == word]
    initial = [choice for choice in choices if str(choice)[:1].casefold() == word[:1]]
    return (same or initial or choices)[0]


def _resolved(schema: Any, root: Any) -> Any:
    """The schema behind a local reference (``#/$defs/Place``)."""
    if not isinstance(schema, Mapping):
        return {}
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    target: Any = root
    for part in reference[2:].split("/"):
        target = target.get(part, {}) if isinstance(target, Mapping) else {}
    return target if isinstance(target, Mapping) and "$ref" not in target else {}
