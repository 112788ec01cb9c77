"""What native code brought → the records that a thread keeps of it."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from bridge.engine import names
from bridge.records import Item, Message, Object
from bridge.translate import native

NO_RUN = ""
"""`run_id` of items that native code brought."""


@frozen
class Source:
    """An item, and what it is known by where it came from: the ids of the new records are made of that."""

    item: Object
    parts: tuple[str, ...]


@frozen
class Brought:
    """`lost` says what of it the thread has no place for."""

    records: tuple[Message | Item, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def messages(self) -> list[Message]:
        return [record for record in self.records if isinstance(record, Message)]


def brought(thread_id: str, sources: Iterable[Source], at: float, reason: str | None = None) -> Brought:
    """`at` in Unix seconds; `reason` is why messages that are not whole were cut (a response's incomplete_details)."""
    given = list(sources)
    records: list[Message | Item] = []
    lost: list[str] = []
    for place, one in native.to_assistants([source.item for source in given]):
        parts = (thread_id, *given[place].parts)
        if isinstance(one, native.Lost):
            lost.append(one.what)
        elif isinstance(one, native.Called):
            name = names.of_native("item", *parts)
            records.append(Item(name, thread_id, NO_RUN, one.body["type"], one.body, call_id=one.body.get("call_id")))
        else:
            records.append(_message(one, names.of_native("message", *parts), thread_id, int(at), reason))
    return Brought(tuple(records), tuple(dict.fromkeys(lost)))


def _message(said: native.Said, id: str, thread_id: str, at: int, reason: str | None) -> Message:
    """Of no assistant and no run, as messages are that a client adds (assistants-wire §4.1)."""
    made = said.role == "assistant"
    why = "content_filter" if reason == "content_filter" else "max_tokens"
    return Message(
        id=id,
        thread_id=thread_id,
        created_at=at,
        role="assistant" if made else "user",
        status="completed" if said.is_whole else "incomplete",
        content=said.content,
        attachments=said.attachments,
        completed_at=at if made and said.is_whole else None,
        incomplete_at=None if said.is_whole else at,
        incomplete_details=None if said.is_whole else {"reason": why},
    )
