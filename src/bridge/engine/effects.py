"""What a flow may ask for, and what it is told.

A flow is a generator: it yields effects, a driver (`hands/drive.py`) performs them and sends the answers back in. The
helpers at the end give every answer its static type; flows use ``yield from load(…)``, never a bare ``yield``. Nothing
in here has I/O, a clock or randomness, so a test can play the world (design §3, §6).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

from attrs import field, frozen

from bridge import ids
from bridge.hooks import Missing
from bridge.records import (
    Assistant,
    Change,
    Counterpart,
    Entry,
    Guard,
    Item,
    Message,
    Object,
    Observed,
    Record,
    Run,
    Step,
    Thread,
)

T = TypeVar("T")
R = TypeVar("R", bound=Record)

# --- the store


@frozen
class Key:
    """One record to load. `thread_id` and `run_id` narrow it: a message of another thread is not found."""

    kind: type[Any]
    id: str
    thread_id: str | None = None
    run_id: str | None = None


@frozen
class Load:
    """Records by id, read at one moment. Answer: a tuple in the order of `keys`, None where there is none."""

    keys: tuple[Key, ...]


@frozen
class Page:
    """A slice of a list. Answer: Slice.

    `after` and `before` are ids; the slice holds the records that follow `after`, or precede `before`, in `order`
    (nearest to the cursor, still in `order`). Order is by `created_at`, then `seq` (assistants-wire §1.4).
    """

    kind: type[Assistant] | type[Message] | type[Run] | type[Step] | type[Observed] | type[Counterpart]
    thread_id: str | None = None
    run_id: str | None = None
    limit: int = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    before: str | None = None


@frozen
class Slice:
    """`has_more`: at least one further record in the direction of travel. `cursor_found` is False when
    `after` or `before` names no record of this list."""

    records: tuple[Any, ...]
    has_more: bool = False
    cursor_found: bool = True


@frozen
class History:
    """The newest messages and items of a thread, oldest first. Answer: tuple[Entry, ...].

    Read backwards until `characters` of JSON are passed; `last_messages` stops after that many messages that belong to
    no run or to another run than `run_id`. All entries of run `run_id` and the thread's first user message are always
    in the answer, whatever the limits.
    """

    thread_id: str
    run_id: str | None = None
    characters: int | None = None
    last_messages: int | None = None


@frozen
class Entries:
    """Messages and items of a thread in `seq` order, those behind place `after`.

    Answer: tuple[Entry, ...], shorter than `limit` only where the thread ends."""

    thread_id: str
    after: int = 0
    limit: int = 100


@frozen
class RunState:
    """All a leg starts from, read at one moment. Answer: Snapshot, or None when the run is gone."""

    thread_id: str
    run_id: str


@frozen
class Snapshot:
    """A run with its thread, its steps and messages in `seq` order, and its items."""

    run: Run
    thread: Thread
    steps: tuple[Step, ...] = ()
    messages: tuple[Message, ...] = ()
    items: tuple[Item, ...] = ()


@frozen
class Commit:
    """Changes stored in one transaction if every guard holds, then streamed. Answer: Committed, Conflict or Lost.

    A commit of deltas and tolds alone touches no database.
    """

    changes: tuple[Change, ...]
    guards: tuple[Guard, ...] = ()


@frozen
class Committed:
    """Stored. `changes` are the same changes with what the store filled in (`seq`, amended records)."""

    changes: tuple[Change, ...]

    def record(self, kind: type[R], id: str) -> R:
        """The record of this kind and id as it stands after the commit (last put or amend wins)."""
        from bridge.records import Put, Told

        for change in reversed(self.changes):
            if isinstance(change, (Put, Told)) and isinstance(change.record, kind) and change.record.id == id:
                return change.record
        raise KeyError(id)


@frozen
class Conflict:
    """Nothing was stored: a guard did not hold, or a Lock or Claim found another there. `guard` is the one."""

    guard: Guard | Change


@frozen
class Lost:
    """Nothing was stored: the fence did not hold (another process owns the run now), or the run is gone."""


Outcome: TypeAlias = Committed | Conflict | Lost

# --- time, names


@frozen
class Now:
    """Answer: the time, Unix seconds as float."""


@frozen
class Mint:
    """Answer: a new id of the kind."""

    kind: ids.Kind


# --- the upstream


@frozen
class Open:
    """One Responses call, streamed. Answer: None; what comes of it arrives through Next.

    A pump owns the socket and fills the leg's inbox. A refusal by the server or the network arrives as Refused.
    With `resume` nothing is asked anew: the stream of a background response goes on where it was left.
    """

    request: Object
    resume: Resume | None = None


@frozen
class Resume:
    """A background response that may still be at work upstream: the events after `after` (a sequence_number; None
    means from its first)."""

    response_id: str
    after: int | None = None


@frozen
class Next:
    """The next thing that happens to the leg, at the latest at `until` (Unix seconds). Answer: Signal."""

    until: float


@frozen
class Close:
    """The upstream stream stopped at once; nothing of it arrives any more. Answer: None."""


@frozen
class Event:
    """One decoded `response.*` event (or `error`), as the upstream sent it."""

    data: Object


@frozen
class Refused:
    """The upstream answered the call with an HTTP error (`status`, `body`), or could not be reached (`status` 0)."""

    status: int
    message: str
    code: str | None = None
    type: str | None = None
    param: str | None = None
    retry_after: float | None = None


@frozen
class End:
    """The stream is over. `error` tells how, when not cleanly (connection reset, malformed bytes)."""

    error: str | None = None


@frozen
class Timeout:
    """`until` passed and nothing happened."""


@frozen
class Woken:
    """Somebody else changed the run (a cancel, say): load it and see."""


@frozen
class LeaseLost:
    """The heartbeat found the run's lease taken by another, or the run gone."""


@frozen
class Stopped:
    """This process is going down: let the run go, another takes it up."""


Signal: TypeAlias = Event | Refused | End | Timeout | Woken | LeaseLost | Stopped


@frozen
class Lessons:
    """What this model is known to refuse on this upstream. Answer: frozenset of words (engine/lessons.py)."""

    model: str
    upstream: str = ""


@frozen
class Learn:
    """Remember that this model refuses `lesson` on this upstream. Answer: None."""

    model: str
    lesson: str
    upstream: str = ""


@frozen
class Upload:
    """A file for a multipart body, its field named ``file``."""

    filename: str
    content: bytes = field(repr=False)
    media_type: str = "application/octet-stream"


@frozen
class Send:
    """Any other upstream call. Answer: Sent, or Refused (status 0) where no answer came.

    With `upload` the body is multipart: the file, and `body` as its form fields. In a leg the call is given up at
    `until` (Unix seconds), and when something more urgent happens to the run (a cancel, a lost lease): Refused, and
    Next tells what it was. With `is_urgent` only at `until`: for calls that are themselves the answer to that.
    """

    method: str
    path: str
    body: Object | None = None
    query: Mapping[str, str] = field(factory=dict)
    upload: Upload | None = None
    until: float | None = None
    is_urgent: bool = False


@frozen
class Sent:
    """An answer, HTTP errors among them. `body` is the JSON object."""

    status: int
    body: Object

    @property
    def is_ok(self) -> bool:
        return self.status < 400


@frozen
class Keep:
    """The bytes behind an upstream path, streamed into the store. `copy` is a name of this try alone: who lost a run in
    the meantime must spoil nothing of what its successor keeps of the same file.

    Answer: Kept, or Refused: the server's error, status 0 where no answer came, status 413 where there are more than
    `limit` bytes. What was stored of them is then removed again. Given up like Send.
    """

    copy: str
    path: str
    limit: int
    until: float | None = None


@frozen
class Kept:
    """`size` in bytes; `media_type` as the server said it, without parameters."""

    size: int
    media_type: str | None = None


@frozen
class Read:
    """All bytes of a kept file. Answer: bytes, or None where there are none."""

    copy: str


@frozen
class Warn:
    """Something of what was asked is lost, or done otherwise: told once in the log, and in the `bridge-degraded` header
    of the answer. Answer: None. `parameter` is the name that docs/parity.md has for it; None is for the log alone."""

    parameter: str | None
    sentence: str


@frozen
class Revive:
    """A thread or an assistant that the store does not know, asked for of the program (hooks.py), and made of what it
    tells; where it tells nothing, `creates` makes an empty thread. Answer: None."""

    kind: Missing
    id: str
    creates: bool = False


@frozen
class Wait:
    """Sleep until `until`, or until there is news of the run since `version`. May end early; look again.

    Answer: None. Holds no database connection.
    """

    until: float
    run_id: str
    version: int


Effect: TypeAlias = (
    Load
    | Page
    | History
    | Entries
    | RunState
    | Commit
    | Now
    | Mint
    | Open
    | Next
    | Close
    | Lessons
    | Learn
    | Send
    | Keep
    | Read
    | Warn
    | Revive
    | Wait
)
Flow: TypeAlias = Generator[Effect, Any, T]

# --- typed helpers


def load(*keys: Key) -> Flow[tuple[Any, ...]]:
    answer: tuple[Any, ...] = yield Load(keys)
    return answer


def load_one(kind: type[R], id: str, *, thread_id: str | None = None, run_id: str | None = None) -> Flow[R | None]:
    (record,) = yield from load(Key(kind, id, thread_id, run_id))
    return record  # type: ignore[no-any-return]


def page(effect: Page) -> Flow[Slice]:
    answer: Slice = yield effect
    return answer


def history(effect: History) -> Flow[tuple[Entry, ...]]:
    answer: tuple[Entry, ...] = yield effect
    return answer


def entries(effect: Entries) -> Flow[tuple[Entry, ...]]:
    answer: tuple[Entry, ...] = yield effect
    return answer


def run_state(thread_id: str, run_id: str) -> Flow[Snapshot | None]:
    answer: Snapshot | None = yield RunState(thread_id, run_id)
    return answer


def commit(changes: Sequence[Change], *guards: Guard) -> Flow[Outcome]:
    answer: Outcome = yield Commit(tuple(changes), guards)
    return answer


def now() -> Flow[float]:
    answer: float = yield Now()
    return answer


def mint(kind: ids.Kind) -> Flow[str]:
    answer: str = yield Mint(kind)
    return answer


def open_upstream(request: Object, resume: Resume | None = None) -> Flow[None]:
    yield Open(request, resume)


def next_signal(until: float) -> Flow[Signal]:
    answer: Signal = yield Next(until)
    return answer


def close_upstream() -> Flow[None]:
    yield Close()


def lessons_of(model: str, upstream: str) -> Flow[frozenset[str]]:
    answer: frozenset[str] = yield Lessons(model, upstream)
    return answer


def learn(model: str, lesson: str, upstream: str) -> Flow[None]:
    yield Learn(model, lesson, upstream)


def wait(until: float, run_id: str, version: int) -> Flow[None]:
    yield Wait(until, run_id, version)


def send(effect: Send) -> Flow[Sent | Refused]:
    answer: Sent | Refused = yield effect
    return answer


def keep(effect: Keep) -> Flow[Kept | Refused]:
    answer: Kept | Refused = yield effect
    return answer


def read(copy: str) -> Flow[bytes | None]:
    answer: bytes | None = yield Read(copy)
    return answer


def warn(parameter: str | None, sentence: str) -> Flow[None]:
    yield Warn(parameter, sentence)


def revive(effect: Revive) -> Flow[None]:
    yield effect
