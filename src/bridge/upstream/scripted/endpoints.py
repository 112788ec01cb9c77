"""Every endpoint but POST /responses, read like a table of contents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import unquote

from attrs import frozen

from bridge.engine.effects import Refused, Send
from bridge.records import Object
from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted import canned
from bridge.upstream.scripted.conversations import Conversations
from bridge.upstream.scripted.hosted import Hosted
from bridge.upstream.scripted.refusals import invalid_value, missing, out_of_range, refusal
from bridge.upstream.scripted.stored import StoredResponses

Answer: TypeAlias = Object | bytes

MOST_FILES: Final = 10_000
"""On a page of GET /files."""


@frozen
class Asked:
    """A call and what it is asked of. `ids` are the variable parts of its path."""

    effect: Send
    ids: tuple[str, ...]
    hosted: Hosted
    stored: StoredResponses
    conversations: Conversations
    clock: Callable[[], float]

    @property
    def body(self) -> Object:
        return self.effect.body or {}


def response(asked: Asked) -> Object:
    if asked.effect.query.get("stream") == "true":
        raise UpstreamRefused(Refused(0, "The upstream answered something that is no JSON object."))
    return asked.stored.show(*asked.ids)


def upload(asked: Asked) -> Object:
    file, purpose = asked.effect.upload, asked.body.get("purpose")
    for name, given in (("file", file), ("purpose", purpose)):
        if given is None:
            raise missing(name)
    assert file is not None
    return asked.hosted.add_file(file.filename, file.content, str(purpose))


def files(asked: Asked) -> Object:
    purpose = asked.effect.query.get("purpose")
    shown = [file.shown for file in asked.hosted.files.values()]
    return page(
        [file for file in shown if purpose in (None, file["purpose"])],
        asked.effect.query,
        usual=MOST_FILES,
        most=MOST_FILES,
    )


def store_files(asked: Asked) -> Object:
    return filtered(asked, asked.hosted.stores.files(*asked.ids))


def batch_files(asked: Asked) -> Object:
    return filtered(asked, asked.hosted.batches.files(*asked.ids))


def filtered(asked: Asked, found: list[Object]) -> Object:
    status = asked.effect.query.get("filter")
    return page([file for file in found if status in (None, file["status"])], asked.effect.query)


def containers(asked: Asked) -> Object:
    return page([asked.hosted.show_container(id) for id in asked.hosted.containers], asked.effect.query)


def container_files(asked: Asked) -> Object:
    found = asked.hosted.container(asked.ids[0]).files.values()
    return page([file.shown for file in found], asked.effect.query)


def counted(asked: Asked) -> Object:
    return canned.input_tokens(asked.conversations.continued(asked.stored.continued(asked.body)))


def items(asked: Asked) -> Object:
    return page(asked.conversations.listed(asked.ids[0], asked.effect.query), asked.effect.query)


ROUTES: Final[dict[tuple[str, str], Callable[[Asked], Answer]]] = {
    ("POST", "responses/input_tokens"): counted,
    ("GET", "responses/*"): response,
    ("DELETE", "responses/*"): lambda asked: asked.stored.delete(*asked.ids),
    ("POST", "responses/*/cancel"): lambda asked: asked.stored.cancel(*asked.ids),
    #
    ("POST", "files"): upload,
    ("GET", "files"): files,
    ("GET", "files/*"): lambda asked: asked.hosted.file(*asked.ids).shown,
    ("GET", "files/*/content"): lambda asked: asked.hosted.content(*asked.ids),
    ("DELETE", "files/*"): lambda asked: asked.hosted.delete_file(*asked.ids),
    #
    ("POST", "vector_stores"): lambda asked: asked.hosted.stores.create(asked.body),
    ("GET", "vector_stores"): lambda asked: page(asked.hosted.stores.all(), asked.effect.query),
    ("GET", "vector_stores/*"): lambda asked: asked.hosted.stores.show(*asked.ids),
    ("POST", "vector_stores/*"): lambda asked: asked.hosted.stores.change(asked.ids[0], asked.body),
    ("DELETE", "vector_stores/*"): lambda asked: asked.hosted.stores.delete(*asked.ids),
    ("POST", "vector_stores/*/files"): lambda asked: asked.hosted.stores.add(asked.ids[0], asked.body),
    ("GET", "vector_stores/*/files"): store_files,
    ("GET", "vector_stores/*/files/*"): lambda asked: asked.hosted.stores.file(*asked.ids),
    ("DELETE", "vector_stores/*/files/*"): lambda asked: asked.hosted.stores.remove(*asked.ids),
    ("POST", "vector_stores/*/file_batches"): lambda asked: asked.hosted.batches.create(asked.ids[0], asked.body),
    ("GET", "vector_stores/*/file_batches/*"): lambda asked: asked.hosted.batches.show(*asked.ids),
    ("GET", "vector_stores/*/file_batches/*/files"): batch_files,
    #
    ("POST", "containers"): lambda asked: asked.hosted.create_container(asked.body),
    ("GET", "containers"): containers,
    ("GET", "containers/*"): lambda asked: asked.hosted.show_container(*asked.ids),
    ("DELETE", "containers/*"): lambda asked: asked.hosted.delete_container(*asked.ids),
    ("POST", "containers/*/files"): lambda asked: asked.hosted.add_to_container(asked.ids[0], asked.body),
    ("GET", "containers/*/files"): container_files,
    ("GET", "containers/*/files/*"): lambda asked: asked.hosted.container_file(*asked.ids).shown,
    ("GET", "containers/*/files/*/content"): lambda asked: asked.hosted.container_file(*asked.ids).content,
    #
    ("POST", "conversations"): lambda asked: asked.conversations.create(asked.body),
    ("GET", "conversations/*"): lambda asked: asked.conversations.show(*asked.ids),
    ("POST", "conversations/*"): lambda asked: asked.conversations.change(asked.ids[0], asked.body),
    ("DELETE", "conversations/*"): lambda asked: asked.conversations.delete(*asked.ids),
    ("POST", "conversations/*/items"): lambda asked: asked.conversations.add(asked.ids[0], asked.body),
    ("GET", "conversations/*/items"): items,
    ("GET", "conversations/*/items/*"): lambda asked: asked.conversations.item(*asked.ids),
    ("DELETE", "conversations/*/items/*"): lambda asked: asked.conversations.remove(*asked.ids),
    #
    ("GET", "models"): lambda asked: page([canned.model(name) for name in canned.MODELS], {"order": "asc"}),
    ("GET", "models/*"): lambda asked: canned.model(*asked.ids),
    ("POST", "chat/completions"): lambda asked: canned.chat_completion(asked.body, int(asked.clock())),
    ("POST", "embeddings"): lambda asked: canned.embeddings(asked.body),
}
"""A star is one part of the path, without its percent-encoding."""


class Endpoints:
    """With the quirks no_containers and no_conversations there are none to be asked for."""

    def __init__(
        self,
        clock: Callable[[], float],
        hosted: Hosted,
        stored: StoredResponses,
        conversations: Conversations,
        quirks: frozenset[str],
    ) -> None:
        self._clock, self._hosted, self._stored, self._conversations = clock, hosted, stored, conversations
        self._missing = {name for name in ("containers", "conversations") if f"no_{name}" in quirks}

    def answer(self, effect: Send) -> Answer:
        """JSON, or the bytes of a file. Raises UpstreamRefused: 404 for what this server does not have."""
        parts = effect.path.strip("/").split("/")
        for (method, pattern), act in ROUTES.items():
            ids = match(pattern, parts)
            if method == effect.method and ids is not None and parts[0] not in self._missing:
                with self._hosted.lock:
                    return act(Asked(effect, ids, self._hosted, self._stored, self._conversations, self._clock))
        raise refusal(f"Invalid URL ({effect.method} /v1{effect.path})", status=404)


def match(pattern: str, parts: list[str]) -> tuple[str, ...] | None:
    """The parts that stand for the stars, or None where the pattern is of another path."""
    wanted = pattern.split("/")
    if len(wanted) != len(parts) or any(part not in ("*", given) for part, given in zip(wanted, parts, strict=True)):
        return None
    return tuple(unquote(given) for part, given in zip(wanted, parts, strict=True) if part == "*")


def page(data: list[Object], query: Mapping[str, str], *, usual: int = 20, most: int = 100) -> Object:
    """A page of a list, newest first unless asked otherwise (limit, order, after, before)."""
    limit, order = query.get("limit", str(usual)), query.get("order", "desc")
    if not limit.isdecimal() or not 1 <= int(limit) <= most:
        raise out_of_range("limit", "integer", None, most, limit)
    if order not in ("asc", "desc"):
        raise invalid_value("order", order, ("asc", "desc"))
    ordered = data if order == "asc" else data[::-1]
    ids = [each["id"] for each in ordered]
    start = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
    end = ids.index(query["before"]) if query.get("before") in ids else len(ids)
    found = ordered[start:end][: int(limit)]
    edges = {"first_id": found[0]["id"], "last_id": found[-1]["id"]} if found else {"first_id": None, "last_id": None}
    return {"object": "list", "data": found, **edges, "has_more": start + len(found) < end}
