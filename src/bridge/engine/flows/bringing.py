"""What native code added to a thread's conversation, brought into the thread (mirroring.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from bridge import errors
from bridge.engine.brought import Brought, Source, brought
from bridge.engine.effects import Committed, Entries, Flow, Key, Send, entries, load, now, send
from bridge.engine.flows.mirrored import PAUSE, amend, body, free, sleep, tell, waiting
from bridge.engine.mirror import BATCH, Mirror, found, unlike
from bridge.records import Item, Message, Object, Put
from bridge.translate import loose
from bridge.translate.native import to_responses
from bridge.wire import paths

PAGE: Final = 100
LAG_SECONDS: Final = 2.0
"""How long a response that has completed may take to be listed; then it is taken from the response itself."""


@frozen
class Turn:
    """A response in the conversation: its id, what it was asked with (as far as that was told), and its output."""

    id: str = ""
    asked: Sequence[Object] = ()
    output: Sequence[Object] = ()

    @property
    def item_ids(self) -> set[str]:
        return {item["id"] for item in self.output if loose.text(item, "id")}


def receive(thread_id: str, turn: Turn | None = None) -> Flow[list[Message]]:
    """The messages that the thread gained, and those of `turn` even if they had come before."""
    turn = turn or Turn()
    give_up = (yield from now()) + LAG_SECONDS
    while True:
        thread, mirror = yield from free(thread_id)
        listed = yield from _unknown(mirror)
        after = yield from _with_lost_call(thread_id, mirror, listed)
        missing = turn.item_ids.difference(mirror.known, mirror.sent, (item["id"] for item in listed))
        if missing and (yield from now()) + PAUSE < give_up:
            yield from sleep(thread_id, (yield from now()) + PAUSE)
            continue
        made = yield from _made(thread_id, after, listed, turn, missing)
        known = yield from load(*(Key(type(record), record.id) for record in made.records))
        new = [record for record, before in zip(made.records, known, strict=True) if before is None]
        ids = [*(item["id"] for item in listed), *(id for id in turn.item_ids if id in missing)]
        after = after.received(ids, [record.id for record in new])
        if after != mirror:
            outcome = yield from amend(thread, after, [Put(record, is_new=True) for record in new])
            if not isinstance(outcome, Committed):
                continue
            yield from tell(made)
        return (yield from _messages([*new, *_of(thread_id, mirror, turn)]))


def _made(thread_id: str, mirror: Mirror, listed: Sequence[Object], turn: Turn, missing: set[str]) -> Flow[Brought]:
    """The records of all that is listed and new. Where the list lacks the turn's output, it may lack what was asked."""
    fresh = [item for item in listed if item["id"] not in (*mirror.known, *mirror.sent)]
    sources = [Source(item, (mirror.id, item["id"])) for item in fresh]
    if missing:
        unlisted = unlike(fresh, turn.asked)
        sources += [Source(item, (mirror.id, turn.id, str(place))) for place, item in enumerate(unlisted)]
        sources += [Source(item, (mirror.id, item["id"])) for item in turn.output if item.get("id") in missing]
    return brought(thread_id, sources, (yield from now()))


def _of(thread_id: str, mirror: Mirror, turn: Turn) -> list[Message]:
    sources = [Source(item, (mirror.id, item["id"])) for item in turn.output if loose.text(item, "id")]
    return brought(thread_id, sources, 0).messages


def _messages(records: Sequence[Message | Item]) -> Flow[list[Message]]:
    """The messages among them, each once, as they are stored."""
    ids = dict.fromkeys(record.id for record in records if isinstance(record, Message))
    stored = yield from load(*(Key(Message, id) for id in ids))
    return [message for message in stored if message is not None]


def _unknown(mirror: Mirror) -> Flow[list[Object]]:
    """What the conversation lists beyond what is settled, oldest first. Items without an id are nobody's."""
    listed: list[Object] = []
    query = {"order": "desc", "limit": str(PAGE)}
    while True:
        answer = body((yield from send(Send("GET", paths.of("conversations", mirror.id, "items"), query=query))))
        page = [item for item in loose.objects(answer, "data") if loose.text(item, "id")]
        for item in page:
            if mirror.is_settled(item["id"]):
                return listed[::-1]
            listed.append(item)
        if not answer.get("has_more") or not page:
            break
        query = {**query, "after": page[-1]["id"]}
    if mirror.known and not mirror.is_remembered:
        raise errors.mirror_lost(mirror.id)
    return listed[::-1]


def _with_lost_call(thread_id: str, mirror: Mirror, listed: Sequence[Object]) -> Flow[Mirror]:
    """The mirror after a call whose sender did not come back: what it sent is in the conversation, all or nothing."""
    if mirror.sending is None:
        return mirror
    through = mirror.sending["through"]
    window = yield from entries(Entries(thread_id, mirror.through, BATCH))
    window = tuple(entry for entry in window if entry.seq <= through)
    told = to_responses([entry for entry in window if entry.id not in mirror.came], (yield from waiting(mirror)))
    ids = found([item for item in listed if item["id"] not in mirror.sent], told.items)
    return mirror.passed(window, told, ids) if ids else mirror.given_up()
