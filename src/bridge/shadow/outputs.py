"""Outputs that a tool gave once, for calls of the same tool: a tool is never executed twice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from bridge.records import Object

LACKING: Final = ""
"""The output of a call that the control never made: the candidate went another way, and what follows shows it."""


class Outputs:
    """`calls` are those of the control, in their order, each with the output it got. Each output is given once."""

    def __init__(self, calls: Iterable[tuple[Object, str]]) -> None:
        self._left = list(calls)

    def take(self, call: Object) -> str | None:
        """The output of the call of the same name and arguments, else of the same name; None where there is none."""
        same = (each for each in self._left if asked(each[0]) == asked(call))
        like = (each for each in self._left if asked(each[0])[0] == asked(call)[0])
        found = next(same, None) or next(like, None)
        if found is None:
            return None
        self._left = [each for each in self._left if each is not found]
        return found[1]

    def left(self) -> list[Object]:
        """The calls whose outputs nobody took."""
        return [call for call, _ in self._left]


def asked(call: Object) -> tuple[str, Any]:
    """What is called, and with what: arguments as JSON, where they are that."""
    function = call.get("function") or {}
    try:
        return function.get("name", ""), json.loads(function.get("arguments") or "{}")
    except ValueError:
        return function.get("name", ""), function.get("arguments")
