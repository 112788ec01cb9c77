"""What comparing two sides makes: observations, and in them mismatches with their class and weight."""

from __future__ import annotations

from typing import Any, Final, Literal

from attrs import field, frozen

from bridge.diff.tape import Exchange, Leg

Kind = Literal["structure", "tool", "text", "cost", "latency"]
"""structure: keys, types, nulls, order, event sequence, status, errors. tool: which functions are called, with what
arguments, side by side or one after the other. text: what the model wrote. cost: tokens. latency: seconds."""

Severity = Literal["breaking", "notice", "info"]
"""breaking: a program that reads the control can fail on the candidate. notice: a person should look. info: good to
know."""

SEVERITIES: Final[tuple[Severity, ...]] = ("info", "notice", "breaking")
"""From light to heavy."""

KINDS: Final[tuple[Kind, ...]] = ("structure", "tool", "text", "cost", "latency")


@frozen
class Mismatch:
    """One difference. `rule` is its short name (``missing-key``, ``type``, ``null``, ``events`` …), `path` where it is
    in the answer (``$.data[0].role``, ``events[3].data.delta``, ``legs[0].input[2]``). `control` and `candidate` are
    the values; MISSING stands for none. `note` says why it is accepted, where it is (a conformance note, a rule of the
    user's, noise): what is accepted weighs nothing. `detail` is its measure, where there is one ("similarity 0.83")."""

    kind: Kind
    rule: str
    path: str
    control: Any
    candidate: Any
    severity: Severity
    note: str | None = None
    detail: str = ""

    @property
    def is_accepted(self) -> bool:
        return self.note is not None


class Missing:
    """The type of MISSING."""

    def __repr__(self) -> str:
        return "(missing)"


MISSING: Final = Missing()


@frozen
class Observation:
    """One exchange on both sides; one of them is None where only the other has it. `legs` are the Responses requests
    behind it, pair by pair, where both sides show them. Both are None where the legs belong to no exchange: a native
    program has none."""

    number: int
    control: Exchange | None
    candidate: Exchange | None
    mismatches: tuple[Mismatch, ...] = ()
    legs: tuple[tuple[Leg | None, Leg | None], ...] = ()


@frozen
class Side:
    """`name` is what reports call it."""

    name: str
    source: str = ""


@frozen
class Comparison:
    """`repeats` is how many runs of one side noise was learnt from. `notes` are remarks on the whole."""

    control: Side
    candidate: Side
    observations: tuple[Observation, ...]
    repeats: int = 0
    notes: tuple[str, ...] = field(default=())

    def mismatches(self) -> tuple[Mismatch, ...]:
        return tuple(each for observation in self.observations for each in observation.mismatches)
