"""What the upstream cannot do, told where the run is made: refused where the run would come to nothing, else a warning.

file_search with a vector store, code_interpreter   => 400, where the profile has no such tool
file_search without a store                         => nothing: it is not sent
images in the thread's messages                     => 400, where the profile takes none, or no files
settings that are not sent                          => a warning and `bridge-degraded`
"""

from __future__ import annotations

from collections.abc import Iterable

from bridge import errors
from bridge.engine import abilities
from bridge.engine.effects import Flow, Page, lessons_of, page, warn
from bridge.engine.flows import Context
from bridge.records import Message, Object, Run


def check(context: Context, run: Run, given: Object, model: str) -> Flow[None]:
    """Raises APIError where the profile says that this run cannot work. `given` is the request body, `model` the one
    that is asked."""
    messages = {
        "thread": (given.get("thread") or {}).get("messages") or (),
        "additional_messages": given.get("additional_messages") or (),
    }
    abilities.refuse(run, context.profile, [message for listed in messages.values() for message in listed])
    if kinds := abilities.refused_images(context.profile):
        for param, listed in messages.items():
            if any(_shows(message["content"], kinds) for message in listed):
                raise errors.images_not_taken(param, context.profile.name)
        yield from _look_for_images(context, run.thread_id, kinds)
    known = yield from lessons_of(model, context.upstream)
    for parameter, sentence in abilities.lost(run, context.profile, known):
        yield from warn(parameter, sentence)


def _look_for_images(context: Context, thread_id: str, kinds: tuple[str, ...]) -> Flow[None]:
    after: str | None = None
    while True:
        found = yield from page(Page(Message, thread_id=thread_id, limit=100, after=after))
        if any(_shows(message.content, kinds) for message in found.records):
            raise errors.images_not_taken("thread_id", context.profile.name)
        if not found.has_more:
            return
        after = found.records[-1].id


def _shows(content: str | Iterable[Object], kinds: tuple[str, ...]) -> bool:
    return not isinstance(content, str) and any(block.get("type") in kinds for block in content)
