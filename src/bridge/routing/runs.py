"""Calls about runs: made here or at a server, with their thread or without, and passed on while they are under way."""

from __future__ import annotations

import orjson
from attrs import evolve

from bridge import errors
from bridge.calls import Reply
from bridge.engine import tables
from bridge.engine.effects import Flow, load_one, warn
from bridge.records import Object, Run, Thread
from bridge.routing import bringing, holding, moving
from bridge.routing.asked import Asked, Outcome, Preceded, Relayed, as_it_came, changed, reply
from bridge.routing.effects import Errand, ask, within
from bridge.translate import loose
from bridge.upstream.assistants import Server
from bridge.wire import paths, render, sse


def new_run(asked: Asked, thread_id: str, body: Object, opening: bytes) -> Errand[Outcome]:
    """A run of `body`, where the plan sends it. A stream of it is told after `opening`."""
    assistant_id = body.get("assistant_id")
    if not isinstance(assistant_id, str):
        return (yield from within(asked.call))
    server = asked.plan.server_of(assistant_id, thread_id)
    if server is not None:
        return (yield from _run_there(asked, server, thread_id, body, opening))
    yield from holding.assistant_here(asked, assistant_id)
    told = yield from within(asked.call)
    return Preceded(told, opening) if opening and told.stream is not None else told


def _run_there(asked: Asked, server: Server, thread_id: str, body: Object, opening: bytes) -> Errand[Outcome]:
    """The thread taken to the server, and the run made there. One that does not come about locks nothing."""
    run = yield from moving.begun(server, thread_id, body)
    try:
        theirs = yield from moving.taken(server, asked.call, thread_id)
        names = {theirs: thread_id}
        path = paths.of("threads", theirs, "runs")
        answer = yield from ask(as_it_came(asked, server, path, body, streams=bool(body.get("stream"))))
    except Exception:
        yield from moving.withdrawn(run)
        raise
    if not answer.is_ok:
        yield from moving.withdrawn(run)
        return reply(answer, names)
    if answer.stream is not None:
        return Relayed(answer, server, asked.call, run, names, opening)
    made = loose.text(answer.object(), "id") or ""
    yield from moving.paired(server, run, made)
    return reply(answer, {**names, made: run.id})


def passed(asked: Asked, server: Server, run: Run) -> Errand[Outcome]:
    """A call about a run that its server works on."""
    mark, pair = yield from moving.names(server, run)
    current: Run | None = run
    if mark is None or pair is None:  # it is being made just now, or its process died over that
        yield from moving.settled(server, asked.call, run)
        current, (mark, pair) = (yield from moving.stored_run(run)), (yield from moving.names(server, run))
    if current is None or mark is None or pair is None:
        return (yield from within(asked.call))
    names = {mark.theirs: run.thread_id, pair.theirs: run.id}
    theirs = {"thread_id": mark.theirs, "run_id": pair.theirs}
    parts = [part[1:-1] if part.startswith("{") else part for part in asked.path.split("/")[1:]]
    path = paths.of(*(theirs.get(part, asked.names.get(part, part)) for part in parts))
    answer = yield from ask(as_it_came(asked, server, path, streams=bool(asked.body.get("stream"))))
    if answer.stream is not None:
        return Relayed(answer, server, asked.call, current, names)
    body = answer.object()
    is_news = body.get("object") == "thread.run" and body.get("status") in tables.SETTLED
    if answer.is_ok and is_news and body.get("status") != current.status:
        yield from bringing.received(server, asked.call, current, pair.theirs, body)
    return reply(answer, names)


def new_thread_and_run(asked: Asked) -> Errand[Outcome]:
    """Where it is bridge's own affair, as ever; else the thread is made first: it is its id that decides."""
    assistant_id, thread = asked.body.get("assistant_id"), asked.body.get("thread")
    if not isinstance(assistant_id, str) or not (thread is None or isinstance(thread, dict)):
        return (yield from within(asked.call))  # which refuses it in the old words
    if asked.plan.is_open(assistant_id) or asked.plan.server_of(assistant_id, "") is not None:
        return (yield from _one_by_one(asked, asked.body))
    yield from holding.assistant_here(asked, assistant_id)
    return (yield from within(asked.call))


def _one_by_one(asked: Asked, body: Object) -> Errand[Outcome]:
    """The thread, then its run. One that is refused leaves no thread behind (assistants-wire §5.3)."""
    resources = body.get("tool_resources")
    given = {**(body.get("thread") or {}), **({"tool_resources": resources} if resources else {})}
    made = yield from within(changed(asked.call, "/threads", given))
    if made.status >= 400:
        return made
    thread_id: str = orjson.loads(made.body)["id"]
    rest = {key: value for key, value in body.items() if key not in ("thread", "tool_resources")}
    run = changed(asked.call, paths.of("threads", thread_id, "runs"), rest)
    then = Asked(asked.plan, evolve(run, query=asked.call.query))
    opening = (yield from _told_of(thread_id)) if body.get("stream") else b""
    try:
        outcome = yield from new_run(then, thread_id, rest, opening)
    except errors.APIError:
        yield from _undone(asked, thread_id)
        raise
    if isinstance(outcome, Reply) and outcome.status >= 400:
        yield from _undone(asked, thread_id)
    return outcome


def _told_of(thread_id: str) -> Flow[bytes]:
    """The event that begins a stream of a thread with its run."""
    thread = yield from load_one(Thread, thread_id)
    return sse.encode("thread.created", render.encode_compact(render.event("thread.created", thread)))


def _undone(asked: Asked, thread_id: str) -> Errand[None]:
    """The thread deleted here, and at its server if that can be reached."""
    call = changed(asked.call, paths.of("threads", thread_id), None, "DELETE")
    try:
        yield from holding.done_there(Asked(asked.plan, call, "/threads/{thread_id}"), thread_id)
    except errors.APIError as error:
        yield from warn(None, f"a thread of a run that was refused stays at its server: {error.message}")
    yield from within(call)
