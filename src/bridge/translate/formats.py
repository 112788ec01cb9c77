"""response_format ↔ text.format (assistants-wire §2.2, responses-mapping §6).

    Assistants                                                    Responses
    "auto", {"type": "text"}                                   => None: the key is left out, text is the default
    {"type": "json_object"}                                    => the same
    {"type": "json_schema", "json_schema": {name, schema, …}}  => {"type": "json_schema", name, schema, …}: flat
    "auto"                                                     <= None, {"type": "text"}

A schema's keys that were left out stay out: `strict` defaults to false on both sides.
"""

from __future__ import annotations

from typing import Any

from bridge.records import Object
from bridge.translate.loose import Untranslatable

FIELDS = ("name", "description", "schema", "strict")


def to_responses(response_format: str | Object | None) -> Object | None:
    """The `text.format` of the request, or None where the default says the same."""
    if response_format is None or response_format == "auto":
        return None
    kind = response_format.get("type") if isinstance(response_format, dict) else response_format
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "json_object"}
    if kind == "json_schema" and isinstance(response_format, dict):
        given = response_format["json_schema"]
        schema = {key: given[key] for key in FIELDS if key in given}
        return {"type": "json_schema", **{"schema": {}, **schema}}
    raise Untranslatable(f"response_format {response_format!r} has no Responses form")


def to_assistants(format: Any) -> str | Object:
    """The `response_format` that asks for the same."""
    kind = None if format is None else format.get("type")
    if kind in (None, "text"):
        return "auto"
    if kind == "json_object":
        return {"type": "json_object"}
    if kind == "json_schema":
        return {"type": "json_schema", "json_schema": {key: format[key] for key in FIELDS if key in format}}
    raise Untranslatable(f"text.format {format!r} has no Assistants form")
