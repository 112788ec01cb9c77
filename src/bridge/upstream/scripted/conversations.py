"""Conversations of the offline server: items in order, added to by calls and by the responses that name them.

An item gets an id when it is stored. What a response was asked and answered is added when it has completed
(openapi-responses.json, ConversationParam); until then the conversation is locked against others (mapping §12).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import define, field

from bridge.forks import Lock
from bridge.records import Object
from bridge.upstream.scripted import refusals
from bridge.upstream.scripted.check_items import ITEMS, check_item
from bridge.upstream.scripted.check_stores import check_body
from bridge.upstream.scripted.responses import named
from bridge.upstream.scripted.steps import Step, type_of

MOST_ITEMS: Final = 20
"""In one call (openapi-responses.json, CreateConversationBody)."""

NewId = Callable[[str, int], str]


@define
class Conversation:
    """`is_locked` while a response that names it is being made."""

    id: str
    created_at: int
    metadata: Object = field(factory=dict)
    items: list[Object] = field(factory=list)
    is_locked: bool = False

    @property
    def shown(self) -> Object:
        return {"id": self.id, "object": "conversation", "created_at": self.created_at, "metadata": self.metadata}


class Conversations:
    """Any thread may call it. Quirks: drops_items leaves earlier answers out of lists, locked_conversations refuses
    every other call that adds something."""

    def __init__(self, clock: Callable[[], float], new_id: NewId, quirks: Collection[str] = ()) -> None:
        self.all: dict[str, Conversation] = {}
        self._clock, self._new_id, self._quirks = clock, new_id, quirks
        self._lock = Lock(threading.RLock)
        self._writes = 0

    # --- calls

    def create(self, body: Object) -> Object:
        check_body(body, ("items", "metadata"))
        items = checked(body.get("items") or [])
        with self._lock:
            made = Conversation(self._new_id("conv_", 48), int(self._clock()), body.get("metadata") or {})
            made.items += self._stored(items)
            self.all[made.id] = made
        return made.shown

    def show(self, id: str) -> Object:
        return self.find(id).shown

    def change(self, id: str, body: Object) -> Object:
        check_body(body, ("metadata",))
        self.find(id).metadata = body.get("metadata") or {}
        return self.show(id)

    def delete(self, id: str) -> Object:
        del self.all[self.find(id).id]
        return {"id": id, "object": "conversation.deleted", "deleted": True}

    def add(self, id: str, body: Object) -> Object:
        check_body(body, ("items",))
        items = checked(body.get("items"))
        with self._lock:
            conversation = self._open_to_writes(id)
            made = self._stored(items)
            conversation.items += made
        edges = {"first_id": made[0]["id"], "last_id": made[-1]["id"]}
        return {"object": "list", "data": made, **edges, "has_more": False}

    def listed(self, id: str, query: Mapping[str, str]) -> list[Object]:
        """All items, oldest first. Raises for a cursor that names none of them."""
        items = list(self.find(id).items)
        if "drops_items" in self._quirks:
            made = [item for item in items if item.get("role") == "assistant"]
            items = [item for item in items if item not in made[:-1]]
        if query.get("after") not in (None, *(item["id"] for item in items)):
            raise refusals.refusal(f"Item with id '{query['after']}' not found.", "after", status=404)
        return items

    def item(self, id: str, item_id: str) -> Object:
        for item in self.find(id).items:
            if item["id"] == item_id:
                return item
        raise refusals.refusal(f"Item with id '{item_id}' not found in conversation '{id}'.", "item_id", status=404)

    def remove(self, id: str, item_id: str) -> Object:
        with self._lock:
            self._open_to_writes(id).items.remove(self.item(id, item_id))
        return self.show(id)

    # --- responses

    def continued(self, request: Object) -> Object:
        """The request with the items of its conversation before its own."""
        id = named(request)
        if id is None:
            return request
        if request.get("previous_response_id") is not None:
            raise refusals.exclusive("previous_response_id", "conversation")
        before = [item for item in self.find(id).items if item["type"] != "reasoning" or item.get("encrypted_content")]
        return {**request, "input": [*before, *items_of(request.get("input"))]}

    def turn(self, request: Object, own: Sequence[Object]) -> Turn | None:
        """The conversation locked for one response, whose own input items are `own`; None where it names none."""
        id = named(request)
        if id is None:
            return None
        with self._lock:
            conversation = self._open_to_writes(id)
            conversation.is_locked = True
        return Turn(self, conversation, own)

    def complete(self, conversation: Conversation, own: Sequence[Object], output: Sequence[Object]) -> None:
        with self._lock:
            conversation.items += [*self._stored(own), *output]

    # ---

    def find(self, id: str) -> Conversation:
        if id not in self.all:
            raise refusals.conversation_not_found(id)
        return self.all[id]

    def _open_to_writes(self, id: str) -> Conversation:
        conversation = self.find(id)
        self._writes += 1
        is_refused = "locked_conversations" in self._quirks and self._writes % 2 == 1
        if conversation.is_locked or is_refused:
            raise refusals.conversation_locked()
        return conversation

    def _stored(self, items: Sequence[Object]) -> list[Object]:
        """The items as the service keeps them: each with an id of its own, texts as parts."""
        return [self._one(item) for item in items]

    def _one(self, item: Object) -> Object:
        kind = item.get("type") or "message"
        id = self._new_id(f"{ITEMS[kind][0] or 'fc'}_" if kind in ITEMS else "item_", 48)
        whole: Object = {**item, "id": id, "type": kind}
        if kind == "message":
            whole |= {"status": item.get("status") or "completed", "content": parts(item)}
        elif kind.startswith("function_call"):
            whole |= {"status": item.get("status") or "completed"}
        return whole


class Turn:
    """One response of a conversation under way. Ends once, whoever ends it."""

    def __init__(self, held: Conversations, conversation: Conversation, own: Sequence[Object]) -> None:
        self._held, self._conversation, self._own = held, conversation, own

    def played(self, steps: Iterator[Step]) -> Iterator[Step]:
        """The steps; the items are in the conversation before whoever reads knows that the response has completed."""
        try:
            for step in steps:
                if isinstance(step, dict) and type_of(step) == "response.completed":
                    self._held.complete(self._conversation, self._own, step["response"]["output"])
                    self.end()
                yield step
        finally:
            self.end()

    def end(self) -> None:
        self._conversation.is_locked = False


def items_of(input: Any) -> list[Object]:
    """The input as items; a bare text is a message of the user's."""
    if isinstance(input, str):
        return [{"type": "message", "role": "user", "content": input}] if input else []
    return list(input or ())


def parts(item: Object) -> list[Object]:
    """The content of a message as parts."""
    content = item["content"]
    if not isinstance(content, str):
        return list(content)
    if item["role"] == "assistant":
        return [{"type": "output_text", "text": content, "annotations": [], "logprobs": []}]
    return [{"type": "input_text", "text": content}]


def checked(items: Any) -> list[Object]:
    """The items of a call. Raises UpstreamRefused."""
    if items is None:
        raise refusals.missing("items")
    if not isinstance(items, list):
        raise refusals.invalid_type("items", "an array", items)
    if len(items) > MOST_ITEMS:
        raise refusals.array_too_long("items", MOST_ITEMS, len(items))
    for place, item in enumerate(items):
        check_item(item, f"items[{place}]")
        if item.get("type") == "item_reference":
            raise refusals.invalid_value(f"items[{place}].type", "item_reference", tuple(ITEMS))
    return items
