"""What a tape takes for granted: assistants and threads that were there before it began, and how they are made for the
candidate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bridge.diff.replay.conversation import Conversation
from bridge.diff.tape import Exchange, Object, Request, Tape

MADE: Final = (
    *("model", "name", "description", "instructions", "tools", "tool_resources", "temperature", "top_p"),
    *("metadata", "response_format"),
)
"""What an assistant is made from."""


def makings(tape: Tape, conversation: Conversation) -> Iterator[tuple[str, Request, str]]:
    """The recorded id, the request that makes such an object, and what is to be said of it."""
    made = {_id_of(exchange) for exchange in tape.exchanges if exchange.request.method == "POST"}
    for id, assistant in conversation.assistants.items():
        if id and id not in made:
            yield id, Request("POST", "/assistants", body=_made_of(assistant)), "was made as the tape shows it"
    for id in dict.fromkeys(filter(None, map(_thread_of, tape.exchanges))):
        if id not in made:
            yield id, Request("POST", "/threads", body={}), "was there before the tape: it begins empty"


def _id_of(exchange: Exchange) -> str | None:
    body = exchange.answer.body if exchange.answer else None
    return body.get("id") if isinstance(body, dict) else None


def _made_of(assistant: Object) -> Object:
    return {name: assistant[name] for name in MADE if assistant.get(name) not in (None, {}, [])}


def _thread_of(exchange: Exchange) -> str | None:
    """The thread that the path speaks of, unless it was not found: then it was not there either."""
    parts = exchange.request.path.split("/")
    is_found = exchange.answer is None or exchange.answer.status != 404
    is_there = is_found and len(parts) > 2 and parts[1] == "threads" and parts[2].startswith("thread_")
    return parts[2] if is_there else None
