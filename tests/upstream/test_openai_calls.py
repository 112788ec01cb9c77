"""Files, bytes and background responses through the openai package, from the offline server over real HTTP."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from raw_server import chunk, raw_server
from scripted_help import CODE, annotations_of, ask, done, said, types

from bridge.calls import Credential
from bridge.engine.effects import Refused, Resume, Send, Sent, Upload
from bridge.testing import serve_scripted
from bridge.upstream import StreamBroken, UpstreamRefused
from bridge.upstream.openai import OpenAIUpstream

pytestmark = pytest.mark.slow

pytest.importorskip("uvicorn", reason="the extra `server` is missing")

MADE = {"name": "ä.bin", "base64": "AAECAw=="}
SCRIPT = [
    {"when": "plot", "code": {"code": "plot()", "files": [MADE]}, "say": "{file[ä.bin]}"},
    {"when": "find", "search": True, "say": "Brown{cite[0]}."},
    {"when": "cut", "do": [{"say": "One,"}, {"cut": "reset"}, {"say": " two."}]},
    {"when": "slow", "do": [{"say": "One,"}, {"wait": 30}, {"say": " two."}]},
    {"when": "call", "call": "f"},
    {"say": "Hello."},
]
NOBODY = Credential()
BYTES = random.Random(7).randbytes(300_000) + b"\r\n--\r\n\n\r--"


class Calls:
    """An upstream, sync or async, as if it were sync."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop | None) -> None:
        made: dict[str, Any] = {"api_key": "sk-inner", "base_url": url, "max_retries": 0, "timeout": 5}
        self.upstream = OpenAIUpstream(url, lambda: openai.OpenAI(**made), lambda: openai.AsyncOpenAI(**made))
        self.loop = loop

    def send(self, *given: Any, **more: Any) -> Sent:
        effect = Send(*given, **more)
        return self._done(lambda: self.upstream.send(effect, NOBODY), lambda: self.upstream.asend(effect, NOBODY))

    def fetch(self, path: str) -> tuple[bytes, str | None]:
        async def main() -> tuple[bytes, str | None]:
            body = await self.upstream.afetch(path, NOBODY)
            return b"".join([piece async for piece in body]), body.media_type

        def plain() -> tuple[bytes, str | None]:
            body = self.upstream.fetch(path, NOBODY)
            return b"".join(body), body.media_type

        return self._done(plain, main)

    def open(self, request: Any, into: list[Any]) -> list[Any]:
        upstream = self.upstream
        return self._read(lambda: upstream.open(request, NOBODY), lambda: upstream.aopen(request, NOBODY), into)

    def resume(self, resume: Resume) -> list[Any]:
        upstream = self.upstream
        return self._read(lambda: upstream.resume(resume, NOBODY), lambda: upstream.aresume(resume, NOBODY), [])

    def _read(self, plain: Callable[[], Any], coroutine: Callable[[], Any], into: list[Any]) -> list[Any]:
        def main() -> None:
            for event in plain():
                into.append(event)

        async def amain() -> None:
            async for event in await coroutine():
                into.append(event)

        self._done(main, amain)
        return into

    def _done(self, plain: Callable[[], Any], coroutine: Callable[[], Any]) -> Any:
        return plain() if self.loop is None else self.loop.run_until_complete(coroutine())


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_scripted(SCRIPT) as served:
        yield served


@pytest.fixture(params=["sync", "async"])
def calls(request: Any, server: Any) -> Iterator[Calls]:
    yield from calling(server.url, request.param)


def calling(url: str, kind: str) -> Iterator[Calls]:
    loop = asyncio.new_event_loop() if kind == "async" else None
    made = Calls(url, loop)
    yield made
    made.upstream.close()
    if loop is not None:
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()


# --- files


@pytest.mark.parametrize("filename", ["a.txt", "a b; c.txt", "Größe.txt", 'q"q.txt'])
def test_an_upload_arrives_byte_for_byte(calls: Calls, server: Any, filename: str) -> None:
    upload = Upload(filename, BYTES, "text/plain")
    sent = calls.send("POST", "/files", {"purpose": "batch"}, upload=upload)
    assert (sent.status, sent.body["filename"], sent.body["purpose"]) == (200, filename, "batch")
    assert server.scripted.hosted.files[sent.body["id"]].content == BYTES
    assert calls.fetch(f"/files/{sent.body['id']}/content") == (BYTES, "application/octet-stream")
    assert calls.send("GET", "/files", query={"limit": "1"}).body["data"] == [sent.body]
    assert calls.send("DELETE", f"/files/{sent.body['id']}").body["deleted"]


def test_an_empty_file_is_one_too(calls: Calls) -> None:
    sent = calls.send("POST", "/files", {"purpose": "batch"}, upload=Upload("empty", b""))
    assert (sent.body["bytes"], calls.fetch(f"/files/{sent.body['id']}/content")[0]) == (0, b"")


def test_a_search_of_a_store_that_was_filled(calls: Calls) -> None:
    file = calls.send("POST", "/files", {"purpose": "assistants"}, upload=Upload("dog.txt", b"The dog is brown."))
    store = calls.send("POST", "/vector_stores", {"file_ids": [file.body["id"]]}).body
    assert calls.send("GET", f"/vector_stores/{store['id']}").body["status"] == "completed"
    search = {"type": "file_search", "vector_store_ids": [store["id"]]}
    (annotation,) = annotations_of(calls.open(ask("find the dog", search), []))
    assert (annotation["file_id"], annotation["index"]) == (file.body["id"], 5)


def test_a_file_of_a_container_is_fetched(calls: Calls) -> None:
    events = calls.open(ask("plot", CODE), [])
    (item,) = done(events, "code_interpreter_call")
    path = f"/containers/{item['container_id']}/files"
    (file,) = calls.send("GET", path, query={"order": "asc"}).body["data"]
    assert (file["path"], file["id"]) == ("/mnt/data/ä.bin", annotations_of(events)[0]["file_id"])
    assert calls.fetch(f"{path}/{file['id']}/content")[0] == bytes(range(4))


MISSING = [
    ("/files/file-x/content", 404, "No such File object: file-x"),
    ("/containers/cntr_x/files/cfile_x/content", 404, "Container with id 'cntr_x' not found."),
    ("/nothing/content", 404, "Invalid URL (GET /v1/nothing/content)"),
]


@pytest.mark.parametrize(("path", "status", "message"), MISSING)
def test_bytes_that_are_not_there_are_refused(calls: Calls, path: str, status: int, message: str) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        calls.fetch(path)
    assert caught.value.refused == Refused(status, message, None, "invalid_request_error", caught.value.refused.param)


def test_other_calls_answer_their_errors(calls: Calls) -> None:
    sent = calls.send("GET", "/vector_stores/vs_x")
    assert (sent.status, sent.body["error"]["message"]) == (404, "No vector store found with id 'vs_x'.")
    assert calls.send("POST", "/files", {"purpose": "batch"}).body["error"]["message"].startswith("Missing required")


# --- bodies that break off, and readers that leave

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: image/png; charset=binary\r\n"
BROKEN = [
    HEAD + b"content-length: 100\r\n\r\n" + b"x" * 10,
    HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunk(b"x" * 10),
    HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunk(b"x" * 10) + b"ff\r\nx",
]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("answer", BROKEN)
def test_a_body_that_is_cut_breaks(answer: bytes, kind: str) -> None:
    with raw_server(answer, then_close=True) as server:
        for calls in calling(server.url, kind):
            with pytest.raises(StreamBroken, match="the upstream's stream broke"):
                calls.fetch("/files/f/content")


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_server_that_is_not_there_is_a_refusal_of_status_0(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    for calls in calling(f"http://127.0.0.1:{port}/v1", kind):
        with pytest.raises(UpstreamRefused) as caught:
            calls.fetch("/files/f/content")
        assert caught.value.refused.status == 0


def test_a_body_that_nobody_reads_on_hangs_up() -> None:
    with raw_server(HEAD + b"content-length: 100\r\n\r\n" + b"x" * 10) as server:
        for calls in calling(server.url, "sync"):
            body = calls.upstream.fetch("/files/f/content", NOBODY)
            assert (body.media_type, next(iter(body))) == ("image/png", b"x" * 10)
            body.close()
            body.close()
            assert server.hung_up.wait(2)


def test_an_async_body_that_nobody_reads_on_hangs_up() -> None:
    async def main(upstream: OpenAIUpstream) -> None:
        body = await upstream.afetch("/files/f/content", NOBODY)
        pieces = aiter(body)
        assert (body.media_type, await anext(pieces)) == ("image/png", b"x" * 10)
        await body.aclose()
        await body.aclose()
        with pytest.raises((StopAsyncIteration, StreamBroken)):
            await anext(pieces)

    with raw_server(HEAD + b"content-length: 100\r\n\r\n" + b"x" * 10) as server:
        for calls in calling(server.url, "async"):
            assert calls.loop is not None
            calls.loop.run_until_complete(main(calls.upstream))
            assert server.hung_up.wait(2)


# --- background responses


def test_a_background_response_goes_on_where_its_stream_broke(calls: Calls) -> None:
    events: list[Any] = []
    with pytest.raises(StreamBroken):
        calls.open(ask("cut", background=True), events)
    assert types(events)[:3] == ["created", "queued", "in_progress"] and said(events) == ["One,"]
    id, number = events[0]["response"]["id"], events[-1]["sequence_number"]
    rest = calls.resume(Resume(id, number))
    assert (said(rest), rest[0]["sequence_number"]) == ([" two."], number + 1)
    assert calls.resume(Resume(id)) == events + rest
    assert calls.send("GET", f"/responses/{id}").body == rest[-1]["response"]


def test_a_background_response_is_polled_and_cancelled(calls: Calls) -> None:
    queued = calls.send("POST", "/responses", {**ask("slow"), "stream": False, "background": True}).body
    assert queued["status"] == "queued"
    path = f"/responses/{queued['id']}"
    assert calls.send("GET", path).body["status"] in ("queued", "in_progress")
    assert calls.send("POST", f"{path}/cancel").body["status"] == "cancelled"
    assert types(calls.resume(Resume(queued["id"])))[-1] != "completed"
    assert calls.send("DELETE", path).body["deleted"]


def test_what_cannot_be_resumed_is_refused(calls: Calls) -> None:
    final = calls.open(ask("Hi"), [])[-1]["response"]
    cancelled = calls.send("POST", f"/responses/{final['id']}/cancel")
    assert (cancelled.status, cancelled.body["error"]["message"]) == (400, "Cannot cancel a synchronous response.")
    for id, status in ((final["id"], 400), ("resp_x", 404)):
        with pytest.raises(UpstreamRefused) as caught:
            calls.resume(Resume(id))
        assert caught.value.refused.status == status
