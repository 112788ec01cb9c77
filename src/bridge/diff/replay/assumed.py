"""What a tape takes for granted: assistants and threads that were there before it began, and how they are made for the
candidate, so that what is asked of them is not asked of nothing, nor of somebody's real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from bridge.diff.replay import paths, plan
from bridge.diff.replay.conversation import Conversation
from bridge.diff.tape import Answer, Exchange, Object, Request, Tape

MADE: Final = (
    *("model", "name", "description", "instructions", "tools", "tool_resources", "temperature", "top_p"),
    *("metadata", "response_format"),
)
"""What an assistant is made from."""


def makings(tape: Tape, conversation: Conversation) -> Iterator[tuple[str, Request, str]]:
    """The recorded id, the request that makes such an object, and what is to be said of it."""
    made = {id for exchange in tape.exchanges for id in _made_by(exchange)}
    for id, assistant in conversation.assistants.items():
        if id and id not in made:
            yield id, Request("POST", "/assistants", body=_made_of(assistant)), "was made as the tape shows it"
    for id in dict.fromkeys(filter(None, map(_thread_of, tape.exchanges))):
        if id not in made:
            yield id, Request("POST", "/threads", body={}), "was there before the tape: it begins empty"


def left_out(exchange: Exchange, knows: Callable[[str], bool]) -> str | None:
    """Why an exchange is not asked again; None where it is. `knows` tells whether the candidate has an object for a
    recorded id: an assistant that it has none for would be changed or deleted where it is a real one."""
    request, id = exchange.request, paths.assistant(exchange.request)
    if not plan.is_ours(request):
        return f"{request.method} {request.path} is no Assistants call"
    is_change = request.method != "GET" and exchange.answer is not None and exchange.answer.status < 400
    if is_change and id is not None and not knows(id):
        asked = f"{request.method} {request.path}"
        return f"{asked} is about an assistant that the tape does not show: it was not asked again"
    return None


def bodies(answer: Answer | None) -> Iterable[Object]:
    """The objects of an answer, one by one."""
    if answer is None:
        return ()
    found = [answer.body] if answer.events is None else [event.data for event in answer.events]
    return (each for each in found if isinstance(each, dict))


def _made_by(exchange: Exchange) -> Iterator[str]:
    """The ids of the assistant or thread that an exchange made. What it only changed was there before."""
    request, found = exchange.request, bodies(exchange.answer)
    if request.method == "POST" and request.path in ("/assistants", "/threads"):
        yield from (str(body.get("id")) for body in found)
    elif request.method == "POST" and request.path == "/threads/runs":
        yield from (str(body.get("thread_id")) for body in found)


def _made_of(assistant: Object) -> Object:
    return {name: assistant[name] for name in MADE if assistant.get(name) not in (None, {}, [])}


def _thread_of(exchange: Exchange) -> str | None:
    """The thread that the path speaks of, unless it was not found: then it was not there either."""
    parts = exchange.request.path.split("/")
    is_found = exchange.answer is None or exchange.answer.status != 404
    is_there = is_found and len(parts) > 2 and parts[1] == "threads" and parts[2].startswith("thread_")
    return parts[2] if is_there else None
