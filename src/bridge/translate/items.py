"""Output items under way: each gathers what is to be told of it, whatever way the server sends it.

An item's pieces come as deltas, as ``.done`` events that repeat a whole part, in ``output_item.done``, or only in the
response's own ``output``. Each later source fills in what the earlier ones left out (responses-mapping §8); where it
contradicts what was streamed, what was streamed stands.
"""

from __future__ import annotations

from typing import Final, Literal

from bridge.records import Object
from bridge.translate import loose
from bridge.translate.facts import (
    Annotated,
    CallArguments,
    CallDone,
    CallStarted,
    Fact,
    HostedDone,
    HostedInput,
    HostedStarted,
    Kept,
    MessageDone,
    MessageStarted,
    RefusalDelta,
    TextDelta,
)

Ending = Literal["done", "completed", "incomplete"]
"""Why an item ends: by its own event, or because the response did."""


class Streamed:
    """A text under way."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        self._pieces.append(piece)

    def rest(self, whole: str) -> str:
        """What is missing of `whole`; nothing if it does not begin with what was streamed."""
        return whole.removeprefix(self.text) if whole.startswith(self.text) else ""

    @property
    def text(self) -> str:
        return "".join(self._pieces)


class OpenItem:
    """An item nobody sees (reasoning, a tool without an Assistants form): kept once it is whole.

    `told` holds the facts that were not told yet; `over` says that no more will come.
    """

    def __init__(self, key: str, body: Object, index: int | None) -> None:
        self.key = key
        self.id = loose.text(body, "id")
        self.type = loose.text(body, "type") or ""
        self.index = index
        self.body = body
        self.told: list[Fact] = []
        self.over = False

    def receive(self, kind: str, event: Object) -> None:
        """One event about a part of this item."""

    def finish(self, body: Object | None, ending: Ending) -> None:
        """The item as it ended, if the server said how."""
        if body is not None:
            self.told.append(Kept(self.key, body))
        self.over = True


class OpenMessage(OpenItem):
    """A message: it starts with its first piece, so that one without content is never seen."""

    def __init__(self, key: str, body: Object, index: int | None) -> None:
        super().__init__(key, body, index)
        self._started = False
        self._parts: dict[tuple[str, int], Streamed] = {}
        self._annotations: dict[int, list[Object]] = {}
        self._seen: set[tuple[int, int]] = set()

    def receive(self, kind: str, event: Object) -> None:
        part = max(loose.number(event, "content_index") or 0, 0)
        if kind == "output_text.delta":
            self._piece("text", part, loose.text(event, "delta"))
        elif kind == "refusal.delta":
            self._piece("refusal", part, loose.text(event, "delta"))
        elif kind == "output_text.done":
            self._rest("text", part, loose.text(event, "text"))
        elif kind == "refusal.done":
            self._rest("refusal", part, loose.text(event, "refusal"))
        elif kind == "output_text.annotation.added":
            self._annotation(part, loose.number(event, "annotation_index"), loose.object(event, "annotation"))
        elif kind == "content_part.done":
            self._repair(part, loose.object(event, "part") or {})

    def finish(self, body: Object | None, ending: Ending) -> None:
        for index, part in enumerate(loose.objects(body, "content")):
            self._repair(index, part)
        self.over = True
        if self._started:
            said = loose.text(body, "status")
            cut = said == "incomplete" or (ending == "incomplete" and said != "completed")
            status: Literal["completed", "incomplete"] = "incomplete" if cut else "completed"
            self.told.append(MessageDone(self.key, self._whole(body, status), status))

    def _piece(self, type: str, part: int, piece: str | None) -> None:
        if not piece:
            return
        self._start()
        self._parts.setdefault((type, part), Streamed()).add(piece)
        fact = TextDelta if type == "text" else RefusalDelta
        self.told.append(fact(self.key, part, piece))

    def _rest(self, type: str, part: int, whole: str | None) -> None:
        streamed = self._parts.get((type, part)) or Streamed()
        self._piece(type, part, streamed.rest(whole or ""))

    def _annotation(self, part: int, number: int | None, annotation: Object | None) -> None:
        if annotation is None or (number is not None and (part, number) in self._seen):
            return
        if number is not None:
            self._seen.add((part, number))
        self._start()
        self._annotations.setdefault(part, []).append(annotation)
        self.told.append(Annotated(self.key, part, annotation))

    def _repair(self, index: int, part: Object) -> None:
        if part.get("type") == "refusal":
            self._rest("refusal", index, loose.text(part, "refusal"))
        elif part.get("type") == "output_text":
            text = loose.text(part, "text") or ""
            for where, annotation in self._untold(index, part, len(text)):
                self._rest("text", index, text[:where])
                self._annotation(index, None, annotation)
            self._rest("text", index, text)

    def _untold(self, index: int, part: Object, length: int) -> list[tuple[int, Object]]:
        """The annotations of a part that were not told yet, with the place in its text where each would have come:
        its index, as real streams have it, or the end."""
        told = list(self._annotations.get(index, ()))
        untold: list[tuple[int, Object]] = []
        for annotation in loose.objects(part, "annotations"):
            if annotation in told:
                told.remove(annotation)
            else:
                where = loose.number(annotation, "index")
                untold.append((length if where is None else max(0, min(where, length)), annotation))
        return sorted(untold, key=lambda found: found[0])

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self.told.append(MessageStarted(self.key))

    def _whole(self, body: Object | None, status: str) -> Object:
        """The item to be replayed: as the server gave it, or put together from its pieces."""
        whole = {**self.body, **(body or {}), "type": "message"}
        if not loose.objects(whole, "content"):
            whole["content"] = [self._part(type, part) for type, part in sorted(self._parts, key=lambda at: at[1])]
        if whole.get("status") not in ("completed", "incomplete"):
            whole["status"] = status
        return {"role": "assistant", **whole}

    def _part(self, type: str, part: int) -> Object:
        text = self._parts[type, part].text
        if type == "refusal":
            return {"type": "refusal", "refusal": text}
        annotations = list(self._annotations.get(part, ()))
        return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}


class OpenCall(OpenItem):
    """A function call: it starts when its name is known. `call_ids` are those of the response so far."""

    def __init__(self, key: str, body: Object, index: int | None, call_ids: set[str]) -> None:
        super().__init__(key, body, index)
        self._call_ids = call_ids
        self._call_id: str | None = None
        self._name: str | None = None
        self._arguments = Streamed()
        self._start(body)

    def receive(self, kind: str, event: Object) -> None:
        if kind == "function_call_arguments.delta":
            self._piece(loose.text(event, "delta"))
        elif kind == "function_call_arguments.done":
            self._start(event)
            self._piece(self._arguments.rest(loose.text(event, "arguments") or ""))

    def finish(self, body: Object | None, ending: Ending) -> None:
        """A call that was cut is not done, unless the response as a whole says that it is."""
        self.body = {**self.body, **(body or {})}
        self._start(self.body)
        self._piece(self._arguments.rest(loose.text(body, "arguments") or ""))
        said = loose.text(body, "status")
        if (ending == "done" and said == "incomplete") or (ending == "incomplete" and said != "completed"):
            return
        self.over = True
        if self._call_id is not None:
            known = {"type": "function_call", "call_id": self._call_id, "name": self._name}
            self.told.append(CallDone(self.key, {**self.body, **known, "arguments": self._arguments.text}))

    def _start(self, source: Object) -> None:
        name = loose.text(source, "name")
        if self._call_id is not None or not name:
            return
        self._name = name
        self._call_id = self._unused(loose.text(source, "call_id") or self.id or f"call_{self.key}")
        self.told.append(CallStarted(self.key, self._call_id, name))
        if self._arguments.text:
            self.told.append(CallArguments(self.key, self._arguments.text))

    def _unused(self, call_id: str) -> str:
        """Two calls of one response cannot share an id: clients answer calls by it."""
        while call_id in self._call_ids:
            call_id = f"{call_id}_{self.key}"
        self._call_ids.add(call_id)
        return call_id

    def _piece(self, piece: str | None) -> None:
        if piece:
            self._arguments.add(piece)
            if self._call_id is not None:
                self.told.append(CallArguments(self.key, piece))


HOSTED: Final[dict[str, Literal["code_interpreter", "file_search"]]] = {
    "code_interpreter_call": "code_interpreter",
    "file_search_call": "file_search",
}


class OpenHosted(OpenItem):
    """A hosted tool call: seen from its beginning."""

    def __init__(self, key: str, body: Object, index: int | None) -> None:
        super().__init__(key, body, index)
        self._id = self.id or f"call_{key}"
        self._code = Streamed()
        self.told.append(HostedStarted(key, HOSTED[self.type], self._id))

    def receive(self, kind: str, event: Object) -> None:
        if kind == "code_interpreter_call_code.delta":
            self._piece(loose.text(event, "delta"))
        elif kind == "code_interpreter_call_code.done":
            self._piece(self._code.rest(loose.text(event, "code") or ""))

    def finish(self, body: Object | None, ending: Ending) -> None:
        self.over = True
        whole = {**self.body, **(body or {}), "type": self.type, "id": self._id}
        if self.type == "code_interpreter_call":
            self._piece(self._code.rest(loose.text(whole, "code") or ""))
            whole["code"] = self._code.text
        self.told.append(HostedDone(self.key, whole))

    def _piece(self, piece: str | None) -> None:
        if piece and self.type == "code_interpreter_call":
            self._code.add(piece)
            self.told.append(HostedInput(self.key, piece))
