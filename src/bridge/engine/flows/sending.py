"""What a thread gained, sent to its conversation (mirroring.py): one sender at a time, twenty items a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bridge import errors
from bridge.engine.effects import Committed, Entries, Flow, Refused, Send, Sent, entries, now, send
from bridge.engine.flows import bringing, overdue
from bridge.engine.flows.mirrored import PAUSE, amend, free, refusal, sleep, waiting
from bridge.engine.mirror import BATCH, Mirror, batch
from bridge.records import Entry, Message, Object, Thread
from bridge.translate import loose
from bridge.wire import paths

CLAIM_SECONDS: Final = 60.0
"""How long one sender may take; then it is taken for dead."""

CALL_SECONDS: Final = 50.0
LOCKED_SECONDS: Final = 30.0
"""How long a conversation may be locked by a response of native code before we give up."""

LOCKED: Final = "conversation_locked"


def send_rest(thread_id: str) -> Flow[int]:
    """How many items were sent."""
    count = 0
    while True:
        thread, mirror = yield from free(thread_id)
        if mirror.sending is not None:
            yield from bringing.receive(thread_id)
            continue
        window = yield from _window(thread_id, mirror)
        if not window:
            return count
        count += yield from _send_batch(thread, mirror, window)


def _window(thread_id: str, mirror: Mirror) -> Flow[tuple[Entry, ...]]:
    """The next entries. One that was being made when they were read is read again: its run may just have ended."""
    window = yield from entries(Entries(thread_id, mirror.through, BATCH))
    if any(isinstance(entry, Message) and entry.status == "in_progress" for entry in window):
        yield from overdue.free_thread(thread_id, errors.thread_locked)
        window = yield from entries(Entries(thread_id, mirror.through, BATCH))
    return window


def _send_batch(thread: Thread, mirror: Mirror, window: Sequence[Entry]) -> Flow[int]:
    """Claimed in a commit, sent, and noted in another; 0 where somebody else was quicker."""
    chosen, told = batch(mirror, window, (yield from waiting(mirror)))
    if not told.items:
        yield from amend(thread, mirror.passed(chosen, told))
        return 0
    claimed = mirror.begun(chosen[-1].seq, (yield from now()) + CLAIM_SECONDS)
    outcome = yield from amend(thread, claimed)
    if not isinstance(outcome, Committed):
        return 0
    thread = outcome.record(Thread, thread.id)
    ids = yield from _sent(thread, claimed, told.items)
    yield from amend(thread, claimed.passed(chosen, told, ids), is_idle=False)
    return len(told.items)


def _sent(thread: Thread, claimed: Mirror, items: Sequence[Object]) -> Flow[list[str]]:
    """The ids of the items in the conversation. While that is locked, it is asked again."""
    at = yield from now()
    give_up, pause = at + LOCKED_SECONDS, PAUSE
    call = Send("POST", paths.of("conversations", claimed.id, "items"), {"items": list(items)}, until=at + CALL_SECONDS)
    while True:
        answer = yield from send(call)
        at = yield from now()
        if isinstance(answer, Sent) and answer.is_ok:
            return [item["id"] for item in loose.objects(answer.body, "data") if loose.text(item, "id")]
        if not _is_locked(answer) or at + pause > give_up:
            break
        yield from sleep(thread.id, at + pause)
        pause *= 2
    is_unknown = isinstance(answer, Refused) or answer.status >= 500
    yield from amend(thread, claimed.given_up(at if is_unknown else None), is_idle=False)
    raise refusal(answer)


def _is_locked(answer: Sent | Refused) -> bool:
    return isinstance(answer, Sent) and loose.text(loose.object(answer.body, "error"), "code") == LOCKED
