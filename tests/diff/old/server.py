"""A small server of the old API for real clients, scripted by the test: each run that is made follows the next script.

    with served([[[Call((("look", '{"at": "a"}'),))], [Say("Seen.")]]]) as server:
        openai.OpenAI(base_url=server.url, api_key="sk-test")

A poll finds a run one state further than the poll before. It is no part of bridge and uses nothing of it, so that it
cannot share a fault of bridge.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from attrs import frozen

from diff.old import objects
from diff.old.api import OldApi, Refusal
from diff.old.objects import Object
from diff.old.runs import Event, Script

ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("POST", "/assistants", OldApi.make_assistant),
    ("POST", "/threads", OldApi.make_thread),
    ("POST", "/threads/runs", OldApi.make_thread_and_run),
    ("GET", "/threads/([^/]+)", OldApi.get_thread),
    ("POST", "/threads/([^/]+)/messages", OldApi.make_message),
    ("GET", "/threads/([^/]+)/messages", OldApi.messages),
    ("POST", "/threads/([^/]+)/runs", OldApi.make_run),
    ("GET", "/threads/([^/]+)/runs", OldApi.runs),
    ("GET", "/threads/([^/]+)/runs/([^/]+)", OldApi.get_run),
    ("GET", "/threads/([^/]+)/runs/([^/]+)/steps", OldApi.steps),
    ("POST", "/threads/([^/]+)/runs/([^/]+)/cancel", OldApi.cancel),
    ("POST", "/threads/([^/]+)/runs/([^/]+)/submit_tool_outputs", OldApi.submit),
]
NO_BETA = (
    "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting the header "
    "'OpenAI-Beta: assistants=v2'."
)
PATIENCE = 20.0


@frozen
class Served:
    url: str
    api: OldApi


@contextmanager
def served(scripts: list[Script]) -> Iterator[Served]:
    """At a port of its own, until the block ends."""
    api = OldApi(scripts)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": api, "lock": threading.Lock()}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="old-api", daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.server_address[1]}/v1", api)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: OldApi
    lock: threading.Lock

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}"))

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def _answer(self, given: Object) -> None:
        try:
            with self.lock:
                operation, ids = self._operation()
                made = operation(self.api, given, *ids)
                body = None if isinstance(made, Iterator) else _pretty(made)
        except Refusal as refusal:
            return self._send(refusal.status, "application/json", _pretty(refusal.body))
        if body is not None:
            return self._send(200, "application/json", body)
        self._stream(made)

    def _operation(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        if self.headers.get("openai-beta") != "assistants=v2":
            raise Refusal(400, NO_BETA, "invalid_beta")
        path = urlsplit(self.path).path.removeprefix("/v1")
        for method, pattern, operation in ROUTES:
            if method == self.command and (found := re.fullmatch(pattern, path)):
                return operation, found.groups()
        raise Refusal(404, f"Invalid URL ({self.command} {path})")

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, events: Iterator[Event | threading.Event]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        while True:
            with self.lock:
                event = next(events, None)
            if isinstance(event, threading.Event):
                event.wait(PATIENCE)
            elif event is None:
                break
            else:
                self._chunk(_frame(event[0], json.dumps(objects.in_stream(event[1]), separators=(",", ":"))))
        self._chunk(_frame("done", "[DONE]"))
        self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


def _frame(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


def _pretty(body: Object) -> bytes:
    return json.dumps(body, indent=2, ensure_ascii=False).encode()
