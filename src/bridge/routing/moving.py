"""A run at another server, on a thread that is stored here: the thread is taken there first, with what was said since.

the thread is locked by the run     before anything is sent: of two processes one gets the lock, the other the text
a thread that is not there          => made there, with its messages
messages that are not there         => made there, one by one, each noted as soon as it is
a message that was made and not noted (a process died)  => found again by what it says, not made twice
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import evolve

from bridge import errors
from bridge.calls import Call
from bridge.engine import tables
from bridge.engine.closing import close_all
from bridge.engine.effects import Committed, Flow, Key, Page, commit, load, load_one, mint, now, page, run_state, warn
from bridge.engine.flows import overdue
from bridge.records import (
    Change,
    Counterpart,
    Erase,
    Exists,
    Lease,
    Lock,
    Message,
    Object,
    Put,
    Run,
    Thread,
    Unchanged,
    Unlock,
)
from bridge.routing import bringing, forms
from bridge.routing.effects import Errand, ask, counterparts, fetch, listed, refused
from bridge.translate import loose
from bridge.upstream.assistants import Answer, Ask, Server
from bridge.wire import paths

AT_ONCE: Final = 32
"""Messages that a thread is made with. How many a server takes is written nowhere (assistants-wire, open questions)."""

LOST_SECONDS: Final = 120
"""After so long a run that its server is not known to have is looked for there: the process that began it is gone."""

CLOCKS_DIFFER: Final = 60
"""Seconds by which the clock of a server may be behind."""

FILES: Final = "files of one server are not known to another: images, attachments and tool resources stayed behind"
LOST: Final = "The process that began this run ended before its server had it."
GONE: Final = "The server that this run was at has no such run any more."


def begun(server: Server, thread_id: str, body: Object) -> Flow[Run]:
    """The run stored, and the thread locked by it, before its server knows of it. Raises APIError."""
    while True:
        yield from overdue.free_thread(thread_id, errors.thread_busy)
        name, at = (yield from mint("run")), (yield from now())
        lease = Lease(bringing.HOLDER, 1, at + bringing.HOLD_SECONDS)
        run = Run(
            *(name, thread_id, body["assistant_id"], int(at), int(at) + forms.RUN_SECONDS),
            model=loose.text(body, "model") or "",
            metadata=loose.object(body, "metadata") or {},
            upstream=server.runs_at,
            lease=lease,
        )
        outcome = yield from commit([Lock(thread_id, name), Put(run, is_new=True)], Exists(Thread, thread_id))
        if isinstance(outcome, Committed):
            return run


def withdrawn(run: Run) -> Flow[None]:
    """As if the run had never been: its server refused it, or could not be reached."""
    yield from commit([Erase(Run, run.id), Unlock(run.thread_id, run.id)], Unchanged(run.id, run.version))


def taken(server: Server, call: Call, thread_id: str) -> Errand[str]:
    """The id of the thread at the server, with all messages there. Raises APIError."""
    (thread,) = yield from load(Key(Thread, thread_id))
    if thread is None:
        raise errors.not_found("thread", thread_id)
    messages = yield from _messages(thread_id)
    known = yield from counterparts(server, thread_id)
    if thread_id not in known:
        yield from _made(server, call, thread, messages[:AT_ONCE])
        known = yield from counterparts(server, thread_id)
    if thread_id not in known:  # it was deleted here meanwhile
        raise errors.not_found("thread", thread_id)
    missing = [message for message in messages if message.id not in known]
    if missing:
        yield from _caught_up(server, call, missing, known)
    return known[thread_id].theirs


def _messages(thread_id: str) -> Flow[list[Message]]:
    """All messages of a thread, in order."""
    found: list[Message] = []
    while True:
        after = found[-1].id if found else None
        some = yield from page(Page(Message, thread_id, limit=100, order="asc", after=after))
        found += some.records
        if not some.has_more:
            return found


def _made(server: Server, call: Call, thread: Thread, messages: Sequence[Message]) -> Errand[None]:
    """The thread made at the server, and noted, with these messages."""
    said = [message for message in messages if forms.given(message) is not None]
    given = [forms.given(message) or {} for message in said]
    theirs = yield from _new_thread(server, call, thread, given)
    there = yield from listed(server, paths.of("threads", theirs, "messages"), call)
    at = int((yield from now()))
    mark = Counterpart(Counterpart.at(server.name, thread.id), thread.id, at, "thread", theirs)
    notes: list[Put] = []
    if len(there) == len(said):  # else it is found out one by one which are there
        mark = evolve(mark, after=there[-1]["id"] if there else None)
        notes = [bringing.noted(server, one, each["id"], at) for one, each in zip(said, there, strict=True)]
    yield from commit([Put(mark, is_new=True), *notes], Exists(Thread, thread.id))


def _new_thread(server: Server, call: Call, thread: Thread, said: Sequence[Object]) -> Errand[str]:
    """The id of a new thread at the server, in which this is said."""
    body: Object = {"messages": list(said), "metadata": thread.metadata}
    bare: Object | None = None
    if thread.tool_resources or any(map(forms.has_files, said)):
        bare = {**body, "messages": list(map(forms.without_files, said))}
    if thread.tool_resources:
        body = {**body, "tool_resources": thread.tool_resources}
    return loose.text((yield from _created(server, call, "/threads", body, bare)).object(), "id") or ""


def _caught_up(
    server: Server, call: Call, missing: Sequence[Message], known: Mapping[str, Counterpart]
) -> Errand[None]:
    """What the server has not got, made there in order."""
    mark = known[missing[0].thread_id]
    root = paths.of("threads", mark.theirs, "messages")
    noted = {one.theirs for one in known.values()}
    strays = [each for each in (yield from listed(server, root, call, mark.after)) if each.get("id") not in noted]
    for message in missing:
        given = forms.given(message)
        if given is None:
            continue
        bare = forms.without_files(given) if forms.has_files(given) else None
        stray = next((each for each in strays if _says(each, given) or (bare and _says(each, bare))), None)
        if stray is not None:
            strays.remove(stray)
        else:
            stray = (yield from _created(server, call, root, given, bare)).object()
        at = int((yield from now()))
        yield from commit([bringing.noted(server, message, stray["id"], at)], Exists(Thread, message.thread_id))


def _says(there: Object, given: Object) -> bool:
    """Whether a message at the server, made by nobody's run, is this one."""
    found = forms.given(forms.message(there, "", None))
    same = found is not None and [found[key] for key in ("role", "content")] == [given["role"], given["content"]]
    return same and there.get("run_id") is None


def _created(server: Server, call: Call, path: str, body: Object, bare: Object | None) -> Errand[Answer]:
    """The answer to a POST; without files where the server refuses them."""
    answer = yield from ask(Ask(server, "POST", path, call, body))
    if not answer.is_ok and bare is not None and answer.status in (400, 404):
        yield from warn("attachments", FILES)
        answer = yield from ask(Ask(server, "POST", path, call, bare))
    if not answer.is_ok:
        raise refused(answer)
    return answer


# --- how a run at a server stands


def settled(server: Server, call: Call, run: Run) -> Errand[None]:
    """Ask the server how the run stands, and bring in what it made. Raises APIError where it cannot be asked."""
    mark, pair = yield from names(server, run)
    if pair is None:
        pair = yield from _found_again(server, call, run, mark)
    if mark is None or pair is None:
        return
    body = yield from fetch(Ask(server, "GET", paths.of("threads", mark.theirs, "runs", pair.theirs), call))
    if body is None:
        yield from _failed(run, GONE)
    else:
        yield from bringing.received(server, call, run, pair.theirs, body)


def names(server: Server, run: Run) -> Flow[tuple[Counterpart | None, Counterpart | None]]:
    """What the run's thread is called at its server, and what the run is."""
    mark, pair = yield from load(*(Key(Counterpart, Counterpart.at(server.name, id)) for id in (run.thread_id, run.id)))
    return mark, pair


def stored_run(run: Run) -> Flow[Run | None]:
    """The run as it is stored by now, while it is under way."""
    found = yield from load_one(Run, run.id)
    return None if found is None or found.status in tables.TERMINAL else found


def paired(server: Server, run: Run, theirs: str) -> Flow[None]:
    """Note what the run is called at its server."""
    at = int((yield from now()))
    yield from commit([bringing.noted(server, run, theirs, at)], Exists(Run, run.id))


def _found_again(server: Server, call: Call, run: Run, mark: Counterpart | None) -> Errand[Counterpart | None]:
    """A run whose process died between its making there and the note here; None where it is being made just now."""
    at = yield from now()
    if at < run.created_at + LOST_SECONDS:
        return None
    if mark is not None:
        known = {one.theirs for one in (yield from counterparts(server, run.thread_id)).values()}
        runs = yield from listed(server, paths.of("threads", mark.theirs, "runs"), call)
        for body in reversed(runs):
            is_late = (loose.number(body, "created_at") or 0) >= run.created_at - CLOCKS_DIFFER
            if is_late and body.get("id") not in known and body.get("assistant_id") == run.assistant_id:
                yield from paired(server, run, body["id"])
                return Counterpart(Counterpart.at(server.name, run.id), run.thread_id, int(at), "run", body["id"])
    yield from _failed(run, LOST)
    return None


def _failed(run: Run, why: str) -> Flow[None]:
    """The run ends, since nobody can say how it went."""
    at = yield from now()
    snapshot = yield from run_state(run.thread_id, run.id)
    if snapshot is not None and snapshot.run.version == run.version:
        error = {"code": "server_error", "message": why}
        word = "fail" if "fail" in tables.RUN[run.status] else "expire"
        changes: Sequence[Change] = close_all(run, snapshot.messages, snapshot.steps, word, at, error=error)
        yield from commit(changes, Unchanged(run.id, run.version))
