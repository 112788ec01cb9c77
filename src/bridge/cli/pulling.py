"""Assistants of a server that still speaks the Assistants API, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from bridge.errors import BridgeError
from bridge.records import Object
from bridge.wire import paths

PAGE: Final = 100
BETA: Final = {"OpenAI-Beta": "assistants=v2"}


class Unanswered(BridgeError):
    """The server could not be asked, or its answer is none of this API."""


def pull(base_url: str, key: str | None, only: Sequence[str] = ()) -> Iterator[Object]:
    """The objects of all assistants, the oldest first, or of those that `only` names. Raises Unanswered.

    Through the openai package: its retries, its timeouts, and proxies of the environment.
    """
    import openai

    from bridge.upstream.plain import PlainOpenAI

    with PlainOpenAI(base_url=base_url, api_key=key or "none") as client:
        try:
            yield from (_get(client, paths.of("assistants", id)) for id in only) if only else _pages(client)
        except openai.OpenAIError as error:
            raise Unanswered(f"{base_url} did not answer: {error}") from error


def _pages(client: Any) -> Iterator[Object]:
    after: dict[str, str] = {}
    while True:
        page = _get(client, "/assistants", {"limit": str(PAGE), "order": "asc", **after})
        found = page.get("data")
        if not isinstance(found, list):
            raise Unanswered(f"{client.base_url} answered no list of assistants: is it the base URL of an API?")
        yield from found
        if not page.get("has_more") or not found:
            return
        after = {"after": str(page.get("last_id") or found[-1].get("id"))}


def _get(client: Any, path: str, query: dict[str, str] | None = None) -> Object:
    answer = client.get(path, cast_to=object, options={"params": query or {}, "headers": BETA})
    if not isinstance(answer, dict):
        raise Unanswered(f"{client.base_url} answered no JSON object: is it the base URL of an API?")
    return answer
