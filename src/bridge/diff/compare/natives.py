"""A program written for Responses beside one that bridge runs: where both show what the model is asked.

    POST /responses on the tape of one side, legs on the other's  => legs on both
    calls of the Assistants API on one side only                  => left out, with a remark: nothing stands beside them

Two programs written for Responses are compared exchange by exchange, as any other.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from bridge.diff.compare.operations import operation
from bridge.diff.tape import Answer, Exchange, Leg, Object, Tape

NATIVE: Final = "responses.create"
"""The operation that is a leg; also what rules and notes call the operation of legs that belong to no exchange."""

ASSISTANTS: Final = ("assistants", "threads", "messages", "runs", "steps")


def beside(control: Tape, candidate: Tape) -> tuple[Tape, Tape]:
    """Both tapes as they can be compared; a note says what was left out."""
    if control.legs and _is_native(candidate):
        return _bridged(control, candidate), _native(candidate)
    if candidate.legs and _is_native(control):
        return _native(control), _bridged(candidate, control)
    return control, candidate


def _is_native(tape: Tape) -> bool:
    return not tape.legs and any(map(_is_leg, tape.exchanges))


def _is_leg(exchange: Exchange) -> bool:
    return operation(exchange.request).name == NATIVE and isinstance(exchange.request.body, dict)


def _is_old(exchange: Exchange) -> bool:
    return operation(exchange.request).name.partition(".")[0] in ASSISTANTS


def _native(tape: Tape) -> Tape:
    legs = tuple(
        Leg(exchange.request.body, answer=_response(exchange.answer), at=exchange.at)
        for exchange in tape.exchanges
        if _is_leg(exchange)
    )
    return evolve(tape, exchanges=tuple(each for each in tape.exchanges if not _is_leg(each)), legs=legs)


def _response(answer: Answer | None) -> Object | None:
    """The response at its end: of a stream that of its last event."""
    if answer is None or answer.events is None:
        return answer.body if answer is not None and isinstance(answer.body, dict) else None
    told = (event.data.get("response") for event in reversed(answer.events) if isinstance(event.data, dict))
    return next((response for response in told if isinstance(response, dict)), None)


def _bridged(tape: Tape, other: Tape) -> Tape:
    """Without what nothing stands beside."""
    kept = tuple(each for each in tape.exchanges if not _is_old(each))
    left_out = len(tape.exchanges) - len(kept)
    if not left_out or any(map(_is_old, other.exchanges)):
        return tape
    note = f"its calls of the Assistants API ({left_out}) are not compared: the other side has none"
    return evolve(tape, exchanges=kept, notes=(*tape.notes, note))
