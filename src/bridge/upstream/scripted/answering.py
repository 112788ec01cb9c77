"""One answer as the events of the Responses stream, complete and in legal order (responses-mapping §8).

The order within an item is that of the real recordings: added, its parts and deltas, their done events, done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Literal

from bridge.records import Object
from bridge.upstream.scripted.choice import Called, Calling
from bridge.upstream.scripted.hosting import run, search
from bridge.upstream.scripted.ids import Names
from bridge.upstream.scripted.preparing import Mark, Prepared, Ran, Searched, Told
from bridge.upstream.scripted.script import Annotate, Cut, Fail, Incomplete, Pace, Reason, Refuse, Wait
from bridge.upstream.scripted.sealed import seal
from bridge.upstream.scripted.steps import HangUp, OutOfTokens, Pause, Reset, Step
from bridge.upstream.scripted.writing import Writer

WORD = re.compile(r"\s*\S{1,14}|\s+")
TOKEN = re.compile(r"\w{1,14}|\W{1,3}")
INDEXES = ("index", "start_index", "end_index")


class Answering(Writer):
    """Writes the answer to one request. `steps` may be read once."""

    def __init__(self, request: Object, actions: Sequence[Prepared], names: Names, created_at: int) -> None:
        super().__init__(request, names, created_at)
        self.actions = actions
        self.message: Object | None = None

    def steps(self) -> Iterator[Step]:
        yield from self.begin()
        try:
            for action in self.actions:
                if isinstance(action, Cut) and self.is_background:
                    yield HangUp(action.how)
                elif isinstance(action, (Cut, Fail, Incomplete)):
                    yield from self.end(action)
                    return
                else:
                    yield from self.act(action)
        except OutOfTokens:
            yield from self.end(Incomplete("max_output_tokens"))
            return
        yield from self.close_message("completed")
        yield self.terminal("completed")

    def begin(self) -> Iterator[Step]:
        """A background response is queued first (recording CanStreamBackgroundResponses)."""
        status = "queued" if self.is_background else "in_progress"
        yield self.event("response.created", response=self.response(status))
        if self.is_background:
            yield self.event("response.queued", response=self.response(status))
        yield self.event("response.in_progress", response=self.response("in_progress"))

    def act(self, action: Any) -> Iterator[Step]:
        if isinstance(action, (Calling, Reason, Searched, Ran)):
            yield from self.close_message("completed")
        for kind, write in self.writers().items():
            if isinstance(action, kind):
                yield from write(action)

    def writers(self) -> dict[type[Any], Callable[[Any], Iterator[Step]]]:
        return {
            Told: lambda told: self.tell(told.texts),
            Refuse: lambda refuse: self.write("refusal", "refusal", refuse.text),
            Calling: lambda calling: chain.from_iterable(map(self.call, calling.calls)),
            Reason: lambda reason: self.reason(reason.text),
            Searched: lambda searched: search(self, searched),
            Ran: lambda ran: run(self, ran),
            Annotate: lambda annotate: self.annotate(annotate.annotation),
            Wait: lambda wait: iter([Pause(wait.seconds)]),
            Pace: self.set_pace,
        }

    def set_pace(self, action: Pace) -> Iterator[Step]:
        self.pace = action.seconds
        yield from ()

    def end(self, action: Cut | Fail | Incomplete) -> Iterator[Step]:
        if isinstance(action, Cut):
            if action.how == "reset":
                yield Reset()
        elif isinstance(action, Fail):
            yield self.terminal("failed", error={"code": action.code, "message": action.message})
        else:
            yield from self.close_message("incomplete")
            yield self.terminal("incomplete", incomplete_details={"reason": action.reason})

    # --- messages

    def tell(self, texts: Iterable[tuple[str | Mark, ...]]) -> Iterator[Step]:
        """The first text goes on with the message that is open, each further one begins another."""
        for index, pieces in enumerate(texts):
            if index:
                yield from self.close_message("completed")
            start = len(self.open_text())
            for piece in pieces:
                if isinstance(piece, Mark):
                    yield from self.annotate(moved(piece.annotation, start))
                else:
                    yield from self.write("output_text", "text", piece)

    def open_text(self) -> str:
        """What the open part of the message says so far."""
        parts = self.message["content"] if self.message is not None else []
        return str(parts[-1]["text"]) if parts and parts[-1]["type"] == "output_text" else ""

    def write(self, kind: str, field: str, text: str) -> Iterator[Step]:
        """`text` as deltas of a part of type `kind`: of the open one when it is of that type, else of a new one."""
        if self.message is None:
            yield self.open_message()
        assert self.message is not None
        content = self.message["content"]
        if not content or content[-1]["type"] != kind:
            yield from self.close_part()
            content.append(part(kind))
            yield self.event("response.content_part.added", **self.place(), part=part(kind))
        for delta in WORD.findall(text):
            yield from self.token()
            content[-1][field] += delta
            yield self.delta(f"response.{kind}.delta", delta, **self.place(), **logprobs(kind))

    def annotate(self, annotation: Object) -> Iterator[Step]:
        """An annotation of the text part that is open, or of a new one."""
        if self.message is None or not self.message["content"] or self.message["content"][-1]["type"] != "output_text":
            yield from self.write("output_text", "text", "")
        assert self.message is not None
        annotations = self.message["content"][-1]["annotations"]
        annotations.append(annotation)
        kind = "response.output_text.annotation.added"
        yield self.event(kind, **self.place(), annotation_index=len(annotations) - 1, annotation=annotation)

    def open_message(self) -> Object:
        self.message = {
            "id": self.names.item("msg"),
            "type": "message",
            "status": "in_progress",
            "content": [],
            "role": "assistant",
        }
        return self.added({**self.message, "content": []})

    def close_part(self) -> Iterator[Step]:
        if self.message is not None and self.message["content"]:
            last = self.message["content"][-1]
            kind = last["type"]
            if kind == "output_text":
                shown, self.shown = self.shown, []
                for annotation in shown:
                    yield from self.annotate(annotation)
            field = "text" if kind == "output_text" else "refusal"
            yield self.event(f"response.{kind}.done", **self.place(), **{field: last[field]}, **logprobs(kind))
            yield self.event("response.content_part.done", **self.place(), part=copied(last))

    def close_message(self, status: Literal["completed", "incomplete"]) -> Iterator[Step]:
        if self.message is not None:
            yield from self.close_part()
            content = [copied(part) for part in self.message["content"]]
            item, self.message = {**self.message, "status": status, "content": content}, None
            yield self.done(item)

    def place(self) -> Object:
        assert self.message is not None
        return {
            "item_id": self.message["id"],
            "output_index": len(self.output),
            "content_index": len(self.message["content"]) - 1,
        }

    # --- calls and reasoning

    def call(self, called: Called) -> Iterator[Step]:
        item: Object = {
            "id": self.names.item("fc"),
            "type": "function_call",
            "status": "in_progress",
            "arguments": "",
            "call_id": called.call_id or self.names.call(),
            "name": called.name,
        }
        yield self.added(item)
        place = {"item_id": item["id"], "output_index": len(self.output)}
        for start, delta in starts(TOKEN.findall(called.arguments)):
            try:
                yield from self.token()
            except OutOfTokens:
                yield self.done({**item, "status": "incomplete", "arguments": called.arguments[:start]})
                raise
            yield self.delta("response.function_call_arguments.delta", delta, **place)
        done = "response.function_call_arguments.done"
        yield self.event(done, **place, name=called.name, arguments=called.arguments)
        yield self.done({**item, "status": "completed", "arguments": called.arguments})

    def reason(self, text: str) -> Iterator[Step]:
        """The encrypted content of the added event is not that of the done event: only the latter may be replayed."""
        for _ in WORD.findall(text):
            self.reasoning_tokens += 1
            yield from self.token()
        item: Object = {"id": self.names.item("rs"), "type": "reasoning", "summary": []}
        sealed = {"encrypted_content": seal(text)} if self.includes("reasoning.encrypted_content") else {}
        yield self.added({**item, **{key: value[:12] for key, value in sealed.items()}})
        if (self.request.get("reasoning") or {}).get("summary"):
            yield from self.summary(item["id"], text)
            item["summary"] = [{"type": "summary_text", "text": text}]
        yield self.done({**item, **sealed})

    def summary(self, id: str, text: str) -> Iterator[Step]:
        place = {"item_id": id, "output_index": len(self.output), "summary_index": 0}
        kind = "response.reasoning_summary"
        yield self.event(f"{kind}_part.added", **place, part={"type": "summary_text", "text": ""})
        for delta in WORD.findall(text):
            yield self.delta(f"{kind}_text.delta", delta, **place)
        yield self.event(f"{kind}_text.done", **place, text=text)
        yield self.event(f"{kind}_part.done", **place, part={"type": "summary_text", "text": text})


def starts(pieces: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each piece with the place where it starts in the whole."""
    start = 0
    for piece in pieces:
        yield start, piece
        start += len(piece)


def part(kind: str) -> Object:
    if kind == "refusal":
        return {"type": "refusal", "refusal": ""}
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}


def moved(annotation: Object, start: int) -> Object:
    """Its indexes counted from the beginning of the part, where a text began at `start`."""
    return {**annotation, **{key: annotation[key] + start for key in INDEXES if key in annotation}}


def copied(part: Object) -> Object:
    """The part as it is now."""
    return {**part, "annotations": list(part["annotations"])} if "annotations" in part else dict(part)


def logprobs(kind: str) -> Object:
    return {"logprobs": []} if kind == "output_text" else {}
