"""A call as the plan sees it, and the forms that an answer to it may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
from attrs import evolve, field, frozen

from bridge.calls import Call, Reply
from bridge.records import Object, Run
from bridge.routing import renaming
from bridge.routing.plan import Plan
from bridge.upstream.assistants import Answer, Ask, Server
from bridge.wire import render

HEADERS: Final = ("x-", "openai-", "retry-after", "bridge-", "content-type", "cache-control")
"""How the headers of an answer begin that go on to the caller."""


@frozen
class Relayed:
    """A stream of a server to be told to the caller as it comes: about `run`, whose ids at the server are known by then
    or told in it. `opening` is what comes before."""

    answer: Answer
    server: Server
    call: Call
    run: Run
    names: dict[str, str]
    opening: bytes = b""


@frozen
class Preceded:
    """A reply whose stream is told after this."""

    reply: Reply
    opening: bytes


Outcome = Reply | Relayed | Preceded


@frozen
class Asked:
    """A call of ours as the plan sees it: `path` is the endpoint's template, `names` the ids in it."""

    plan: Plan
    call: Call
    path: str = ""
    names: Mapping[str, str] = field(factory=dict)

    @property
    def body(self) -> Object:
        """What was sent; empty where nothing was."""
        return read(self.call.body) or {}


def read(body: bytes) -> Object | None:
    """The JSON object of a body, empty where there is no body. None: it is no object."""
    try:
        found = orjson.loads(body) if body else {}
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def as_it_came(asked: Asked, server: Server, path: str, body: Object | None = None, streams: bool = False) -> Ask:
    """The call for a server, with the ids that it knows in the path."""
    sent = body if body is not None else (asked.body if asked.call.body else None)
    return Ask(server, asked.call.method, path, asked.call, sent, dict(asked.call.query), streams)


def changed(call: Call, path: str, body: Object | None, method: str = "POST") -> Call:
    return evolve(call, method=method, path=path, query=(), body=b"" if body is None else orjson.dumps(body))


def reply(answer: Answer, names: Mapping[str, str]) -> Reply:
    """An answer of a server, in the ids that the caller knows."""
    headers = headers_of(answer)
    body = answer.object()
    if not body:
        return Reply(answer.status, headers, answer.body)
    told = renaming.error(body, names) if not answer.is_ok else renaming.renamed(body, names)
    return Reply(answer.status, headers, render.encode_pretty(told))


def headers_of(answer: Answer) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in answer.headers if name.startswith(HEADERS))
