"""Input that nobody means well with is refused by a 4xx in JSON, or taken as it is: at once, and never a 500."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from test_gateway import running

from bridge.gateway import create_app
from bridge.service import Service
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream

HEADERS = {"OpenAI-Beta": "assistants=v2", "Authorization": "Bearer sk-1", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    service = Service(MemoryStore(), ScriptedUpstream())
    with running(create_app(service, upstream_base_url="http://127.0.0.1:9/v1")) as url:
        yield url.removeprefix("http://")


@pytest.fixture(scope="module")
def thread(address: str) -> str:
    status, body = ask(address, "POST", "/v1/threads", b"{}")
    assert status == 200
    return f"/v1/threads/{json.loads(body)['id']}"


def ask(address: str, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = HTTPConnection(address, timeout=10)
    try:
        connection.request(method, path, body, {**HEADERS, **headers})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def told(body: bytes) -> str:
    message: str = json.loads(body)["error"]["message"]
    return message


MESSAGES = [
    (b'{"role": "user", "content": "%s"}' % (b"x" * 10_000_000), 400, "string too long"),
    (b'{"role": "user", "content": "%s"}' % (b"x" * 34_000_000), 413, "size limit"),
    (b'{"role": "user", "content": "lone \\ud800"}', 400, "could not parse"),
    (b'{"role": "user", "content": "raw \xed\xa0\x80"}', 400, "could not parse"),
    (b'{"role": "user", "content": "latin \xe9"}', 400, "could not parse"),
    (b'{"role": "user", "content": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "could not parse"),
    (b"[" * 500 + b"]" * 500, 400, "expected an object"),
    (b"null", 400, "but got null"),
    (b"{}{}", 400, "could not parse"),
    (b'{"role": "user", "content": NaN}', 400, "could not parse"),
]


@pytest.mark.parametrize(("body", "status", "message"), MESSAGES, ids=lambda value: str(value)[:40])
def test_messages_that_are_refused(address: str, thread: str, body: bytes, status: int, message: str) -> None:
    answered, answer = ask(address, "POST", f"{thread}/messages", body)
    assert (answered, message in told(answer)) == (status, True), answer


METADATA = [
    (b'{"__proto__": "x", "constructor": "y", "": "z"}', {"__proto__": "x", "constructor": "y", "": "z"}),
    (b'{"a": "1", "a": "2"}', {"a": "2"}),
    (b'{"k\\u0000": "v\\u0000\\r\\nX-Evil: 1"}', {"k\0": "v\0\r\nX-Evil: 1"}),
    ('{"😀": "🧵"}'.encode(), {"😀": "🧵"}),
]


@pytest.mark.parametrize(("given", "kept"), METADATA)
def test_metadata_is_kept_as_it_is(address: str, thread: str, given: bytes, kept: dict[str, str]) -> None:
    assert ask(address, "POST", thread, b'{"metadata": %s}' % given)[0] == 200
    assert json.loads(ask(address, "GET", thread)[1])["metadata"] == kept


GETS = [
    ("?limit=99999999999999999999999", 400),
    ("?limit=-1", 400),
    ("?limit=%00", 400),
    ("?limit=5&limit=7", 200),
    ("?order=asc&order=%F0%9F%98%80", 400),
    ("?after=%ff%fe", 404),
    ("?after=%00", 404),
    ("?" + "a" * 50_000, 400),
    ("?&&&=", 400),
    ("/msg_%2F..%2F..%2Fx", 404),
    ("/msg_%0d%0aX-Evil:1", 404),
    ("/%F0%9F%98%80", 400),
    ("/msg_" + "a" * 10_000, 404),
    ("/..%2f..%2fruns", 404),
    ("/msg_';drop%20table%20messages;--", 404),
]


@pytest.mark.parametrize(("rest", "status"), GETS, ids=lambda value: str(value)[:40])
def test_odd_ids_and_queries(address: str, thread: str, rest: str, status: int) -> None:
    answered, body = ask(address, "GET", f"{thread}/messages{rest}")
    assert answered == status, body
    assert status == 200 or told(body)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "TRACE", "BREW"])
def test_methods_that_there_are_not(address: str, thread: str, method: str) -> None:
    status, body = ask(address, method, thread)
    assert status == 404
    assert body == b"" if method == "HEAD" else told(body).startswith(f"Invalid URL ({method} /v1/threads/")


RAW = [
    (b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"HTTP/1.1 200"),
    (b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n", b"HTTP/1.1 400"),
    (b"\r\n", b"HTTP/1.1 200"),
    (b"X-Stainless-Poll-Helper: true\r\nX-Stainless-Read-Timeout: nan\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200"),
]


@pytest.mark.parametrize(("rest", "status"), RAW)
def test_bodies_of_unknown_length(address: str, rest: bytes, status: bytes) -> None:
    host, _, port = address.partition(":")
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "x", "Connection": "close", **HEADERS}.items())
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"POST /v1/threads HTTP/1.1\r\n" + lines.encode() + rest)
        assert connection.recv(65536).startswith(status)
