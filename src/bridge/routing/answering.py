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

from collections.abc import Mapping
from typing import Final

import orjson
from attrs import evolve, field, frozen

from bridge import errors, ids
from bridge.calls import Call, Reply
from bridge.engine import normalise, tables
from bridge.engine.effects import Flow, Key, load, load_one, warn
from bridge.records import Assistant, Counterpart, Object, Run, Thread
from bridge.routes import match
from bridge.routing import bringing, moving, renaming
from bridge.routing.effects import Ask, Errand, ask, refused, within
from bridge.routing.plan import Plan
from bridge.routing.servers import Answer, Server
from bridge.translate import loose
from bridge.wire import paths, render, sse

JSON: Final = ("content-type", "application/json")
HEADERS: Final = ("x-", "openai-", "retry-after", "bridge-", "content-type", "cache-control")
"""How the headers of an answer begin that go on to the caller."""


@frozen
class Relayed:
    """A stream of a server to be told to the caller as it comes: about `run`, whose ids at the server are known by then
    or told in it. `opening` is what comes before."""

    answer: Answer
    server: Server
    call: Call
    run: Run
    names: dict[str, str]
    opening: bytes = b""


@frozen
class Preceded:
    """A reply whose stream is told after this."""

    reply: Reply
    opening: bytes


Outcome = Reply | Relayed | Preceded


@frozen
class Asked:
    """A call of ours as the plan sees it: `path` is the endpoint's template, `names` the ids in it."""

    plan: Plan
    call: Call
    path: str = ""
    names: Mapping[str, str] = field(factory=dict)

    @property
    def body(self) -> Object:
        """What was sent; empty where that is no JSON object, which the service within refuses in the old words."""
        try:
            found = orjson.loads(self.call.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def answered(plan: Plan, call: Call) -> Errand[Outcome]:
    """The answer to a call. Raises APIError."""
    found = match(call.method, call.path)
    if found is None or "openai-beta" not in call.headers:
        return (yield from within(call))
    asked = Asked(plan, call, found[0].path, found[1])
    if asked.path.startswith("/assistants"):
        return (yield from _of_assistants(asked))
    if asked.path == "/threads/runs":
        return (yield from _new_thread_and_run(asked))
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
        yield from _assistant_here(asked, name)
        return (yield from within(asked.call))
    answer = yield from ask(_as_it_came(asked, keeper, paths.of("assistants", name)))
    if answer.is_ok:
        yield from _follow(asked, name)
    return _reply(answer, {})


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


def _assistant_here(asked: Asked, name: str) -> Errand[None]:
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


# --- threads


def _of_thread(asked: Asked, thread_id: str) -> Errand[Outcome]:
    active = yield from _under_way(asked, thread_id)
    if active is not None:
        run, server = active
        if asked.names.get("run_id") == run.id:
            return (yield from _passed(asked, server, run))
        yield from moving.settled(server, asked.call, run)
    if asked.path == "/threads/{thread_id}/runs" and asked.call.method == "POST":
        return (yield from _new_run(asked, thread_id, asked.body, b""))
    if asked.call.method in ("POST", "DELETE") and "run_id" not in asked.names:
        yield from _done_there(asked, thread_id)
    return (yield from within(asked.call))


def _under_way(asked: Asked, thread_id: str) -> Errand[tuple[Run, Server] | None]:
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


def _done_there(asked: Asked, thread_id: str) -> Errand[None]:
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
        answer = yield from ask(_as_it_came(asked, server, paths.of(*parts)))
        if not answer.is_ok and answer.status != 404:
            raise refused(answer)


# --- runs


def _new_run(asked: Asked, thread_id: str, body: Object, opening: bytes) -> Errand[Outcome]:
    assistant_id = body.get("assistant_id")
    if not isinstance(assistant_id, str):
        return (yield from within(asked.call))
    server = asked.plan.server_of(assistant_id, thread_id)
    if server is not None:
        return (yield from _run_there(asked, server, thread_id, body, opening))
    yield from _assistant_here(asked, assistant_id)
    reply = yield from within(asked.call)
    return Preceded(reply, opening) if opening and reply.stream is not None else reply


def _run_there(asked: Asked, server: Server, thread_id: str, body: Object, opening: bytes) -> Errand[Outcome]:
    run = yield from moving.begun(server, thread_id, body)
    try:
        theirs = yield from moving.taken(server, asked.call, thread_id)
        names = {theirs: thread_id}
        path = paths.of("threads", theirs, "runs")
        answer = yield from ask(_as_it_came(asked, server, path, body, streams=bool(body.get("stream"))))
    except errors.APIError:
        yield from moving.withdrawn(run)
        raise
    if not answer.is_ok:
        yield from moving.withdrawn(run)
        return _reply(answer, names)
    if answer.stream is not None:
        return Relayed(answer, server, asked.call, run, names, opening)
    made = loose.text(answer.object(), "id") or ""
    yield from moving.paired(server, run, made)
    return _reply(answer, {**names, made: run.id})


def _passed(asked: Asked, server: Server, run: Run) -> Errand[Outcome]:
    """A call about a run that its server works on."""
    keys = (Counterpart.at(server.name, run.thread_id), Counterpart.at(server.name, run.id))
    mark, pair = yield from load(*(Key(Counterpart, key) for key in keys))
    if mark is None or pair is None:  # it is being made just now, or its process died over that
        yield from moving.settled(server, asked.call, run)
        return (yield from within(asked.call))
    names = {mark.theirs: run.thread_id, pair.theirs: run.id}
    theirs = {"thread_id": mark.theirs, "run_id": pair.theirs}
    parts = [part[1:-1] if part.startswith("{") else part for part in asked.path.split("/")[1:]]
    path = paths.of(*(theirs.get(part, asked.names.get(part, part)) for part in parts))
    answer = yield from ask(_as_it_came(asked, server, path, streams=bool(asked.body.get("stream"))))
    if answer.stream is not None:
        return Relayed(answer, server, asked.call, run, names)
    body = answer.object()
    is_news = body.get("object") == "thread.run" and body.get("status") in tables.SETTLED
    if answer.is_ok and is_news and body.get("status") != run.status:
        yield from bringing.received(server, asked.call, run, pair.theirs, body)
    return _reply(answer, names)


def _new_thread_and_run(asked: Asked) -> Errand[Outcome]:
    """Where it is not bridge's own affair, the thread is made first: it is its id that decides. A run that is refused
    leaves no thread behind (assistants-wire §5.3)."""
    body, assistant_id = asked.body, asked.body.get("assistant_id")
    if not isinstance(assistant_id, str):
        return (yield from within(asked.call))
    if not asked.plan.is_open(assistant_id) and asked.plan.server_of(assistant_id, "") is None:
        yield from _assistant_here(asked, assistant_id)
        return (yield from within(asked.call))
    given = {**(body.get("thread") or {}), **normalise.thread_resources(body)}
    made = yield from within(_call(asked.call, "/threads", given))
    if made.status >= 400:
        return made
    thread = orjson.loads(made.body)
    rest = {key: value for key, value in body.items() if key not in ("thread", "tool_resources")}
    path = paths.of("threads", thread["id"], "runs")
    opening = (yield from _told_of(thread["id"])) if body.get("stream") else b""
    then = Asked(asked.plan, evolve(_call(asked.call, path, rest), query=asked.call.query))
    try:
        outcome = yield from _new_run(then, thread["id"], rest, opening)
    except errors.APIError:
        yield from _undone(asked, thread["id"])
        raise
    if isinstance(outcome, Reply) and outcome.status >= 400:
        yield from _undone(asked, thread["id"])
    return outcome


def _told_of(thread_id: str) -> Flow[bytes]:
    """The event that begins a stream of a thread with its run."""
    thread = yield from load_one(Thread, thread_id)
    return sse.encode("thread.created", render.encode_compact(render.event("thread.created", thread)))


def _undone(asked: Asked, thread_id: str) -> Errand[None]:
    """The thread deleted here, and at its server if that can be reached."""
    call = _call(asked.call, paths.of("threads", thread_id), None, "DELETE")
    try:
        yield from _done_there(Asked(asked.plan, call, "/threads/{thread_id}"), thread_id)
    except errors.APIError as error:
        yield from warn(None, f"a thread of a run that was refused stays at its server: {error.message}")
    yield from within(call)


# --- pieces


def _as_it_came(asked: Asked, server: Server, path: str, body: Object | None = None, streams: bool = False) -> Ask:
    """The call for a server, with the ids that it knows in the path."""
    sent = body if body is not None else (asked.body if asked.call.body else None)
    return Ask(server, asked.call.method, path, asked.call, sent, dict(asked.call.query), streams)


def _call(call: Call, path: str, body: Object | None, method: str = "POST") -> Call:
    return evolve(call, method=method, path=path, query=(), body=b"" if body is None else orjson.dumps(body))


def _reply(answer: Answer, names: Mapping[str, str]) -> Reply:
    """An answer of a server, in the ids that the caller knows."""
    headers = headers_of(answer)
    body = answer.object()
    if not body:
        return Reply(answer.status, headers, answer.body)
    told = renaming.error(body, names) if not answer.is_ok else renaming.renamed(body, names)
    return Reply(answer.status, headers, render.encode_pretty(told))


def headers_of(answer: Answer) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in answer.headers if name.startswith(HEADERS))
