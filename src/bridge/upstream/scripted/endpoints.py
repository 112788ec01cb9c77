"""The other endpoints: what hosted tools work with, token counts, models, canned answers for what passes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bridge.engine.effects import Send, Sent
from bridge.records import Object
from bridge.upstream.scripted.background import Recordings
from bridge.upstream.scripted.checks import check_count
from bridge.upstream.scripted.hosted import Hosted
from bridge.upstream.scripted.refusals import missing, refusal
from bridge.upstream.scripted.responses import count_tokens

MODELS: Final = ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "o4-mini", "gpt-5", "gpt-5-mini")


class Endpoints:
    """Everything but POST /responses. With the quirk no_containers there are no containers to be asked for."""

    def __init__(
        self, clock: Callable[[], float], hosted: Hosted, background: Recordings, quirks: frozenset[str]
    ) -> None:
        self._clock, self._hosted, self._background, self._quirks = clock, hosted, background, quirks

    def answer(self, effect: Send) -> Sent:
        """Raises UpstreamRefused: 404 for what this server does not have."""
        path, body = effect.path.strip("/"), effect.body or {}
        table: dict[tuple[str, str], Callable[[Object], Object]] = {
            ("POST", "responses/input_tokens"): self.input_tokens,
            ("POST", "chat/completions"): self.chat_completion,
            ("POST", "embeddings"): self.embeddings,
            ("GET", "models"): lambda _: listing([self.model(name) for name in MODELS]),
        }
        named = table.get((effect.method, path))
        if named is not None:
            return Sent(200, named(body))
        kind, *ids = path.split("/")
        groups: dict[str, Callable[[Send, list[str]], Object | None]] = {
            "files": self.files,
            "vector_stores": self.vector_stores,
            "containers": self.containers,
            "responses": self.responses,
            "models": lambda effect, ids: self.model("/".join(ids)) if effect.method == "GET" else None,
        }
        found = groups[kind](effect, ids) if kind in groups else None
        if found is None:
            raise refusal(f"Invalid URL ({effect.method} /v1{effect.path})", status=404)
        return Sent(200, found)

    def content(self, path: str) -> bytes:
        """The bytes behind ``/files/{id}/content`` and ``/containers/{id}/files/{id}/content``."""
        parts = path.strip("/").split("/")
        if parts[0] == "files" and len(parts) == 3 and parts[2] == "content":
            return self._hosted.file(parts[1]).content
        if parts[0] == "containers" and len(parts) == 5 and parts[4] == "content" and self._has_containers:
            return self._hosted.container_file(parts[1], parts[3]).content
        raise refusal(f"Invalid URL (GET /v1{path})", status=404)

    @property
    def _has_containers(self) -> bool:
        return "no_containers" not in self._quirks

    # --- what is hosted; None: there is no such URL

    def files(self, effect: Send, ids: list[str]) -> Object | None:
        hosted, upload = self._hosted, effect.upload
        if (effect.method, len(ids)) == ("POST", 0):
            if upload is None:
                raise missing("file")
            purpose = (effect.body or {}).get("purpose", "assistants")
            return hosted.add_file(upload.filename, upload.content, purpose)
        if (effect.method, len(ids)) == ("GET", 0):
            return listing([file.shown for file in hosted.files.values()])
        table: dict[str, Callable[[], Object]] = {
            "GET": lambda: hosted.file(ids[0]).shown,
            "DELETE": lambda: hosted.delete_file(ids[0]),
        }
        return table[effect.method]() if len(ids) == 1 and effect.method in table else None

    def vector_stores(self, effect: Send, ids: list[str]) -> Object | None:
        hosted, body, rest = self._hosted, effect.body or {}, ids[1:]
        table: dict[tuple[str, int], Callable[[], Object]] = {
            ("POST", 0): lambda: hosted.add_store(body),
            ("GET", 0): lambda: listing([hosted.store(id) for id in hosted.stores]),
            ("GET", 1): lambda: hosted.store(ids[0]),
            ("POST", 1): lambda: hosted.change_store(ids[0], body),
            ("DELETE", 1): lambda: hosted.delete_store(ids[0]),
            ("POST", 2): lambda: hosted.add_to_store(ids[0], body),
            ("GET", 2): lambda: listing(hosted.store_files(ids[0])),
            ("GET", 3): lambda: hosted.store_file(ids[0], ids[2]),
            ("DELETE", 3): lambda: hosted.remove_from_store(ids[0], ids[2]),
        }
        act = table.get((effect.method, len(ids)))
        return act() if act is not None and rest[:1] in ([], ["files"]) else None

    def containers(self, effect: Send, ids: list[str]) -> Object | None:
        hosted, body, rest = self._hosted, effect.body or {}, ids[1:]
        table: dict[tuple[str, int], Callable[[], Object]] = {
            ("POST", 0): lambda: hosted.show_container(hosted.new_container(body.get("file_ids") or ()).id),
            ("GET", 0): lambda: listing([hosted.show_container(id) for id in hosted.containers]),
            ("GET", 1): lambda: hosted.show_container(ids[0]),
            ("POST", 2): lambda: hosted.add_to_container(ids[0], body.get("file_id") or ""),
            ("GET", 2): lambda: page([file.shown for file in hosted.container(ids[0]).files.values()], effect.query),
            ("GET", 3): lambda: hosted.container_file(ids[0], ids[2]).shown,
        }
        act = table.get((effect.method, len(ids))) if self._has_containers else None
        return act() if act is not None and rest[:1] in ([], ["files"]) else None

    def responses(self, effect: Send, ids: list[str]) -> Object | None:
        is_cancel = effect.method == "POST" and ids[1:] == ["cancel"]
        is_one = effect.method in ("GET", "DELETE") and len(ids) == 1
        return self._background.answer(effect.method, "/".join(ids)) if is_cancel or is_one else None

    # --- canned answers

    def input_tokens(self, body: Object) -> Object:
        check_count(body)
        return {"object": "response.input_tokens", "input_tokens": count_tokens(body)}

    def model(self, name: str) -> Object:
        if name not in MODELS:
            message = f"The model '{name}' does not exist"
            raise refusal(message, "model", "model_not_found", status=404)
        return {"id": name, "object": "model", "created": 1715367049, "owned_by": "system"}

    def chat_completion(self, body: Object) -> Object:
        messages = body.get("messages")
        if not messages:
            raise missing("messages")
        message = {"role": "assistant", "content": "This is a scripted chat completion.", "refusal": None}
        return {
            "id": "chatcmpl-000000000000000000000001",
            "object": "chat.completion",
            "created": int(self._clock()),
            "model": body.get("model"),
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 8, "completion_tokens": 6, "total_tokens": 14},
        }

    def embeddings(self, body: Object) -> Object:
        given = body.get("input")
        if not given:
            raise missing("input")
        count = len(given) if isinstance(given, list) else 1
        data = [{"object": "embedding", "index": index, "embedding": [0.25, -0.5, 0.75]} for index in range(count)]
        usage = {"prompt_tokens": count, "total_tokens": count}
        return {"object": "list", "data": data, "model": body.get("model"), "usage": usage}


def page(data: list[Object], query: Mapping[str, str]) -> Object:
    """A page of a list, newest first unless asked otherwise (limit, order, after)."""
    ordered = data if query.get("order") == "asc" else data[::-1]
    ids = [each["id"] for each in ordered]
    start = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
    limit = int(query.get("limit") or 20)
    return {**listing(ordered[start : start + limit]), "has_more": start + limit < len(ordered)}


def listing(data: list[Object]) -> Object:
    return {"object": "list", "data": data, "has_more": False}
