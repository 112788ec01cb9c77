"""The promises of the design (§1, §3), checked at each commit and at each publication, against a shadow of the store.

statuses     move along engine/tables.py only; one terminal status per run; times and nulls of assistants-wire §6.2
lock         a thread is locked by its one run that is not terminal, and by nothing else
lease        nobody but its holder writes a run's steps, messages and end while it lives; a fenced-out leg never
outputs      one output per call; no call is asked for again once it has one
what is told was stored before, as it is told; what is stored is what the upstream said
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from bridge.engine import tables
from bridge.engine.effects import Commit, Committed, Key
from bridge.records import (
    Change,
    Claim,
    Delta,
    Erase,
    Item,
    Lease,
    Lock,
    Message,
    Object,
    Put,
    Release,
    Run,
    Step,
    Thread,
    Unlock,
)
from simulation.conversations import Conversation

TIMES: dict[type, dict[str, str]] = {
    Run: {
        "completed": "completed_at",
        "incomplete": "completed_at",
        "failed": "failed_at",
        "cancelled": "cancelled_at",
    },
    Step: {"completed": "completed_at", "failed": "failed_at", "cancelled": "cancelled_at", "expired": "expired_at"},
    Message: {"completed": "completed_at", "incomplete": "incomplete_at"},
}
"""The one time that a status sets, of those that statuses set."""

TABLES: dict[type, dict[Any, dict[str, Any]]] = {Run: tables.RUN, Step: tables.STEP, Message: tables.MESSAGE}


class Broken(AssertionError):
    """A promise that was not kept."""


def need(condition: Any, text: str, *about: Any) -> None:
    """`text` has a pair of braces for each of `about`, and is only put together where it is needed."""
    if not condition:
        raise Broken(text.format(*about))


class Writer(Protocol):
    """Who commits. `number` is the lease number of the snapshot a leg began with."""

    kind: str
    owner: str
    run_id: str | None
    number: int | None
    conversation: Conversation | None


class Watch:
    """Sees every commit before the writer is told of it."""

    def __init__(self, store: Any, clock: Callable[[], float], is_dead: Callable[[str | None], bool]) -> None:
        self._store = store
        self._clock = clock
        self._is_dead = is_dead
        self.runs: dict[str, Run] = {}
        self.steps: dict[str, dict[str, Step]] = {}  # by run
        self.messages: dict[str, dict[str, Message]] = {}  # by run; by "" those of users
        self.outputs: dict[str, dict[str, str]] = {}  # run → call id → output
        self.active: dict[str, set[str]] = {}  # thread → its runs that are not terminal
        self._claimers: dict[str, Writer] = {}  # run → who claimed it last
        self._gone: set[str] = set()  # messages that were deleted: they stay so, whoever still writes them
        self._said_less: set[str] = set()  # runs of these
        self.erased: set[str] = set()
        self.said: dict[str, int] = {}  # text of a user's message → how often stored
        self._stored: dict[str, list[Any]] = {}  # records that events tell of, as committed

    # --- commits

    def leases(self, commit: Commit) -> dict[str, Lease]:
        """The leases, before the commit, of the runs it touches."""
        names = {name for change in commit.changes for name in _run_of(change)}
        found = self._store.load([Key(Run, name) for name in names])
        return {run.id: run.lease for run in found if run is not None}

    def saw(self, writer: Writer, commit: Commit, outcome: Committed, leases: dict[str, Lease]) -> None:
        self._check_writer(writer, commit, leases)
        creates = {c.record.thread_id for c in commit.changes if isinstance(c, Put) and _is_new_run(c)}
        for change in commit.changes:
            if isinstance(change, Put):
                self._put(writer, change, creates)
            elif isinstance(change, Claim):
                self._claimed(change, leases)
                self._claimers[change.run_id] = writer
            elif isinstance(change, Erase):
                self._erase(change)
        self._remember(outcome.changes)
        self._check_ends(writer, commit)

    def _check_writer(self, writer: Writer, commit: Commit, leases: dict[str, Lease]) -> None:
        for run_id, lease in leases.items():
            if writer.kind in ("leg", "abort"):
                mine = (lease.owner, lease.number) == (writer.owner, writer.number)
                need(mine, "a {} without the lease wrote run {}: {}", writer.kind, run_id, commit.changes)
            elif not lease.lapsed(self._clock()) and not self._is_dead(lease.owner):
                may = self._claimers.get(run_id) is writer or _only_asks_to_cancel(commit, run_id)
                may = may or (lease.owner == writer.owner and _only_claims_or_releases(commit))
                need(may, "{} wrote {} under a living lease", writer.kind, run_id)

    def _claimed(self, claim: Claim, leases: dict[str, Lease]) -> None:
        lease = leases.get(claim.run_id)
        if lease is not None and lease.owner != claim.owner and not self._is_dead(lease.owner):
            need(lease.lapsed(self._clock()), "{} claimed {} from {}", claim.owner, claim.run_id, lease)

    def _put(self, writer: Writer, put: Put, creates: set[str]) -> None:
        record: Any = put.record
        is_new = put.is_new
        thread_id = getattr(record, "thread_id", None)
        need(thread_id not in self.erased, "written after its thread was deleted: {}", record)
        if isinstance(record, Run):
            self._put_run(record, is_new, takes_over=self._claimers.get(record.id) is writer)
        elif isinstance(record, Step):
            self._move(Step, record, self.steps.setdefault(record.run_id, {}), is_new)
        elif isinstance(record, Message):
            if record.run_id is None and is_new:
                need(not self.active.get(record.thread_id) or record.thread_id in creates, "a message on a busy thread")
                text = text_of(record)
                self.said[text] = self.said.get(text, 0) + 1
            self._move(Message, record, self.messages.setdefault(record.run_id or "", {}), is_new)
        elif isinstance(record, Item) and record.type == "function_call_output":
            outputs = self.outputs.setdefault(record.run_id, {})
            need(record.call_id not in outputs, "a second output for {} of {}", record.call_id, record.run_id)
            outputs[str(record.call_id)] = record.body["output"]

    def _put_run(self, run: Run, is_new: bool, takes_over: bool) -> None:
        before = self.runs.get(run.id)
        if before is None:
            need(is_new and run.status == "queued", "a run begins as {}", run.status)
            need(run.expires_at == run.created_at + 600, "expires_at is not created_at + 600")
        else:
            again = takes_over and run.status == before.status and run.status not in tables.SETTLED
            moves = tables.RUN[before.status].values()
            need(run.status in moves or again, "run {}: {} → {}", run.id, before.status, run.status)
            need(run.version == before.version + 1, "run {}: version {} → {}", run.id, before.version, run.version)
        self.runs[run.id] = run
        active = self.active.setdefault(run.thread_id, set())
        (active.discard if run.status in tables.TERMINAL else active.add)(run.id)
        self._check_run(run)

    def _move(self, kind: type, record: Any, shadow: dict[str, Any], is_new: bool) -> None:
        before = shadow.get(record.id)
        if record.id in self._gone:
            return
        if before is None:
            need(is_new, "not new, and not there: {}", record)
        else:
            moves = TABLES[kind][before.status]
            same = record.status == before.status and moves
            need(same or record.status in moves.values(), "{}: {} → {}", record.id, before.status, record.status)
        shadow[record.id] = record
        if record.run_id is not None:
            _check_times(kind, record)

    def _erase(self, erase: Erase) -> None:
        if erase.kind is Thread:
            self.erased.add(erase.id)
            self.active.pop(erase.id, None)
            for run in [run for run in self.runs.values() if run.thread_id == erase.id]:
                del self.runs[run.id]
            return
        if erase.kind is Message:
            self._gone.add(erase.id)
        for run_id, shadow in (*self.steps.items(), *self.messages.items()):
            if shadow.pop(erase.id, None) is not None and erase.kind is Message:
                self._said_less.add(run_id)

    # --- what must hold after a commit

    def _check_run(self, run: Run) -> None:
        _check_times(Run, run)
        status = run.status
        need((run.required_action is not None) == (status == "requires_action"), "required_action in {}", status)
        need((run.last_error is not None) == (status == "failed"), "last_error in {}", status)
        need((run.incomplete_details is not None) == (status == "incomplete"), "incomplete_details in {}", status)
        need(run.usage is not None or status not in tables.TERMINAL, "no usage in {}", status)
        started = status in ("in_progress", "requires_action", "completed", "incomplete")
        need(run.started_at is not None or not started, "{} without started_at", status)
        for call in _calls(run):
            need(call["id"] not in self.outputs.get(run.id, {}), "{} is asked for again", call["id"])

    def _check_ends(self, writer: Writer, commit: Commit) -> None:
        puts = {c.record.id: c.record for c in commit.changes if isinstance(c, Put) and isinstance(c.record, Run)}
        for run in puts.values():
            if run.status in tables.SETTLED:
                self._check_settled(run, writer)
        touched = {thread_id for change in commit.changes for thread_id in _thread_of(change)}
        for thread_id in touched - self.erased:
            (thread,) = self._store.load([Key(Thread, thread_id)])
            active = self.active.get(thread_id, set())
            need(len(active) <= 1, "runs {} are active on {}", active, thread_id)
            lock = thread and thread.active_run_id
            need({lock} - {None} == active, "{} is locked by {}, active: {}", thread_id, lock, active)

    def _check_settled(self, run: Run, writer: Writer) -> None:
        (stored,) = self._store.load([Key(Run, run.id)])
        need(stored is not None and stored.lease.owner is None, "{}, and the lease is kept: {}", run.status, stored)
        need(stored.status == run.status, "stored as {}, not {}", stored.status, run.status)
        steps, messages = self.steps.get(run.id, {}).values(), self.messages.get(run.id, {}).values()
        open_steps = [step for step in steps if step.status == "in_progress"]
        need(not [m for m in messages if m.status == "in_progress"], "{} with an open message", run.status)
        if run.status in tables.TERMINAL:
            need(not open_steps, "{} with open steps {}", run.status, open_steps)
        else:
            need(len(open_steps) == 1, "{} with open steps {}", run.status, open_steps)
        if writer.kind == "leg" and run.status in ("completed", "requires_action"):
            self._check_said(run, writer.conversation)

    def _check_said(self, run: Run, conversation: Conversation | None) -> None:
        """What the upstream said in this leg is what the run ends with, whole and in order."""
        need(conversation is not None and conversation.ending == "completed", "{} after {}", run.status, conversation)
        assert conversation is not None
        texts = [text_of(m) for m in self.messages.get(run.id, {}).values() if m.status == "completed"]
        said = list(conversation.texts)
        is_whole = run.id not in self._said_less
        need(texts[len(texts) - len(said) :] == said or not is_whole, "messages {}, said {}", texts, said)
        asked = [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in _calls(run)]
        need(asked == list(conversation.calls), "asked {}, called {}", asked, conversation.calls)

    def check_lost(self, writer: Writer) -> None:
        """A leg ended without a word: its run must be another's by now, or gone, or ended."""
        (run,) = self._store.load([Key(Run, str(writer.run_id))])
        lease = run and (run.lease.owner, run.lease.number)
        need(run is None or lease != (writer.owner, writer.number), "a leg gave up {} under its own lease", run)

    # --- what is told

    def _remember(self, changes: Iterable[Change]) -> None:
        last: dict[str, Any] = {}
        for change in changes:
            if isinstance(change, Put) and change.events:
                self._stored.setdefault(change.record.id, []).append(change.record)
                last[change.record.id] = change.record
        for record in (record for record in last.values() if record.id not in self._gone):
            (stored,) = self._store.load([Key(type(record), record.id)])
            need(stored is not None and _alike(stored, record), "told {}, stored {}", record, stored)

    def told(self, changes: Iterable[Change]) -> None:
        """The hands publish these: every record among them must have been committed, just so."""
        for change in changes:
            if isinstance(change, Put) and change.events:
                known = self._stored.get(change.record.id, ())
                need(any(change.record is it or change.record == it for it in known), "told, not stored: {}", change)


def text_of(message: Message) -> str:
    """The text of all blocks, refusals included."""
    return "".join(b["text"]["value"] if b["type"] == "text" else b.get("refusal", "") for b in message.content)


def _calls(run: Run) -> list[Object]:
    """The calls a run waits for."""
    action = run.required_action
    return [] if action is None else list(action["submit_tool_outputs"]["tool_calls"])


def _check_times(kind: type, record: Any) -> None:
    due = TIMES[kind].get(record.status)
    for name in set(TIMES[kind].values()):
        need((getattr(record, name) is not None) == (name == due), "{} in {}: {}", name, record.status, record)


def _alike(stored: Any, told: Any) -> bool:
    names = ("status", "content", "step_details", "required_action", "usage", "version")
    return all(getattr(stored, name, None) == getattr(told, name, None) for name in names)


def _is_new_run(put: Put) -> bool:
    return put.is_new and isinstance(put.record, Run)


def _run_of(change: Change) -> Iterable[str]:
    if isinstance(change, Put):
        record = change.record
        if isinstance(record, Run):
            yield record.id
        elif isinstance(record, (Step, Message, Item)) and record.run_id is not None:
            yield record.run_id
    elif isinstance(change, (Claim, Release, Lock, Unlock)):
        yield change.run_id


def _thread_of(change: Change) -> Iterable[str]:
    if isinstance(change, Put) and isinstance(change.record, Run):
        yield change.record.thread_id
    elif isinstance(change, (Lock, Unlock)):
        yield change.thread_id


def _only_claims_or_releases(commit: Commit) -> bool:
    """A process may take a run from a leg of its own, and give back what it holds."""
    return all(isinstance(change, (Claim, Release)) for change in commit.changes)


def _only_asks_to_cancel(commit: Commit, run_id: str) -> bool:
    """Others may leave an intent (design §3, "Who may write")."""
    mine = [change for change in commit.changes if run_id in _run_of(change) and not isinstance(change, Delta)]
    return all(isinstance(c, Put) and isinstance(c.record, Run) and c.record.status == "cancelling" for c in mine)
