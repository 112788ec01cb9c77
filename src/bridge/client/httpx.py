"""The bridge as a transport and a client of httpx, which openai 1.x and 2.x are built on. `httpx2.py` is its twin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx

from bridge.calls import Reply, ReplyStream
from bridge.client.requests import Door
from bridge.errors import BridgeError
from bridge.upstream import lending


class Transport(httpx.BaseTransport):
    """Answers the requests that are ours, and hands all others untouched to `pass_on`."""

    def __init__(self, door: Door, pass_on: Callable[[httpx.Request], httpx.Response]) -> None:
        self._door, self._pass_on = door, pass_on

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self._door.owns(request):
            return self._pass_on(request)
        return _response(self._door.service.call(self._door.call(request, request.read())), request)


class AsyncTransport(httpx.AsyncBaseTransport):
    """The same for async clients."""

    def __init__(self, door: Door, pass_on: Callable[[httpx.Request], Awaitable[httpx.Response]]) -> None:
        self._door, self._pass_on = door, pass_on

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self._door.owns(request):
            return await self._pass_on(request)
        reply = await self._door.service.acall(self._door.call(request, await request.aread()))
        return _response(reply, request)


class Client(httpx.Client):
    """What the SDK holds in place of `real`: builds requests as `real` does, sends the rest through it, closes it."""

    def __init__(self, real: httpx.Client, door: Door) -> None:
        super().__init__(transport=Transport(door, lambda request: real.send(request, stream=True)), trust_env=False)
        self.real, self.door = real, door

    def build_request(self, *args: Any, **options: Any) -> httpx.Request:
        return self.real.build_request(*args, **options)

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        if not self.door.owns(request):
            return self.real.send(request, **options)
        self.event_hooks = self.real.event_hooks
        return super().send(request, **options)

    @property
    def is_closed(self) -> bool:
        return self.real.is_closed

    def close(self) -> None:
        super().close()
        self.real.close()
        self.door.service.close()


class AsyncClient(httpx.AsyncClient):
    """The same for async clients."""

    def __init__(self, real: httpx.AsyncClient, door: Door) -> None:
        super().__init__(
            transport=AsyncTransport(door, lambda request: real.send(request, stream=True)), trust_env=False
        )
        self.real, self.door = real, door

    def build_request(self, *args: Any, **options: Any) -> httpx.Request:
        return self.real.build_request(*args, **options)

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        if not self.door.owns(request):
            return await self.real.send(request, **options)
        self.event_hooks = self.real.event_hooks
        return await super().send(request, **options)

    @property
    def is_closed(self) -> bool:
        return self.real.is_closed

    async def aclose(self) -> None:
        await super().aclose()
        await self.real.aclose()
        self.door.service.close()
        await lending.closed()


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A stream of the service as a response body. Silence is a read timeout, a break a read error."""

    def __init__(self, stream: ReplyStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error)) from error
        except BridgeError as error:
            raise httpx.ReadError(str(error)) from error

    def __aiter__(self) -> AsyncIterator[bytes]:
        """No generator: one that is dropped half-read is closed by the garbage collector, in whatever thread."""
        self._pieces = aiter(self._stream)
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._pieces)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error)) from error
        except BridgeError as error:
            raise httpx.ReadError(str(error)) from error

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


def _response(reply: Reply, request: httpx.Request) -> httpx.Response:
    if reply.stream is not None:
        reply.stream.patience = request.extensions.get("timeout", {}).get("read")
        return httpx.Response(reply.status, headers=list(reply.headers), stream=_Stream(reply.stream))
    return httpx.Response(reply.status, headers=list(reply.headers), content=reply.body)
