"""Threads and assistants that a call names and the store does not know: revived before the call goes on.

Only where the call can make sense of one that has just been made (routes.Route.revives). What is deleted stays deleted
for calls that delete, and what names a run or a message of the thread finds none, as ever.
"""

from __future__ import annotations

from bridge.engine import reviving
from bridge.engine.effects import Flow, Revive, load_one, revive
from bridge.engine.flows import Context
from bridge.records import Assistant, Thread


def thread(context: Context, thread_id: str) -> Flow[None]:
    """Whether it is there afterwards is for the call itself to find out."""
    if (yield from load_one(Thread, thread_id)) is None:
        creates = context.options.creates_missing_threads and reviving.is_whole(thread_id)
        yield from revive(Revive("thread", thread_id, creates))


def assistant(context: Context, assistant_id: str) -> Flow[None]:
    if (yield from load_one(Assistant, assistant_id)) is None:
        yield from revive(Revive("assistant", assistant_id))
