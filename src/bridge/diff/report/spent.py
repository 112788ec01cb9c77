"""What each side cost: tokens, and seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any, Final

from attrs import frozen

from bridge.diff.compare.fields import is_number
from bridge.diff.observations import Comparison
from bridge.diff.tape import Answer, Exchange, Leg

NAMES: Final = {"thread.run": ("prompt_tokens", "completion_tokens"), "response": ("input_tokens", "output_tokens")}
"""The objects that hold a usage which counts, and its words. That of a step is part of its run's."""


@frozen
class Tokens:
    input: int
    output: int

    @property
    def total(self) -> int:
        return self.input + self.output


@frozen
class Seconds:
    """Of the answers whose time is known on both sides."""

    median: float
    total: float


@frozen
class Spent:
    """None is what no answer tells. `timed` is how many exchanges have a time on both sides."""

    control_tokens: Tokens | None
    candidate_tokens: Tokens | None
    control_seconds: Seconds | None
    candidate_seconds: Seconds | None
    timed: int


def spent(comparison: Comparison) -> Spent:
    observations = comparison.observations
    legs = [pair for each in observations for pair in each.legs]
    times = [
        (control, candidate)
        for each in observations
        if (control := _seconds(each.control)) is not None and (candidate := _seconds(each.candidate)) is not None
    ]
    return Spent(
        tokens((each.control for each in observations), (pair[0] for pair in legs)),
        tokens((each.candidate for each in observations), (pair[1] for pair in legs)),
        _summed([control for control, _ in times]),
        _summed([candidate for _, candidate in times]),
        len(times),
    )


def tokens(exchanges: Iterable[Exchange | None], legs: Iterable[Leg | None]) -> Tokens | None:
    """A run is asked for many times: what its last answer says counts once. Legs count where no exchange tells."""
    answers = (each.answer for each in exchanges if each is not None and each.answer is not None)
    usages = _by_id(thing for answer in answers for thing in _objects(answer))
    usages = usages or _by_id(each.answer for each in legs if each is not None)
    if not usages:
        return None
    return Tokens(sum(each.input for each in usages.values()), sum(each.output for each in usages.values()))


def _by_id(things: Iterable[Any]) -> dict[str, Tokens]:
    pairs = ((thing["id"], _usage(thing)) for thing in things if _is_counted(thing))
    return {name: usage for name, usage in pairs if usage is not None}


def _is_counted(thing: Any) -> bool:
    return isinstance(thing, dict) and thing.get("object") in tuple(NAMES) and isinstance(thing.get("id"), str)


def _usage(thing: dict[str, Any]) -> Tokens | None:
    usage = thing.get("usage")
    if not isinstance(usage, dict):
        return None
    numbers = [usage.get(name) for name in NAMES[thing["object"]]]
    return Tokens(*(number if isinstance(number, int) and is_number(number) else 0 for number in numbers))


def _objects(answer: Answer) -> Iterator[Any]:
    for event in answer.events or ():
        yield event.data.get("response", event.data) if isinstance(event.data, dict) else event.data
    body = answer.body
    if isinstance(body, dict) and isinstance(body.get("data"), list):
        yield from body["data"]
    else:
        yield body


def _seconds(exchange: Exchange | None) -> float | None:
    return None if exchange is None or exchange.answer is None else exchange.answer.seconds


def _summed(times: list[float]) -> Seconds | None:
    return Seconds(round(median(times), 6), round(sum(times), 6)) if times else None
