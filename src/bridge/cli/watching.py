"""An upstream that notes what it is asked, and what comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from bridge.calls import Credential
from bridge.engine.effects import Refused, Resume, Send, Sent
from bridge.profiles import Profile
from bridge.records import Object
from bridge.upstream import (
    AsyncUpstreamBytes,
    AsyncUpstreamStream,
    Upstream,
    UpstreamBytes,
    UpstreamRefused,
    UpstreamStream,
)

FINAL: Final = ("response.completed", "response.incomplete", "response.failed")

MADE_UP: Final = Sent(200, {"id": "id-of-what-it-made", "status": "completed", "input_tokens": 0})
"""What is answered by nobody to calls that make a file or a vector store."""


class Watched:
    """Implements bridge.upstream.Upstream over another one; without one, responses are refused once they are noted, and
    other calls are answered with an id that says so.

    `requests` are the bodies of POST /responses in order, `responses` the response objects that ended their streams,
    `sent` the other calls.
    """

    def __init__(self, upstream: Upstream | None = None, profile: Profile | None = None) -> None:
        self.name = "nowhere" if upstream is None else upstream.name
        self.profile = profile or (Profile() if upstream is None else upstream.profile)
        self.requests: list[Object] = []
        self.responses: list[Object] = []
        self.sent: list[Send] = []
        self._upstream = upstream

    def open(self, request: Object, credential: Credential) -> UpstreamStream:
        return _Stream(self._noted(request).open(request, credential), self.responses)

    async def aopen(self, request: Object, credential: Credential) -> AsyncUpstreamStream:
        return _AsyncStream(await self._noted(request).aopen(request, credential), self.responses)

    def resume(self, resume: Resume, credential: Credential) -> UpstreamStream:
        return _Stream(self._asked().resume(resume, credential), self.responses)

    async def aresume(self, resume: Resume, credential: Credential) -> AsyncUpstreamStream:
        return _AsyncStream(await self._asked().aresume(resume, credential), self.responses)

    def fetch(self, path: str, credential: Credential) -> UpstreamBytes:
        return self._asked().fetch(path, credential)

    async def afetch(self, path: str, credential: Credential) -> AsyncUpstreamBytes:
        return await self._asked().afetch(path, credential)

    def send(self, effect: Send, credential: Credential) -> Sent:
        self.sent.append(effect)
        return MADE_UP if self._upstream is None else self._upstream.send(effect, credential)

    async def asend(self, effect: Send, credential: Credential) -> Sent:
        self.sent.append(effect)
        return MADE_UP if self._upstream is None else await self._upstream.asend(effect, credential)

    def close(self) -> None:
        if self._upstream is not None:
            self._upstream.close()

    def _noted(self, request: Object) -> Upstream:
        self.requests.append(request)
        return self._asked()

    def _asked(self) -> Upstream:
        if self._upstream is None:
            raise UpstreamRefused(Refused(0, "noted, and sent nowhere"))
        return self._upstream


class _Stream:
    def __init__(self, stream: UpstreamStream, responses: list[Object]) -> None:
        self._stream, self._responses = stream, responses
        self.close = stream.close

    def __iter__(self) -> Iterator[Any]:
        for event in self._stream:
            _note(event, self._responses)
            yield event


class _AsyncStream:
    def __init__(self, stream: AsyncUpstreamStream, responses: list[Object]) -> None:
        self._stream, self._responses = stream, responses
        self.aclose = stream.aclose

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for event in self._stream:
            _note(event, self._responses)
            yield event


def _note(event: Object, responses: list[Object]) -> None:
    if event.get("type") in FINAL:
        responses.append(event["response"])
