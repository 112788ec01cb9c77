"""What every part of an answer is written with: the events, their numbers, the tokens they cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bridge.records import Object
from bridge.upstream.scripted.ids import Names
from bridge.upstream.scripted.responses import count_tokens, response_base
from bridge.upstream.scripted.steps import OutOfTokens, Pause, Step


class Writer:
    """One response: `output` are its items so far, `shown` citations of pictures that the next message is to show."""

    def __init__(self, request: Object, names: Names, created_at: int) -> None:
        self.request, self.names = request, names
        self.base = response_base(request, names.response(), created_at)
        self.output: list[Object] = []
        self.shown: list[Object] = []
        self.sequence = -1
        self.pace = 0.0
        self.tokens = 0
        self.reasoning_tokens = 0
        self.limit: int | None = request.get("max_output_tokens")
        self.obfuscate = (request.get("stream_options") or {}).get("include_obfuscation") is not False

    @property
    def is_background(self) -> bool:
        return bool(self.base["background"])

    def includes(self, name: str) -> bool:
        return name in (self.request.get("include") or ())

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
