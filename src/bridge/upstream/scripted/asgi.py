"""The offline Responses server over HTTP: a Starlette app, and uvicorn in a thread (extra `server`)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import anyio
import orjson
from attrs import frozen

from bridge.calls import Credential
from bridge.engine.effects import Resume, Send, Sent
from bridge.errors import ConfigurationError
from bridge.records import Object
from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted import reading
from bridge.upstream.scripted.multipart import form
from bridge.upstream.scripted.refusals import envelope, invalid_type, refusal
from bridge.upstream.scripted.steps import Garbled, Reset
from bridge.upstream.scripted.streams import AsyncScriptedStream, ScriptedBytes
from bridge.upstream.scripted.upstream import ScriptedUpstream
from bridge.wire import azure

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope
    from starlette.types import Send as Transmit


METHODS: Final = ("GET", "POST", "DELETE", "PUT", "PATCH")
UNDATED: Final = (None, "v1", "preview")


@frozen
class Served:
    """A server that runs. `url` is what a client takes as base_url: ``http://127.0.0.1:PORT/v1``."""

    url: str
    scripted: ScriptedUpstream


@contextmanager
def serve_scripted(
    script: ScriptedUpstream | reading.Source | None = None, host: str = "127.0.0.1", port: int = 0, **options: Any
) -> Iterator[Served]:
    """Serves a script (or a ScriptedUpstream) from a thread until the block ends. Port 0 is any free one.

    `options` are those of ScriptedUpstream.
    """
    scripted = script if isinstance(script, ScriptedUpstream) else ScriptedUpstream(script, **options)
    server = uvicorn_server(app(scripted))
    with socket.create_server((host, port)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
        thread = threading.Thread(target=server.run, args=([listener],), name="scripted-upstream", daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise RuntimeError("The scripted upstream did not start.")
                time.sleep(0.002)
            yield Served(f"http://{host}:{listener.getsockname()[1]}/v1", scripted)
        finally:
            scripted.close()
            server.should_exit = True
            thread.join(timeout=10)


def uvicorn_server(application: Starlette) -> uvicorn.Server:
    """Logs nothing: a cut connection is what a script asked for."""
    import uvicorn

    config = uvicorn.Config(
        application,
        log_level="critical",
        access_log=False,
        lifespan="off",
        loop="asyncio",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def app(scripted: ScriptedUpstream) -> Starlette:
    """The ASGI app: everything under /v1, and the same as Azure has it, under /openai/v1 and, with an `api-version`,
    under /openai. A request without an Authorization (or api-key) header is a 401."""
    try:
        from starlette.applications import Starlette
        from starlette.routing import Route
    except ImportError as error:
        raise ConfigurationError("Serving over HTTP needs: pip install 'assistants-bridge[server]'") from error

    async def respond(request: Request) -> Response:
        try:
            return await answer(scripted, request)
        except UpstreamRefused as error:
            headers = {"retry-after": f"{error.refused.retry_after:g}"} if error.refused.retry_after else {}
            return json_response(Sent(error.refused.status, envelope(error.refused)), headers)

    roots = ("/v1", azure.RESPONSES_ROOT, f"{azure.ROOT}/deployments/{{deployment}}", azure.ROOT)
    return Starlette(routes=[Route(root + "/{path:path}", respond, methods=METHODS) for root in roots])


async def answer(scripted: ScriptedUpstream, request: Request) -> Response:
    headers = dict(request.headers)
    if not (headers.get("authorization") or headers.get("api-key")):
        message = (
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
            "auth (i.e. Authorization: Bearer YOUR_KEY)."
        )
        raise refusal(message, status=401)
    path, query, credential = "/" + request.path_params["path"], dict(request.query_params), Credential(headers)
    _check_version(request.url.path, query.pop(azure.API_VERSION, None))
    if request.method == "GET" and path.endswith("/content"):
        return bytes_response(await scripted.afetch(path, credential))
    if request.method == "GET" and path.startswith("/responses/") and query.get("stream") == "true":
        return event_stream(await scripted.aresume(resumed(path, query), credential))
    effect = effect_of(request.method, path, query, request.headers.get("content-type", ""), await request.body())
    body = effect.body or {}
    if body.get("stream") and path == "/responses":
        return event_stream(await scripted.aopen(body, credential))
    sent = await scripted.asend(effect, credential)
    if body.get("stream") and path == "/chat/completions" and sent.status == 200:
        return chat_chunks(sent.body)
    return json_response(sent)


def _check_version(path: str, version: str | None) -> None:
    """Azure knows its older API by dated versions, its newer one by none."""
    is_newer = path.startswith(azure.RESPONSES_ROOT + "/")
    if path.startswith(azure.ROOT + "/") and (version in UNDATED) != is_newer:
        raise refusal("API version not supported")


def resumed(path: str, query: dict[str, str]) -> Resume:
    after = query.get("starting_after")
    if after is not None and not after.isdecimal():
        raise invalid_type("starting_after", "an integer", after)
    return Resume(path.removeprefix("/responses/"), None if after is None else int(after))


def effect_of(method: str, path: str, query: dict[str, str], kind: str, data: bytes) -> Send:
    """The call with its JSON body, or with the file and the fields of a multipart one."""
    if kind.startswith("multipart/form-data"):
        body, upload = form(kind, data)
        return Send(method, path, body, query, upload)
    try:
        body = orjson.loads(data) if data else {}
    except orjson.JSONDecodeError as error:
        raise refusal("We could not parse the JSON body of your request.") from error
    if not isinstance(body, dict):
        raise refusal("The body of your request must be a JSON object.")
    return Send(method, path, body, query)


# --- responses


def bytes_response(body: ScriptedBytes) -> Response:
    from starlette.responses import Response

    return Response(b"".join(body), media_type=body.media_type)


def json_response(sent: Sent, headers: dict[str, str] | None = None) -> Response:
    from starlette.responses import Response

    return Response(orjson.dumps(sent.body), sent.status, headers, media_type="application/json")


def chat_chunks(completion: Object) -> Response:
    """A chat completion as its chunks: the role, the words, the end."""
    from starlette.responses import Response

    text = completion["choices"][0]["message"]["content"]
    deltas: list[Object] = [
        {"role": "assistant", "content": ""},
        *({"content": f"{word} "} for word in text.split()),
        {},
    ]
    frames = []
    for delta in deltas:
        choice = {"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}
        chunk = {**completion, "object": "chat.completion.chunk", "choices": [choice]}
        del chunk["usage"]
        frames.append(b"data: " + orjson.dumps(chunk) + b"\n\n")
    return Response(b"".join(frames) + b"data: [DONE]\n\n", media_type="text/event-stream")


def event_stream(stream: AsyncScriptedStream) -> Response:
    from starlette.responses import Response

    class EventStream(Response):
        """Writes the steps of an answer and watches for the client's leaving, which stops the generation."""

        media_type = "text/event-stream"

        async def __call__(self, scope: Scope, receive: Receive, send: Transmit) -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(leave, receive, stream)
                try:
                    headers = [(key, value) for key, value in self.raw_headers if key != b"content-length"]
                    await send({"type": "http.response.start", "status": 200, "headers": headers})
                    await write(stream, send)
                finally:
                    await stream.aclose()
                    group.cancel_scope.cancel()

    return EventStream()


async def leave(receive: Receive, stream: AsyncScriptedStream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    await stream.aclose()


async def write(stream: AsyncScriptedStream, send: Transmit) -> None:
    """After Reset the body has no end, so the server drops the connection."""
    async for frame in frames(stream):
        if frame is None:
            return
        await send({"type": "http.response.body", "body": frame, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def frames(stream: AsyncScriptedStream) -> AsyncIterator[bytes | None]:
    named = "no_event_lines" not in stream.quirks
    async for step in stream.steps():
        if isinstance(step, Reset):
            yield None
        elif isinstance(step, Garbled):
            yield f"event: response.output_text.delta\ndata: {step.data}\n\n".encode()
        elif isinstance(step, dict):
            event = b"event: " + step["type"].encode() + b"\n" if named else b""
            yield event + b"data: " + orjson.dumps(step) + b"\n\n"
