"""Where a replay asks: a service in this process, or a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from bridge.calls import Call, Credential
from bridge.diff.replay.upstream import RUN_HEADER
from bridge.diff.tape import KEPT, Answer, Event, Request, read_json
from bridge.service import Service
from bridge.upstream import family
from bridge.wire import sse
from bridge.wire.render import encode_compact

BETA: Final = {"openai-beta": "assistants=v2"}
SENT: Final = ("openai-beta", "x-stainless-poll-helper")
TIMEOUT: Final = 600.0

Seen = Callable[[Any], None]


def _nobody(data: Any) -> None:
    """Nobody listens."""


class Target(Protocol):
    """`run_id` is the recorded run that a leg begun by this request belongs to; `seen` is told the data of each event
    of a stream as it comes."""

    def ask(self, request: Request, run_id: str | None = None, seen: Seen = _nobody) -> Answer: ...

    def close(self) -> None: ...


class ServiceTarget:
    """A service in this process, asked as its doors ask it."""

    def __init__(self, service: Service, key: str = "") -> None:
        self._service = service
        self._identity = {"authorization": f"Bearer {key}"} if key else {}

    def ask(self, request: Request, run_id: str | None = None, seen: Seen = _nobody) -> Answer:
        told = {**self._identity, **({RUN_HEADER: run_id} if run_id else {})}
        began = time.monotonic()
        call = Call(
            request.method,
            request.path,
            request.query,
            {**BETA, **_sent(request), **told},
            _body(request),
            Credential(told),
        )
        reply = self._service.call(call)
        headers = _kept(dict(reply.headers))
        if reply.stream is None:
            return Answer(reply.status, headers, _parsed(reply.body), seconds=time.monotonic() - began)
        events = tuple(_events(reply.stream, began, seen))
        return Answer(reply.status, headers, events=events, seconds=time.monotonic() - began)

    def close(self) -> None:
        self._service.close()


class ServerTarget:
    """Any server that speaks the old API, by its base URL."""

    def __init__(self, base_url: str, key: str = "") -> None:
        module = family.installed()
        identity = {"authorization": f"Bearer {key}"} if key else {}
        self._client = module.Client(base_url=base_url.rstrip("/"), headers=identity, timeout=TIMEOUT)

    def ask(self, request: Request, run_id: str | None = None, seen: Seen = _nobody) -> Answer:
        query = f"?{urlencode(request.query)}" if request.query else ""
        headers = {"content-type": "application/json", **BETA, **_sent(request)}
        began = time.monotonic()
        asked = {"content": _body(request), "headers": headers}
        with self._client.stream(request.method, quote(request.path.lstrip("/")) + query, **asked) as response:
            kept = _kept(response.headers)
            if kept.get("content-type", "").startswith("text/event-stream"):
                events = tuple(_events(response.iter_bytes(), began, seen))
                return Answer(response.status_code, kept, events=events, seconds=time.monotonic() - began)
            body = _parsed(response.read())
            return Answer(response.status_code, kept, body, seconds=time.monotonic() - began)

    def close(self) -> None:
        self._client.close()


def _sent(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name in SENT}


def _kept(headers: Mapping[str, str]) -> dict[str, Any]:
    return {name.lower(): value for name, value in headers.items() if name.lower() in KEPT}


def _body(request: Request) -> bytes:
    if request.body is None:
        return b""
    is_text = isinstance(request.body, str)
    return request.body.encode("utf-8", "surrogatepass") if is_text else encode_compact(request.body)


def _parsed(body: bytes) -> Any:
    try:
        return read_json(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")


def _events(pieces: Iterable[bytes], began: float, seen: Seen) -> Iterator[Event]:
    decoder = sse.Decoder()
    for piece in pieces:
        at = time.monotonic() - began
        for event in decoder.feed(piece):
            yield _event(event, at, seen)
    for event in decoder.end():
        yield _event(event, time.monotonic() - began, seen)


def _event(event: sse.ServerSentEvent, at: float, seen: Seen) -> Event:
    data = _parsed(event.data)
    seen(data)
    return Event(event.event, data, at)
