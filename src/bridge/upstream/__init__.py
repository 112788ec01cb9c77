"""The Responses server behind a bridge: one protocol, several upstreams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from bridge.calls import Credential
from bridge.engine.effects import Refused, Send, Sent
from bridge.errors import BridgeError
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


class Upstream(Protocol):
    """A Responses server. `request` is the JSON body, with ``stream: true`` in it.

    `open` returns when the answer has begun and raises UpstreamRefused when it is an error. `name` is what runs
    remember: the base URL without credentials, or ``scripted``.
    """

    name: str

    def open(self, request: Object, credential: Credential) -> UpstreamStream: ...

    async def aopen(self, request: Object, credential: Credential) -> AsyncUpstreamStream: ...

    def send(self, effect: Send, credential: Credential) -> Sent: ...

    async def asend(self, effect: Send, credential: Credential) -> Sent: ...

    def close(self) -> None: ...
