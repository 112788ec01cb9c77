"""A proxy between openai-python's published tests and a gateway: it makes the state, and puts real ids in.

The answer of the gateway goes back as it is, whatever it is, byte for byte. A state that cannot be made, a request for
which none is known and a gateway that does not answer are a 599, which the SDK is told not to try again.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import uvicorn
from attrs import field, frozen
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bridge import routes
from doors.published.asked import REWRITES, Asked, Rewrite, encoded, rewritten, with_ids
from doors.published.states import Unmade, World, made_for

SECONDS = 30.0
UNMADE = 599
OPTIONS: dict[str, Any] = {
    "log_level": "critical",
    "ws": "none",
    "server_header": False,
    "date_header": False,
    "timeout_graceful_shutdown": 1,
}
OF_A_CONNECTION = {"host", "connection", "transfer-encoding"}


@frozen
class Exchange:
    """A request of the tests as they sent it, and the status of its answer."""

    asked: Asked
    status: int


@frozen
class Proxy:
    """A proxy that runs. `url` is what the published tests take as their TEST_API_BASE_URL."""

    url: str
    exchanges: list[Exchange] = field(factory=list)


@contextmanager
def proxy(gateway_url: str, rewrites: tuple[Rewrite, ...] = REWRITES) -> Iterator[Proxy]:
    """Serves from a thread until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
        running = Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}")
        server = _server(_Passing(gateway_url, rewrites, running.exchanges))
        thread = threading.Thread(target=server.run, args=([listener],), name="proxy", daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the proxy did not start"
                time.sleep(0.002)
            yield running
        finally:
            server.should_exit = True
            thread.join(10)


def _server(passing: _Passing) -> uvicorn.Server:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with passing.client:
            yield

    route = Route("/{path:path}", passing.answer, methods=["GET", "POST", "DELETE"])
    app = Starlette(routes=[route], lifespan=lifespan)
    return uvicorn.Server(uvicorn.Config(app, **OPTIONS))


class _Passing:
    def __init__(self, gateway_url: str, rewrites: tuple[Rewrite, ...], exchanges: list[Exchange]) -> None:
        self.client = httpx.AsyncClient(base_url=gateway_url, timeout=SECONDS, trust_env=False)
        self._rewrites, self._exchanges = rewrites, exchanges

    async def answer(self, request: Request) -> Response:
        raw = await request.body()
        asked = _asked(request, raw)
        try:
            status, response = await self._answered(request, asked, raw)
        except (Unmade, httpx.HTTPError) as error:
            status, response = UNMADE, _unmade(asked, error)
        self._exchanges.append(Exchange(asked, status))
        return response

    async def _answered(self, request: Request, asked: Asked, raw: bytes) -> tuple[int, Response]:
        changed = rewritten(asked, self._rewrites)
        changed = with_ids(changed, await made_for(World(self.client), changed))
        path = changed.path.format_map({name: quote(value, safe="") for name, value in changed.names.items()})
        query = request.url.query if changed.query == asked.query else urlencode(changed.query)
        sent = self.client.build_request(
            asked.method,
            f"{path}?{query}" if query else path,
            headers=_kept(request.headers.raw, OF_A_CONNECTION | {"content-length"}),
            content=raw if changed.body == asked.body else encoded(changed.body),
        )
        answer = await self.client.send(sent, stream=True)
        response = StreamingResponse(_pieces(answer), answer.status_code)
        response.raw_headers = _kept(answer.headers.raw, OF_A_CONNECTION)
        return answer.status_code, response


def _asked(request: Request, raw: bytes) -> Asked:
    """A path that is no endpoint of ours is its own pattern."""
    path = "/" + request.path_params["path"]
    found = routes.match(request.method, path)
    pattern, names = (found[0].path, found[1]) if found else (path, {})
    query = tuple(request.query_params.multi_items())
    return Asked(request.method, pattern, names, query, json.loads(raw or b"null"))


def _unmade(asked: Asked, error: Exception) -> Response:
    message = f"{asked.operation}: {error!r}"
    return JSONResponse({"error": {"message": message}}, UNMADE, {"x-should-retry": "false"})


def _kept(headers: list[tuple[bytes, bytes]], without: set[str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in headers if name.lower().decode() not in without]


async def _pieces(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()
