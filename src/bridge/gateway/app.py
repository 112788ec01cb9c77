"""The ASGI app: what is ours goes to the service, other paths under /v1 to the upstream."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, quote

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from bridge import errors
from bridge.calls import Answering, Call, Credential
from bridge.gateway import replies
from bridge.gateway.passing import PassOn
from bridge.gateway.replies import Pieces
from bridge.upstream import hops
from bridge.wire import azure
from bridge.wire.checks import BETA

ROOT: Final = "/v1"
ROOTS: Final = (ROOT, azure.RESPONSES_ROOT, azure.ROOT)
"""Below the last two stand the calls of Azure's clients."""

BODY_LIMIT: Final = 32 * 1024 * 1024
"""Bytes of a body of ours. The largest legal one, a thread with many long messages, stays far below."""

CREDENTIALS: Final = ("authorization", "api-key", "openai-organization", "openai-project", hops.HEADER)
"""Headers of a caller that its runs' upstream calls carry. Everything else may come from proxies and browsers."""

log = logging.getLogger("bridge")


def create_app(
    service: Answering,
    *,
    upstream_base_url: str,
    http_client: Any = None,
    needs_key: bool = True,
    body_limit: int = BODY_LIMIT,
    closing: Callable[[], None] | None = None,
) -> Starlette:
    """The gateway as an ASGI app.

    `upstream_base_url` gets the calls that are not ours, through `http_client` (an AsyncClient of httpx or httpx2; the
    app makes and closes its own when there is none). `needs_key`: calls of ours without a key are a 401. `body_limit`,
    in bytes, is for calls of ours; others are streamed. `closing` runs in a thread when the server goes down, while
    the event loop still lives.
    """
    gateway = _Gateway(service, PassOn(upstream_base_url, http_client), needs_key, body_limit)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        if closing is not None:
            await anyio.to_thread.run_sync(closing)
        service.close()
        await gateway.pass_on.aclose()

    app = Starlette(routes=[Route("/healthz", _healthz), Mount("/", app=gateway)], lifespan=lifespan)
    app.router.default = gateway  # no route fits a path with a line break in it, or one that is a whole URL
    return app


async def _healthz(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


class _Gateway:
    def __init__(self, service: Answering, pass_on: PassOn, needs_key: bool, body_limit: int) -> None:
        self.service, self.pass_on = service, pass_on
        self._needs_key, self._body_limit = needs_key, body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008, "reason": "The gateway speaks HTTP only."})
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except errors.APIError as error:
            response = replies.refusal(error)
        except ClientDisconnect:
            return
        except Exception:
            response = self._broken(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response | Pieces:
        path = _path(request.scope)
        if hops.is_loop(request.headers):
            raise replies.loop()
        root = next((root for root in ROOTS if path.startswith(root + "/")), None)
        if root is None or ".." in path.split("/"):  # passed on, dots would lead out of the root
            raise replies.unknown_url(request.method, path)
        below = path.removeprefix(root)
        if root == azure.ROOT:
            below = azure.without_deployment(below)
        if self.service.owns(request.method, below):
            return await self._ours(request, below, is_azures=root != ROOT)
        return await self.pass_on(request, _raw_path(request.scope, root), is_azures=root == azure.ROOT)

    async def _ours(self, request: Request, path: str, is_azures: bool) -> Response | Pieces:
        began = time.perf_counter()
        if self._needs_key and not (request.headers.get("authorization") or request.headers.get("api-key")):
            raise errors.no_key()
        headers = dict(request.headers)
        if is_azures:  # Azure never asked for the header: there the version says it all
            headers.setdefault("openai-beta", BETA)
        call = Call(
            method=request.method,
            path=path,
            query=tuple(_query(request.scope["query_string"])),
            headers=headers,
            body=await self._body(request),
            credential=Credential({name: headers[name] for name in CREDENTIALS if name in headers}),
            read_timeout=read_timeout(headers),
        )
        reply = await self.service.acall(call)
        return replies.response(reply, (time.perf_counter() - began) * 1000)

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        length = request.headers.get("content-length", "")
        if length.isdigit() and int(length) > self._body_limit:
            raise replies.too_large(self._body_limit)
        async for piece in request.stream():
            body += piece
            if len(body) > self._body_limit:
                raise replies.too_large(self._body_limit)
        return bytes(body)

    def _broken(self, request: Request) -> Response:
        """An error of ours, told as the old service told its own (assistants-wire §9.2)."""
        request_id = replies.request_id()
        log.exception("%s %s failed (%s)", request.method, request.scope["path"], request_id)
        error = errors.server_error(request_id)
        error.headers["x-request-id"] = request_id
        return replies.refusal(error)


def read_timeout(headers: Mapping[str, str]) -> float | None:
    """How long an SDK says it waits for an answer, in seconds."""
    try:
        seconds = float(headers.get("x-stainless-read-timeout", ""))
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None


def _query(query: bytes) -> list[tuple[str, str]]:
    """Without the version that Azure's clients name."""
    given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return [(name, value) for name, value in given if name != azure.API_VERSION]


def _path(scope: Scope) -> str:
    """Azure's older SDKs double the slash after an endpoint that ends with one."""
    path: str = scope["path"]
    return path[1:] if path.startswith("//openai/") else path


def _raw_path(scope: Scope, root: str) -> bytes:
    """What follows the root, as it was encoded by the caller."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.partition(b"?")[0].removeprefix(b"/" * raw.startswith(b"//openai/")).removeprefix(root.encode())
