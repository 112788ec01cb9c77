"""Who has what: threads and assistants looked for at the servers, and changed at each that has them."""

from __future__ import annotations

from bridge import errors, ids
from bridge.engine.effects import Key, load, load_one, warn
from bridge.records import Assistant, Counterpart, Run, Thread
from bridge.routing import bringing
from bridge.routing.asked import Asked, as_it_came
from bridge.routing.effects import Errand, ask, refused
from bridge.upstream.assistants import Server
from bridge.wire import paths


def assistant_here(asked: Asked, name: str) -> Errand[None]:
    """An assistant that a run of ours needs, as its keeper has it now, or had it when it could be asked; one without a
    keeper is looked for once."""
    keeper, stored = asked.plan.keeper_of(name), (yield from load_one(Assistant, name))
    if keeper is not None:
        try:
            yield from bringing.assistant(keeper, asked.call, name)
        except errors.APIError as error:
            if stored is None:
                raise
            yield from warn(None, f"assistant {name} is used as it was seen last: {error.message}")
    elif stored is None and ids.has_prefix("assistant", name):
        for server in asked.plan.servers:
            if (yield from bringing.assistant(server, asked.call, name)):
                return


def under_way(asked: Asked, thread_id: str) -> Errand[tuple[Run, Server] | None]:
    """The thread's active run and its server, where it is at one. The thread is here from then on, if anywhere."""
    thread = yield from load_one(Thread, thread_id)
    if thread is None and ids.has_prefix("thread", thread_id):
        for server in asked.plan.servers:
            if (yield from bringing.thread(server, asked.call, thread_id)):
                thread = yield from load_one(Thread, thread_id)
                break
    if thread is None or thread.active_run_id is None:
        return None
    run = yield from load_one(Run, thread.active_run_id, thread_id=thread_id)
    holder = None if run is None else asked.plan.holder_of(run)
    return None if run is None or holder is None else (run, holder)


def done_there(asked: Asked, thread_id: str) -> Errand[None]:
    """A change or an end of the thread, or of one of its messages, at the servers that have it. What is not there any
    more is no error."""
    message_id = asked.names.get("message_id")
    if message_id is None and asked.path != "/threads/{thread_id}":
        return
    for server in asked.plan.servers:
        names = [thread_id] if message_id is None else [thread_id, message_id]
        found = yield from load(*(Key(Counterpart, Counterpart.at(server.name, name)) for name in names))
        if None in found:
            continue
        parts = [part for one, kind in zip(found, ("threads", "messages"), strict=False) for part in (kind, one.theirs)]
        answer = yield from ask(as_it_came(asked, server, paths.of(*parts)))
        if not answer.is_ok and answer.status != 404:
            raise refused(answer)
