"""What the flows of routing may ask for beyond the effects of the engine.

Ask      a call to another server. Answer: Answer, or Refused where none came
Within   a call to the service within. Answer: Reply
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar

from attrs import frozen

from bridge import errors
from bridge.calls import Call, Reply
from bridge.engine.effects import Page, Refused, page
from bridge.records import Counterpart, Object
from bridge.translate import loose
from bridge.upstream.assistants import Answer, Ask, Server

T = TypeVar("T")
Errand: TypeAlias = Generator[Any, Any, T]
"""A flow of routing: it yields effects of the engine, Ask, and Within."""


@frozen
class Within:
    """The call as bridge itself answers it. Answer: Reply."""

    call: Call


def within(call: Call) -> Errand[Reply]:
    answer: Reply = yield Within(call)
    return answer


def ask(effect: Ask) -> Errand[Answer]:
    """The answer, HTTP errors among them. Raises APIError (503) where the server is silent."""
    answer: Answer | Refused = yield effect
    if isinstance(answer, Refused):
        raise errors.server_silent(effect.server.name, answer.message)
    return answer


def fetch(effect: Ask) -> Errand[Object | None]:
    """The object that a server answers, None where it has none (404). Raises APIError for other errors."""
    answer = yield from ask(effect)
    if answer.status == 404:
        return None
    if not answer.is_ok:
        raise refused(answer)
    return answer.object()


def listed(server: Server, path: str, call: Call, after: str | None = None) -> Errand[list[Object]]:
    """The whole list at a server, oldest first, behind `after`. None of it where the server does not know the list.
    Where `after` is not known any more, from the beginning. Raises APIError."""
    found: list[Object] = []
    cursor = after
    while True:
        query = {"order": "asc", "limit": "100", **({} if cursor is None else {"after": cursor})}
        answer = yield from ask(Ask(server, "GET", path, call, query=query))
        if answer.status in (400, 404) and cursor is not None and cursor == after:
            return (yield from listed(server, path, call))
        if answer.status == 404:
            return found
        if not answer.is_ok:
            raise refused(answer)
        body = answer.object()
        entries = loose.objects(body, "data")
        found += entries
        if not body.get("has_more") or not entries:
            return found
        cursor = loose.text(entries[-1], "id")


def counterparts(server: Server, thread_id: str) -> Errand[dict[str, Counterpart]]:
    """What is known of the thread at a server, by the ids here."""
    found: dict[str, Counterpart] = {}
    after: str | None = None
    prefix = Counterpart.at(server.name, "")
    while True:
        some = yield from page(Page(Counterpart, thread_id, limit=1000, order="asc", after=after))
        found.update({one.id.removeprefix(prefix): one for one in some.records if one.id.startswith(prefix)})
        if not some.has_more:
            return found
        after = some.records[-1].id


def refused(answer: Answer) -> errors.APIError:
    """What a server said of a call that the caller's call needed: its own words."""
    return errors.upstream_refused(answer.status, loose.object(answer.object(), "error") or {})
