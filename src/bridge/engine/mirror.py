"""A thread and its Conversation upstream: how far both know each other.

A conversation gives each item an id of its own, keeps what native code and we add, and may leave items out when it is
listed (field.md G6). So what both sides have is remembered here, by the ids of the newest items, and what a list lacks
means nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

from attrs import asdict, evolve, frozen

from bridge.records import Entry, Item, Object
from bridge.translate import loose
from bridge.translate.native import Told, to_responses

KNOWN: Final = 100
"""Ids of items that are remembered, so that a list can lack some of them."""

BATCH: Final = 20
"""Items that a conversation takes in one call (openapi-responses.json)."""


@frozen
class Mirror:
    """Thread.conversation, read.

    `id` is the conversation's. Entries of the thread up to place `through` are in it; those beyond that came from it
    are in `came`, by their ids. `known` are ids of items that both sides had when the conversation was last read,
    oldest first, `sent` those sent since; `total` counts all that ever were known. `waiting` are calls (ids of items of
    ours) that had no output when their place was passed. `sending` says that somebody is adding the entries up to place
    "through", until that time at most (Unix seconds).
    """

    id: str
    through: int = 0
    came: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    total: int = 0
    waiting: tuple[str, ...] = ()
    sending: Object | None = None

    @classmethod
    def of(cls, stored: Object) -> Mirror:
        lists = {name: tuple(stored[name]) for name in ("came", "known", "sent", "waiting")}
        return cls(**{**stored, **lists})

    def stored(self) -> Object:
        lists: dict[str, Any] = {name: list(getattr(self, name)) for name in ("came", "known", "sent", "waiting")}
        return {**asdict(self), **lists}

    # --- what came from the conversation

    def is_settled(self, item_id: str) -> bool:
        """Whether everything in the conversation up to this item is known."""
        return item_id in self.known

    @property
    def is_remembered(self) -> bool:
        """Whether every item that was ever known is among those remembered."""
        return self.total <= len(self.known)

    def received(self, item_ids: Sequence[str], entry_ids: Iterable[str]) -> Mirror:
        """The conversation was read: these items are all that it had beyond `known`, those entries made of them."""
        ids = [id for id in item_ids if id not in self.known]
        ids = [*(id for id in self.sent if id not in ids), *ids]
        known = tuple(deque((*self.known, *ids), KNOWN))
        return evolve(self, known=known, sent=(), total=self.total + len(ids), came=(*self.came, *entry_ids))

    # --- what goes to the conversation

    def begun(self, through: int, until: float) -> Mirror:
        return evolve(self, sending={"through": through, "until": until})

    def given_up(self, until: float | None = None) -> Mirror:
        """The call was refused; or nobody knows what came of it, and whoever comes after `until` is to find out."""
        sending = None if until is None or self.sending is None else {**self.sending, "until": until}
        return evolve(self, sending=sending)

    def passed(self, entries: Sequence[Entry], told: Told, item_ids: Iterable[str] = ()) -> Mirror:
        """These entries are in the conversation now, as items of these ids."""
        gone = {entry.id for entry in entries}
        came = tuple(id for id in self.came if id not in gone)
        waiting = tuple(call.id for call in told.waiting)
        through = entries[-1].seq if entries else self.through
        sent = (*self.sent, *item_ids)
        return evolve(self, through=through, came=came, waiting=waiting, sent=sent, sending=None)


def batch(mirror: Mirror, entries: Sequence[Entry], waiting: Sequence[Item]) -> tuple[Sequence[Entry], Told]:
    """As many of the entries as one call takes, and their items. What came from the conversation does not go back."""
    for count in range(min(BATCH, len(entries)), 0, -1):
        told = to_responses([entry for entry in entries[:count] if entry.id not in mirror.came], waiting)
        if len(told.items) <= BATCH or count == 1:
            return entries[:count], told
    return (), Told((), tuple(waiting))


def found(listed: Sequence[Object], items: Iterable[Object]) -> list[str]:
    """The ids under which these items, sent by somebody who did not come to tell, are in the conversation."""
    left = list(listed)
    ids: list[str] = []
    for item in items:
        for place, other in enumerate(left):
            if _likeness(other) == _likeness(item):
                ids.append(left.pop(place)["id"])
                break
    return ids


def unlike(listed: Sequence[Object], items: Iterable[Object]) -> list[Object]:
    """Those of the items that are not listed."""
    left = [_likeness(item) for item in listed]
    missing: list[Object] = []
    for item in items:
        like = _likeness(item)
        left.remove(like) if like in left else missing.append(item)
    return missing


def _likeness(item: Object) -> tuple[Any, ...]:
    """What of an item a server gives back as it got it; texts of messages may become parts."""
    content = item.get("content")
    parts = [{"text": content}] if isinstance(content, str) else loose.objects(item, "content")
    said = tuple(tuple(part.get(name) for name in ("text", "refusal", "image_url", "file_id")) for part in parts)
    return (item.get("type") or "message", item.get("role"), item.get("call_id"), item.get("name"), said)
