"""`bridge diff record`: the caller gets what the target sends, byte by byte, and the tape what both said."""

from __future__ import annotations

import gzip
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytest.importorskip("starlette", reason="the extra `server` is missing")

import anyio
import typer
from typer.testing import CliRunner

from bridge.cli.diffing import record
from bridge.diff.readers import read_any
from bridge.diff.recording import proxy
from bridge.diff.recording.writer import TapeFile
from bridge.diff.tape import Exchange
from bridge.errors import ConfigurationError
from bridge.upstream import family

pytestmark = pytest.mark.slow

http = family.installed()
KEY = "sk-abcdefghijklmnopqrstuvwxyz"
EVENT = b'event: thread.message.delta\ndata: {"id":"msg_%d"}\n\n'
LAST = b"event: done\ndata: [DONE]\n\n"
THREAD = json.dumps({"id": "thread_a", "metadata": {"token": "Bearer abcdefghijkl"}}, indent=2).encode()


class Target(BaseHTTPRequestHandler):
    """A server of the Assistants API, or nearly one."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    asked: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        path = self.path.partition("?")[0].removeprefix("/base/v1")
        if path == "/threads/runs":
            self._stream(json.loads(body).get("metadata") or {})
        elif path == "/broken":
            self._send(200, b"x" * 10, length=100)
            self.close_connection = True
        elif path == "/threads/thread_none":
            self._send(404, json.dumps({"error": {"message": "No thread found"}}).encode())
        else:
            self._send(200, gzip.compress(THREAD), encoding="gzip")

    do_GET = do_POST

    def _send(self, status: int, body: bytes, encoding: str | None = None, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(length or len(body)))
        self.send_header("set-cookie", "session=secret")
        if encoding:
            self.send_header("content-encoding", encoding)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, how: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number in range(int(how.get("events", "2"))):
            self._chunk(EVENT % number)
            time.sleep(float(how.get("pause", "0")))
        if how.get("breaks"):
            self.close_connection = True
            return
        self._chunk(LAST)
        self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        try:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Target)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/base/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def served(target: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The proxy's base URL and its tape."""
    path = tmp_path_factory.mktemp("proxy") / "a.tape"
    with running(proxy.create_app(target, TapeFile(path, "x"))) as address:
        yield f"{address}/base/v1", path


@contextmanager
def running(app: Any) -> Iterator[str]:
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def last(path: Path, before: int) -> Exchange:
    """The last exchange on the tape, when there is a new one."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = read_any(path).exchanges
        if len(found) > before:
            return found[-1]
        time.sleep(0.01)
    raise AssertionError("nothing was recorded")


def length(path: Path) -> int:
    return len(read_any(path).exchanges)


def post(url: str, body: Any = None, **headers: str) -> Any:
    with http.Client(trust_env=False, timeout=20) as client:
        return client.post(url, json=body, headers={"authorization": f"Bearer {KEY}", **headers})


def test_a_call_passes_untouched_and_is_recorded(served: tuple[str, Path], target: str) -> None:
    url, path = served
    before = length(path)
    given = {"metadata": {"user": "Zoë"}}
    with (
        http.Client(trust_env=False) as client,
        client.stream("POST", f"{url}/threads?api-version=1&limit=2", json=given, headers={"api-key": KEY}) as answer,
    ):
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw) == THREAD and answer.headers["content-encoding"] == "gzip"
    assert "x-request-id" not in answer.headers and answer.headers["set-cookie"] == "session=secret"
    asked, headers, body = Target.asked[-1]
    assert asked == "/base/v1/threads?api-version=1&limit=2" and json.loads(body) == given
    assert headers["api-key"] == KEY
    found = last(path, before=before)
    assert (found.request.method, found.request.path, found.request.query) == ("POST", "/threads", (("limit", "2"),))
    assert found.request.body == given and found.request.headers == {"content-type": "application/json"}
    assert found.answer is not None and found.answer.status == 200
    assert found.answer.body == {"id": "thread_a", "metadata": {"token": "Bearer [removed]"}}
    assert found.answer.headers == {"content-type": "application/json"}
    assert KEY not in path.read_text() and "session" not in path.read_text()


def test_an_error_and_a_call_of_another_api(served: tuple[str, Path], target: str) -> None:
    url, path = served
    before = length(path)
    post(f"{url}/threads/thread_none")
    post(f"{url}/chat/completions", {"model": "m"})
    post(url.removesuffix("/base/v1") + "/elsewhere")
    last(path, before=before + 1)
    found = read_any(path).exchanges[before:]
    assert [(each.request.path, each.answer and each.answer.status) for each in found] == [
        ("/threads/thread_none", 404),
        ("/chat/completions", 200),
    ]
    assert Target.asked[-1][0] == "/elsewhere"


def test_a_stream_has_its_times(served: tuple[str, Path]) -> None:
    url, path = served
    before = length(path)
    text = post(f"{url}/threads/runs", {"metadata": {"events": "3", "pause": "0.05"}}).content
    assert text == b"".join([EVENT % 0, EVENT % 1, EVENT % 2, LAST])
    answer = last(path, before=before).answer
    assert answer is not None and answer.events is not None and answer.cut is None
    assert [event.data for event in answer.events] == [{"id": f"msg_{n}"} for n in range(3)] + ["[DONE]"]
    times = [event.at for event in answer.events if event.at is not None]
    assert len(times) == 4 and times[2] - times[0] > 0.06 and times[-1] <= (answer.seconds or 0)


def test_a_caller_that_leaves_is_told(served: tuple[str, Path]) -> None:
    url, path = served
    before = length(path)
    body = {"metadata": {"events": "40", "pause": "0.02"}}
    with http.Client(trust_env=False) as client, client.stream("POST", f"{url}/threads/runs", json=body) as answer:
        next(answer.iter_raw())
    found = last(path, before=before).answer
    assert found is not None and found.cut == "caller"
    assert found.events is not None and 1 <= len(found.events) < 40


@pytest.mark.parametrize("call", ["/threads/runs", "/broken"])
def test_a_target_that_breaks_off_is_told(call: str, served: tuple[str, Path]) -> None:
    url, path = served
    before = length(path)
    with pytest.raises(http.RemoteProtocolError):
        post(f"{url}{call}", {"metadata": {"breaks": "yes"}})
    found = last(path, before=before).answer
    assert found is not None and found.cut == "server"


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    app = proxy.create_app(f"http://127.0.0.1:{port}", TapeFile(tmp_path / "a.tape", "x"))
    with running(app) as address:
        answer = post(f"{address}/v1/threads", {"metadata": {}})
    assert answer.status_code == 502
    (found,) = read_any(tmp_path / "a.tape").exchanges
    assert (found.request.path, found.request.body, found.answer) == ("/threads", {"metadata": {}}, None)


def test_a_proxy_before_itself_is_refused(tmp_path: Path) -> None:
    from bridge.upstream import hops

    app = proxy.create_app("http://127.0.0.1:9", TapeFile(tmp_path / "a.tape", "x"))

    async def ask() -> int:
        transport = http.ASGITransport(app=app)
        async with http.AsyncClient(transport=transport, base_url="http://here") as client:
            return int((await client.get("/v1/threads", headers={hops.HEADER: hops.MINE})).status_code)

    assert anyio.run(ask) == 508


@pytest.mark.parametrize("text", ["", "api.openai.com/v1", "ftp://x/v1", "http:///v1"])
def test_a_target_that_is_no_address(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address of a server"):
        proxy.parts(text)


# --- the commands

app = typer.Typer()
record.add(app)


def call(*arguments: str) -> Any:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments))


def test_a_tape_of_a_recording(tmp_path: Path) -> None:
    import samples

    (tmp_path / "a.har").write_bytes(samples.har())
    done = call("tape", str(tmp_path / "a.har"), "--tape", str(tmp_path / "a.tape"))
    assert done.exit_code == 0 and done.stdout == "5 exchanges, of: HAR file\n"
    assert "note: left out: 1 OPTIONS requests" in done.stderr
    assert len(read_any(tmp_path / "a.tape").exchanges) == 5
    again = call("tape", str(tmp_path / "a.har"), "--tape", str(tmp_path / "a.tape"))
    assert isinstance(again.exception, ConfigurationError) and "exists already" in str(again.exception)


def test_a_thread_is_of_a_store(tmp_path: Path) -> None:
    wrong = call("tape", str(tmp_path), "--thread", "thread_a", "--tape", str(tmp_path / "a.tape"))
    assert isinstance(wrong.exception, ConfigurationError) and "--thread is for a store" in str(wrong.exception)
    assert not (tmp_path / "a.tape").exists()


PROGRAM = """
import sys, typer
from bridge.cli.diffing import record
app = typer.Typer()
record.add(app)
app(sys.argv[1:])
"""


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_command(end: signal.Signals, target: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "record", "--target", target, "--tape", "a.tape"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/base/v1", process.stdout.readline())
        assert found is not None
        for _ in range(5):
            assert post(f"{found[0]}/threads").json()["id"] == "thread_a"
        if end == signal.SIGKILL:  # the caller may have an answer a moment before the recorder knows that it is over
            until = time.monotonic() + 20
            while (tmp_path / "a.tape").read_bytes().count(b"\n") < 6 and time.monotonic() < until:
                time.sleep(0.01)
        process.send_signal(end)
        process.wait(20)
    tape = read_any(tmp_path / "a.tape")
    assert len(tape.exchanges) == 5 and tape.notes == () and tape.source == f"recorded from {target}"
