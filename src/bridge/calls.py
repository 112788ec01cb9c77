"""A call as every door hands it in, and the reply every door sends out: HTTP without a server or a client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from hashlib import sha256
from typing import Protocol

from attrs import field, frozen


@frozen
class Credential:
    """What the upstream is to be told about who asks. Never stored, never logged.

    `headers` are sent with each upstream call of the run (Authorization, organisation, project, the caller's own
    default headers). `fingerprint` is what a run remembers of it (design §3).
    """

    headers: Mapping[str, str] = field(factory=dict, repr=False)

    @property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the SHA-256 of the secrets; empty when there are none."""
        secrets = [self.headers.get(name, "") for name in ("authorization", "api-key")]
        return sha256("\n".join(secrets).encode()).hexdigest()[:16] if any(secrets) else ""


@frozen
class Call:
    """One request. `path` is relative to the API root (``/threads/thread_x/runs``); header names are lower case.

    `read_timeout` is how long the caller waits for the first byte, in seconds, when known.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    credential: Credential = field(factory=Credential)
    read_timeout: float | None = None


class ReplyStream(Protocol):
    """The bytes of an answer as they come: a `text/event-stream` frame by frame, a file piece by piece. Leaving early
    (`close`, on an event loop `aclose`) ends no run.

    Iterating raises TimeoutError after `patience` seconds without an event, None waits as long as the run goes on; and
    BridgeError where a file breaks off.
    """

    patience: float | None

    def __iter__(self) -> Iterator[bytes]: ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


@frozen
class Reply:
    """One answer: `body` whole, or `stream` when it comes in pieces."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    stream: ReplyStream | None = None


class Answering(Protocol):
    """What a door needs of the service: whether a call is ours, and the answer to it, sync and async."""

    def owns(self, method: str, path: str) -> bool:
        """Whether this path is ours (assistants and threads); all else passes through untouched."""
        ...

    def call(self, call: Call) -> Reply: ...

    async def acall(self, call: Call) -> Reply: ...

    def close(self) -> None: ...
