"""A thread kept in step with a Conversation upstream (engine/mirror.py, docs/leaving.md).

    POST /threads/{t}/conversation    makes it where there is none, brings back what native code added, sends the rest

The thread is the truth: what the conversation lacks is not missed here. A commit decides who of several may send, and
whoever finds that a sender never came back looks in the conversation for what it sent.
"""

from __future__ import annotations

from typing import Any

from bridge import errors
from bridge.engine.effects import Committed, Flow, Refused, Send, Sent, send, warn
from bridge.engine.flows import Context, overdue
from bridge.engine.flows.bringing import receive
from bridge.engine.flows.mirrored import amend, body, free, without_conversations
from bridge.engine.flows.sending import send_rest
from bridge.engine.mirror import Mirror
from bridge.records import Object, Thread
from bridge.translate import loose
from bridge.wire import paths


def conversation(context: Context, thread_id: str, given: Object) -> Flow[Object]:
    """`received` and `sent` count the messages that came and the items that went."""
    if context.profile.conversations is False:
        raise without_conversations()
    thread = yield from overdue.free_thread(thread_id, errors.thread_locked)
    if thread.conversation is None or given.get("new"):
        yield from _make(thread)
    received = yield from receive(thread_id)
    sent = yield from send_rest(thread_id)
    _, mirror = yield from free(thread_id)
    counts = {"received": len(received), "sent": sent}
    return {"id": mirror.id, "object": "thread.conversation", "thread_id": thread_id, **counts}


def is_of(thread: Thread, response: Object) -> bool:
    """Whether what the response was asked and answered is in the thread's conversation, as it is when it completed."""
    id = loose.text(loose.object(response, "conversation"), "id")
    is_ours = thread.conversation is not None and thread.conversation["id"] == id
    return is_ours and status_of(response) == "completed"


def status_of(response: Object) -> Any:
    """Servers leave it out, or send null (upstreams.md): who hands in a response has it whole."""
    status = response.get("status")
    return "completed" if status is None else status


def _make(thread: Thread) -> Flow[None]:
    """Where another makes one at the same time, that one is it."""
    answer = yield from send(Send("POST", "/conversations", {"metadata": {"thread_id": thread.id}}))
    if isinstance(answer, Sent) and answer.status == 404:
        raise without_conversations()
    id = loose.text(body(answer), "id") or ""
    outcome = yield from amend(thread, Mirror(id))
    if not isinstance(outcome, Committed):
        gone = yield from send(Send("DELETE", paths.of("conversations", id)))
        if isinstance(gone, Refused) or not gone.is_ok:
            yield from warn("conversation", f"the conversation {id} is of no use and could not be deleted")
