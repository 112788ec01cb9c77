"""response.* events → the thread.* facts they imply (responses-mapping §8, upstreams.md).

    response.created, .in_progress, .queued               => Began, once
    response.output_item.added (message)                  => nothing yet: MessageStarted comes with the first piece
    response.output_text.delta, .refusal.delta            => TextDelta, RefusalDelta
    response.output_text.annotation.added                 => Annotated
    response.output_item.added (function_call)            => CallStarted
    response.function_call_arguments.delta                => CallArguments
    response.output_item.added (code_interpreter_call, …) => HostedStarted
    response.code_interpreter_call_code.delta             => HostedInput
    the .done of a text, of arguments, of code            => what the deltas left out
    response.output_item.done                             => the same, then MessageDone, CallDone, HostedDone or Kept
    response.completed, .incomplete                       => the same for every item still open, then Finished
    response.failed, .cancelled, error, the end           => Finished

Items are told one after the other, in the order in which they began: what a server interleaves is held back until the
item before is done (assistants-wire §8.2, §10). Items are known by their id, or failing that by output_index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

from bridge.records import Object
from bridge.translate import loose
from bridge.translate.facts import Began, Fact, Finished
from bridge.translate.items import HOSTED, Ending, OpenCall, OpenHosted, OpenItem, OpenMessage

Status = Literal["completed", "incomplete", "failed", "cancelled"]

TERMINAL: Final[dict[str, Status]] = {
    "completed": "completed",
    "incomplete": "incomplete",
    "failed": "failed",
    "cancelled": "cancelled",
}
"""Statuses of a response that ended; ``response.<status>`` are the events that say so."""

ABOUT: Final = {
    "output_text": "message",
    "refusal": "message",
    "content_part": "message",
    "function_call_arguments": "function_call",
    "code_interpreter_call_code": "code_interpreter_call",
}
"""First word of an event → the type of the item it is about. All other events about parts tell nothing."""

CUT_SHORT: Final = "The stream of the response ended before the response did."


def read(response: Object) -> list[Fact]:
    """The facts of a whole response, as if it had been streamed."""
    status = loose.text(response, "status")
    return Reader().receive({"type": f"response.{status or 'completed'}", "response": response})


class Reader:
    """Reads the events of one response, in any order and quality. Never raises for what a server sends.

    After Finished everything is ignored. `call_ids` and `item_ids` are those of calls and items of the same response
    that another reader read before: its end names them again.
    """

    def __init__(self, call_ids: Iterable[str] = (), item_ids: Iterable[str] = ()) -> None:
        self.finished = False
        self._began = False
        self._items: list[OpenItem] = []
        self._order: list[OpenItem] = []
        self._early: dict[str | int, list[tuple[str, Object]]] = {}
        self._call_ids = set(call_ids)
        self._known = frozenset(item_ids)

    def receive(self, event: Any) -> list[Fact]:
        """What one decoded event tells; nothing for events that are unknown, malformed or repeated."""
        kind = loose.text(event, "type")
        if self.finished or kind is None:
            return []
        if kind == "error":
            return self._finish("failed", error=_error(event))
        if not kind.startswith("response."):
            return []
        kind = kind.removeprefix("response.")
        began = self._begin(event)
        if kind in TERMINAL:
            return [*began, *self._end(kind, loose.object(event, "response") or {})]
        self._read(kind, event)
        return [*began, *self._tell()]

    def end(self, error: str | None) -> list[Fact]:
        """The stream is over. Without a terminal event before, the response failed."""
        return [] if self.finished else self._finish("failed", {"code": "server_error", "message": error or CUT_SHORT})

    @property
    def is_settled(self) -> bool:
        """Whether every item that began is over and told: the next event starts something new."""
        return not self._order and not self._early and all(item.over for item in self._items)

    # --- one event

    def _begin(self, event: Object) -> list[Fact]:
        if self._began:
            return []
        self._began = True
        return [Began(loose.text(loose.object(event, "response"), "id"))]

    def _read(self, kind: str, event: Object) -> None:
        if kind == "output_item.added":
            self._added(event)
        elif kind == "output_item.done":
            self._done(event)
        elif type := ABOUT.get(kind.partition(".")[0]):
            self._part(type, kind, event)

    def _added(self, event: Object) -> None:
        body, index = loose.object(event, "item"), loose.number(event, "output_index")
        type = loose.text(body, "type")
        if body is None or type is None:
            return
        known = self._find(loose.text(body, "id"), index, type)
        if known is None or known.index != index:
            self._new(body, index)

    def _done(self, event: Object) -> None:
        body, index = loose.object(event, "item"), loose.number(event, "output_index")
        type = loose.text(body, "type")
        if body is None or type is None:
            return
        item = self._find(loose.text(body, "id"), index, type) or self._open_at(index, type) or self._new(body, index)
        if not item.over:
            item.finish(body, "done")
            self._queue(item)

    def _part(self, type: str, kind: str, event: Object) -> None:
        id, index = loose.text(event, "item_id"), loose.number(event, "output_index")
        item = self._find(id, index, type)
        if item is None and type == "message":  # some servers change a message's id on the way
            item = self._open_at(index, type)
        if item is None:
            self._hold(id, index, kind, event)
        elif not item.over:
            item.receive(kind, event)
            self._queue(item)

    # --- which item

    def _find(self, id: str | None, index: int | None, type: str) -> OpenItem | None:
        """The item of this type by id (servers repeat ids: an open one, and one at this index, first)."""
        if id is None:
            return self._open_at(index, type)
        named = [item for item in self._items if item.id == id and item.type == type]
        return max(named, key=lambda item: (not item.over, item.index == index), default=None)

    def _open_at(self, index: int | None, type: str) -> OpenItem | None:
        if index is None:
            return None
        there = [item for item in self._items if item.index == index and item.type == type and not item.over]
        return there[-1] if there else None

    def _hold(self, id: str | None, index: int | None, kind: str, event: Object) -> None:
        """A piece that precedes its item waits for it; if the item turns out another, it is never told."""
        place = id if id is not None else index
        if place is not None:
            self._early.setdefault(place, []).append((kind, event))

    def _new(self, body: Object, index: int | None) -> OpenItem:
        item = self._make(str(len(self._items)), body, index)
        self._items.append(item)
        for place in (item.id, index):
            for kind, event in self._early.pop(place, ()) if place is not None else ():
                item.receive(kind, event)  # an item of another type knows nothing of it
        self._queue(item)
        return item

    def _make(self, key: str, body: Object, index: int | None) -> OpenItem:
        type = loose.text(body, "type")
        if type == "message":
            return OpenMessage(key, body, index)
        if type == "function_call":
            return OpenCall(key, body, index, self._call_ids)
        return OpenHosted(key, body, index) if type in HOSTED else OpenItem(key, body, index)

    # --- in which order

    def _queue(self, item: OpenItem) -> None:
        """An item takes its place in the order with the first thing there is to tell of it."""
        if item.told and item not in self._order:
            self._order.append(item)

    def _tell(self) -> list[Fact]:
        told: list[Fact] = []
        while self._order:
            first = self._order[0]
            told += first.told
            first.told = []
            if not first.over:
                break
            self._order.pop(0)
        return told

    # --- the end

    def _end(self, kind: str, response: Object) -> list[Fact]:
        status = TERMINAL.get(loose.text(response, "status") or "") or TERMINAL[kind]
        usage = loose.object(response, "usage")
        if status == "completed" or status == "incomplete":
            self._settle(loose.objects(response, "output"), status)
            reason = loose.text(loose.object(response, "incomplete_details"), "reason")
            return [*self._tell(), *self._finish(status, usage=usage, reason=reason)]
        error = _error(response) if status == "failed" else None
        return self._finish(status, error, usage=usage)

    def _settle(self, output: list[Object], ending: Ending) -> None:
        """Everything still open ends, with what the response's own output says of it."""
        known = dict(self._matched(output))
        for item in [item for item in self._items if not item.over]:
            item.finish(known.pop(item.key, None), ending)
            self._queue(item)
        for body in (body for key, body in known.items() if key.startswith("new")):
            item = self._new(body, None)
            item.finish(body, ending)
            self._queue(item)

    def _matched(self, output: list[Object]) -> Iterator[tuple[str, Object]]:
        """The key of an item known already, or a new one, for each item of the final output.

        By id and type first; then, since some servers name items anew at the end, by type in order.
        """
        items = list(self._items)
        left: list[Object] = []
        for body in output:
            id, type = loose.text(body, "id"), loose.text(body, "type")
            if id in self._known:
                continue
            same = [item for item in items if id is not None and item.id == id and item.type == type]
            if same:
                items.remove(same[0])
                yield same[0].key, body
            else:
                left.append(body)
        for number, body in enumerate(left):
            alike = [item for item in items if item.type == loose.text(body, "type")]
            if alike:
                items.remove(alike[0])
            yield (alike[0].key if alike else f"new{number}"), body

    def _finish(
        self, status: Status, error: Object | None = None, *, usage: Object | None = None, reason: str | None = None
    ) -> list[Fact]:
        self.finished = True
        return [Finished(status, usage=usage, reason=reason, error=error)]


def _error(source: Object) -> Object:
    """{code, message} of a failed response, or of an `error` event, whose fields lie flat or under `error`."""
    given = loose.object(source, "error") or (source if source.get("type") == "error" else {})
    return {"code": loose.text(given, "code") or loose.text(given, "type"), "message": loose.text(given, "message")}
