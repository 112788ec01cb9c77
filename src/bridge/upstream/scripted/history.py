"""What a request tells about the conversation: the last user text, and the rounds of calls answered since."""

from __future__ import annotations

from typing import Any

from attrs import define, field, frozen

from bridge.records import Object


@define
class Round:
    """Calls made together, each with its output: ``[name, output]`` by call_id."""

    calls: dict[str, list[str]] = field(factory=dict)
    has_outputs: bool = False


@frozen
class History:
    text: str
    rounds: tuple[tuple[tuple[str, str], ...], ...]
    """(name, output) of the calls of each round since that text."""

    @property
    def called(self) -> tuple[tuple[str, str], ...]:
        return tuple(call for round in self.rounds for call in round)


def read_history(request: Object) -> History:
    """`request` has passed the checks: every output has its call."""
    items = request.get("input")
    if isinstance(items, str):
        return History(items, ())
    text, rounds = "", list[Round]()
    for item in items or ():
        kind = item.get("type", "message")
        if kind == "message" and item.get("role") == "user" and (said := text_of(item.get("content"))):
            text, rounds = said, []
        elif kind == "function_call":
            add_call(rounds, item)
        elif kind == "function_call_output":
            add_output(rounds, item)
    return History(text, tuple(tuple((name, output) for name, output in each.calls.values()) for each in rounds))


def add_call(rounds: list[Round], item: Object) -> None:
    """A call after outputs begins a new round."""
    if not rounds or rounds[-1].has_outputs:
        rounds.append(Round())
    rounds[-1].calls[item["call_id"]] = [item["name"], ""]


def add_output(rounds: list[Round], item: Object) -> None:
    for round in reversed(rounds):
        if item["call_id"] in round.calls:
            round.calls[item["call_id"]][1] = text_of(item.get("output"))
            round.has_outputs = True
            return


def text_of(content: Any) -> str:
    """The text of a message content or of a tool output."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content or () if isinstance(part, dict))
