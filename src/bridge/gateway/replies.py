"""What the gateway sends: replies of the service, its own refusals, and bodies piece by piece."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Final

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bridge.calls import Reply, ReplyStream
from bridge.errors import APIError, BridgeError
from bridge.wire import render

VERSION: Final = ("openai-version", "2020-10-01")
JSON: Final = ("content-type", "application/json")


def loop() -> APIError:
    return APIError(
        508,
        "This request has passed this gateway before: its upstream is the gateway itself, directly or through others. "
        "Set BRIDGE_UPSTREAM (or --upstream) to the server that really answers.",
        type="server_error",
        code="gateway_loop",
        headers={"x-should-retry": "false"},
    )


def unknown_url(method: str, path: str) -> APIError:
    """assistants-wire §9.2. `path` is whole, with its /v1."""
    return APIError(404, f"Invalid URL ({method} {path})")


def too_large(limit: int) -> APIError:
    return APIError(413, f"Maximum content size limit ({limit}) exceeded.")


def unreachable(reason: str, timeout: bool) -> APIError:
    """The upstream of a passed-on call does not answer."""
    return APIError(504 if timeout else 502, f"The upstream could not be reached: {reason}", type="server_error")


def request_id() -> str:
    return f"req_{secrets.token_hex(16)}"


def refusal(error: APIError) -> Response:
    """An error of the gateway's own, with the headers every answer has (§1.2)."""
    own = {"x-request-id": request_id(), **dict([VERSION]), **error.headers}
    return Response(render.encode_pretty(error.body()), error.status, own, media_type=JSON[1])


def response(reply: Reply, milliseconds: float) -> Response | Pieces:
    """A reply of the service."""
    headers = [*reply.headers, ("openai-processing-ms", str(round(milliseconds)))]
    if reply.stream is not None:
        return Pieces.of_stream(reply.status, headers, reply.stream)
    whole = Response(reply.body, reply.status)
    for name, value in headers:
        whole.headers[name] = value
    return whole


class Pieces:
    """An ASGI response written as its pieces arrive. When the caller leaves, `close` is called at once.

    When the pieces break off (`broke_off` says which errors mean that), the response is left unfinished, so that the
    server cuts the connection and the caller sees the break too.
    """

    def __init__(
        self,
        status: int,
        headers: Iterable[tuple[bytes, bytes]],
        pieces: AsyncIterator[bytes],
        close: Callable[[], Awaitable[None]],
        broke_off: tuple[type[BaseException], ...] = (),
    ) -> None:
        self.status, self.headers = status, list(headers)
        self._pieces, self._close, self._broke_off = pieces, close, broke_off

    @classmethod
    def of_stream(cls, status: int, headers: Iterable[tuple[str, str]], stream: ReplyStream) -> Pieces:
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return cls(status, raw, stream.__aiter__(), stream.aclose, (BridgeError,))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_until_left, receive, group.cancel_scope)
                await self._write(send)
                group.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._close()

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        try:
            async for piece in self._pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except self._broke_off:
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_left(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
