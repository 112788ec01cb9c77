"""A thread kept in step with a Conversation upstream (engine/mirror.py, docs/leaving.md).

    POST /threads/{t}/conversation    makes it where there is none, brings back what native code added, sends the rest

The thread is the truth: what the conversation lacks is not missed here. A commit decides who of several may send, and
whoever finds that a sender never came back looks in the conversation for what it sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bridge import errors
from bridge.engine.brought import Brought, Source, brought
from bridge.engine.effects import (
    Committed,
    Entries,
    Flow,
    Key,
    Outcome,
    Refused,
    Send,
    Sent,
    commit,
    entries,
    load,
    now,
    send,
    wait,
    warn,
)
from bridge.engine.flows import Context, overdue
from bridge.engine.mirror import BATCH, Mirror, batch, found
from bridge.records import Amend, Change, Entry, Has, Idle, Item, Message, Object, Put, Thread
from bridge.translate import loose
from bridge.translate.native import to_responses
from bridge.wire import paths

CLAIM_SECONDS: Final = 60.0
"""How long one sender may take; then it is taken for dead."""

CALL_SECONDS: Final = 50.0
LOCKED_SECONDS: Final = 30.0
"""How long a conversation may be locked by a response of native code before we give up."""

FIRST_PAUSE: Final = 0.25
PAGE: Final = 100
LOCKED: Final = "conversation_locked"


def conversation(context: Context, thread_id: str, given: Object) -> Flow[Object]:
    """`received` and `sent` count the messages that came and the items that went."""
    if context.profile.conversations is False:
        raise _without_conversations()
    thread = yield from overdue.free_thread(thread_id, errors.thread_locked)
    if thread.conversation is None or given.get("new"):
        yield from _make(thread)
    received = yield from receive(thread_id)
    sent = yield from _send_rest(thread_id)
    _, mirror = yield from _free(thread_id)
    counts = {"received": len(received), "sent": sent}
    return {"id": mirror.id, "object": "thread.conversation", "thread_id": thread_id, **counts}


def is_of(thread: Thread, response: Object) -> bool:
    """Whether what the response was asked and answered is in the thread's conversation, as it is when it completed."""
    id = loose.text(loose.object(response, "conversation"), "id")
    is_ours = thread.conversation is not None and thread.conversation["id"] == id
    return is_ours and response.get("status", "completed") == "completed"


def _make(thread: Thread) -> Flow[None]:
    """Where another makes one at the same time, that one is it."""
    answer = yield from send(Send("POST", "/conversations", {"metadata": {"thread_id": thread.id}}))
    if isinstance(answer, Sent) and answer.status == 404:
        raise _without_conversations()
    id = loose.text(_body(answer), "id") or ""
    outcome = yield from _amend(thread, Mirror(id))
    if not isinstance(outcome, Committed):
        gone = yield from send(Send("DELETE", paths.of("conversations", id)))
        if isinstance(gone, Refused) or not gone.is_ok:
            yield from warn("conversation", f"the conversation {id} is of no use and could not be deleted")


def _amend(thread: Thread, mirror: Mirror, changes: Sequence[Change] = (), *, is_idle: bool = True) -> Flow[Outcome]:
    """Stored if nobody changed it since the thread was loaded."""
    amended = Amend(Thread, thread.id, {"conversation": mirror.stored()})
    unchanged = Has(Thread, thread.id, "conversation", thread.conversation)
    return (yield from commit([*changes, amended], *([Idle(thread.id)] if is_idle else []), unchanged))


def _free(thread_id: str) -> Flow[tuple[Thread, Mirror]]:
    """The thread and its mirror, when no run is active and nobody is sending."""
    while True:
        thread = yield from overdue.free_thread(thread_id, errors.thread_locked)
        assert thread.conversation is not None
        mirror = Mirror.of(thread.conversation)
        at = yield from now()
        if mirror.sending is None or mirror.sending["until"] <= at:
            return thread, mirror
        yield from wait(min(mirror.sending["until"], at + FIRST_PAUSE), thread_id, 0)


# --- back from the conversation


def receive(thread_id: str, output: Sequence[Object] = ()) -> Flow[list[Message]]:
    """The messages that the thread gained. `output` are items that are in the conversation, whether it lists them or
    not; their messages are in the answer even if they had come before."""
    while True:
        thread, mirror = yield from _free(thread_id)
        listed = yield from _unknown(mirror)
        after = yield from _with_lost_call(thread_id, mirror, listed)
        listed += [item for item in output if item.get("id") not in {each.get("id") for each in listed}]
        fresh = [item for item in listed if "id" in item and item["id"] not in (*after.known, *after.sent)]
        made = brought(thread_id, [Source(item, (mirror.id, item["id"])) for item in fresh], (yield from now()))
        known = yield from load(*(Key(type(record), record.id) for record in made.records))
        new = [record for record, before in zip(made.records, known, strict=True) if before is None]
        after = after.received([item["id"] for item in listed if "id" in item], [record.id for record in new])
        if after != mirror:
            outcome = yield from _amend(thread, after, [Put(record, is_new=True) for record in new])
            if not isinstance(outcome, Committed):
                continue
            yield from tell(made)
        told = yield from _messages([*new, *_of(thread_id, mirror, output)])
        return told


def _of(thread_id: str, mirror: Mirror, output: Sequence[Object]) -> list[Message]:
    sources = [Source(item, (mirror.id, item["id"])) for item in output if "id" in item]
    return brought(thread_id, sources, 0).messages


def _messages(records: Sequence[Message | Item]) -> Flow[list[Message]]:
    """The messages among them, each once, as they are stored."""
    ids = dict.fromkeys(record.id for record in records if isinstance(record, Message))
    stored = yield from load(*(Key(Message, id) for id in ids))
    return [message for message in stored if message is not None]


def _unknown(mirror: Mirror) -> Flow[list[Object]]:
    """What the conversation lists beyond what is settled, oldest first."""
    listed: list[Object] = []
    query = {"order": "desc", "limit": str(PAGE)}
    while True:
        answer = _body((yield from send(Send("GET", paths.of("conversations", mirror.id, "items"), query=query))))
        page = loose.objects(answer, "data")
        for item in page:
            if mirror.is_settled(item.get("id", "")):
                return listed[::-1]
            listed.append(item)
        if not answer.get("has_more") or not page:
            break
        query = {**query, "after": page[-1].get("id", "")}
    if mirror.known and not mirror.is_remembered:
        raise errors.mirror_lost(mirror.id)
    return listed[::-1]


def _with_lost_call(thread_id: str, mirror: Mirror, listed: Sequence[Object]) -> Flow[Mirror]:
    """The mirror after a call whose sender did not come back: what it sent is in the conversation, all or nothing."""
    if mirror.sending is None:
        return mirror
    window = yield from entries(Entries(thread_id, mirror.through, BATCH))
    window = tuple(entry for entry in window if entry.seq <= (mirror.sending or {})["through"])
    told = to_responses([entry for entry in window if entry.id not in mirror.came], (yield from _waiting(mirror)))
    ids = found([item for item in listed if item.get("id") not in mirror.sent], told.items)
    return mirror.passed(window, told, ids) if ids else mirror.given_up()


def tell(made: Brought) -> Flow[None]:
    for what in made.lost:
        yield from warn("input", f"{what} of native code has no place in a thread, and was left out")


# --- to the conversation


def _send_rest(thread_id: str) -> Flow[int]:
    """How many items were sent."""
    count = 0
    while True:
        thread, mirror = yield from _free(thread_id)
        if mirror.sending is not None:
            yield from receive(thread_id)
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
    chosen, told = batch(mirror, window, (yield from _waiting(mirror)))
    if not told.items:
        yield from _amend(thread, mirror.passed(chosen, told))
        return 0
    claimed = mirror.begun(chosen[-1].seq, (yield from now()) + CLAIM_SECONDS)
    outcome = yield from _amend(thread, claimed)
    if not isinstance(outcome, Committed):
        return 0
    thread = outcome.record(Thread, thread.id)
    ids = yield from _sent(thread, claimed, told.items)
    yield from _amend(thread, claimed.passed(chosen, told, ids), is_idle=False)
    return len(told.items)


def _sent(thread: Thread, claimed: Mirror, items: Sequence[Object]) -> Flow[list[str]]:
    """The ids of the items in the conversation. While that is locked, it is asked again."""
    at = yield from now()
    give_up, pause = at + LOCKED_SECONDS, FIRST_PAUSE
    call = Send("POST", paths.of("conversations", claimed.id, "items"), {"items": list(items)}, until=at + CALL_SECONDS)
    while True:
        answer = yield from send(call)
        at = yield from now()
        if isinstance(answer, Sent) and answer.is_ok:
            return [item["id"] for item in loose.objects(answer.body, "data") if loose.text(item, "id")]
        if not _is_locked(answer) or at + pause > give_up:
            break
        yield from _sleep(thread.id, at + pause)
        pause *= 2
    is_unknown = isinstance(answer, Refused) or answer.status >= 500
    yield from _amend(thread, claimed.given_up(at if is_unknown else None), is_idle=False)
    raise _refusal(answer)


def _is_locked(answer: Sent | Refused) -> bool:
    return isinstance(answer, Sent) and loose.text(loose.object(answer.body, "error"), "code") == LOCKED


def _sleep(thread_id: str, until: float) -> Flow[None]:
    """No run of this name will ever have news; a wait may end early, so it is begun again."""
    while (yield from now()) < until:
        yield from wait(until, thread_id, 0)


def _waiting(mirror: Mirror) -> Flow[list[Item]]:
    calls = yield from load(*(Key(Item, id) for id in mirror.waiting))
    return [call for call in calls if call is not None]


# --- answers


def _body(answer: Sent | Refused) -> Object:
    if isinstance(answer, Refused) or not answer.is_ok:
        raise _refusal(answer)
    return answer.body


def _refusal(answer: Sent | Refused) -> errors.APIError:
    """What the upstream said, about the conversation whatever it was: the thread is there."""
    if isinstance(answer, Refused):
        return errors.upstream_silent(answer.message)
    error = loose.object(answer.body, "error") or {}
    return errors.upstream_refused(answer.status, {**error, "param": "conversation"})


def _without_conversations() -> errors.APIError:
    return errors.not_yet("conversation", "The upstream has no conversations: use the thread's input items.")
