"""A service that answers what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from bridge.calls import Call, Reply

JSON = (("content-type", "application/json"), ("x-request-id", "req_" + "0" * 32))
SSE = (("content-type", "text/event-stream; charset=utf-8"), ("x-request-id", "req_" + "1" * 32))
THREAD = {"id": "thread_abc", "object": "thread", "created_at": 1, "metadata": {}, "tool_resources": {}}


class Events:
    """An event stream of fixed frames; with `open_end` it then waits until it is closed."""

    def __init__(self, *frames: bytes, open_end: bool = False) -> None:
        self.frames, self.open_end = frames, open_end
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield from self.frames
        if self.open_end:
            self.closed.wait(5)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        import anyio

        for frame in self.frames:
            yield frame
        while self.open_end and not self.closed.is_set():
            await anyio.sleep(0.005)

    def close(self) -> None:
        self.closed.set()

    async def aclose(self) -> None:
        self.close()


class FakeService:
    """Implements calls.Answering. `answer` makes the reply; the default is a thread."""

    def __init__(self, answer: Callable[[Call], Reply] | None = None) -> None:
        self.answer = answer or (lambda call: reply(THREAD))
        self.calls: list[Call] = []
        self.closed = 0

    def owns(self, method: str, path: str) -> bool:
        return path.startswith(("/threads", "/assistants"))

    def call(self, call: Call) -> Reply:
        self.calls.append(call)
        return self.answer(call)

    async def acall(self, call: Call) -> Reply:
        return self.call(call)

    def close(self) -> None:
        self.closed += 1


def reply(body: Any, status: int = 200, *headers: tuple[str, str]) -> Reply:
    return Reply(status, (*JSON, *headers), json.dumps(body).encode())


def refusal(status: int, message: str, *headers: tuple[str, str]) -> Reply:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return reply({"error": error}, status, *headers)
