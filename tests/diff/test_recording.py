"""Recording from within: what the SDK's clients send and get is on the tape, and the program does not notice."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import logging
import os
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

import bridge
from bridge.calls import Call, Credential
from bridge.diff import recording
from bridge.diff.readers import read_any
from bridge.diff.recording import legs
from bridge.diff.recording.clients import Clients
from bridge.diff.recording.taking import Taking
from bridge.diff.recording.writer import TapeFile
from bridge.diff.tape import Leg, Tape
from bridge.engine.effects import Resume
from bridge.errors import ConfigurationError
from bridge.testing import MemoryStore, ScriptedUpstream
from bridge.upstream import StreamBroken, family

pytestmark = pytest.mark.slow

http = family.installed()
KEY: Any = {"api_key": "sk-abcdefghijklmnopqrstuvwxyz", "base_url": "http://up.test/v1", "max_retries": 0}
FUNCTION = {"name": "look", "parameters": {"type": "object", "properties": {}}}
SCRIPT: list[Any] = [{"when": "look", "call": "look", "then": {"say": "I saw {outputs}."}}, {"say": "Good day to you."}]
EVENTS = (
    b'event: thread.run.created\ndata: {"id":"run_a","object":"thread.run"}\n\n',
    b'event: thread.message.delta\ndata: {"id":"msg_a"}\n\n',
    b"event: done\ndata: [DONE]\n\n",
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "BRIDGE_STORE", "BRIDGE_UPSTREAM", "BRIDGE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path / "a.tape"
    bridge.uninstall()
    recording.uninstall()


def calls(tape: Tape) -> list[tuple[str, str, int | None]]:
    return [(each.request.method, each.request.path, each.answer and each.answer.status) for each in tape.exchanges]


# --- bridged clients


def ways() -> dict[str, Any]:
    def installed(upstream: Any) -> Any:
        bridge.install(upstream=upstream, store=MemoryStore())
        return openai.OpenAI(**KEY)

    return {
        "drop-in": lambda upstream: bridge.OpenAI(**KEY, upstream=upstream, store=MemoryStore()),
        "install": installed,
        "wrap": lambda upstream: bridge.wrap(openai.OpenAI(**KEY), upstream=upstream, store=MemoryStore()),
        "copy": lambda upstream: bridge.OpenAI(**KEY, upstream=upstream, store=MemoryStore()).with_options(timeout=9),
        "azure": lambda upstream: bridge.AzureOpenAI(
            api_key="azure-key-0123", api_version="v", azure_endpoint="http://az.test", upstream=upstream,
            store=MemoryStore(),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("way", ways())
def test_a_bridged_program(way: str, path: Path) -> None:
    upstream = ScriptedUpstream(SCRIPT)
    recording.install(path)
    client = ways()[way](upstream)
    run = told_by(client)
    client.close()
    tape = read_any(path)
    own = f"/threads/{run.thread_id}/runs"
    assert calls(tape) == [
        ("POST", "/assistants", 200),
        ("POST", "/threads", 200),
        ("POST", own, 200),
        ("GET", f"{own}/{run.id}", 200),
        ("POST", f"{own}/{run.id}/submit_tool_outputs", 200),
        ("GET", f"{own}/{run.id}", 200),
        ("GET", f"/threads/{run.thread_id}/nothing", 404),
    ]
    assert tape.exchanges[2].request.body == {"assistant_id": run.assistant_id, "stream": False}
    assert tape.exchanges[5].answer is not None and tape.exchanges[5].answer.body["status"] == "completed"
    assert [leg.run for leg in tape.legs] == [run.id, run.id]
    assert [leg.request for leg in tape.legs] == upstream.requests
    assert [leg.answer and leg.answer["status"] for leg in tape.legs] == ["completed", "completed"]
    assert KEY["api_key"].encode() not in path.read_bytes() and b"azure-key-0123" not in path.read_bytes()


def told_by(client: Any) -> Any:
    """A run with a tool, polled, and a call that fails."""
    threads = client.beta.threads
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[{"type": "function", "function": FUNCTION}])
    thread = threads.create(messages=[{"role": "user", "content": "look"}])
    run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    outputs = [
        {"tool_call_id": call.id, "output": "much"} for call in run.required_action.submit_tool_outputs.tool_calls
    ]
    run = threads.runs.submit_tool_outputs_and_poll(thread_id=thread.id, run_id=run.id, tool_outputs=outputs)
    with pytest.raises(openai.NotFoundError):
        client.get(f"/threads/{thread.id}/nothing", cast_to=object)
    return run


def test_a_bridged_stream_and_an_async_client(path: Path) -> None:
    recording.install(path)

    async def program() -> None:
        async with bridge.AsyncOpenAI(**KEY, upstream=ScriptedUpstream(SCRIPT), store=MemoryStore()) as client:
            assistant = await client.beta.assistants.create(model="gpt-4o")
            message: Any = {"messages": [{"role": "user", "content": "Hello"}]}
            async with client.beta.threads.create_and_run_stream(assistant_id=assistant.id, thread=message) as stream:
                texts = [text async for text in stream.text_deltas]
            assert "".join(texts) == "Good day to you."

    asyncio.run(program())
    tape = read_any(path)
    assert calls(tape) == [("POST", "/assistants", 200), ("POST", "/threads/runs", 200)]
    answer = tape.exchanges[1].answer
    assert answer is not None and answer.events is not None and answer.cut is None
    assert (answer.events[0].event, answer.events[-1].data) == ("thread.created", "[DONE]")
    times: list[Any] = [event.at for event in answer.events]
    assert times == sorted(times) and times[0] > 0 and times[-1] <= (answer.seconds or 0)
    assert len(tape.legs) == 1


# --- legs


class Breaking:
    """An upstream whose streams break off before their last event; what goes on with them has it."""

    def open(self, request: Any, credential: Any) -> Any:
        return self._told()

    def resume(self, resume: Any, credential: Any) -> Any:
        return Told([{"type": "response.completed", "response": {"status": "completed"}}])

    async def aopen(self, request: Any, credential: Any) -> Any:
        return self._told()

    async def aresume(self, resume: Any, credential: Any) -> Any:
        return self.resume(resume, credential)

    def _told(self) -> Any:
        return Told([{"type": "response.created"}, StreamBroken("gone")])


class Told(list[Any]):
    def __iter__(self) -> Iterator[Any]:
        for each in super().__iter__():
            if isinstance(each, Exception):
                raise each
            yield each

    async def __aiter__(self) -> Any:
        for each in self:
            yield each

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""


def legs_of(path: Path, request: Any, goes_on: bool) -> list[tuple[Any, Any]]:
    upstream: Any = legs.watch(TapeFile(path, "x"), Breaking(), "run_a")  # type: ignore[arg-type]
    stream = upstream.open(request, None)
    with pytest.raises(StreamBroken):
        list(stream)
    stream.close()
    if goes_on:
        list(upstream.resume(Resume("resp_a"), None))
    del upstream
    gc.collect()
    return [(leg.request, leg.answer) for leg in read_any(path).legs]


async def async_legs_of(path: Path, request: Any, goes_on: bool) -> list[tuple[Any, Any]]:
    upstream: Any = legs.watch(TapeFile(path, "x"), Breaking(), "run_a")  # type: ignore[arg-type]
    stream = await upstream.aopen(request, None)
    with pytest.raises(StreamBroken):
        [each async for each in stream]
    await stream.aclose()
    if goes_on:
        assert [each async for each in await upstream.aresume(Resume("resp_a"), None)]
    del upstream
    gc.collect()
    return [(leg.request, leg.answer) for leg in read_any(path).legs]


BACKGROUND = {"model": "m", "background": True}
LEFT: list[tuple[Any, bool, Any]] = [
    (BACKGROUND, True, {"status": "completed"}),
    (BACKGROUND, False, None),
    ({"model": "m"}, False, None),
]


@pytest.mark.parametrize(("request_", "goes_on", "answer"), LEFT)
def test_a_leg_whose_stream_broke_off_is_one_leg(path: Path, request_: Any, goes_on: bool, answer: Any) -> None:
    assert legs_of(path, request_, goes_on) == [(request_, answer)]
    other = path.with_name("b.tape")
    assert asyncio.run(async_legs_of(other, request_, goes_on)) == [(request_, answer)]


def test_what_was_begun_elsewhere_is_not_this_ones_leg(path: Path) -> None:
    upstream: Any = legs.watch(TapeFile(path, "x"), Breaking(), "run_a")  # type: ignore[arg-type]
    assert len(list(upstream.resume(Resume("resp_a"), None))) == 1
    assert read_any(path).legs == ()


def test_what_cannot_be_written_is_told_and_hurts_nobody(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    tape = TapeFile(path, "x")
    tape.add(Leg({"input": deep}))
    tape.add(Leg({"model": "m"}))
    assert [leg.request for leg in read_any(path).legs] == [{"model": "m"}]
    assert "cannot be written as JSON" in caplog.text


# --- clients that talk to a server


class Server:
    """What a client is answered, by path; it counts the calls."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, request: Any) -> Any:
        self.asked.append(request.url.path)
        path = request.url.path.removeprefix("/v1")
        if path == "/threads/runs":
            return http.Response(200, headers={"content-type": "text/event-stream"}, stream=Pieces())
        if path == "/threads/thread_slow":
            raise http.ConnectError("nobody there")
        if path == "/threads/thread_busy":
            return http.Response(500 if len(self.asked) == 1 else 200, json={"id": "thread_busy"})
        headers = {"content-type": "application/json", "content-encoding": "gzip", "x-request-id": "req_1"}
        return http.Response(200, headers=headers, content=gzip.compress(json.dumps({"id": path}).encode()))

    async def acall(self, request: Any) -> Any:
        return self(request)


class Pieces(http.SyncByteStream, http.AsyncByteStream):  # type: ignore[misc]
    def __iter__(self) -> Iterator[bytes]:
        yield from EVENTS

    async def __aiter__(self) -> Any:
        for piece in EVENTS:
            yield piece


def client_of(server: Server, **more: Any) -> openai.OpenAI:
    return openai.OpenAI(**{**KEY, **more}, http_client=http.Client(transport=http.MockTransport(server)))


def async_client_of(server: Server) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(**KEY, http_client=http.AsyncClient(transport=http.MockTransport(server.acall)))


def test_a_client_that_is_not_bridged(path: Path) -> None:
    recording.install(path)
    client = client_of(Server())
    assert client.beta.threads.retrieve("thread_a").id == "/threads/thread_a"
    assert client.with_options(timeout=3).beta.threads.retrieve("thread_b").id == "/threads/thread_b"
    client.models.retrieve("gpt-4o")
    tape = read_any(path)
    assert calls(tape) == [("GET", "/threads/thread_a", 200), ("GET", "/threads/thread_b", 200)]
    assert tape.exchanges[0].answer is not None
    assert tape.exchanges[0].answer.body == {"id": "/threads/thread_a"}
    assert tape.exchanges[0].answer.headers == {"content-type": "application/json", "x-request-id": "req_1"}
    assert tape.exchanges[0].request.headers["openai-beta"] == "assistants=v2"
    assert tape.source == f"a program with openai {openai.__version__}"


def test_an_async_one(path: Path) -> None:
    recording.install(path)

    async def program() -> str:
        async with async_client_of(Server()) as client:
            stream = await client.beta.threads.create_and_run(assistant_id="asst_a", stream=True)
            assert len([event async for event in stream]) == 2
            return (await client.beta.threads.retrieve("thread_a")).id

    assert asyncio.run(program()) == "/threads/thread_a"
    assert calls(read_any(path)) == [("POST", "/threads/runs", 200), ("GET", "/threads/thread_a", 200)]


def streamed(client: openai.OpenAI) -> Any:
    return client.beta.threads.create_and_run(assistant_id="asst_a", stream=True)


def test_a_stream_that_is_left_is_told(path: Path) -> None:
    recording.install(path)
    server = Server()
    for leave in (False, True):
        stream = streamed(client_of(server))
        events = [next(stream)] if leave else list(stream)
        stream.close()
        assert len(events) == (1 if leave else 2)
    whole, left = (each.answer for each in read_any(path).exchanges)
    assert whole is not None and left is not None
    assert (whole.cut, len(whole.events or ())) == (None, 3)
    assert (left.cut, len(left.events or ())) == ("caller", 1)


def test_a_stream_that_nobody_closes_is_written(path: Path) -> None:
    recording.install(path)
    client = client_of(Server())
    stream = streamed(client)
    next(stream)
    recording.uninstall()
    (only,) = read_any(path).exchanges
    assert only.answer is not None and only.answer.cut == "caller"
    stream.close()


def test_it_ends_while_other_threads_begin(path: Path) -> None:
    clients, call = Clients(TapeFile(path, "x")), Call("GET", "/threads/a", (), {}, b"", Credential({}))
    begun: list[list[Taking]] = [[] for _ in range(3)]
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda own: own.extend(clients.begin(call) for _ in range(300)), args=(own,))
            for own in begun
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            clients.end()
    finally:
        sys.setswitchinterval(switch)
    clients.end()
    assert len(read_any(path).exchanges) == len(clients.unfinished) == 900
    begun.clear()
    gc.collect()
    assert not clients.unfinished


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_does_not_write_what_its_parent_reads(path: Path) -> None:
    taking = Taking(TapeFile(path, "x"), "GET", "/threads/thread_a")
    taking.answered(200, {})
    child = os.fork()
    if not child:
        taking.end("caller")
        os._exit(0)
    os.waitpid(child, 0)
    assert read_any(path).exchanges == ()
    taking.end()
    assert [each.answer and each.answer.cut for each in read_any(path).exchanges] == [None]


def test_retries_and_connections_that_fail(path: Path) -> None:
    recording.install(path)
    server = Server()
    client = client_of(server, max_retries=1)
    client._calculate_retry_timeout = lambda *args, **options: 0.0  # type: ignore[method-assign]
    assert client.beta.threads.retrieve("thread_busy").id == "thread_busy"
    with pytest.raises(openai.APIConnectionError):
        client.beta.threads.retrieve("thread_slow")
    assert calls(read_any(path)) == [
        ("GET", "/threads/thread_busy", 500),
        ("GET", "/threads/thread_busy", 200),
        ("GET", "/threads/thread_slow", None),
        ("GET", "/threads/thread_slow", None),
    ]


def test_a_client_is_what_it_was_in_all_else(path: Path) -> None:
    before, constructor = client_of(Server()), openai.OpenAI.__init__
    recording.install(path)
    during = client_of(Server())
    assert type(during) is type(before) and type(during._client) is type(before._client)
    assert during._client.send.__name__ == "send"
    raw = during.beta.threads.with_raw_response.retrieve("thread_a")
    assert raw.http_response.content == json.dumps({"id": "/threads/thread_a"}).encode()
    recording.uninstall()
    assert openai.OpenAI.__init__ is constructor
    before.beta.threads.retrieve("thread_b")
    assert [path for _, path, _ in calls(read_any(path))] == ["/threads/thread_a"]


def test_a_client_that_goes_is_closed_as_soon_as_before(path: Path) -> None:
    """The SDK closes its HTTP client when nobody holds it any more: a circle of ours would keep it. (Versions whose
    clients are a circle themselves keep it anyway.)"""
    before = goes_at_once()
    recording.install(path)
    assert goes_at_once() == before


def goes_at_once() -> bool:
    client = openai.OpenAI(**KEY)
    held = weakref.ref(client._client)
    gc.disable()
    try:
        del client
        return held() is None
    finally:
        gc.enable()


def test_the_older_family_too(path: Path) -> None:
    gc.collect()  # a stream that an earlier test left, collected while httpx is half imported, trips over it in openai
    older = pytest.importorskip("httpx")
    recording.install(path)

    def answer(request: Any) -> Any:
        return older.Response(200, json={"id": request.url.path})

    client: Any = openai.OpenAI(**KEY, http_client=older.Client(transport=older.MockTransport(answer)))
    assert client.beta.threads.retrieve("thread_a").id == "/v1/threads/thread_a"
    assert calls(read_any(path)) == [("GET", "/threads/thread_a", 200)]


# --- the file


def test_it_is_gone_on_with_where_it_is_a_tape(path: Path) -> None:
    for name in ("thread_a", "thread_b"):
        recording.install(path)
        client_of(Server()).beta.threads.retrieve(name)
        recording.uninstall()
    assert [each[1] for each in calls(read_any(path))] == ["/threads/thread_a", "/threads/thread_b"]
    assert path.stat().st_mode & 0o777 == 0o600


WRONG = [
    ("nowhere/a.tape", None, "cannot be recorded to: No such file"),
    ("a.txt", b"Dear diary\n", "line 1"),
    ("made.tape", b'{"kind":"tape","format":"bridge-tape/v1"}\n', "does not say when it was begun"),
]


@pytest.mark.parametrize(("name", "content", "message"), WRONG)
def test_what_cannot_be_recorded_to(name: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    before = openai.OpenAI.__init__
    with pytest.raises(ConfigurationError, match=message):
        recording.install(tmp_path / name)
    assert openai.OpenAI.__init__ is before
    if content is not None:
        assert (tmp_path / name).read_bytes() == content


def test_two_recordings_at_once_are_refused(path: Path) -> None:
    recording.install(path)
    with pytest.raises(ConfigurationError, match="is being recorded already"):
        recording.install(path)


def test_a_full_disk_does_not_stop_the_program(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tape = TapeFile(path, "x")
    tape.close()
    recording.install(path)
    recorder: Any = recording._recorder
    recorder._tape.close()
    with caplog.at_level(logging.ERROR, "bridge"):
        client = client_of(Server())
        assert client.beta.threads.retrieve("thread_a").id == "/threads/thread_a"
        assert client.beta.threads.retrieve("thread_b").id == "/threads/thread_b"
    assert len(caplog.records) == 1 and "cannot be recorded to any more" in caplog.text


def test_a_client_that_was_there_before_is_added(path: Path) -> None:
    client = client_of(Server())
    with pytest.raises(ConfigurationError, match="is not being recorded"):
        recording.add(client)
    recording.install(path)
    client.beta.threads.retrieve("thread_a")
    recording.add(client)
    client.beta.threads.retrieve("thread_b")
    recording.uninstall()
    client.beta.threads.retrieve("thread_c")
    assert [path for _, path, _ in calls(read_any(path))] == ["/threads/thread_b"]


def test_a_client_made_in_a_recording_is_recorded_until_it_ends(path: Path) -> None:
    recording.install(path)
    client = client_of(Server())
    client.beta.threads.retrieve("thread_a")
    recording.uninstall()
    client.beta.threads.retrieve("thread_b")
    assert [path for _, path, _ in calls(read_any(path))] == ["/threads/thread_a"]
