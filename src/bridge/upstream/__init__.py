"""The Responses server behind a bridge: one protocol, several upstreams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from bridge.calls import Credential
from bridge.engine.effects import Refused, Resume, Send, Sent
from bridge.errors import BridgeError
from bridge.profiles import Profile
from bridge.records import Object


class UpstreamRefused(BridgeError):
    """The call was answered with an HTTP error, or the server could not be reached; `refused` tells the rest."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


class StreamBroken(BridgeError):
    """The stream ended in the middle: connection reset, timeout, or bytes that are no events."""


class UpstreamStream(Protocol):
    """Decoded `response.*` events of one call. Iterating raises StreamBroken when the stream breaks.

    `close` may be called from any thread, at any moment, more than once; it stops the generation (the connection is
    shut down) and makes a blocked iteration end.
    """

    def __iter__(self) -> Iterator[Object]: ...

    def close(self) -> None: ...


class AsyncUpstreamStream(Protocol):
    """The same for one event loop; `aclose` may be called more than once, from that loop."""

    def __aiter__(self) -> AsyncIterator[Object]: ...

    async def aclose(self) -> None: ...


class UpstreamBytes(Protocol):
    """The body of an answer that is no JSON, piece by piece. Iterating raises StreamBroken when it breaks off.
    `media_type` is the server's, without parameters; `close` may be called more than once, at any time."""

    media_type: str | None

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class AsyncUpstreamBytes(Protocol):
    """The same for one event loop."""

    media_type: str | None

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None: ...


class Upstream(Protocol):
    """A Responses server. `request` is the JSON body, with ``stream: true`` in it.

    `open` returns when the answer has begun and raises UpstreamRefused when it is an error; `resume` does so for a
    background response that was left. `fetch` is a GET whose body is bytes. `name` is what runs remember: the base URL
    without credentials, or ``scripted``; `profile` is what the server can do.
    """

    name: str
    profile: Profile

    def open(self, request: Object, credential: Credential) -> UpstreamStream: ...

    async def aopen(self, request: Object, credential: Credential) -> AsyncUpstreamStream: ...

    def resume(self, resume: Resume, credential: Credential) -> UpstreamStream: ...

    async def aresume(self, resume: Resume, credential: Credential) -> AsyncUpstreamStream: ...

    def fetch(self, path: str, credential: Credential) -> UpstreamBytes: ...

    async def afetch(self, path: str, credential: Credential) -> AsyncUpstreamBytes: ...

    def send(self, effect: Send, credential: Credential) -> Sent: ...

    async def asend(self, effect: Send, credential: Credential) -> Sent: ...

    def close(self) -> None: ...
