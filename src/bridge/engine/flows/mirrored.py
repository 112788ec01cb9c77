"""What the flows between a thread and its conversation share (mirroring.py): the mirror read, changed, and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bridge import errors
from bridge.engine.brought import Brought
from bridge.engine.effects import Flow, Key, Outcome, Refused, Sent, commit, load, now, wait, warn
from bridge.engine.flows import overdue
from bridge.engine.mirror import Mirror
from bridge.records import Amend, Change, Has, Idle, Item, Object, Thread
from bridge.translate import loose

PAUSE: Final = 0.25
"""Seconds until somebody else's work is looked at again."""


def free(thread_id: str) -> Flow[tuple[Thread, Mirror]]:
    """The thread and its mirror, when no run is active and nobody is sending."""
    while True:
        thread = yield from overdue.free_thread(thread_id, errors.thread_locked)
        assert thread.conversation is not None
        mirror = Mirror.of(thread.conversation)
        at = yield from now()
        if mirror.sending is None or mirror.sending["until"] <= at:
            return thread, mirror
        yield from wait(min(mirror.sending["until"], at + PAUSE), thread_id, 0)


def amend(thread: Thread, mirror: Mirror, changes: Sequence[Change] = (), *, is_idle: bool = True) -> Flow[Outcome]:
    """Stored if nobody changed it since the thread was loaded."""
    amended = Amend(Thread, thread.id, {"conversation": mirror.stored()})
    unchanged = Has(Thread, thread.id, "conversation", thread.conversation)
    return (yield from commit([*changes, amended], *([Idle(thread.id)] if is_idle else []), unchanged))


def waiting(mirror: Mirror) -> Flow[list[Item]]:
    """The calls that have no output yet."""
    calls = yield from load(*(Key(Item, id) for id in mirror.waiting))
    return [call for call in calls if call is not None]


def sleep(thread_id: str, until: float) -> Flow[None]:
    """No run of this name will ever have news; a wait may end early, so it is begun again."""
    while (yield from now()) < until:
        yield from wait(until, thread_id, 0)


def tell(made: Brought) -> Flow[None]:
    for what in made.lost:
        yield from warn("input", f"{what} of native code has no place in a thread, and was left out")


# --- answers of the upstream


def body(answer: Sent | Refused) -> Object:
    if isinstance(answer, Refused) or not answer.is_ok:
        raise refusal(answer)
    return answer.body


def refusal(answer: Sent | Refused) -> errors.APIError:
    """What the upstream said, about the conversation whatever it was: the thread is there."""
    if isinstance(answer, Refused):
        return errors.upstream_silent(answer.message)
    error = loose.object(answer.body, "error") or {}
    return errors.upstream_refused(answer.status, {**error, "param": "conversation"})


def without_conversations() -> errors.APIError:
    return errors.not_yet("conversation", "The upstream has no conversations: use the thread's input items.")
