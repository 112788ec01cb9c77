"""What was laid out → the store, thread after thread: what is there is left alone, what differs is told.

A thread of up to CHUNK records is one commit: it is there as a whole, or not at all. Longer ones come in several, in
order; who was killed in between goes on where it stopped, since an object that is there already is found by its id.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import chain
from typing import Any, Final

from attrs import evolve, field, frozen

from bridge.engine import tables
from bridge.engine.effects import Commit, Committed, Key, Outcome, Page
from bridge.errors import StoreError
from bridge.records import Amend, Assistant, Change, Item, Message, Object, Put, Record, Run, Step, Thread
from bridge.store import Store
from bridge.transfer import making
from bridge.transfer.losses import Loss
from bridge.transfer.making import Maker
from bridge.transfer.report import Tally
from bridge.transfer.staging import Staging
from bridge.wire.render import rest

CHUNK: Final = 500
"""Records of one commit."""

AHEAD: Final = 64
"""Commits that are handed in before the first is waited for: the store's writer takes them in groups."""

KIND_OF: Final[dict[type[Any], str]] = {
    Assistant: "assistant",
    Thread: "thread",
    Message: "message",
    Run: "run",
    Step: "step",
}
STORED: Final = ("seq", "version", "lease", "active_run_id", "container")
OF_RUNS: Final = ("upstream", "fingerprint", "leg", "lapses", "response_id", "cursor", "include", "tool_resources")
"""Fields that the store and runs write, and no answer shows."""

UNDER_WAY: Final = "it is under way in the store, and was left alone"


@frozen
class Bringer:
    """`dry`: nothing is written, and the tally is the same. `update`: what differs is replaced. `on_done` is told how
    many objects are done with."""

    store: Store
    staging: Staging
    tally: Tally
    maker: Maker = field(factory=Maker)
    update: bool = False
    dry: bool = False
    on_done: Callable[[int], None] = lambda count: None
    _waiting: deque[tuple[Future[Outcome], list[Record]]] = field(factory=deque, init=False)

    def bring(self) -> None:
        self._assistants()
        for thread_id in self.staging.thread_ids():
            self._thread(thread_id)
        self._settle(0)
        self._look_for_runs()

    # --- assistants

    def _assistants(self) -> None:
        for value in self.staging.assistants():
            records = self._made("assistant", value)
            if records:
                self._carefully(records)

    # --- threads

    def _thread(self, thread_id: str) -> None:
        (there,) = self.store.load([Key(Thread, thread_id)])
        chunks = _chunked(self._records(thread_id, is_there=there is not None))
        first = next(chunks, [])
        if there is None and not self.dry and len(first) < CHUNK:
            self._hand_in(first)
            return
        for chunk in chain([first], chunks):
            self._carefully(chunk, is_behind=there is not None)

    def _records(self, thread_id: str, is_there: bool) -> Iterator[list[Record]]:
        """The records of each object of the thread, the thread first."""
        value = self.staging.thread(thread_id)
        made = [] if value is None else self._made("thread", value)
        if not made and not is_there:
            of_messages = making.thread_of(thread_id, self.staging.begin(thread_id))
            self._lose(of_messages.losses)
            made = list(of_messages.records)
        yield [self._dated(record) for record in made]
        for kind, entry in self.staging.entries(thread_id):
            yield self._made(kind, entry)

    def _dated(self, thread: Record) -> Record:
        """Tables need not say when a thread was made: then it is as old as its first message."""
        assert isinstance(thread, Thread)
        return thread if thread.created_at else evolve(thread, created_at=self.staging.begin(thread.id))

    def _made(self, kind: str, value: Any) -> list[Record]:
        try:
            made = self.maker.make(kind, value)
        except ValueError as error:
            self._lose([Loss("invalid", kind, value["id"], str(error), value.get("thread_id"))])
            self.tally.add("lost", kind)
            self.on_done(1)
            return []
        self._lose(made.losses)
        if kind == "run":
            self._look_for_assistant(made.records[0])
        return list(made.records)

    # --- into the store

    def _hand_in(self, records: list[Record]) -> None:
        """A whole thread that is new, as far as anybody knows: stored without a look at each of its objects."""
        future = self.store.commit(Commit(tuple(Put(record, is_new=True) for record in records)))
        self._waiting.append((future, records))
        self._settle(AHEAD)

    def _settle(self, ahead: int) -> None:
        while len(self._waiting) > ahead:
            future, records = self._waiting.popleft()
            if isinstance(future.result(), Committed):
                self._count("new", records)
            else:  # something of it is there, under another thread or since a moment ago
                self._carefully(records)

    def _carefully(self, records: Sequence[Record], is_behind: bool = False) -> None:
        """What is there already is looked at first."""
        found = self.store.load([Key(type(record), record.id) for record in records])
        changes: list[Change] = []
        is_new_step = False
        for record, before in zip(records, found, strict=True):
            if isinstance(record, Item) and before is None and not is_new_step:
                continue  # a step that was there has its items already, whatever they are called
            is_new_step = isinstance(record, (Step, Item)) and before is None
            changes += self._changes(record, before)
        if is_behind:
            self._tell_late(change.record for change in changes if isinstance(change, Put) and change.is_new)
        if changes and not self.dry:
            outcome = self.store.commit(Commit(tuple(changes))).result()
            if not isinstance(outcome, Committed):
                raise StoreError(f"{records[0].id} was changed by somebody else at the same moment: import again")

    def _changes(self, record: Record, before: Record | None) -> list[Change]:
        if before is None:
            self._count("new", [record])
            return [Put(record, is_new=True)]
        if _thread_of(record) != _thread_of(before):
            self._count("lost", [record])
            self._lose([_loss("elsewhere", record, f"of {_thread_of(before)}")])
            return []
        differing = _differing(record, before)
        if not differing:
            self._count("same", [record])
            return []
        if isinstance(before, Run) and before.status not in tables.TERMINAL:
            differing = [UNDER_WAY]
        elif self.update:
            self._count("updated", [record])
            return _replaced(record, before)
        self._count("differs", [record])
        if not isinstance(record, Item):
            self._lose([_loss("differs", record, ", ".join(differing))])
        return []

    # --- losses

    def _tell_late(self, new: Iterable[Record]) -> None:
        """New messages that are older than what the thread has already."""
        messages = [record for record in new if isinstance(record, Message)]
        if not messages:
            return
        newest = self.store.page(Page(Message, thread_id=messages[0].thread_id, limit=1)).records
        if newest:
            self._lose(_loss("late", each) for each in messages if each.created_at < newest[0].created_at)

    def _look_for_assistant(self, run: Record) -> None:
        assert isinstance(run, Run)
        id = run.assistant_id
        if not self.tally.is_new_name(id) or self.staging.has("assistant", id):
            return
        if self.store.load([Key(Assistant, id)])[0] is None:
            self._lose([Loss("no_assistant", "run", run.id, id, run.thread_id)])

    def _look_for_runs(self) -> None:
        for kind, run_id, thread_id in self.staging.missing_runs():
            if self.store.load([Key(Run, run_id)])[0] is None:
                self._lose([Loss("no_run", kind, run_id, "", thread_id)])

    def _lose(self, losses: Iterable[Loss]) -> None:
        for loss in losses:
            self.staging.lose(loss)

    def _count(self, what: str, records: Sequence[Record]) -> None:
        kinds = [KIND_OF[type(record)] for record in records if type(record) in KIND_OF]
        for kind in kinds:
            self.tally.add(what, kind)
        self.on_done(len(kinds))


def _chunked(groups: Iterable[list[Record]]) -> Iterator[list[Record]]:
    """The records of about one commit each; those of one object stay together."""
    chunk: list[Record] = []
    for group in groups:
        chunk += group
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _replaced(record: Record, before: Record) -> list[Change]:
    """A put leaves metadata as it is stored (records.Put), so that is set beside."""
    names = (*STORED, *OF_RUNS) if isinstance(record, Run) else STORED
    record = evolve(record, **{name: getattr(before, name) for name in names if hasattr(before, name)})
    if isinstance(record, Run):
        record = evolve(record, version=record.version + 1)
    changes: list[Change] = [Put(record)]
    if not isinstance(record, (Step, Item)):
        changes.append(Amend(type(record), record.id, {"metadata": getattr(record, "metadata", {})}))  # type: ignore[arg-type]
    return changes


def _thread_of(record: Any) -> str | None:
    return getattr(record, "thread_id", None)


def _differing(record: Any, before: Any) -> list[str]:
    """The fields of the answers about the two that are not the same."""
    one, other = _shown(record), _shown(before)
    return [name for name in one if one[name] != other[name]]


def _shown(record: Any) -> Object:
    return {"body": record.body} if isinstance(record, Item) else rest(record, how="get", run_is_terminal=True)


def _loss(reason: str, record: Any, detail: str = "") -> Loss:
    return Loss(reason, KIND_OF.get(type(record), "item"), record.id, detail, _thread_of(record))
