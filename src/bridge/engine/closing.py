"""What is open gets closed: the end of a run, in the order the wire knows it (assistants-wire §8.8-§8.11).

First the message under way, then the steps, then the run; with the run its lock and its lease go. The same few
functions serve the leg that notices the end and the outsider who writes it (a cancel in requires_action, an expiry).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve

from bridge.engine import tables
from bridge.records import Change, Message, Object, Put, Release, Run, Step, Unlock
from bridge.translate.runs import NO_USAGE

MESSAGE_REASON: Final = {"fail": "run_failed", "stop": "run_cancelled", "expire": "run_expired"}
STEP_TIME: Final = {"fail": "failed_at", "stop": "cancelled_at", "expire": "expired_at"}
RUN_TIME: Final = {"complete": "completed_at", "cut": "completed_at", "fail": "failed_at", "stop": "cancelled_at"}


def close_message(message: Message, word: str, now: float, reason: str | None = None) -> Put:
    """The end of a message under way. `reason` is for budget and filter stops; the other words have their own."""
    status = tables.move(tables.MESSAGE, message.status, word)
    if status == "completed":
        return Put(evolve(message, status=status, completed_at=int(now)), ("thread.message.completed",))
    reason = MESSAGE_REASON.get(word, reason)
    ended = evolve(message, status=status, incomplete_at=int(now), incomplete_details={"reason": reason})
    return Put(ended, ("thread.message.incomplete",))


def close_step(step: Step, word: str, now: float, usage: Object | None, error: Object | None = None) -> Put:
    status = tables.move(tables.STEP, step.status, word)
    ended = evolve(
        step,
        status=status,
        usage=usage or step.usage or dict(NO_USAGE),
        last_error=error,
        **_at(STEP_TIME.get(word, "completed_at"), now),
    )
    return Put(ended, (f"thread.run.step.{status}",))


def close_run(
    run: Run, word: str, now: float, error: Object | None = None, incomplete_details: Object | None = None
) -> tuple[Change, ...]:
    """The run's last put, its thread free again, its lease given back."""
    status = tables.move(tables.RUN, run.status, word)
    times = _at(RUN_TIME[word], now) if word in RUN_TIME else {}
    ended = evolve(
        run,
        status=status,
        usage=run.usage or dict(NO_USAGE),
        last_error=error,
        incomplete_details=incomplete_details,
        required_action=None,
        version=run.version + 1,
        **times,
    )
    return (Put(ended, (f"thread.run.{status}",)), Unlock(run.thread_id, run.id), Release(run.id))


def close_all(
    run: Run,
    messages: Sequence[Message],
    steps: Sequence[Step],
    word: str,
    now: float,
    *,
    usage: Object | None = None,
    error: Object | None = None,
) -> tuple[Change, ...]:
    """Whatever of these is still open, and the run, ended by `word` (fail, stop or expire)."""
    changes: list[Change] = [close_message(m, word, now) for m in messages if m.status == "in_progress"]
    changes += [close_step(s, word, now, usage, error) for s in steps if s.status == "in_progress"]
    changes += close_run(run, word, now, error)
    return tuple(changes)


def _at(field: str, now: float) -> dict[str, Any]:
    return {field: int(now)}
