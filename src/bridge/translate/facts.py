"""The thread.* facts that a stream of response.* events implies, in the order in which they may be told.

`translate/events.py` makes them, `engine/run.py` turns them into records and changes. `key` names one output item of
one leg; it is opaque (servers repeat ids and indexes, upstreams.md). All pieces of a text or of arguments come as
deltas: whatever a server left out of its deltas the reader fills in before the Done fact, so that what was streamed and
what is final are the same by construction.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import frozen

from bridge.records import Object


@frozen
class Began:
    """The upstream accepted the request. `response_id` may be missing."""

    response_id: str | None


@frozen
class MessageStarted:
    """The first piece of a message is about to follow; an item without any content starts no message."""

    key: str


@frozen
class TextDelta:
    """A piece of the text part `part` (index in the message's content)."""

    key: str
    part: int
    text: str


@frozen
class RefusalDelta:
    key: str
    part: int
    text: str


@frozen
class Annotated:
    """An annotation of the text part `part`, as the upstream sent it (file_citation, url_citation …)."""

    key: str
    part: int
    annotation: Object


@frozen
class MessageDone:
    """The message is over. `item` is the whole output item as it must be replayed."""

    key: str
    item: Object
    status: Literal["completed", "incomplete"]


@frozen
class CallStarted:
    """A function call began. `call_id` and `name` are told once, here."""

    key: str
    call_id: str
    name: str


@frozen
class CallArguments:
    key: str
    text: str


@frozen
class CallDone:
    """The call is whole; `item` is the function_call item to be replayed."""

    key: str
    item: Object


@frozen
class HostedStarted:
    """A hosted tool call began (code_interpreter or file_search); `id` is the item's id."""

    key: str
    type: Literal["code_interpreter", "file_search"]
    id: str


@frozen
class HostedInput:
    """A piece of the code interpreter's input."""

    key: str
    text: str


@frozen
class HostedDone:
    key: str
    item: Object


@frozen
class Kept:
    """An item nobody sees (reasoning, compaction, a tool with no Assistants form), kept to be replayed."""

    key: str
    item: Object


@frozen
class Finished:
    """The response ended. Exactly one per leg, the last fact; everything open was closed before.

    `reason` is incomplete_details.reason upstream; `error` the upstream's {code, message} on `failed`.
    """

    status: Literal["completed", "incomplete", "failed", "cancelled"]
    usage: Object | None = None
    reason: str | None = None
    error: Object | None = None


Fact: TypeAlias = (
    Began
    | MessageStarted
    | TextDelta
    | RefusalDelta
    | Annotated
    | MessageDone
    | CallStarted
    | CallArguments
    | CallDone
    | HostedStarted
    | HostedInput
    | HostedDone
    | Kept
    | Finished
)
