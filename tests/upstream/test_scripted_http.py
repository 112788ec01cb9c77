"""The same over HTTP, read by the openai client and by httpx."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest
from scripted_help import ask, said, tool

from bridge.testing import ScriptedUpstream, serve_scripted

pytestmark = pytest.mark.slow

pytest.importorskip("uvicorn", reason="the extra `server` is missing")

SCRIPT = """
- when: slow
  do: [{say: One}, {wait: 30}, {say: " two"}]
- when: cut
  say: Let me
  cut: true
- when: reset
  say: Let me
  cut: reset
- when: busy
  error: {status: 429, retry_after: 7}
- when: plain
  say: Good morning!
  quirks: [no_event_lines]
- when: odd
  say: Good morning!
  quirks: [malformed_json]
- when: tool
  call: {name: f, arguments: {x: "1"}}
- say: Good morning!
"""
KEY = {"authorization": "Bearer sk-test"}


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_scripted(SCRIPT) as served:
        yield served


@pytest.fixture
def client(server: Any) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.url, api_key="sk-test", max_retries=0) as client:
        yield client


def post(server: Any, text: str) -> httpx.Response:
    return httpx.post(f"{server.url}/responses", json=ask(text), headers=KEY, timeout=10)


def test_a_stream_read_by_the_sdk(server: Any, client: openai.OpenAI) -> None:
    events = [event.model_dump() for event in client.responses.create(model="gpt-4o", input="hi", stream=True)]
    assert said(events) == ["Good morning!"]
    assert server.scripted.requests[-1] == {"model": "gpt-4o", "input": "hi", "stream": True}
    assert server.scripted.credentials[-1].headers["authorization"] == "Bearer sk-test"


def test_a_response_read_by_the_sdk(client: openai.OpenAI) -> None:
    assert client.responses.create(model="gpt-4o", input="hi").output_text == "Good morning!"
    tools: Any = [tool("f", x={"type": "string"})]
    (call,) = client.responses.create(model="gpt-4o", input="tool", tools=tools).output
    assert call.type == "function_call" and call.arguments == '{"x":"1"}'


def test_calls_that_only_pass_through(client: openai.OpenAI) -> None:
    assert client.responses.input_tokens.count(model="gpt-4o", input="hi").input_tokens > 0
    assert "gpt-4o" in [model.id for model in client.models.list()]
    file = client.files.create(file=("a.txt", b"some bytes"), purpose="assistants")
    assert (file.filename, file.bytes, file.purpose) == ("a.txt", 10, "assistants")
    assert client.files.retrieve(file.id) == file
    assert len(client.embeddings.create(model="m", input="a", encoding_format="float").data) == 1
    messages: Any = [{"role": "user", "content": "hi"}]
    text = client.chat.completions.create(model="m", messages=messages).choices[0].message.content
    chunks = client.chat.completions.create(model="m", messages=messages, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).strip() == text


def test_errors_have_status_envelope_and_retry_after(server: Any, client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        client.responses.create(model="gpt-4o", input="busy", stream=True)
    assert caught.value.response.headers["retry-after"] == "7"
    with pytest.raises(openai.BadRequestError, match="Missing required parameter: 'model'"):
        client.post("/responses", cast_to=object, body={"input": "a"})
    assert httpx.post(f"{server.url}/responses", json=ask("hi")).status_code == 401
    assert httpx.post(f"{server.url}/responses", content="{", headers=KEY).status_code == 400
    assert httpx.post(f"{server.url}/responses", content="[]", headers=KEY).status_code == 400
    assert httpx.get(f"{server.url}/nowhere", headers=KEY).json()["error"]["message"] == "Invalid URL (GET /v1/nowhere)"


def test_event_lines(server: Any) -> None:
    usual, without = post(server, "hi"), post(server, "plain")
    assert usual.headers["content-type"].startswith("text/event-stream")
    assert usual.text.count("event: ") == usual.text.count("data: ") == without.text.count("data: ")
    assert "event: " not in without.text


def test_broken_bytes_and_connections(server: Any) -> None:
    assert post(server, "odd").text.endswith('data: {"type":"response.output_text.del\n\n')
    assert "response.completed" not in post(server, "cut").text
    with pytest.raises(httpx.RemoteProtocolError):
        post(server, "reset")


def test_a_client_that_leaves_stops_the_generation(server: Any) -> None:
    before = server.scripted.closed_early
    with httpx.stream("POST", f"{server.url}/responses", json=ask("slow"), headers=KEY) as response:
        assert next(response.iter_lines()) == "event: response.created"
    eventually(lambda: server.scripted.closed_early == before + 1)


def test_a_client_that_reads_on_is_not_counted(server: Any) -> None:
    before = server.scripted.closed_early
    post(server, "hi")
    time.sleep(0.05)
    assert server.scripted.closed_early == before


def test_closing_the_upstream_ends_open_streams() -> None:
    upstream = ScriptedUpstream(SCRIPT)
    began = time.monotonic()
    with serve_scripted(upstream) as server, httpx.Client(headers=KEY) as client:
        request = client.build_request("POST", f"{server.url}/responses", json=ask("slow"))
        response = client.send(request, stream=True)
        lines = response.iter_lines()
        assert any(line == "event: response.output_text.delta" for line in lines)
        upstream.close()
        assert not any(line.startswith("event: ") for line in lines)
    assert time.monotonic() - began < 8
    assert upstream.closed_early == 1


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# --- what hosted tools work with, read by the openai client


def test_files_stores_and_containers_read_by_the_sdk(server: Any, client: openai.OpenAI) -> None:
    file = client.files.create(file=("dog.txt", b"The dog is brown."), purpose="user_data")
    store = client.vector_stores.create(name="pets", file_ids=[file.id])
    assert client.vector_stores.retrieve(store.id).file_counts.completed == 1
    added = client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
    assert [each.id for each in client.vector_stores.files.list(store.id)] == [added.id] == [file.id]
    more = [("cat.txt", b"A cat is grey.")]
    batch = client.vector_stores.file_batches.upload_and_poll(store.id, files=more)
    assert (batch.status, batch.file_counts.completed) == ("completed", 1)
    assert client.vector_stores.update(store.id, metadata={"a": "b"}).metadata == {"a": "b"}
    assert client.vector_stores.files.delete(file.id, vector_store_id=store.id).deleted
    assert client.vector_stores.delete(store.id).deleted
    container = client.containers.create(name="mine", file_ids=[file.id])
    (given,) = client.containers.files.list(container.id)
    assert given.path == f"/mnt/data/{file.id}-dog.txt"
    assert client.containers.files.content.retrieve(given.id, container_id=container.id).read() == b"The dog is brown."
    client.containers.delete(container.id)
    assert server.scripted.sent[-1] == f"DELETE /containers/{container.id}"
    with pytest.raises(openai.BadRequestError, match="Not allowed to download files of purpose: user_data"):
        client.files.content(file.id)


def test_responses_of_the_background_read_by_the_sdk(client: openai.OpenAI) -> None:
    with client.responses.create(model="gpt-4o", input="slow", background=True, stream=True) as stream:
        first = next(iter(stream)).model_dump()
    path = first["response"]["id"]
    assert client.responses.retrieve(path).status in ("queued", "in_progress")
    with client.responses.retrieve(path, stream=True, starting_after=1) as again:
        assert next(iter(again)).sequence_number == 2
    assert client.responses.cancel(path).status == "cancelled"
    client.responses.delete(path)
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.responses.retrieve(path)


BODIES = [
    ("multipart/form-data; boundary=b", b"", "could not parse the multipart body"),
    ("multipart/form-data", b"--b\r\n", "could not parse the multipart body"),
    ("multipart/form-data; boundary=b", b"--b\r\ncontent-disposition: form-data", "multipart body"),
    (
        "multipart/form-data; boundary=b",
        b'--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b--\r\n',
        "Missing required parameter: 'file'.",
    ),
]


@pytest.mark.parametrize(("kind", "data", "message"), BODIES)
def test_forms_that_are_none(server: Any, kind: str, data: bytes, message: str) -> None:
    answer = httpx.post(f"{server.url}/files", content=data, headers={**KEY, "content-type": kind})
    assert answer.status_code == 400 and message in answer.json()["error"]["message"]


def test_a_number_that_is_none(server: Any) -> None:
    answer = httpx.get(f"{server.url}/responses/r?stream=true&starting_after=x", headers=KEY)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "starting_after")
    assert httpx.get(f"{server.url}/files?limit=x", headers=KEY).status_code == 400


def test_an_error_without_envelope() -> None:
    with serve_scripted([{"say": "a"}], quirks=["unknown_is_422"]) as server:
        answer = httpx.post(f"{server.url}/responses", json={**ask("hi"), "odd": 1}, headers=KEY)
    assert (answer.status_code, answer.json()) == (422, {"detail": "Unexpected keys in the request: {'odd'}"})
