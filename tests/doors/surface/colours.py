"""Sync and async clients in one shape, so that each behaviour is written down once.

A `Client` stands before an SDK client. Tests call it as they would call the sync one; where the client is async, its
coroutines run on an event loop in a thread of its own, its async iterators become iterators, its async context managers
become context managers. Every method that was called is noted in `called`, with its path below `client.beta`.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Iterator
from typing import Any, Final

import openai
from openai._resource import AsyncAPIResource, SyncAPIResource
from openai.lib.streaming import AssistantEventHandler, AsyncAssistantEventHandler

PATIENCE: Final = 20.0
"""Seconds until a call that does not come back fails its test."""

_END: Final = object()


class LoopThread:
    """An event loop that runs in a thread until it is closed."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="callers-loop", daemon=True)
        self._thread.start()

    def run(self, awaitable: Awaitable[Any]) -> Any:
        async def waiting() -> Any:
            return await awaitable

        return asyncio.run_coroutine_threadsafe(waiting(), self.loop).result(PATIENCE)

    def close(self) -> None:
        self.run(self.loop.shutdown_asyncgens())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()


class Client:
    """An SDK client of either colour, called as if it were sync."""

    def __init__(self, sdk: openai.OpenAI | openai.AsyncOpenAI, loop: LoopThread, called: set[str]) -> None:
        self.sdk = sdk
        self.is_async = isinstance(sdk, openai.AsyncOpenAI)
        self.loop = loop
        self.called = called
        self.requests: list[tuple[str, str]] = []
        self._count_requests()

    def __getattr__(self, name: str) -> Any:
        return _Resource(getattr(self.sdk, name), self, "")

    def with_options(self, **options: Any) -> Client:
        return Client(self.sdk.with_options(**options), self.loop, self.called)

    def copy(self, **options: Any) -> Client:
        return Client(self.sdk.copy(**options), self.loop, self.called)

    def lead(self, value: Any) -> Any:
        """A value of the SDK as the sync client would give it."""
        if inspect.isawaitable(value):
            value = self.loop.run(value)
        if _is_async(value):
            return _View(value, self)
        return value

    def recorder(self, methods: dict[str, Any] | None = None) -> Any:
        """An event handler of this client's colour that notes every hook in `heard`, then calls `methods[hook]`."""
        base: Any = AsyncAssistantEventHandler if self.is_async else AssistantEventHandler
        hooks = {name: _hook(name, self.is_async, methods or {}) for name in dir(base) if name.startswith("on_")}
        handler = type("Recorder", (base,), hooks)()
        handler.heard = []
        return handler

    def close(self) -> None:
        self.lead(self.sdk.close())

    def _count_requests(self) -> None:
        inner: Any = self.sdk._client
        if hasattr(inner.send, "requests"):  # a copy shares the HTTP client of its original
            self.requests = inner.send.requests
            return
        send, requests = inner.send, self.requests

        def counted(request: Any, **options: Any) -> Any:
            requests.append((request.method, request.url.path))
            return send(request, **options)

        counted.requests = requests  # type: ignore[attr-defined]
        inner.send = counted


class _Resource:
    """A resource of the client, or its with_raw_response and with_streaming_response."""

    def __init__(self, thing: Any, client: Client, path: str) -> None:
        self._thing, self._client, self._path = thing, client, path

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._thing, name)
        path = f"{self._path}.{name}".lstrip(".")
        if not callable(value) or isinstance(value, (SyncAPIResource, AsyncAPIResource)):
            return _Resource(value, self._client, path)

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = self._client.lead(value(*args, **kwargs))
            self._client.called.add(path)
            return answer

        return call


class _View:
    """An async thing of the SDK (page, stream, response, manager) with its async ways made sync."""

    def __init__(self, thing: Any, client: Client) -> None:
        self._thing, self._client = thing, client

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._thing, name)
        if not inspect.isroutine(value):
            return self._client.lead(value)
        return lambda *args, **kwargs: self._client.lead(value(*args, **kwargs))

    def __iter__(self) -> Iterator[Any]:
        iterator = self._thing.__aiter__()
        while True:
            item = self._client.loop.run(anext(iterator, _END))
            if item is _END:
                return
            yield item

    def __enter__(self) -> Any:
        return self._client.lead(self._thing.__aenter__())

    def __exit__(self, *error: Any) -> Any:
        return self._client.loop.run(self._thing.__aexit__(*error))


def _is_async(value: Any) -> bool:
    kind = type(value)
    if hasattr(kind, "__aiter__") or hasattr(kind, "__aenter__"):
        return True
    return kind.__name__ in (
        "AsyncAPIResponse",
        "AsyncStreamedBinaryAPIResponse",
        "LegacyAPIResponse",
        "AsyncCursorPage",
    )


def _hook(name: str, is_async: bool, methods: dict[str, Any]) -> Any:
    def sync_hook(self: Any, *args: Any) -> None:
        self.heard.append((name, *args))
        if name in methods:
            methods[name](self, *args)

    async def async_hook(self: Any, *args: Any) -> None:
        self.heard.append((name, *args))
        if name in methods:
            answer = methods[name](self, *args)
            if inspect.isawaitable(answer):
                await answer

    return async_hook if is_async else sync_hook
