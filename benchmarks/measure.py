"""Measuring: sides that take turns, so that whatever else the machine does hurts all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

Side = Callable[[], float]
"""One measurement, in seconds; what prepares it is not counted."""


@frozen
class Samples:
    """Measurements of one side, in seconds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Half of the measurements lie between them."""
        low, _, high = statistics.quantiles(self.values, n=4)
        return low, high


@frozen
class Result:
    """A side against its reference. `ratio` and `added` are medians over the pairs of one round each."""

    name: str
    reference_name: str
    side: Samples
    reference: Samples
    per: int = 1
    unit: str = "run"

    @property
    def ratio(self) -> float:
        return statistics.median(a / b for a, b in zip(self.side.values, self.reference.values, strict=True))

    @property
    def added(self) -> float:
        """Seconds more than the reference, for each unit."""
        pairs = zip(self.side.values, self.reference.values, strict=True)
        return statistics.median(a - b for a, b in pairs) / self.per

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "reference": self.reference_name,
            "median_s": self.side.median,
            "quartiles_s": self.side.quartiles,
            "reference_median_s": self.reference.median,
            "reference_quartiles_s": self.reference.quartiles,
            "ratio": self.ratio,
            "added_s": self.added,
            "added_per": self.unit,
            "rounds": len(self.side.values),
        }


def take_turns(sides: Sequence[Side], rounds: int, warm_up: int = 1) -> list[Samples]:
    """Each side once a round, in an order that turns round every time."""
    for _ in range(warm_up):
        for side in sides:
            side()
    found: list[list[float]] = [[] for _ in sides]
    for number in range(rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for index in order:
            found[index].append(sides[index]())
    return [Samples(tuple(values)) for values in found]


def wall(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def cpu(work: Callable[[], object]) -> float:
    """Processor time of this process, all its threads together."""
    began = time.process_time()
    work()
    return time.process_time() - began
