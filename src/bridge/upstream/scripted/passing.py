"""Calls of an offline client that are no Assistants calls (files, vector stores …), answered without a server."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson
from attrs import field, frozen

from bridge.calls import Credential
from bridge.engine.effects import Sent
from bridge.upstream import Upstream, UpstreamRefused, UpstreamStream
from bridge.upstream.scripted.asgi import effect_of, resumed
from bridge.upstream.scripted.refusals import envelope
from bridge.wire import azure

BYTES: Final = "application/octet-stream"
NOBODY: Final = Credential()
ROOTS: Final = re.compile(rf"^.*?({azure.RESPONSES_ROOT}|{azure.ROOT}/deployments/[^/]+|{azure.ROOT}|/v1)(?=/)")


@frozen
class Passed:
    """An answer. `media_type` is that of `content`."""

    status: int
    media_type: str
    content: bytes
    headers: dict[str, str] = field(factory=dict)


def answer(scripted: Upstream, request: Any) -> Passed:
    """What the offline server says to a request of httpx or httpx2. Waits of a script are waited here."""
    path = ROOTS.sub("", request.url.path)
    try:
        if request.method == "GET" and path.endswith("/content"):
            body = scripted.fetch(path, NOBODY)
            return Passed(200, body.media_type or BYTES, b"".join(body))
        kind, query = request.headers.get("content-type", ""), dict(request.url.params)
        query.pop(azure.API_VERSION, None)
        effect = effect_of(request.method, path, query, kind, request.content)
        if path == "/responses" and (effect.body or {}).get("stream"):
            return _streamed(scripted.open(effect.body or {}, NOBODY))
        if request.method == "GET" and path.startswith("/responses/") and query.get("stream") == "true":
            return _streamed(scripted.resume(resumed(path, query), NOBODY))
        return _json(scripted.send(effect, NOBODY))
    except UpstreamRefused as error:
        after = error.refused.retry_after
        return _json(
            Sent(error.refused.status, envelope(error.refused)), {"retry-after": f"{after:g}"} if after else {}
        )


def _json(sent: Sent, headers: dict[str, str] | None = None) -> Passed:
    return Passed(sent.status, "application/json", orjson.dumps(sent.body), headers or {})


def _streamed(stream: UpstreamStream) -> Passed:
    frames = (b"event: " + event["type"].encode() + b"\ndata: " + orjson.dumps(event) + b"\n\n" for event in stream)
    return Passed(200, "text/event-stream", b"".join(frames))
