"""What may lie between a client and its upstream: a forward proxy, and TLS with a certificate of one's own."""

from __future__ import annotations

import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from bridge.testing import ScriptedUpstream
from bridge.upstream.scripted.asgi import app

SECONDS = 70.0


class _Relay(socketserver.BaseRequestHandler):
    """One connection, passed on to where `target` says; answers are passed back as they come."""

    def handle(self) -> None:
        self.request.settimeout(SECONDS)
        first = b""
        while b"\r\n\r\n" not in first:
            piece = self.request.recv(65536)
            if not piece:
                return
            first += piece
        host, port, first = self.server.target(first)  # type: ignore[attr-defined]
        with socket.create_connection((host, port), SECONDS) as there:
            there.sendall(first)
            back = threading.Thread(target=pass_on, args=(there, self.request), daemon=True)
            back.start()
            pass_on(self.request, there)
            back.join(SECONDS)


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """Until one of the two is closed."""
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

    def handle_error(self, request: object, address: object) -> None:
        """A connection that breaks off is the client's doing."""


class Proxy(_Server):
    """A forward proxy: it notes the first line of each connection. One request a connection, so none is missed."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.noted: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def target(self, head: bytes) -> tuple[str, int, bytes]:
        line, rest = head.split(b"\r\n", 1)
        method, url, version = line.decode().split(" ")
        self.noted.append(f"{method} {urlsplit(url).path}")
        parts = urlsplit(url)
        first = f"{method} {parts.path} {version}\r\nConnection: close\r\n".encode()
        return parts.hostname or "", parts.port or 80, first + rest


@contextmanager
def serving(server: _Server) -> Iterator[_Server]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def serving_tls(scripted: ScriptedUpstream, certificate: Path) -> Iterator[str]:
    """The base URL of this upstream behind a certificate for localhost."""
    config = uvicorn.Config(
        app(scripted),
        log_level="critical",
        lifespan="off",
        ws="none",
        ssl_certfile=certificate,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        end = time.monotonic() + 30
        while not server.started and time.monotonic() < end:
            time.sleep(0.01)
        try:
            yield f"https://localhost:{listener.getsockname()[1]}/v1"
        finally:
            server.should_exit = True
            thread.join(10)


def certificate(folder: Path) -> Path:
    """A file with a certificate for localhost, signed by itself, and its key."""
    openssl = shutil.which("openssl")
    assert openssl, "openssl is not on the PATH"
    made, key = folder / "certificate.pem", folder / "key.pem"
    kind = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    subprocess.run(
        [openssl, *kind, *names, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True, timeout=30
    )
    made.write_text(made.read_text() + key.read_text())
    return made
