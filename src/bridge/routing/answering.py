"""What becomes of each call when there are routes: answered within, passed to a server, or made at both.

a run of an assistant that is routed to a server   => the thread is taken there, the run made there
calls about such a run while it is under way       => passed on, ids translated both ways
its end                                            => what it made is brought in; from then on it is a run of ours
a thread that is not here                          => looked for at the servers, and brought in whole
threads and messages changed or deleted            => at the servers that have them, then here
an assistant that a table names with a server      => passed to that server
everything else                                    => answered within, as ever
"""

from __future__ import annotations

from bridge.calls import Call, Reply
from bridge.engine.effects import Key, load, load_one
from bridge.records import Assistant
from bridge.routes import match
from bridge.routing import bringing, holding, moving, runs
from bridge.routing.asked import Asked, Outcome, as_it_came, read, reply
from bridge.routing.effects import Errand, ask, within
from bridge.routing.plan import Plan
from bridge.wire import paths


def answered(plan: Plan, call: Call) -> Errand[Outcome]:
    """The answer to a call. Raises APIError."""
    found = match(call.method, call.path)
    if found is None or (found[0].needs_beta and "openai-beta" not in call.headers) or read(call.body) is None:
        return (yield from within(call))  # which refuses it in the old words
    asked = Asked(plan, call, found[0].path, found[1])
    if asked.path.startswith("/assistants"):
        return (yield from _of_assistants(asked))
    if asked.path == "/threads/runs":
        return (yield from runs.new_thread_and_run(asked))
    if "thread_id" in asked.names:
        return (yield from _of_thread(asked, asked.names["thread_id"]))
    return (yield from within(call))


# --- assistants


def _of_assistants(asked: Asked) -> Errand[Reply]:
    name = asked.names.get("assistant_id")
    if name is None:
        if asked.call.method == "GET":
            yield from _all_named(asked)
        return (yield from within(asked.call))
    keeper = asked.plan.keeper_of(name)
    if keeper is None:
        yield from holding.assistant_here(asked, name)
        return (yield from within(asked.call))
    answer = yield from ask(as_it_came(asked, keeper, paths.of("assistants", name)))
    if answer.is_ok:
        yield from _follow(asked, name)
    return reply(answer, {})


def _follow(asked: Asked, name: str) -> Errand[None]:
    """What was done to an assistant at its keeper, done to the copy that may be here."""
    if asked.call.method != "GET" and (yield from load_one(Assistant, name)) is not None:
        yield from within(asked.call)


def _all_named(asked: Asked) -> Errand[None]:
    """A list shows the assistants that are kept elsewhere, too: programs look for theirs by its name."""
    named = asked.plan.kept_elsewhere()
    here = yield from load(*(Key(Assistant, name) for name, _ in named))
    for (name, server), stored in zip(named, here, strict=True):
        if stored is None:
            yield from bringing.assistant(server, asked.call, name)


# --- threads


def _of_thread(asked: Asked, thread_id: str) -> Errand[Outcome]:
    active = yield from holding.under_way(asked, thread_id)
    if active is not None:
        run, server = active
        if asked.names.get("run_id") == run.id:
            return (yield from runs.passed(asked, server, run))
        yield from moving.settled(server, asked.call, run)
    if asked.path == "/threads/{thread_id}/runs" and asked.call.method == "POST":
        return (yield from runs.new_run(asked, thread_id, asked.body, b""))
    if asked.call.method in ("POST", "DELETE") and "run_id" not in asked.names:
        yield from holding.done_there(asked, thread_id)
    return (yield from within(asked.call))
