"""Cost and latency: numbers that are never the same twice, compared with thresholds. Latency never breaks anything."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from bridge.diff.compare.fields import is_number
from bridge.diff.compare.values import Walk


@frozen
class Threshold:
    """What both the share of the control's value and the absolute difference must exceed."""

    relative: float
    absolute: float

    def exceeded(self, control: float, candidate: float) -> bool:
        difference = abs(candidate - control)
        return difference > self.absolute and difference > self.relative * max(min(control, candidate), 0)


@frozen
class Thresholds:
    """tokens: of any count in `usage`. seconds: from a request to the end of its answer, of a polling loop to its last.
    first_event: seconds until a stream says anything. polls: requests of one polling loop."""

    tokens: Threshold = Threshold(0.10, 16)
    seconds: Threshold = Threshold(0.50, 1.0)
    first_event: Threshold = Threshold(0.50, 0.5)
    polls: Threshold = Threshold(3.0, 20)


DETAILS: Final = ("prompt_token_details", "prompt_tokens_details", "completion_tokens_details", "input_tokens_details",
                  "output_tokens_details")  # fmt: skip


def usage(walk: Walk, control: Any, candidate: Any, path: str, thresholds: Thresholds) -> None:
    """`usage` of a run, a step or a response: its keys like any others, its counts by the threshold."""
    if not isinstance(control, dict):
        walk.value(control, candidate, path)
        return
    walk.keys(control, candidate, path)
    for key, value in control.items():
        if key in candidate:
            _count(walk, value, candidate[key], f"{path}.{key}", key, thresholds)


def _count(walk: Walk, control: Any, candidate: Any, path: str, key: str, thresholds: Thresholds) -> None:
    if key in DETAILS and isinstance(control, dict) and isinstance(candidate, dict):
        usage(walk, control, candidate, path, thresholds)
    elif not (is_number(control) and is_number(candidate)):
        walk.value(control, candidate, path)
    elif thresholds.tokens.exceeded(control, candidate):
        tell_number(walk, "costlier", "cheaper", path, control, candidate)


def tell_number(walk: Walk, more: str, less: str, path: str, control: float, candidate: float) -> None:
    share = f"{(candidate - control) / control:+.0%}" if control else f"{candidate - control:+g}"
    walk.tell(more if candidate > control else less, path, control, candidate, share)


@frozen
class Timing:
    """How long an exchange took: seconds to its end, to its first event, and how often it was asked."""

    seconds: float | None
    first_event: float | None
    polls: int


def latency(walk: Walk, control: Timing, candidate: Timing, thresholds: Thresholds) -> None:
    for name, more, less, threshold in (
        ("seconds", "slower", "faster", thresholds.seconds),
        ("first_event", "first-event-slower", "first-event-faster", thresholds.first_event),
        ("polls", "more-polls", "fewer-polls", thresholds.polls),
    ):
        left, right = getattr(control, name), getattr(candidate, name)
        if left is not None and right is not None and threshold.exceeded(left, right):
            tell_number(walk, more, less, f"timing.{name}", left, right)
