"""Small canned answers, for calls that only pass through a bridge, and the models there are."""

from __future__ import annotations

from typing import Final

from bridge.records import Object
from bridge.upstream.scripted.checks import check_count
from bridge.upstream.scripted.refusals import missing, refusal
from bridge.upstream.scripted.responses import count_tokens

MODELS: Final = ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "o4-mini", "gpt-5", "gpt-5-mini")


def input_tokens(body: Object) -> Object:
    check_count(body)
    return {"object": "response.input_tokens", "input_tokens": count_tokens(body)}


def model(name: str) -> Object:
    if name not in MODELS:
        message = f"The model '{name}' does not exist"
        raise refusal(message, "model", "model_not_found", status=404)
    return {"id": name, "object": "model", "created": 1715367049, "owned_by": "system"}


def chat_completion(body: Object, created_at: int) -> Object:
    messages = body.get("messages")
    if not messages:
        raise missing("messages")
    message = {"role": "assistant", "content": "This is a scripted chat completion.", "refusal": None}
    return {
        "id": "chatcmpl-000000000000000000000001",
        "object": "chat.completion",
        "created": created_at,
        "model": body.get("model"),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 8, "completion_tokens": 6, "total_tokens": 14},
    }


def embeddings(body: Object) -> Object:
    given = body.get("input")
    if not given:
        raise missing("input")
    count = len(given) if isinstance(given, list) else 1
    data = [{"object": "embedding", "index": index, "embedding": [0.25, -0.5, 0.75]} for index in range(count)]
    usage = {"prompt_tokens": count, "total_tokens": count}
    return {"object": "list", "data": data, "model": body.get("model"), "usage": usage}
