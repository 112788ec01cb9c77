"""/threads/{t}/runs and /threads/runs: everything but the legs themselves (assistants-wire §5, §6)."""

from __future__ import annotations

from typing import Final

from attrs import evolve

from bridge import errors, lifecycle
from bridge.engine import normalise, tables
from bridge.engine.closing import close_all, close_step
from bridge.engine.effects import (
    Committed,
    Flow,
    Key,
    Page,
    Snapshot,
    commit,
    load,
    load_one,
    mint,
    now,
    page,
    wait,
    warn,
)
from bridge.engine.flows import Context, Launch, background, capability, messages, naming, overdue, resources, threads
from bridge.engine.flows.asking import ESTIMATED
from bridge.engine.flows.lists import cursor_error
from bridge.engine.flows.seizing import guards, seize
from bridge.records import (
    Amend,
    Assistant,
    Change,
    Claim,
    Exists,
    Guard,
    Item,
    Lease,
    Lock,
    Message,
    Object,
    Put,
    Run,
    Step,
    Thread,
    Told,
    Unchanged,
)
from bridge.translate import steps as step_items
from bridge.translate import tools as tool_items
from bridge.wire import render
from bridge.wire.assistants import check_format

BORN: Final = ("thread.run.created", "thread.run.queued")
FAILURES: Final = ("failed", "expired", "incomplete")
"""The ends that nobody asked for: a cancelled run is what its program wanted."""

# --- create


def create(context: Context, thread_id: str, given: Object, query: Object) -> Flow[Launch]:
    """A run on a thread that is there, with its additional messages, in one commit with the thread's lock."""
    assistant_id = given["assistant_id"]
    thread, assistant = yield from load(Key(Thread, thread_id), Key(Assistant, assistant_id))
    if thread is None:
        raise errors.not_found("thread", thread_id)
    if assistant is None:
        raise errors.not_found("assistant", assistant_id)
    thread = yield from overdue.free_thread(thread_id, errors.thread_busy)
    at = yield from now()
    additional = given.get("additional_messages") or ()
    puts: list[Change] = []
    for message in additional:
        name = yield from mint("message")
        puts.append(Put(normalise.new_message(message, name, thread_id, at), is_new=True))
    run = yield from _new_run(context, given, query, assistant, thread, at)
    if not run.instructions and not _has_user_message(puts):
        yield from _need_user_message(thread_id)
    settled = yield from resources.of_messages(context, thread.tool_resources, additional)
    equipped, guards = messages.equipped(thread, settled)
    run = evolve(run, tool_resources=tool_items.merge(assistant.tool_resources, settled.tool_resources))
    outcome = yield from commit([*puts, *equipped, *_born(context, run, at)], Exists(Thread, thread_id), *guards)
    if not isinstance(outcome, Committed):  # the thread went, or another run was quicker: say which
        yield from resources.undo(settled)
        return (yield from create(context, thread_id, given, query))
    return _launch(context, outcome, run, at, given)


def create_with_thread(context: Context, given: Object, query: Object) -> Flow[Launch]:
    """A thread and its first run in one commit: where the run is refused, no thread stays behind (§5.3)."""
    assistant = yield from load_one(Assistant, given["assistant_id"])
    if assistant is None:
        raise errors.not_found("assistant", given["assistant_id"])
    asked = {**(given.get("thread") or {}), **normalise.thread_resources(given)}
    born = yield from threads.new_thread(asked)
    at = yield from now()
    thread = born[0].record
    assert isinstance(thread, Thread)
    run = yield from _new_run(context, given, query, assistant, thread, at)
    if not run.instructions and not _has_user_message(born):
        raise errors.nothing_to_answer()
    settled = yield from resources.of_thread(context, asked)
    thread = evolve(thread, **normalise.thread_resources({"tool_resources": settled.tool_resources}))
    run = evolve(run, tool_resources=tool_items.merge(assistant.tool_resources, thread.tool_resources))
    told = [Put(thread, ("thread.created",), is_new=True), *born[1:]]
    outcome = yield from commit([*told, *_born(context, run, at)])
    assert isinstance(outcome, Committed)
    return _launch(context, outcome, run, at, given)


def _new_run(
    context: Context, given: Object, query: Object, assistant: Assistant, thread: Thread, at: float
) -> Flow[Run]:
    name = yield from mint("run")
    run = normalise.new_run(given, assistant, thread, name, at)
    check_format(run.tools, run.response_format)
    yield from naming.check(context, run.model, at)
    asked = lifecycle.resolve(run.model, at, context.options.models, context.profile.name).model
    yield from capability.check(context, run, given, asked)
    if run.max_prompt_tokens is not None and context.profile.input_tokens is False:
        yield from warn("max_prompt_tokens", ESTIMATED)
    include = tuple(query.get("include") or ())
    return evolve(run, upstream=context.upstream, fingerprint=context.fingerprint, include=include)


def _born(context: Context, run: Run, at: float) -> tuple[Change, ...]:
    claim = Claim(run.id, context.owner, at, at + context.lease_seconds)
    return (Lock(run.thread_id, run.id), Put(run, BORN, is_new=True), claim)


def _launch(context: Context, outcome: Committed, run: Run, at: float, given: Object) -> Launch:
    """The leg to be started under the lease that was just claimed."""
    lease = Lease(context.owner, run.lease.number + 1, at + context.lease_seconds)
    stored = evolve(outcome.record(Run, run.id), lease=lease)
    opening = tuple(change for change in outcome.changes if isinstance(change, (Put, Told)) and _events(change))
    return Launch(stored, opening, render.rest(stored), stream=bool(given.get("stream")), include=stored.include)


def _events(change: Put | Told) -> bool:
    return isinstance(change, Told) or bool(change.events)


def _has_user_message(changes: list[Change] | list[Put]) -> bool:
    records = (change.record for change in changes if isinstance(change, Put))
    return any(isinstance(record, Message) and record.role == "user" for record in records)


def _need_user_message(thread_id: str) -> Flow[None]:
    """Without instructions there must be something to answer (§5.2)."""
    after: str | None = None
    while True:
        found = yield from page(Page(Message, thread_id=thread_id, limit=100, after=after))
        if any(message.role == "user" for message in found.records):
            return
        if not found.has_more:
            raise errors.nothing_to_answer()
        after = found.records[-1].id


# --- read


def retrieve(context: Context, thread_id: str, run_id: str) -> Flow[Object]:
    """The run; a poll helper's request waits for news first: requires_action or a terminal status. Raises APIError for
    a run that failed, where failures are to be loud."""
    while True:
        run = (yield from overdue.found(thread_id, run_id)).run
        at = yield from now()
        if context.wait_until is None or run.status in tables.SETTLED or at >= context.wait_until:
            if context.options.loud_failures and run.status in FAILURES:
                raise _failure(run)
            return render.rest(run)
        yield from wait(context.wait_until, run_id, run.version)


def _failure(run: Run) -> errors.APIError:
    error, incomplete = run.last_error or {}, run.incomplete_details or {}
    return errors.run_ended(run.id, run.status, error.get("code"), error.get("message") or incomplete.get("reason"))


def list_(context: Context, thread_id: str, query: Object) -> Flow[Object]:
    thread = yield from threads.found(thread_id)
    if thread.active_run_id is not None:
        yield from overdue.found(thread_id, thread.active_run_id)
    found = yield from page(Page(Run, thread_id=thread_id, **query))
    if not found.cursor_found:
        raise cursor_error("run", query)
    return render.listing([render.rest(record) for record in found.records], found.has_more)


# --- change


def modify(context: Context, thread_id: str, run_id: str, given: Object) -> Flow[Object]:
    """Metadata only, and only of a run that has ended (§5.4)."""
    run = (yield from overdue.found(thread_id, run_id)).run
    if run.status not in tables.TERMINAL:
        raise errors.cannot_update(run.status)
    outcome = yield from commit([Amend(Run, run_id, normalise.amended_metadata(given))], Exists(Run, run_id))
    if not isinstance(outcome, Committed):
        raise errors.not_found("run", run_id)
    return render.rest(outcome.record(Run, run_id))


def submit(context: Context, thread_id: str, run_id: str, given: Object) -> Flow[Launch]:
    """All outputs at once: the step completes, the run is queued again under this process's lease (§8.5)."""
    snapshot = yield from overdue.found(thread_id, run_id)
    run = snapshot.run
    if run.status != "requires_action":
        raise errors.no_tool_outputs_accepted(run.status)
    assert run.required_action is not None
    outputs = {output.get("tool_call_id"): output.get("output") or "" for output in given["tool_outputs"]}
    expected = [call["id"] for call in run.required_action["submit_tool_outputs"]["tool_calls"]]
    if set(outputs) != set(expected) or len(given["tool_outputs"]) != len(expected):
        raise errors.wrong_tool_outputs(expected, [output.get("tool_call_id") for output in given["tool_outputs"]])
    at = yield from now()
    changes: list[Change] = [_completed(step, outputs, at) for step in snapshot.steps if step.status == "in_progress"]
    for body in step_items.outputs_to_responses(given["tool_outputs"]):
        name = yield from mint("item")
        item = Item(name, thread_id, run_id, body["type"], body, call_id=body["call_id"])
        changes.append(Put(item, is_new=True))
    changes += _queued_again(context, run, at)
    outcome = yield from commit(changes, Unchanged(run_id, run.version))
    if not isinstance(outcome, Committed):  # answered, cancelled or expired by somebody else: say so
        return (yield from submit(context, thread_id, run_id, given))
    return _launch(context, outcome, run, at, given)


def _completed(step: Step, outputs: dict[str, str], at: float) -> Put:
    calls = [
        {**call, "function": {**call["function"], "output": outputs.get(call["id"])}}
        for call in step.step_details["tool_calls"]
    ]
    filled = evolve(step, step_details={"type": "tool_calls", "tool_calls": calls})
    return close_step(filled, "complete", at, step.usage)


def _queued_again(context: Context, run: Run, at: float) -> tuple[Change, ...]:
    queued = evolve(
        run,
        status=tables.move(tables.RUN, run.status, "submit"),
        required_action=None,
        leg=run.leg + 1,
        cursor=None,
        upstream=context.upstream,
        fingerprint=context.fingerprint,
        version=run.version + 1,
    )
    claim = Claim(run.id, context.owner, at, at + context.lease_seconds)
    return (Put(queued, ("thread.run.queued",)), claim)


def cancel(context: Context, thread_id: str, run_id: str) -> Flow[Object]:
    """The answer is `cancelling` always; who ends the run is its leg, or this flow where no leg works (§6.3)."""
    while True:
        snapshot = yield from overdue.found(thread_id, run_id)
        at = yield from now()
        if "cancel" not in tables.RUN[snapshot.run.status]:
            raise errors.cannot_cancel(snapshot.run.status)
        cancelling = yield from _cancel(context, snapshot, at)
        if cancelling is not None:
            if snapshot.run.cursor is not None and snapshot.run.lease.lapsed(at):  # nobody's leg does it
                yield from background.cancel(snapshot.run.cursor["response_id"])
            return render.rest(cancelling)


def _cancel(context: Context, snapshot: Snapshot, at: float) -> Flow[Run | None]:
    """The run as it is cancelled, or None where it changed meanwhile."""
    run, is_idle = snapshot.run, snapshot.run.lease.lapsed(at)
    guard: tuple[Guard, ...] = (Unchanged(run.id, run.version),)
    if is_idle and run.status != "requires_action":
        seized = yield from seize(snapshot, context.owner, at, at)
        if seized is None or seized.run.version != run.version:
            return None
        snapshot, guard = seized, guards(seized.run)
    status = tables.move(tables.RUN, run.status, "cancel")
    cancelling = evolve(snapshot.run, status=status, required_action=None, version=run.version + 1)
    changes: list[Change] = [Put(cancelling, ("thread.run.cancelling",))]
    if is_idle:
        changes += close_all(cancelling, snapshot.messages, snapshot.steps, "stop", at)
    outcome = yield from commit(changes, *guard)
    return cancelling if isinstance(outcome, Committed) else None
