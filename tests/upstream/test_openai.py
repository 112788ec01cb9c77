from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from raw_server import SSE, chunk, raw_server

from bridge.calls import Credential
from bridge.engine.effects import Refused, Resume, Send, Sent
from bridge.testing import serve_scripted
from bridge.upstream import StreamBroken, UpstreamRefused, family, hops
from bridge.upstream.openai import OpenAIUpstream, headers_for
from bridge.wire.paths import without_credentials

http = family.installed()
REQUEST = {"model": "gpt-4o", "input": "Hi", "stream": True}
CREATED = {"type": "response.created", "response": {"id": "resp_1"}}
COMPLETED = {"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "output": []}}
NOBODY = Credential()

Answer = Callable[[Any], Any]


def over(answer: Answer, **options: Any) -> OpenAIUpstream:
    """An upstream whose network is the function `answer`: request → response."""
    made = {"api_key": "sk-inner", "base_url": "http://up/v1", "max_retries": 0, **options}
    return OpenAIUpstream(
        "http://up/v1",
        lambda: openai.OpenAI(**made, http_client=http.Client(transport=http.MockTransport(answer))),
        lambda: openai.AsyncOpenAI(**made, http_client=http.AsyncClient(transport=http.MockTransport(answer))),
    )


def at(url: str, **options: Any) -> OpenAIUpstream:
    made = {"api_key": "sk-inner", "base_url": url, "max_retries": 0, **options}
    return OpenAIUpstream(url, lambda: openai.OpenAI(**made), lambda: openai.AsyncOpenAI(**made))


def events(*bodies: dict[str, Any], done: bool = True) -> bytes:
    frames = "".join(f"event: {body['type']}\ndata: {json.dumps(body)}\n\n" for body in bodies)
    return frames.encode() + (b"data: [DONE]\n\n" if done else b"")


def stream_of(content: bytes, type: str = "text/event-stream; charset=utf-8") -> Answer:
    return lambda request: http.Response(200, headers={"content-type": type}, content=content)


async def alist(upstream: OpenAIUpstream, request: dict[str, Any] = REQUEST) -> list[Any]:
    return [event async for event in await upstream.aopen(request, NOBODY)]


def both(answer: Answer) -> list[Any]:
    """The events of one answer, sync and async alike."""
    upstream = over(answer)
    found = list(upstream.open(REQUEST, NOBODY))
    assert asyncio.run(alist(upstream)) == found
    upstream.close()
    return found


# --- events


ANSWERS: list[tuple[Answer, list[Any]]] = [
    (stream_of(events(CREATED, COMPLETED)), [CREATED, COMPLETED]),
    (stream_of(events(CREATED, COMPLETED, done=False)), [CREATED, COMPLETED]),
    (stream_of(b'data: {"type":"response.created"}\n\n'), [{"type": "response.created"}]),
    (stream_of(b'event: response.created\ndata: {"response":{}}\n\n'), [{"type": "response.created", "response": {}}]),
    (stream_of(b": keep-alive\n\ndata:\n\n" + events(COMPLETED)), [COMPLETED]),
    (stream_of(events(CREATED), type="application/octet-stream"), [CREATED]),
    (stream_of(b""), []),
    (
        stream_of(json.dumps(COMPLETED["response"]).encode(), type="application/json"),
        [{"type": "response.completed", "response": COMPLETED["response"]}],
    ),
    (
        stream_of(b'{"id":"r","output":[]}', type="application/json; charset=utf-8"),
        [{"type": "response.completed", "response": {"id": "r", "output": []}}],
    ),
    (
        stream_of(b'{"id":"r","status":"failed","error":{"code":"server_error"},"output":[]}', type="application/json"),
        [
            {
                "type": "response.failed",
                "response": {"id": "r", "status": "failed", "error": {"code": "server_error"}, "output": []},
            }
        ],
    ),
    (
        stream_of(b'{"error":{"message":"no","type":"server_error"}}', type="application/json"),
        [{"type": "error", "message": "no", "error": {"message": "no", "type": "server_error"}}],
    ),
]


@pytest.mark.parametrize(("answer", "expected"), ANSWERS)
def test_answers_become_events(answer: Answer, expected: list[Any]) -> None:
    assert both(answer) == expected


BROKEN = [
    (stream_of(b"data: {nonsense\n\n"), "no JSON"),
    (stream_of(b"data: [1]\n\n"), "no JSON object"),
    (stream_of(b'data: {"type":"respon'), "no JSON"),
    (stream_of(b'{"id":', type="application/json"), "no JSON"),
    (stream_of(b'{"status":"queued","output":[]}', type="application/json"), "not over"),
    (stream_of(b"[]", type="application/json"), "no response object"),
    (stream_of(b"<html>Please log in</html>", type="text/html; charset=utf-8"), "text/html.*no events in it"),
]


@pytest.mark.parametrize(("answer", "message"), BROKEN)
def test_bytes_that_are_no_events_break_the_stream(answer: Answer, message: str) -> None:
    upstream = over(answer)
    with pytest.raises(StreamBroken, match=message):
        list(upstream.open(REQUEST, NOBODY))
    with pytest.raises(StreamBroken, match=message):
        asyncio.run(alist(upstream))


def test_what_came_before_the_break_is_given_out() -> None:
    stream = iter(over(stream_of(events(CREATED, done=False) + b"data: {\n\n")).open(REQUEST, NOBODY))
    assert next(stream) == CREATED
    with pytest.raises(StreamBroken):
        next(stream)


@pytest.mark.parametrize("type", ["application/json", "text/event-stream"])
def test_an_answer_without_end_breaks_the_stream(type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.wire.sse.LIMIT", 100)
    with pytest.raises(StreamBroken, match="larger than 100 bytes"):
        list(over(stream_of(b"[" * 200, type)).open(REQUEST, NOBODY))


# --- errors


def error(status: int, body: Any, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda request: http.Response(status, headers=headers, content=content)


def openai_error(**fields: Any) -> dict[str, Any]:
    return {"error": {"message": "Bad.", "type": "invalid_request_error", "param": None, "code": None, **fields}}


REFUSED: list[tuple[Answer, Refused]] = [
    (
        error(400, openai_error(param="input", code="missing")),
        Refused(400, "Bad.", "missing", "invalid_request_error", "input"),
    ),
    (
        error(429, openai_error(type="tokens", code="rate_limit_exceeded"), **{"retry-after": "7"}),
        Refused(429, "Bad.", "rate_limit_exceeded", "tokens", None, 7.0),
    ),
    (
        error(429, openai_error(), **{"retry-after-ms": "250"}),
        Refused(429, "Bad.", None, "invalid_request_error", None, 0.25),
    ),
    (error(429, openai_error(), **{"retry-after": "soon"}), Refused(429, "Bad.", None, "invalid_request_error")),
    (
        error(503, openai_error(), **{"retry-after": "Thu, 01 Jan 2015 00:00:00 GMT"}),
        Refused(503, "Bad.", None, "invalid_request_error", None, 0.0),
    ),
    (error(400, openai_error(code=400)), Refused(400, "Bad.", None, "invalid_request_error")),
    (error(422, {"detail": "Unexpected keys"}), Refused(422, "Unexpected keys")),
    (error(500, {"error": "out of memory"}), Refused(500, "out of memory")),
    (error(500, {"message": "oops", "code": "x"}), Refused(500, "oops", "x")),
    (error(502, b"<html>Bad gateway</html>"), Refused(502, "<html>Bad gateway</html>")),
    (error(502, b""), Refused(502, "HTTP 502")),
    (error(500, [1]), Refused(500, "[1]")),
    (error(404, {"detail": "Not Found"}), Refused(404, "There is no POST /v1/responses upstream: Not Found")),
    (error(405, b""), Refused(405, "There is no POST /v1/responses upstream: HTTP 405")),
    (
        error(404, openai_error(code="model_not_found")),
        Refused(404, "Bad.", "model_not_found", "invalid_request_error"),
    ),
]


@pytest.mark.parametrize(("answer", "expected"), REFUSED)
def test_http_errors_are_refusals(answer: Answer, expected: Refused) -> None:
    upstream = over(answer)
    with pytest.raises(UpstreamRefused) as caught:
        upstream.open(REQUEST, NOBODY)
    assert caught.value.refused == expected
    with pytest.raises(UpstreamRefused) as caught:
        asyncio.run(upstream.aopen(REQUEST, NOBODY))
    assert caught.value.refused == expected


def raising(name: str) -> Answer:
    def answer(request: Any) -> Any:
        raise getattr(http, name)("no route to host", request=request)

    return answer


UNREACHABLE = [
    ("ConnectError", "The upstream could not be reached: no route to host"),
    ("RemoteProtocolError", "The upstream could not be reached: no route to host"),
    ("ConnectTimeout", "The upstream did not answer in time."),
    ("ReadTimeout", "The upstream did not answer in time."),
]


@pytest.mark.parametrize(("name", "message"), UNREACHABLE)
def test_a_server_that_is_not_there_is_a_refusal_of_status_0(name: str, message: str) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        over(raising(name)).open(REQUEST, NOBODY)
    assert caught.value.refused == Refused(0, message)


def test_a_closed_http_client_is_a_refusal_of_status_0() -> None:
    client = openai.OpenAI(api_key="k", base_url="http://up/v1", http_client=http.Client(), max_retries=0)
    client.close()
    upstream = OpenAIUpstream("http://up/v1", lambda: client, openai.AsyncOpenAI)
    with pytest.raises(UpstreamRefused) as caught:
        upstream.open(REQUEST, NOBODY)
    assert caught.value.refused.status == 0
    assert "closed" in caught.value.refused.message


def test_the_users_retries_are_used() -> None:
    answers: Iterator[Any] = iter(
        [http.Response(500, headers={"retry-after-ms": "1"}), stream_of(events(CREATED))(None)]
    )
    assert list(over(lambda request: next(answers), max_retries=1).open(REQUEST, NOBODY)) == [CREATED]


# --- what is sent


def sent_headers(credential: Credential, **options: Any) -> Any:
    seen: list[Any] = []

    def answer(request: Any) -> Any:
        seen.append(request)
        return stream_of(events(COMPLETED))(request)

    list(over(answer, **options).open(REQUEST, credential))
    (request,) = seen
    assert json.loads(request.content) == REQUEST
    assert (request.method, request.url.path) == ("POST", "/v1/responses")
    return request.headers


def test_the_callers_credential_replaces_the_clients() -> None:
    headers = sent_headers(
        Credential({"authorization": "Bearer sk-caller", "openai-organization": "org-c", "x-team": "a"}),
        organization="org-inner",
        default_headers={"X-Team": "inner"},
    )
    assert headers.get_list("authorization") == ["Bearer sk-caller"]
    assert headers.get_list("openai-organization") == ["org-c"]
    assert headers.get_list("x-team") == ["a"]


def test_without_a_credential_the_clients_own_is_used() -> None:
    assert sent_headers(NOBODY)["authorization"] == "Bearer sk-inner"


def test_an_azure_key_comes_alone() -> None:
    headers = sent_headers(Credential({"api-key": "azure"}))
    assert headers["api-key"] == "azure"
    assert "authorization" not in headers


def test_each_bridge_on_the_way_signs() -> None:
    assert sent_headers(NOBODY)[hops.HEADER] == hops.MINE
    assert sent_headers(Credential({hops.HEADER: "other"}))[hops.HEADER] == f"other,{hops.MINE}"


@pytest.mark.parametrize(
    ("value", "loops"),
    [
        ("", False),
        ("other", False),
        (hops.MINE, True),
        (f"other, {hops.MINE}", True),
        ("a,b,c", False),
        ("a,b,c,d", True),
    ],
)
def test_a_request_that_was_here_before_is_a_loop(value: str, loops: bool) -> None:
    assert hops.is_loop({hops.HEADER: value}) is loops


def test_no_header_is_spelled_twice() -> None:
    given = Credential({"authorization": "a", "x-y": "b"})
    assert {"Authorization": "a", "X-Y": "b"}.items() <= headers_for({"X-Y": "z"}, given).items()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("http://user:secret@host:8000/v1", "http://host:8000/v1"),
        ("http://host/v1?key=secret", "http://host/v1"),
    ],
)
def test_runs_remember_no_password(url: str, name: str) -> None:
    assert without_credentials(url) == name


# --- send


SENDS: list[tuple[Answer, Send, Sent]] = [
    (
        error(200, {"input_tokens": 3}),
        Send("POST", "/responses/input_tokens", {"input": "x"}),
        Sent(200, {"input_tokens": 3}),
    ),
    (error(200, {"a": 1}), Send("GET", "/files", query={"limit": "2"}), Sent(200, {"a": 1})),
    (error(404, openai_error()), Send("DELETE", "/files/f"), Sent(404, openai_error())),
    (error(502, b"<html>"), Send("GET", "/files"), Sent(502, {"error": {"message": "<html>"}})),
]


@pytest.mark.parametrize(("answer", "effect", "expected"), SENDS)
def test_other_calls(answer: Answer, effect: Send, expected: Sent) -> None:
    seen: list[Any] = []
    upstream = over(lambda request: seen.append(request) or answer(request))
    assert upstream.send(effect, NOBODY) == expected
    assert asyncio.run(upstream.asend(effect, NOBODY)) == expected
    for request in seen:
        assert (request.method, request.url.path) == (effect.method, f"/v1{effect.path}")
        assert dict(request.url.params) == dict(effect.query)


def test_an_answer_that_is_no_object_is_a_refusal() -> None:
    with pytest.raises(UpstreamRefused, match="no JSON object"):
        over(error(200, b"pong")).send(Send("GET", "/ping"), NOBODY)


# --- stopping, over real sockets


def test_close_wakes_a_blocked_reader_and_hangs_up() -> None:
    with raw_server(SSE + chunk(events(CREATED, done=False))) as server:
        upstream = at(server.url)
        stream = upstream.open(REQUEST, NOBODY)
        seen: list[Any] = []
        reader = threading.Thread(target=lambda: seen.extend(stream), daemon=True)
        reader.start()
        wait_for(lambda: seen)
        time.sleep(0.05)  # by now it blocks in recv
        began = time.monotonic()
        stream.close()
        reader.join(2)
        assert not reader.is_alive()
        assert seen == [CREATED]
        assert server.hung_up.wait(1)
        assert time.monotonic() - began < 0.5
        stream.close()
        upstream.close()


def test_close_of_a_stream_nobody_reads_hangs_up() -> None:
    with raw_server(SSE + chunk(events(CREATED, done=False))) as server:
        upstream = at(server.url)
        stream = upstream.open(REQUEST, NOBODY)
        stream.close()
        assert server.hung_up.wait(1)
        assert list(stream) == []
        upstream.close()


def test_aclose_ends_a_waiting_reader_and_hangs_up() -> None:
    async def main(url: str) -> list[Any]:
        upstream = at(url)
        stream = await upstream.aopen(REQUEST, NOBODY)
        seen: list[Any] = []

        async def read() -> None:
            async for event in stream:
                seen.append(event)

        reader = asyncio.create_task(read())
        while not seen:
            await asyncio.sleep(0.001)
        await stream.aclose()
        await asyncio.wait_for(reader, 1)
        await stream.aclose()
        upstream.close()
        await asyncio.sleep(0.01)
        return seen

    with raw_server(SSE + chunk(events(CREATED, done=False))) as server:
        assert asyncio.run(main(server.url)) == [CREATED]
        assert server.hung_up.wait(1)


def test_a_cancelled_reader_hangs_up() -> None:
    async def main(url: str) -> None:
        upstream = at(url)
        seen: list[Any] = []

        async def read() -> None:
            async for event in await upstream.aopen(REQUEST, NOBODY):
                seen.append(event)

        reader = asyncio.create_task(read())
        while not seen:
            await asyncio.sleep(0.001)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        upstream.close()
        await asyncio.sleep(0.01)

    with raw_server(SSE + chunk(events(CREATED, done=False))) as server:
        asyncio.run(main(server.url))
        assert server.hung_up.wait(1)


@pytest.mark.parametrize("cut", [SSE + chunk(events(CREATED, done=False)), SSE + b"ff\r\ndata: "])
def test_a_connection_that_is_cut_breaks_the_stream(cut: bytes) -> None:
    with raw_server(cut, then_close=True) as server:
        upstream = at(server.url)
        with pytest.raises(StreamBroken, match="the upstream's stream broke"):
            list(upstream.open(REQUEST, NOBODY))
        with pytest.raises(StreamBroken, match="the upstream's stream broke"):
            asyncio.run(alist(upstream))
        upstream.close()


def test_a_silent_server_breaks_the_stream() -> None:
    with raw_server(SSE + chunk(events(CREATED, done=False))) as server:
        upstream = at(server.url, timeout=0.1)
        with pytest.raises(StreamBroken):
            list(upstream.open(REQUEST, NOBODY))
        upstream.close()


def test_close_of_the_upstream_waits_for_answers_under_way() -> None:
    with raw_server(SSE + chunk(events(CREATED, done=False))) as server:
        upstream = at(server.url)
        stream = upstream.open(REQUEST, NOBODY)
        reading = iter(stream)
        upstream.close()
        assert next(reading) == CREATED
        assert not server.hung_up.is_set()
        stream.close()
        assert list(reading) == []
        assert server.hung_up.wait(1)


def test_an_upstream_that_was_closed_opens_again() -> None:
    upstream = over(stream_of(events(CREATED)))
    for _ in range(2):
        assert list(upstream.open(REQUEST, NOBODY)) == [CREATED]
        upstream.close()


def test_close_after_the_end_does_not_touch_a_connection_that_serves_another() -> None:
    body = events(COMPLETED)
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    with raw_server(answer) as server:
        upstream = at(server.url)
        stream = upstream.open(REQUEST, NOBODY)
        assert list(stream) == [COMPLETED]
        stream.close()
        assert not server.hung_up.wait(0.05)
        upstream.close()
        assert server.hung_up.wait(1)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 2
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


# --- background responses over HTTP


KEPT = {"model": "gpt-4o", "input": "Hi", "stream": True, "background": True, "store": True}


async def aresumed(url: str, resume: Resume) -> list[Any]:
    upstream = at(url)
    try:
        return [event async for event in await upstream.aresume(resume, NOBODY)]
    finally:
        upstream.close()
        await asyncio.sleep(0.05)


def test_a_background_stream_is_gone_on_with() -> None:
    with serve_scripted([{"do": [{"say": "One,"}, {"wait": 0.2}, {"say": " two."}]}]) as served:
        upstream = at(served.url)
        stream = upstream.open(KEPT, NOBODY)
        events = iter(stream)
        begun = [next(events) for _ in range(3)]
        stream.close()
        resume = Resume(begun[0]["response"]["id"], begun[-1]["sequence_number"])

        rest = list(upstream.resume(resume, NOBODY))
        assert asyncio.run(aresumed(served.url, resume)) == rest
        assert [event["sequence_number"] for event in begun + rest] == list(range(len(begun + rest)))
        assert rest[-1]["type"] == "response.completed"
        whole = list(upstream.resume(Resume(resume.response_id, None), NOBODY))
        assert whole == begun + rest
        upstream.close()


def test_a_background_response_that_is_gone() -> None:
    with serve_scripted([{"say": "Hello."}]) as served:
        upstream = at(served.url)
        with pytest.raises(UpstreamRefused) as refused:
            list(upstream.resume(Resume("resp_gone", 3), NOBODY))
        assert refused.value.refused.status == 404
        with pytest.raises(UpstreamRefused) as refused:
            asyncio.run(aresumed(served.url, Resume("resp_gone", 3)))
        assert refused.value.refused.status == 404
        upstream.close()
