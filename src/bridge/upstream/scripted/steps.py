"""What an answer is made of, step by step: events, and what happens between them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import frozen

from bridge.records import Object


@frozen
class Pause:
    seconds: float


@frozen
class Reset:
    """The connection breaks here."""


@frozen
class HangUp:
    """The connection of whoever asked for a background response ends here; the response goes on."""

    how: Literal["clean", "reset"]


@frozen
class Garbled:
    """Bytes that are no event, sent as the data of one."""

    data: str


Step: TypeAlias = Object | Pause | Reset | HangUp | Garbled

FINAL = ("response.completed", "response.incomplete", "response.failed")


class OutOfTokens(Exception):
    """max_output_tokens is used up."""


def type_of(step: Step) -> str:
    """The type of an event; nothing for what is none."""
    return str(step["type"]) if isinstance(step, dict) else ""
