"""Threads of a store as Conversations upstream: made once, and brought up to date by every further try.

The store remembers each thread's conversation (engine/mirror.py), so what was interrupted is gone on with, and nothing
is sent twice. What native code added to a conversation meanwhile comes into its thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import orjson
from attrs import frozen

from bridge.calls import Answering, Call, Credential
from bridge.wire import paths

JSON: Final = {"content-type": "application/json"}
STOPS: Final = (401, 403, 503)
"""Statuses that every further thread would get as well: a wrong key, a server that cannot be reached."""

UNSUPPORTED: Final = "unsupported_parameter"
"""The code of a server that has no conversations."""


@frozen
class Moved:
    """What became of one thread: its conversation, or why it has none. `is_last`: no further one will do better."""

    thread_id: str
    conversation_id: str | None = None
    sent: int = 0
    received: int = 0
    reason: str = ""
    is_last: bool = False


def move(service: Answering, thread_ids: Iterable[str], credential: Credential) -> Iterator[Moved]:
    """One thread after the other; one that fails does not keep the others back, unless they would fail the same way."""
    for thread_id in thread_ids:
        moved = _move(service, thread_id, credential)
        yield moved
        if moved.is_last:
            return


def _move(service: Answering, thread_id: str, credential: Credential) -> Moved:
    path = paths.of("threads", thread_id, "conversation")
    reply = service.call(Call("POST", path, headers={**JSON, **credential.headers}, body=b"{}", credential=credential))
    body = orjson.loads(reply.body)
    if reply.status >= 400:
        error = body["error"]
        is_last = reply.status in STOPS or error.get("code") == UNSUPPORTED
        return Moved(thread_id, reason=error["message"], is_last=is_last)
    return Moved(thread_id, body["id"], body["sent"], body["received"])
