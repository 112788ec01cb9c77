"""A proxy that records: what comes in goes to the target as it is, what comes back goes back as it came, and a line is
written when an answer is over. For programs in any language, and for servers that are not bridge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Mount
from starlette.types import Message, Receive, Scope, Send

from bridge.diff import bodies
from bridge.diff.readers.roots import Address, Root
from bridge.diff.recording.taking import Taking
from bridge.diff.recording.writer import TapeFile
from bridge.errors import ConfigurationError
from bridge.gateway import replies, serving
from bridge.gateway.passing import PassOn
from bridge.gateway.replies import Pieces
from bridge.upstream import hops
from bridge.wire.paths import without_credentials

USUAL: Final = "/v1"
"""Where the API stands on a server whose address says nothing of it."""


def serve(
    target: str, path: Path, host: str = "127.0.0.1", port: int = 0, announce: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT. `announce` is told the base URL for the program; port 0 is any free one. Raises
    ConfigurationError for a target that is no address, a tape that cannot be written, and an address that is taken."""
    server, root = parts(target)
    if port:
        serving.refuse_itself(server, host, port)
    app = create_app(target, TapeFile(path, f"recorded from {without_credentials(target)}"))
    tell = announce or (lambda url: None)
    serving.serve_app(app, host, port, lambda port: tell(f"http://{serving.shown(host)}:{port}{root}"))


def parts(target: str) -> tuple[str, str]:
    """Server and root of the API. Raises ConfigurationError."""
    split = urlsplit(target)
    if split.scheme not in ("http", "https") or not split.hostname:
        raise ConfigurationError(f"{target!r} is no address of a server: say https://api.openai.com/v1, for example.")
    return f"{split.scheme}://{split.netloc}", split.path.rstrip("/") or USUAL


def create_app(target: str, tape: TapeFile, http_client: Any = None) -> Starlette:
    """The ASGI app. `http_client` is an AsyncClient of httpx or httpx2; without one, one is made."""
    server, root = parts(target)
    pass_on = PassOn(server, http_client, names_answers=False)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await pass_on.aclose()

    proxy = _Proxy(pass_on, root, tape)
    app = Starlette(routes=[Mount("/", app=proxy)], lifespan=lifespan)
    app.router.default = proxy
    return app


class _Proxy:
    def __init__(self, pass_on: PassOn, root: str, tape: TapeFile) -> None:
        self._pass_on, self._root, self._tape = pass_on, Root("", root), tape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008, "reason": "The proxy speaks HTTP only."})
            return
        if hops.is_loop(Request(scope).headers):
            await replies.refusal(replies.loop())(scope, receive, send)
            return
        ears = _Ears(self._taking(scope), Request(scope).headers, receive, send)
        try:
            answer = await self._pass_on(Request(scope, ears.receive), _raw_path(scope))
            if not isinstance(answer, Pieces):  # the target could not be reached: what the caller gets is ours
                await ears.hear_out()
                ears.broke()
            await answer(scope, ears.receive, ears.send)
        except ClientDisconnect:
            ears.broke()
        finally:
            ears.end()

    def _taking(self, scope: Scope) -> Taking | None:
        """None for what is not below the root of the API."""
        address = Address.of(f"{quote(scope['path'])}?{scope['query_string'].decode('latin-1')}")
        path = self._root.below(address)
        return None if path is None else Taking(self._tape, scope["method"], path, address.query)


class _Ears:
    """Hears what passes in both directions, and changes nothing."""

    def __init__(self, taking: Taking | None, headers: Any, receive: Receive, send: Send) -> None:
        self._taking, self._receive, self._send = taking, receive, send
        self._headers = dict(headers)
        self._asked: list[bytes] = []
        self._size = 0
        self._is_heard = False
        self._cut: Literal["caller", "server"] | None = "server"

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._cut = "caller" if self._cut else None
        elif self._taking is not None:
            if self._size <= bodies.LIMIT:  # one piece more, so that it shows as too large
                self._asked.append(message.get("body", b""))
            self._size += len(message.get("body", b""))
        self._is_heard = not message.get("more_body", False)
        return message

    async def hear_out(self) -> None:
        """The rest of the request, which nobody else wants."""
        while not self._is_heard:
            await self.receive()

    async def send(self, message: Message) -> None:
        await self._send(message)
        if self._taking is None:
            return
        if message["type"] == "http.response.start":
            self._taking.asked(self._headers, b"".join(self._asked))
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
            self._taking.answered(message["status"], headers)
        else:
            self._taking.piece(message.get("body", b""))
            if not message.get("more_body", False):
                self._cut = None
                self.end()

    def broke(self) -> None:
        """No answer of the target's: it is written, and what the caller is told is not."""
        if self._taking is not None:
            self._taking.asked(self._headers, b"".join(self._asked))
            self._taking.broke()

    def end(self) -> None:
        """Of an answer that did not come to its end."""
        if self._taking is not None:
            self._taking.end(self._cut)


def _raw_path(scope: Scope) -> bytes:
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.partition(b"?")[0]
