"""The other endpoints: token counts, models, and small canned answers for calls that only pass through a bridge."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from bridge.engine.effects import Send, Sent
from bridge.records import Object
from bridge.upstream.scripted.checks import check_count
from bridge.upstream.scripted.refusals import missing, refusal
from bridge.upstream.scripted.responses import count_tokens

MODELS: Final = ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "o4-mini", "gpt-5", "gpt-5-mini")


class Endpoints:
    """Keeps the files it was given, without their bytes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._files: dict[str, Object] = {}
        self._lock = threading.Lock()

    def answer(self, effect: Send) -> Sent:
        """Raises UpstreamRefused: 404 for what this server does not have."""
        kind, _, id = effect.path.strip("/").partition("/")
        table: dict[tuple[str, str], Callable[[Object], Object]] = {
            ("POST", "responses/input_tokens"): self.input_tokens,
            ("POST", "chat/completions"): self.chat_completion,
            ("POST", "embeddings"): self.embeddings,
            ("POST", "files"): self.add_file,
            ("GET", "files"): lambda _: listing(list(self._files.values())),
            ("GET", "models"): lambda _: listing([self.model(name) for name in MODELS]),
        }
        named = table.get((effect.method, effect.path.strip("/")))
        if named is not None:
            return Sent(200, named(effect.body or {}))
        if kind == "files" and effect.method in ("GET", "DELETE"):
            return Sent(200, self.file(effect.method, id))
        if kind == "models" and effect.method == "GET":
            return Sent(200, self.model(id))
        raise refusal(f"Invalid URL ({effect.method} /v1{effect.path})", status=404)

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

    def add_file(self, body: Object) -> Object:
        """`body` holds filename, bytes (their number) and purpose."""
        with self._lock:
            id = f"file-{len(self._files) + 1:022d}"
            self._files[id] = {
                "object": "file",
                "id": id,
                "purpose": body.get("purpose", "assistants"),
                "filename": body.get("filename", "file"),
                "bytes": body.get("bytes", 0),
                "created_at": int(self._clock()),
                "expires_at": None,
                "status": "processed",
                "status_details": None,
            }
            return self._files[id]

    def file(self, method: str, id: str) -> Object:
        with self._lock:
            if id not in self._files:
                raise refusal(f"No such File object: {id}", "id", status=404)
            if method == "GET":
                return self._files[id]
            del self._files[id]
        return {"object": "file", "id": id, "deleted": True}


def listing(data: list[Object]) -> Object:
    return {"object": "list", "data": data, "has_more": False}
