"""A server that writes what it is told, byte for byte, and notices when its caller hangs up."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

SSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class RawServer:
    """Answers every connection with `answer`, then waits; `hung_up` is set when the caller closes. Of several answers
    each connection gets the next, and the last one for ever."""

    def __init__(self, answer: bytes, *others: bytes, then_close: bool = False) -> None:
        self.answers, self.then_close = [answer, *others], then_close
        self.hung_up = threading.Event()
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.requests.append(connection.recv(65536))
            connection.sendall(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
            while not self.then_close and connection.recv(65536):
                pass
        if not self.then_close:
            self.hung_up.set()


@contextlib.contextmanager
def raw_server(*answers: bytes, then_close: bool = False) -> Iterator[RawServer]:
    server = RawServer(*answers, then_close=then_close)
    try:
        yield server
    finally:
        server.close()
