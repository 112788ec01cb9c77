"""What was said at another server → the store: whole threads at the first call about one, then run by run.

    a message there        => a message under the id it has there
    a step of a run        => a step; its function calls and their outputs => items, in their place in the thread
    a run that is over     => the run as it ended, its thread free

What is brought in stands in one commit with the note that it was, so that nothing comes twice, whoever else is at it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Literal

from attrs import evolve

from bridge.calls import Call
from bridge.engine import tables
from bridge.engine.effects import Conflict, Flow, Outcome, Page, commit, load_one, now, page, warn
from bridge.records import (
    Amend,
    Assistant,
    Change,
    Counterpart,
    Lease,
    Lock,
    Message,
    Object,
    Put,
    Record,
    Run,
    Step,
    Thread,
    Unchanged,
    Unlock,
)
from bridge.routing import forms, story
from bridge.routing.effects import Errand, counterparts, fetch, listed
from bridge.upstream.assistants import Ask, Server
from bridge.wire import paths

HOLDER: Final = "elsewhere"
"""Who holds the lease of a run that another server works on, so that no process of ours takes it up …"""

HOLD_SECONDS: Final = 24 * 60 * 60
"""… for a day, in which somebody will have asked how it ended."""

NOT_BROUGHT_IN: Final = "could not be brought in: there is another object here with the id"


# --- assistants


def assistant(server: Server, call: Call, assistant_id: str) -> Errand[bool]:
    """The assistant as the server has it now, stored under the same id. Whether there is one."""
    body = yield from fetch(Ask(server, "GET", paths.of("assistants", assistant_id), call))
    if body is None:
        return False
    found, before = forms.assistant(body, assistant_id), (yield from load_one(Assistant, assistant_id))
    if before is None:
        yield from commit([Put(found, is_new=True)])  # in a conflict somebody else has
    elif before != found:
        yield from commit([Put(found), Amend(Assistant, assistant_id, {"metadata": found.metadata})])
    return True


# --- whole threads


def thread(server: Server, call: Call, thread_id: str) -> Errand[bool]:
    """A thread of the server with all that is in it, stored under the same ids. Whether there is one."""
    root = paths.of("threads", thread_id)
    body = yield from fetch(Ask(server, "GET", root, call))
    if body is None:
        return False
    said = yield from listed(server, root + "/messages", call)
    runs: list[tuple[Run, list[Step]]] = []
    for each in (yield from listed(server, root + "/runs", call)):
        run = forms.new_run(each, thread_id, server.runs_at)
        steps = yield from listed(server, root + paths.of("runs", run.id, "steps"), call)
        runs.append((run, _ended([forms.step(step, run) for step in steps], run)))
    at = int((yield from now()))
    messages = [forms.message(each, thread_id, each.get("run_id")) for each in said]
    settled = [message for message in messages if message.status != "in_progress"]
    outcome = yield from commit(_whole(server, forms.thread(body, thread_id), settled, runs, at))
    if (id := _taken_id(outcome)) not in (None, thread_id):  # that of the thread: somebody else has brought it in
        yield from warn(None, f"thread {thread_id} of {server.name} {NOT_BROUGHT_IN} {id}")
    return True


def _whole(
    server: Server, found: Thread, messages: Sequence[Message], runs: Sequence[tuple[Run, Sequence[Step]]], at: int
) -> list[Change]:
    last = messages[-1].id if messages else None
    mark = Counterpart(Counterpart.at(server.name, found.id), found.id, at, "thread", found.id, after=last)
    changes: list[Change] = [Put(found, is_new=True), Put(mark, is_new=True)]
    for record in story.told(messages, runs):
        is_living = isinstance(record, Run) and record.status not in tables.TERMINAL
        if isinstance(record, Run) and is_living:
            record = evolve(record, lease=Lease(HOLDER, 1, at + HOLD_SECONDS))
            changes.append(Lock(found.id, record.id))
        changes.append(Put(record, is_new=True))
        if isinstance(record, Message) or is_living:
            changes.append(noted(server, record, record.id, at))
    return changes


# --- a run under way


def received(server: Server, call: Call, run: Run, theirs: str, body: Object) -> Errand[None]:
    """What a run has come to: stored as the server says it in `body`, with all that it has made since."""
    known = yield from counterparts(server, run.thread_id)
    mark = known.get(run.thread_id)
    if mark is None:  # the thread was deleted meanwhile
        return
    root, current = paths.of("threads", mark.theirs), forms.run(body, run)
    made = yield from listed(server, root + paths.of("runs", theirs, "steps"), call)
    said = yield from listed(server, root + "/messages", call, mark.after)
    stored = {step.id for step in (yield from _steps_of(run))}
    ended = _ended([forms.step(each, run) for each in made], current)
    steps = [step for step in ended if step.id not in stored]
    taken = {one.theirs for one in known.values()}
    messages = yield from _placed(run.thread_id, _new(said, taken, run, theirs, current))
    changes = _told(server, story.told(messages, [(current, steps)]), int((yield from now())))
    after = _looked_at(said, taken | {each.id for each in messages}, mark.after)
    yield from _stored(changes, run, current, mark, evolve(mark, after=after))


def _placed(thread_id: str, messages: Sequence[Message]) -> Flow[list[Message]]:
    """The messages, none told as older than what stands before it, or as younger than now: lists go by that time, and
    the clocks of two servers differ."""
    before = yield from page(Page(Message, thread_id, limit=1))
    newest, at = max((each.created_at for each in before.records), default=0), int((yield from now()))
    return [evolve(each, created_at=max(newest, min(each.created_at, at))) for each in messages]


def _told(server: Server, records: Sequence[Record], at: int) -> list[Change]:
    """What is new of a run, stored; of messages also that the server has them. The run itself is stored already."""
    changes: list[Change] = []
    for record in records:
        changes += [] if isinstance(record, Run) else [Put(record, is_new=True)]
        changes += [noted(server, record, record.id, at)] if isinstance(record, Message) else []
    return changes


def _stored(changes: list[Change], run: Run, current: Run, mark: Counterpart, marked: Counterpart) -> Flow[None]:
    """All of it in one commit, if it is any news. Where the run has changed, somebody else has brought it in."""
    if not changes and current == run and marked == mark:
        return
    last: list[Change] = [Put(marked), Put(evolve(current, version=run.version + 1))]
    last += [Unlock(run.thread_id, run.id)] if current.status in tables.TERMINAL else []
    outcome = yield from commit([*changes, *last], Unchanged(run.id, run.version))
    if (id := _taken_id(outcome)) is not None:
        yield from warn(None, f"what run {run.id} made {NOT_BROUGHT_IN} {id}")
        yield from commit(last, Unchanged(run.id, run.version))


def _taken_id(outcome: Outcome) -> str | None:
    """The id of a record that could not be stored, since there is one of that id."""
    found = outcome.guard if isinstance(outcome, Conflict) else None
    return found.record.id if isinstance(found, Put) else None


def _new(said: Sequence[Object], taken: Collection[str], run: Run, theirs: str, current: Run) -> list[Message]:
    """The messages that are not here yet; of a run under way, those that are whole."""
    found = [
        forms.message(each, run.thread_id, run.id if each.get("run_id") == theirs else each.get("run_id"))
        for each in said
        if each.get("id") not in taken
    ]
    is_over = current.status in tables.TERMINAL
    return [message for message in found if is_over or message.status != "in_progress"]


def _looked_at(said: Sequence[Object], taken: Collection[str], after: str | None) -> str | None:
    """The last message up to which all are here."""
    for each in said:
        if each.get("id") not in taken:
            return after
        after = each["id"]
    return after


def noted(server: Server, record: Record, theirs: str, at: int) -> Put:
    """The note that a message or a run of the thread is at the server, too, under that id."""
    assert isinstance(record, (Message, Run))
    kind: Literal["message", "run"] = "message" if isinstance(record, Message) else "run"
    key = Counterpart.at(server.name, record.id)
    return Put(Counterpart(key, record.thread_id, at, kind, theirs), is_new=True)


def _steps_of(run: Run) -> Flow[list[Step]]:
    """The steps of a run that are stored."""
    found: list[Step] = []
    while True:
        after = found[-1].id if found else None
        some = yield from page(Page(Step, run.thread_id, run.id, limit=100, order="asc", after=after))
        found += some.records
        if not some.has_more:
            return found


def _ended(steps: Sequence[Step], run: Run) -> list[Step]:
    """The steps up to the first that is under way; all of them where the run is over."""
    if run.status in tables.TERMINAL:
        return list(steps)
    count = next((place for place, step in enumerate(steps) if step.status == "in_progress"), len(steps))
    return list(steps[:count])
