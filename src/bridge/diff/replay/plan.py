"""Which exchanges of a tape are asked, in which order, and what is let go on before each.

Polls of one run that follow each other are one step: it asks until the candidate has come as far. The end of a leg is
let go where the tape first shows it, or shows that it must be over. A stream that others were asked beside (a cancel,
say) is read while they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from attrs import evolve, frozen

from bridge.diff.replay import paths
from bridge.diff.replay.conversation import Conversation
from bridge.diff.replay.pieces import SETTLED, Leg
from bridge.diff.tape import Exchange, Request, Tape

OURS: Final = ("assistants", "threads")
OVER: Final = frozenset(f"thread.run.{status}" for status in SETTLED)
"""Events after which a leg is over."""


@frozen
class Step:
    """`exchange` is asked; `polls` is the run that is asked for until it has settled as it did there. `ends` are the
    legs (run, number) that may end from here on, `beside` how many of the steps that follow are taken while its stream
    is read."""

    exchange: Exchange
    polls: str | None = None
    ends: tuple[tuple[str, int], ...] = ()
    beside: int = 0


def steps(tape: Tape, conversation: Conversation) -> tuple[Step, ...]:
    found = [Step(last, run_id) for last, run_id in _folded(tape.exchanges)]
    found = [evolve(step, beside=_beside(found, place)) for place, step in enumerate(found)]
    return tuple(_with_ends(found, conversation))


def is_ours(request: Request) -> bool:
    """Whether it stays below the API, and is a call of the Assistants API."""
    _, first, *rest = request.path.split("/") if request.path.startswith("/") else ("", "")
    return first in OURS and not {".", ".."} & {*rest}


def _folded(exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, str | None]]:
    """Each exchange, with the run it polls; of polls in a row the last."""
    for place, exchange in enumerate(exchanges):
        run_id = paths.polled_run(exchange.request)
        after = exchanges[place + 1] if place + 1 < len(exchanges) else None
        if run_id is None or after is None or paths.polled_run(after.request) != run_id:
            yield exchange, run_id


def _beside(found: Sequence[Step], place: int) -> int:
    """How many steps after this one belong into the time of its stream."""
    stream = found[place].exchange
    if stream.answer is None or stream.answer.events is None:
        return 0
    run_ids = [event.data.get("id") for event in stream.answer.events if isinstance(event.data, dict)]
    count = 0
    for number, step in enumerate(found[place + 1 :], 1):
        cancelled = paths.cancelled_run(step.exchange.request)
        if _is_within(step.exchange, stream) or (cancelled is not None and cancelled in run_ids):
            count = number
        else:
            break
    return count


def _is_within(exchange: Exchange, stream: Exchange) -> bool:
    """Whether it was asked before the stream told how its leg ended. What a handler asks within that event (it submits
    tool outputs, say) comes after it, though the stream is not closed yet."""
    over = _over(stream)
    if exchange.at is None or stream.at is None or over is None:
        return False
    return exchange.at < stream.at + over


def _over(stream: Exchange) -> float | None:
    """When the stream told that its leg was over, or ended; None where the tape has no times."""
    if stream.answer is None:
        return None
    told = (event.at for event in stream.answer.events or () if event.event in OVER)
    return next(told, stream.answer.seconds)


def before_the_end(stream: Exchange) -> int:
    """How many events the stream told before its run was cancelled or over."""
    events = (stream.answer.events if stream.answer else None) or ()
    ends = ("thread.run.cancel", "thread.run.completed", "thread.run.failed", "thread.message.incomplete", "done")
    return next((place for place, each in enumerate(events) if (each.event or "").startswith(ends)), len(events))


# --- ends of legs


def _with_ends(found: Sequence[Step], conversation: Conversation) -> Iterator[Step]:
    ends: dict[int, list[tuple[str, int]]] = {}
    for run_id, legs in conversation.runs.items():
        for number, leg in enumerate(legs):
            place = _end(found, leg)
            if place is not None:
                ends.setdefault(place, []).append((run_id, number))
    for place, step in enumerate(found):
        yield evolve(step, ends=tuple(ends.get(place, ())))


def _end(found: Sequence[Step], leg: Leg) -> int | None:
    """The place of the step before which the leg may end; None is at the end of all."""
    begun = next(place for place, step in enumerate(found) if step.exchange.number >= leg.begins)
    if leg.is_stream:
        return begun + found[begun].beside
    thread_id = _thread_of(found[begun].exchange)
    for place, step in enumerate(found[begun + 1 :], begun + 1):
        if leg.settles is not None and step.exchange.number >= leg.settles:
            return place
        if _needs_idle(step.exchange, thread_id):
            return place
    return None


def _thread_of(exchange: Exchange) -> str | None:
    body: Any = exchange.answer.body if exchange.answer else None
    return body.get("thread_id") if isinstance(body, dict) else None


def _needs_idle(exchange: Exchange, thread_id: str | None) -> bool:
    """Whether it went well on the thread, and could not have while a run was active there."""
    is_well = exchange.answer is not None and exchange.answer.status < 400
    on_thread = exchange.request.path in (f"/threads/{thread_id}/messages", f"/threads/{thread_id}/runs")
    return exchange.request.method == "POST" and is_well and on_thread
