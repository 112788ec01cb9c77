"""POST, GET, DELETE /threads (assistants-wire §3.2)."""

from __future__ import annotations

from bridge import errors
from bridge.engine import normalise
from bridge.engine.effects import Committed, Flow, commit, load_one, mint, now
from bridge.engine.flows import Context, resources
from bridge.records import Amend, Change, Erase, Exists, Object, Put, Thread
from bridge.wire import render


def create(context: Context, given: Object) -> Flow[Object]:
    settled = yield from resources.of_thread(context, given)
    changes = yield from new_thread({**given, "tool_resources": settled.tool_resources})
    outcome = yield from commit(changes)
    assert isinstance(outcome, Committed)
    return render.rest(outcome.record(Thread, changes[0].record.id), how="create")


def new_thread(given: Object) -> Flow[list[Put]]:
    """The puts of a thread and its first messages, the thread first. They share one second, their order is kept.

    `tool_resources` are settled: ids only."""
    name = yield from mint("thread")
    at = yield from now()
    puts = [Put(normalise.new_thread(given, name, at), is_new=True)]
    for message in given.get("messages") or ():
        message_id = yield from mint("message")
        puts.append(Put(normalise.new_message(message, message_id, name, at), is_new=True))
    return puts


def retrieve(context: Context, thread_id: str) -> Flow[Object]:
    return render.rest((yield from found(thread_id)), how="get")


def modify(context: Context, thread_id: str, given: Object) -> Flow[Object]:
    before = yield from found(thread_id)
    changes: list[Change] = [Amend(Thread, thread_id, normalise.amended_thread(given, before))]
    outcome = yield from commit(changes, Exists(Thread, thread_id))
    if not isinstance(outcome, Committed):
        raise errors.not_found("thread", thread_id)
    return render.rest(outcome.record(Thread, thread_id), how="create")


def delete(context: Context, thread_id: str) -> Flow[Object]:
    """Everything of the thread goes; a run under way finds itself gone at its next commit and stops."""
    outcome = yield from commit([Erase(Thread, thread_id)], Exists(Thread, thread_id))
    if not isinstance(outcome, Committed):
        raise errors.not_found("thread", thread_id)
    return render.deleted("thread", thread_id)


def found(thread_id: str) -> Flow[Thread]:
    thread = yield from load_one(Thread, thread_id)
    if thread is None:
        raise errors.not_found("thread", thread_id)
    return thread
