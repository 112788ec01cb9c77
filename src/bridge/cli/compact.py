"""JSON in few columns: as much on a line as fits, and what is too long ends in an ellipsis."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from attrs import frozen

SCHEMAS: Final = ("parameters", "schema")
"""Keys whose values are shown as ``{…}``: JSON schemas cross as they are."""

REPEATED: Final = ("tools",)
"""Keys shown as ``[… as before]`` when they say the same as the request before."""

ID: Final = re.compile(r"((?:call|fc|msg|rs|resp)_)\w{12,}(\w{4})")


def lines(request: dict[str, Any], width: int, before: dict[str, Any] | None = None) -> list[str]:
    """The lines, none of them wider than `width` columns. `before` is the request before this one."""
    repeated = [key for key in REPEATED if key in request and request[key] == (before or {}).get(key)]
    shown = {key: _Left("[… as before]") if key in repeated else _short(value) for key, value in request.items()}
    return [_clipped(line, width) for line in _lines(shown, width, "", "", "")]


def _short(value: Any) -> Any:
    """The same with ids cut, and schemas left out."""
    if isinstance(value, dict):
        return {key: _Left("{…}") if _is_schema(key, entry) else _short(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_short(entry) for entry in value]
    return ID.sub(r"\1…\2", value) if isinstance(value, str) else value


def _is_schema(key: str, entry: Any) -> bool:
    return key in SCHEMAS and isinstance(entry, dict) and bool(entry)


@frozen
class _Left:
    """Stands for what is not shown."""

    shown: str


def _lines(value: Any, width: int, indent: str, lead: str, tail: str) -> list[str]:
    """`lead` is the key before the value, `tail` what follows it."""
    whole = indent + lead + _dumped(value) + tail
    if len(whole) <= width or not isinstance(value, (dict, list)) or not value:
        return [_shortened(value, indent + lead, tail, width) if isinstance(value, str) else whole]
    is_object = isinstance(value, dict)
    entries = list(value.items()) if isinstance(value, dict) else [("", entry) for entry in value]
    made, inner = [indent + lead + ("{" if is_object else "[")], indent + " "
    for number, (key, entry) in enumerate(entries):
        after = "," if number < len(entries) - 1 else ("}" if is_object else "]") + tail
        _add(made, entry, width, inner, json.dumps(key) + ": " if is_object else "", after)
    return made


def _add(made: list[str], entry: Any, width: int, indent: str, lead: str, after: str) -> None:
    """One entry more: on the last line where it fits, on lines of its own otherwise."""
    piece = lead + _dumped(entry) + after
    glue = "" if made[-1].endswith(("{", "[")) else " "
    if len(made[-1] + glue + piece) <= width:
        made[-1] += glue + piece
        return
    own = _lines(entry, width, indent, lead, after)
    if glue == "" and len(made[-1] + own[0].lstrip()) <= width:
        made[-1] += own.pop(0).lstrip()
    made += own


def _shortened(text: str, before: str, after: str, width: int) -> str:
    """A text on one line, cut where the line would be too long."""
    dumped, room = _dumped(text), width - len(before) - len(after)
    return before + (dumped if len(dumped) <= room else dumped[: max(room - 2, 2)] + '…"') + after


def _dumped(value: Any) -> str:
    if isinstance(value, _Left):
        return value.shown
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_dumped(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_dumped, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _clipped(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"
