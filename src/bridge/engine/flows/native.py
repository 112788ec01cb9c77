"""What native code needs of a thread, and what it brings back (bridge.native, docs/leaving.md).

    GET  /threads/{t}/input        the thread as input items
    POST /threads/{t}/responses    a response, and the input that native code asked it with: they become the thread's

These are calls of ours, beside those of the old API. Adding is refused while a run is active, in the old words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bridge import errors
from bridge.engine.brought import Brought, Source, brought
from bridge.engine.effects import Committed, Flow, History, Key, commit, history, load, mint, now
from bridge.engine.flows import Context, bringing, mirrored, mirroring, overdue, threads
from bridge.records import Idle, Message, Object, Put
from bridge.translate import loose, native
from bridge.wire import render

ENDED: Final = ("completed", "incomplete", "failed", "cancelled")


def input_items(context: Context, thread_id: str, query: Object) -> Flow[Object]:
    """What is finished of the thread: what a run is making shows when it is made."""
    yield from threads.found(thread_id)
    entries = yield from history(History(thread_id, last_messages=query.get("last_messages")))
    return {"object": "list", "data": list(native.to_responses(entries).items)}


def add(context: Context, thread_id: str, given: Object) -> Flow[Object]:
    """The messages that were added, or had been before: the same response is added once."""
    response = given["response"]
    status = mirroring.status_of(response)
    if status not in ENDED:
        raise errors.unsupported("response.status", str(status), ENDED)
    thread = yield from overdue.free_thread(thread_id, errors.thread_locked)
    asked, output = _items(given.get("input") or ()), loose.objects(response, "output")
    if mirroring.is_of(thread, response):
        turn = bringing.Turn(loose.text(response, "id") or "", asked, output)
        messages = yield from bringing.receive(thread_id, turn)
    else:
        messages = yield from _stored(thread_id, (yield from _brought(thread_id, response, asked)))
    return render.listing([render.rest(message) for message in messages], has_more=False)


def _items(given: str | Sequence[Object]) -> list[Object]:
    return [{"role": "user", "content": given}] if isinstance(given, str) else list(given)


def _brought(thread_id: str, response: Object, asked: Sequence[Object]) -> Flow[Brought]:
    id = loose.text(response, "id") or (yield from mint("item"))
    parts = {"asked": asked, "output": loose.objects(response, "output")}
    sources = [Source(item, (id, part, str(n))) for part, items in parts.items() for n, item in enumerate(items)]
    reason = loose.text(loose.object(response, "incomplete_details"), "reason")
    return brought(thread_id, sources, (yield from now()), reason)


def _stored(thread_id: str, made: Brought) -> Flow[list[Message]]:
    """All of it, or nothing where it is there already."""
    while True:
        known = yield from load(*(Key(type(record), record.id) for record in made.records))
        if any(record is not None for record in known):
            return [record for record in known if isinstance(record, Message)]
        outcome = yield from commit([Put(record, is_new=True) for record in made.records], Idle(thread_id))
        if isinstance(outcome, Committed):
            yield from mirrored.tell(made)
            return [outcome.record(Message, message.id) for message in made.messages]
        yield from overdue.free_thread(thread_id, errors.thread_locked)
