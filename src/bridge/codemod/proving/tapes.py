"""The script that plays the answers of a tape: run by run, leg by leg, to whoever says what the tape's user said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.diff.readers import read_any
from bridge.diff.replay import conversation, inverse
from bridge.diff.tape import Object, Tape
from bridge.errors import ConfigurationError
from bridge.upstream.scripted.templates import FIELD, MARKED


def script(path: Path) -> list[Object]:
    """Rules for a ScriptedUpstream (docs/scripted-upstream.md). Raises ConfigurationError for a tape without runs."""
    tape = read_any(path)
    runs = [legs for legs in (_noted(tape) or _played(tape)) if legs]
    if not runs:
        raise ConfigurationError(f"{path} holds no run: there is nothing to play.")
    return [{"times": 1, **_rule(legs)} for legs in runs]


def _rule(legs: Sequence[list[Object]]) -> Object:
    """The first leg, and the others for what follows the outputs of its calls."""
    rule = _answer(legs[0])
    if len(legs) > 1:
        rule["then"] = _rule(legs[1:])
    return rule


def _answer(items: list[Object]) -> Object:
    said = [part["text"] for item in items if item.get("type") == "message" for part in item["content"]
            if part.get("type") == "output_text"]  # fmt: skip
    calls = [_call(item) for item in items if item.get("type") == "function_call"]
    answer: Object = {"say": _literal(said[0]) if len(said) == 1 else [*map(_literal, said)]} if said else {}
    return {**answer, **({"call": calls} if calls else {})}


def _call(item: Object) -> Object:
    return {"name": item["name"], "arguments": _arguments(item["arguments"]), "call_id": item["call_id"]}


def _arguments(text: str) -> Any:
    """As an object where it is one: a text would be sent as it is as well, but for its braces."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, Mapping) else text


def _literal(text: str) -> str:
    """Raises ConfigurationError for a text that a script would take for a template."""
    if FIELD.search(text) or MARKED.search(text):
        raise ConfigurationError(f"The tape cannot be played: {text!r} is a template of scripts.")
    return text


def _noted(tape: Tape) -> list[list[list[Object]]]:
    """By the Responses requests that the tape shows, with their answers."""
    runs: dict[str | None, list[list[Object]]] = {}
    for leg in tape.legs:
        if leg.answer is not None and leg.answer.get("output"):
            runs.setdefault(leg.run, []).append(list(leg.answer["output"]))
    return list(runs.values())


def _played(tape: Tape) -> list[list[list[Object]]]:
    """By what the old API's answers tell of them."""
    found = conversation.read(tape)
    return [
        [list(_response(inverse.events_of(leg, f"resp_{run}_{number}"))["output"]) for number, leg in enumerate(legs)]
        for run, legs in found.runs.items()
    ]


def _response(events: Sequence[Object]) -> Object:
    last = events[-1].get("response")
    return last if isinstance(last, dict) else {"output": []}
