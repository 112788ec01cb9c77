from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Any

import openai
import pytest
import uvicorn
from fakes import JSON, SSE, THREAD, Events, FakeService, reply
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bridge.calls import Call, Reply
from bridge.errors import StoreError
from bridge.gateway import create_app
from bridge.upstream import family, hops

pytestmark = pytest.mark.slow  # over sockets

http = family.installed()
KEY = {"authorization": "Bearer sk-1"}


@contextmanager
def running(app: Any) -> Iterator[str]:
    """The address of a server that runs the app in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()


def ask(app: Any, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> Any:
    """One request, without a network."""

    async def main() -> Any:
        transport = http.ASGITransport(app=app)
        async with http.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.request(method, path, headers=KEY if headers is None else headers, **options)

    return asyncio.run(main())


def gateway(
    service: FakeService | None = None, outside: Callable[[Any], Any] | None = None, **options: Any
) -> Starlette:
    """An app whose upstream is the function `outside`."""
    transport = http.MockTransport(
        outside or (lambda request: answered(json.dumps({"seen": str(request.url)}).encode()))
    )
    client = http.AsyncClient(transport=transport)
    return create_app(service or FakeService(), upstream_base_url="http://up.test/v1", http_client=client, **options)


class Body(http.AsyncByteStream):  # type: ignore[misc, name-defined]
    def __init__(self, content: bytes, error: Exception | None = None) -> None:
        self.content, self.error = content, error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.content
        if self.error is not None:
            raise self.error


def answered(content: bytes = b"", error: Exception | None = None) -> Any:
    """An answer whose body is still to be read, as a network's is."""
    return http.Response(200, stream=Body(content, error))


# --- ours


def test_what_the_service_is_told() -> None:
    service = FakeService()
    response = ask(
        gateway(service),
        "POST",
        "/v1/threads/thread_a/runs?include%5B%5D=a%5B%2A%5D&limit=",
        {
            **KEY,
            "OpenAI-Beta": "assistants=v2",
            "OpenAI-Organization": "org",
            "X-Stainless-Read-Timeout": "600",
            "X-Forwarded-For": "1.2.3.4",
            "Cookie": "c",
        },
        content=b'{"assistant_id": "asst_a"}',
    )
    assert (response.status_code, response.json()) == (200, THREAD)
    (call,) = service.calls
    assert (call.method, call.path) == ("POST", "/threads/thread_a/runs")
    assert call.query == (("include[]", "a[*]"), ("limit", ""))
    assert call.body == b'{"assistant_id": "asst_a"}'
    assert call.headers["openai-beta"] == "assistants=v2"
    assert call.read_timeout == 600
    assert call.credential.headers == {"authorization": "Bearer sk-1", "openai-organization": "org"}


@pytest.mark.parametrize(
    ("given", "meant"),
    [("1.5", 1.5), ("", None), ("soon", None), ("-1", None), ("nan", None), ("inf", None), ("0", None)],
)
def test_read_timeouts(given: str, meant: float | None) -> None:
    service = FakeService()
    ask(gateway(service), "GET", "/v1/threads/t", {**KEY, "x-stainless-read-timeout": given})
    assert service.calls[0].read_timeout == meant


def test_standing_headers() -> None:
    response = ask(gateway(), "GET", "/v1/threads/t")
    assert response.headers["x-request-id"] == dict(JSON)["x-request-id"]
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["openai-processing-ms"]) >= 0
    assert response.headers.get_list("x-request-id") == [response.headers["x-request-id"]]


def error(message: str, code: str | None = None, type: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": type, "param": None, "code": code}}


URLS = [
    ("GET", "/"),
    ("GET", "/v2/threads"),
    ("POST", "/threads"),
    ("OPTIONS", "/elsewhere"),
    ("PATCH", "/v1"),
    ("DELETE", "/v1threads"),
]


@pytest.mark.parametrize(("method", "path"), URLS)
def test_paths_beside_the_api(method: str, path: str) -> None:
    response = ask(gateway(), method, path)
    assert response.status_code == 404
    assert response.json() == error(f"Invalid URL ({method} {path})")
    assert response.headers["x-request-id"].startswith("req_")
    assert response.headers["openai-version"] == "2020-10-01"
    assert response.text == json.dumps(response.json(), indent=2)


ODD = [
    ("/v1/threads/thread_%0D%0AX-Evil:1", 200),
    ("/v1/models/a%0Ab", 200),
    ("http://elsewhere/v1/threads/thread_a", 404),
    ("*", 404),
    ("/v1/../admin", 404),
    ("/v1/models/%2e%2e/%2E%2E/admin", 404),
    ("/v1/models/..hidden", 200),
]


@pytest.mark.parametrize(("path", "status"), ODD)
def test_odd_paths_are_answered_like_others_and_none_leads_out_of_the_root(path: str, status: int) -> None:
    with running(gateway()) as url, http_client_at(url) as connection:
        connection.putrequest("GET", path, skip_host=True)
        connection.putheader("Host", "gateway")
        connection.putheader("Authorization", "Bearer sk-1")
        connection.endheaders()
        response = connection.getresponse()
        body = json.loads(response.read())
    assert response.status == status
    assert status == 200 or body["error"]["message"].startswith("Invalid URL (GET ")
    assert response.headers["x-request-id"].startswith("req_")
    assert "x-evil" not in response.headers


@contextmanager
def http_client_at(url: str) -> Iterator[HTTPConnection]:
    """One that sends paths as they are."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        yield connection
    finally:
        connection.close()


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_every_method_on_our_paths_is_the_services(method: str) -> None:
    service = FakeService()
    ask(gateway(service), method, "/v1/threads")
    assert service.calls[0].method == method


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}])
def test_a_missing_key(headers: dict[str, str]) -> None:
    response = ask(gateway(), "GET", "/v1/threads/t", headers)
    assert response.status_code == 401
    assert response.json()["error"]["message"].startswith("You didn't provide an API key. You need to provide")
    assert (response.json()["error"]["type"], response.json()["error"]["code"]) == ("invalid_request_error", None)


def test_an_azure_key_is_a_key() -> None:
    assert ask(gateway(), "GET", "/v1/threads/t", {"api-key": "k"}).status_code == 200


def test_offline_needs_no_key() -> None:
    assert ask(gateway(needs_key=False), "GET", "/v1/threads/t", {}).status_code == 200


def test_a_body_has_a_limit() -> None:
    service = FakeService()
    app = gateway(service, body_limit=10)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x"

    assert ask(app, "POST", "/v1/threads", content=b"x" * 10).status_code == 200
    for content in (b"x" * 11, pieces()):
        response = ask(app, "POST", "/v1/threads", content=content)
        assert response.status_code == 413
        assert response.json() == error("Maximum content size limit (10) exceeded.")
    assert len(service.calls) == 1


def test_an_unforeseen_error_is_told_in_the_old_words(caplog: pytest.LogCaptureFixture) -> None:
    def fail(call: Call) -> Reply:
        raise StoreError("disk full")

    response = ask(gateway(FakeService(fail)), "GET", "/v1/threads/t")
    assert response.status_code == 500
    assert response.json()["error"]["type"] == "server_error"
    assert response.headers["x-request-id"] in response.json()["error"]["message"]
    assert response.headers["x-request-id"] in caplog.text
    assert "disk full" in caplog.text
    assert "disk full" not in response.text


def test_healthz() -> None:
    assert ask(gateway(), "GET", "/healthz", {}).json() == {"status": "ok"}


# --- streams

FRAME = b"event: thread.run.created\ndata: {}\n\n"


def test_a_stream_arrives_frame_by_frame_and_leaving_closes_it() -> None:
    events = Events(FRAME, open_end=True)
    service = FakeService(lambda call: Reply(200, SSE, stream=events))
    with running(gateway(service)) as url, http.Client() as client:
        with client.stream("POST", f"{url}/v1/threads/t/runs", headers=KEY, json={}) as response:
            assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert response.headers["x-request-id"] == dict(SSE)["x-request-id"]
            pieces = response.iter_bytes()  # kept: the family hangs up when it is collected
            assert next(pieces) == FRAME
            assert not events.closed.is_set()
        assert events.closed.wait(2)


def test_a_stream_that_ends_is_closed() -> None:
    events = Events(FRAME, b"event: done\ndata: [DONE]\n\n")
    service = FakeService(lambda call: Reply(200, SSE, stream=events))
    assert ask(gateway(service), "POST", "/v1/threads/t/runs", content=b"{}").content == b"".join(events.frames)
    assert events.closed.is_set()


def test_the_sdk_over_the_gateway() -> None:
    service = FakeService()
    with running(gateway(service)) as url, openai.OpenAI(api_key="sk-1", base_url=f"{url}/v1") as client:
        assert client.beta.threads.create().id == "thread_abc"
    assert service.calls[0].read_timeout == 600


# --- what is not ours


class Upstream:
    """A real server behind the gateway, that remembers what it was asked, and whether its caller left."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, list[tuple[str, str]], bytes]] = []
        self.sent = 0
        self.left = threading.Event()
        routes = [
            Route("/v1/slow", self.slow, methods=["POST"]),
            Route("/v1/gzip", self.gzip),
            Route("/v1/{path:path}", self.echo, methods=["GET", "POST", "DELETE"]),
        ]
        self.app = Starlette(routes=routes)

    async def remember(self, request: Request) -> None:
        path = request.scope["raw_path"].decode() + ("?" + request.url.query if request.url.query else "")
        body = await request.body()
        self.requests.append((request.method, path, list(request.headers.items()), body))

    async def echo(self, request: Request) -> Response:
        await self.remember(request)
        headers = {
            "x-request-id": "req_upstream",
            "keep-alive": "1",
            "x-own": "1",
            "x-private": "1",
            "connection": "x-private",
        }
        return Response(b"body:" + self.requests[-1][3], 201, headers, media_type="text/plain")

    async def gzip(self, request: Request) -> Response:
        await self.remember(request)
        return Response(gzip.compress(b"hello"), headers={"content-encoding": "gzip"})

    async def slow(self, request: Request) -> Response:
        await self.remember(request)

        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    self.sent += 1
                    yield b"data: %d\n\n" % self.sent
                    await asyncio.sleep(0.01)
            finally:
                self.left.set()

        return StreamingResponse(pieces(), media_type="text/event-stream")


@contextmanager
def chain() -> Iterator[tuple[Upstream, str]]:
    upstream = Upstream()
    with ExitStack() as stack:
        behind = stack.enter_context(running(upstream.app))
        yield upstream, stack.enter_context(running(create_app(FakeService(), upstream_base_url=f"{behind}/v1/")))


def test_other_calls_pass_through_untouched() -> None:
    with chain() as (upstream, url), http.Client() as client:
        response = client.post(
            f"{url}/v1/files/a%2Fb%20c?q=%5B1%5D&q=2",
            headers={**KEY, "X-Mine": "1", "Accept-Encoding": "br"},
            content=b"data",
        )
        assert (response.status_code, response.content) == (201, b"body:data")
        method, path, headers, body = upstream.requests[0]
        assert (method, path, body) == ("POST", "/v1/files/a%2Fb%20c?q=%5B1%5D&q=2", b"data")
        told = dict(headers)
        assert told["authorization"] == "Bearer sk-1"
        assert (told["x-mine"], told["accept-encoding"], told["content-length"]) == ("1", "br", "4")
        assert told[hops.HEADER] == hops.MINE
        assert told["host"] in upstream_host(told)
        assert len(headers) == len(told)
        assert response.headers["x-request-id"] == "req_upstream"
        assert response.headers["x-own"] == "1"
        assert "keep-alive" not in response.headers
        assert "x-private" not in response.headers


def upstream_host(told: dict[str, str]) -> set[str]:
    return {told["host"]} if told["host"].startswith("127.0.0.1:") else set()


def test_a_get_has_no_body_and_asks_for_no_encoding() -> None:
    with chain() as (upstream, url):
        connection = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
        with connection:
            connection.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\n")
            while connection.recv(65536):
                pass
        told = dict(upstream.requests[0][2])
        assert told["accept-encoding"] == "identity"
        assert not {"transfer-encoding", "content-length", "x-hop"} & told.keys()
        assert upstream.requests[0][3] == b""


def test_what_is_compressed_stays_compressed() -> None:
    with chain() as (_, url), http.Client() as client:
        with client.stream("GET", f"{url}/v1/gzip", headers=KEY) as response:
            raw = b"".join(response.iter_raw())
            assert response.headers["content-encoding"] == "gzip"
            assert response.headers["content-length"] == str(len(raw))
        assert gzip.decompress(raw) == b"hello"
        assert client.get(f"{url}/v1/gzip", headers=KEY).text == "hello"


def test_uploads_are_streamed() -> None:
    def pieces() -> Iterator[bytes]:
        for number in range(50):
            yield b"%04d" % number * 1000

    with chain() as (upstream, url), http.Client() as client:
        client.post(f"{url}/v1/files", headers=KEY, content=pieces())
        assert upstream.requests[0][3] == b"".join(pieces())
        assert dict(upstream.requests[0][2])["transfer-encoding"] == "chunked"


def test_answers_are_streamed_and_leaving_stops_the_upstream() -> None:
    with chain() as (upstream, url), http.Client() as client:
        with client.stream("POST", f"{url}/v1/slow", headers=KEY, json={}) as response:
            pieces = response.iter_bytes()
            assert next(pieces).startswith(b"data: 1\n\n")
            assert not upstream.left.is_set()
        assert upstream.left.wait(2)


def test_an_answer_that_breaks_off_is_cut_for_the_caller_too() -> None:
    app = gateway(outside=lambda request: answered(b"half", http.ReadError("reset")))
    with running(app) as url, http.Client() as client, pytest.raises(http.RemoteProtocolError):
        client.get(f"{url}/v1/files/f/content", headers=KEY)


@pytest.mark.parametrize(
    ("raised", "status", "message"), [("ConnectError", 502, "refused"), ("ReadTimeout", 504, "refused")]
)
def test_an_upstream_that_is_not_there(raised: str, status: int, message: str) -> None:
    def outside(request: Any) -> Any:
        raise getattr(http, raised)(message, request=request)

    response = ask(gateway(outside=outside), "GET", "/v1/models")
    assert response.status_code == status
    assert response.json() == error(f"The upstream could not be reached: {message}", type="server_error")


def test_the_upstream_decides_on_keys_and_limits_of_its_own_calls() -> None:
    response = ask(gateway(body_limit=1), "POST", "/v1/files", {}, content=b"long enough")
    assert response.json() == {"seen": "http://up.test/v1/files"}


def test_an_answer_without_request_id_gets_one() -> None:
    assert ask(gateway(), "GET", "/v1/models").headers["x-request-id"].startswith("req_")


def test_a_request_that_was_here_before_is_refused() -> None:
    for path in ("/v1/threads", "/v1/responses"):
        response = ask(gateway(), "POST", path, {**KEY, hops.HEADER: f"a,{hops.MINE}"}, content=b"{}")
        assert (response.status_code, response.json()["error"]["code"]) == (508, "gateway_loop")


def test_hops_of_others_are_kept() -> None:
    service, seen = FakeService(), []
    app = gateway(service, outside=lambda request: seen.append(request) or answered())
    ask(app, "GET", "/v1/models", {**KEY, hops.HEADER: "other"})
    assert seen[0].headers[hops.HEADER] == f"other,{hops.MINE}"
    ask(app, "GET", "/v1/threads/t", {**KEY, hops.HEADER: "other"})
    assert service.calls[0].credential.headers[hops.HEADER] == "other"


# --- down


def test_going_down_closes_in_order_while_the_loop_lives() -> None:
    order: list[str] = []
    service = FakeService()
    service.close = lambda: order.append("service")  # type: ignore[method-assign]
    app = gateway(service, closing=lambda: order.append("closing"))
    with running(app) as url, http.Client() as client:
        assert client.get(f"{url}/healthz").status_code == 200
    deadline = time.monotonic() + 2
    while len(order) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert order == ["closing", "service"]


def test_replies_keep_repeated_and_odd_headers() -> None:
    service = FakeService(lambda call: reply(THREAD, 200, ("openai-poll-after-ms", "20"), ("bridge-degraded", "a; b")))
    headers = ask(gateway(service), "GET", "/v1/threads/t").headers
    assert (headers["openai-poll-after-ms"], headers["bridge-degraded"]) == ("20", "a; b")
