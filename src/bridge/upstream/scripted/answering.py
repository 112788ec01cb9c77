"""One answer as the events of the Responses stream, complete and in legal order (responses-mapping §8).

The order within an item is that of the real recordings: added, its parts and deltas, their done events, done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

from attrs import frozen

from bridge.records import Object
from bridge.upstream.scripted.choose import Called, Calling, Choice
from bridge.upstream.scripted.hosted import Hosted
from bridge.upstream.scripted.hosting import Hosting, placed
from bridge.upstream.scripted.ids import Names
from bridge.upstream.scripted.responses import count_tokens, response_base
from bridge.upstream.scripted.script import (
    Annotate,
    Code,
    Cut,
    Fail,
    Incomplete,
    Pace,
    Reason,
    Refuse,
    Say,
    Search,
    Wait,
)
from bridge.upstream.scripted.sealed import seal

WORD = re.compile(r"\s*\S{1,14}|\s+")
TOKEN = re.compile(r"\w{1,14}|\W{1,3}")


@frozen
class Pause:
    seconds: float


@frozen
class Reset:
    """The connection breaks here."""


@frozen
class Garbled:
    """Bytes that are no event, sent as the data of one."""

    data: str


Step: TypeAlias = Object | Pause | Reset | Garbled


class OutOfTokens(Exception):
    """max_output_tokens is used up."""


class Answering:
    """Writes the answer to one request. `steps` may be read once."""

    def __init__(self, request: Object, choice: Choice, names: Names, created_at: int, hosted: Hosted) -> None:
        self.request, self.choice, self.names, self.hosted = request, choice, names, hosted
        self.hosting = Hosting(self)
        self.base = response_base(request, names.response(), created_at)
        self.output: list[Object] = []
        self.message: Object | None = None
        self.sequence = -1
        self.pace = 0.0
        self.tokens = 0
        self.reasoning_tokens = 0
        self.limit: int | None = request.get("max_output_tokens")
        self.obfuscate = (request.get("stream_options") or {}).get("include_obfuscation") is not False

    def steps(self) -> Iterator[Step]:
        yield self.event("response.created", response=self.response("in_progress"))
        yield self.event("response.in_progress", response=self.response("in_progress"))
        try:
            for action in self.choice.actions:
                if isinstance(action, (Cut, Fail, Incomplete)):
                    yield from self.end(action)
                    return
                yield from self.act(action)
        except OutOfTokens:
            yield from self.end(Incomplete("max_output_tokens"))
            return
        yield from self.close_message("completed")
        yield self.terminal("completed")

    def act(self, action: Any) -> Iterator[Step]:
        if isinstance(action, Say):
            for index, text in enumerate(action.texts):
                if index:
                    yield from self.close_message("completed")
                for piece in self.hosting.pieces(text):
                    if isinstance(piece, str):
                        yield from self.write("output_text", "text", piece)
                    else:
                        yield from self.annotate(piece)
        elif isinstance(action, Refuse):
            yield from self.write("refusal", "refusal", action.text)
        elif isinstance(action, Calling):
            yield from self.close_message("completed")
            for called in action.calls:
                yield from self.call(called)
        elif isinstance(action, Reason):
            yield from self.close_message("completed")
            yield from self.reason(action.text)
        elif isinstance(action, (Search, Code)):
            yield from self.close_message("completed")
            yield from self.hosting.search(action) if isinstance(action, Search) else self.hosting.run(action)
        elif isinstance(action, Annotate):
            yield from self.annotate(action.annotation)
        elif isinstance(action, Wait):
            yield Pause(action.seconds)
        elif isinstance(action, Pace):
            self.pace = action.seconds

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
        """An annotation of the text part that is open, where it stands by now."""
        if self.message is None or not self.message["content"] or self.message["content"][-1]["type"] != "output_text":
            yield from self.write("output_text", "text", "")
        assert self.message is not None
        part = self.message["content"][-1]
        annotation = placed(annotation, len(part["text"]))
        number = len(part["annotations"])
        part["annotations"].append(annotation)
        kind = "response.output_text.annotation.added"
        yield self.event(kind, **self.place(), annotation_index=number, annotation=annotation)

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
            for annotation in self.hosting.at_the_end() if kind == "output_text" else ():
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
        encrypted = "reasoning.encrypted_content" in (self.request.get("include") or ())
        sealed = {"encrypted_content": seal(text)} if encrypted else {}
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

    # --- events

    def token(self) -> Iterator[Step]:
        """A delta is a token. One that is not the model's any more ends the response."""
        if self.limit is not None and self.tokens >= self.limit:
            raise OutOfTokens
        self.tokens += 1
        if self.pace:
            yield Pause(self.pace)

    def added(self, item: Object) -> Object:
        return self.event("response.output_item.added", output_index=len(self.output), item=item)

    def done(self, item: Object) -> Object:
        event = self.event("response.output_item.done", output_index=len(self.output), item=item)
        self.output.append(item)
        return event

    def delta(self, type: str, delta: str, **fields: Any) -> Object:
        event = self.event(type, **fields, delta=delta)
        if self.obfuscate:
            event["obfuscation"] = "x" * (16 - len(delta) % 16)
        return event

    def event(self, type: str, **fields: Any) -> Object:
        self.sequence += 1
        return {"type": type, "sequence_number": self.sequence, **fields}

    def terminal(self, status: str, **fields: Any) -> Object:
        return self.event(f"response.{status}", response=self.response(status, usage=self.usage(), **fields))

    def response(self, status: str, **fields: Any) -> Object:
        return {**self.base, "status": status, "output": list(self.output), **fields}

    def usage(self) -> Object:
        given = count_tokens(self.request)
        return {
            "input_tokens": given,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": self.tokens,
            "output_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
            "total_tokens": given + self.tokens,
        }


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


def copied(part: Object) -> Object:
    """The part as it is now."""
    return {**part, "annotations": list(part["annotations"])} if "annotations" in part else dict(part)


def logprobs(kind: str) -> Object:
    return {"logprobs": []} if kind == "output_text" else {}
