"""POST, GET, DELETE /threads/{t}/messages (assistants-wire §4.3, §4.4)."""

from __future__ import annotations

from bridge import errors
from bridge.engine import normalise
from bridge.engine.effects import Committed, Conflict, Flow, Page, commit, load_one, mint, now, page
from bridge.engine.flows import Context, overdue, resources, threads
from bridge.engine.flows.lists import cursor_error
from bridge.records import Amend, Change, Erase, Exists, Guard, Has, Idle, Message, Object, Put, Thread
from bridge.wire import render


def create(context: Context, thread_id: str, given: Object) -> Flow[Object]:
    """Refused while a run is active on the thread, checked where it is stored (§6.4)."""
    thread = yield from overdue.free_thread(thread_id, errors.thread_locked)
    settled = yield from resources.of_messages(context, thread.tool_resources, [given])
    name = yield from mint("message")
    message = normalise.new_message(given, name, thread_id, (yield from now()))
    changes, guards = equipped(thread, settled)
    outcome = yield from commit([Put(message, is_new=True), *changes], Idle(thread_id), *guards)
    if isinstance(outcome, Conflict):  # a run began in between, or another message's attachments were quicker
        yield from resources.undo(settled)
        return (yield from create(context, thread_id, given))
    assert isinstance(outcome, Committed)
    return render.rest(outcome.record(Message, name))


def equipped(thread: Thread, settled: resources.Settled) -> tuple[list[Change], list[Guard]]:
    """What attachments change of their thread, and what must not have changed meanwhile."""
    before = thread.tool_resources
    if settled.tool_resources == before:
        return [], []
    amended = Amend(Thread, thread.id, {"tool_resources": settled.tool_resources})
    return [amended], [Has(Thread, thread.id, "tool_resources", before)]


def retrieve(context: Context, thread_id: str, message_id: str) -> Flow[Object]:
    return render.rest((yield from _found(thread_id, message_id)))


def modify(context: Context, thread_id: str, message_id: str, given: Object) -> Flow[Object]:
    yield from _found(thread_id, message_id)
    values = normalise.amended_metadata(given)
    outcome = yield from commit([Amend(Message, message_id, values)], Exists(Message, message_id))
    if not isinstance(outcome, Committed):
        raise errors.not_found("message", message_id)
    return render.rest(outcome.record(Message, message_id))


def delete(context: Context, thread_id: str, message_id: str) -> Flow[Object]:
    yield from _found(thread_id, message_id)
    outcome = yield from commit([Erase(Message, message_id)], Exists(Message, message_id))
    if not isinstance(outcome, Committed):
        raise errors.not_found("message", message_id)
    return render.deleted("message", message_id)


def list_(context: Context, thread_id: str, query: Object) -> Flow[Object]:
    yield from threads.found(thread_id)
    found = yield from page(Page(Message, thread_id=thread_id, **query))
    if not found.cursor_found:
        raise cursor_error("message", query)
    return render.listing([render.rest(record) for record in found.records], found.has_more)


def _found(thread_id: str, message_id: str) -> Flow[Message]:
    yield from threads.found(thread_id)
    message = yield from load_one(Message, message_id, thread_id=thread_id)
    if message is None:
        raise errors.not_found("message", message_id)
    return message
