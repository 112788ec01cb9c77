"""What exists, at rest: frozen records, and the changes that make them.

Records hold what was decided, not how it is shown: `wire/render.py` knows the REST and the SSE form of each. Times are
Unix seconds. Plain JSON (tools, content blocks, tool_resources …) stays plain JSON, in the Assistants dialect, already
normalised the way the old service answered it; only `Item.body` speaks Responses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

JSON: TypeAlias = Any
Object: TypeAlias = dict[str, Any]

RunStatus = Literal[
    "queued",
    "in_progress",
    "requires_action",
    "cancelling",
    "cancelled",
    "failed",
    "completed",
    "incomplete",
    "expired",
]
StepStatus = Literal["in_progress", "completed", "failed", "cancelled", "expired"]
MessageStatus = Literal["in_progress", "incomplete", "completed"]


@frozen
class Assistant:
    """A named configuration of model, instructions and tools."""

    id: str
    created_at: int
    model: str
    name: str | None = None
    description: str | None = None
    instructions: str | None = None
    tools: Sequence[Object] = ()
    top_p: float | None = 1.0
    temperature: float | None = 1.0
    reasoning_effort: str | None = None
    tool_resources: Object = field(factory=dict)
    metadata: Object = field(factory=dict)
    response_format: str | Object = "auto"


@frozen
class Thread:
    """A conversation. `active_run_id` is its lock: set while a run is not terminal. Written by Lock and Unlock only.

    `container` is the code interpreter's session as a run last used it: {"id", "at" (Unix seconds), "file_ids"}.
    `conversation` is the thread's Conversation upstream, and how far both know each other (engine/mirror.py).
    """

    id: str
    created_at: int
    metadata: Object = field(factory=dict)
    tool_resources: Object = field(factory=dict)
    active_run_id: str | None = None
    container: Object | None = None
    conversation: Object | None = None


@frozen
class Message:
    """A message of a thread. `content` holds Assistants content blocks (assistants-wire §4.2).

    `seq` is its place in the thread, shared with runs, steps and items; the store assigns it at the first commit.
    """

    id: str
    thread_id: str
    created_at: int
    role: Literal["user", "assistant"]
    status: MessageStatus = "completed"
    content: Sequence[Object] = ()
    attachments: Sequence[Object] = ()
    metadata: Object = field(factory=dict)
    assistant_id: str | None = None
    run_id: str | None = None
    completed_at: int | None = None
    incomplete_at: int | None = None
    incomplete_details: Object | None = None
    seq: int = 0


@frozen
class Lease:
    """A process's temporary claim on a run. Written by Claim, Release and the heartbeat only, never by Put.

    `number` grows with every claim; a commit fenced by an older number is refused. `until` is a Unix time;
    a lease whose owner is None or whose time has passed may be claimed by anybody who can go on with the run.
    """

    owner: str | None = None
    number: int = 0
    until: float = 0.0

    def lapsed(self, now: float) -> bool:
        return self.owner is None or self.until <= now


@frozen
class Run:
    """One run of an assistant on a thread, with its own resolved copy of the assistant's settings.

    `version` counts the puts of this record: who writes must have seen the version before. `expires_at` stays what it
    was at creation, the wire shows null once the run is terminal. `lapses` counts legs that died with their process.
    `upstream` and `fingerprint` name the server and the credential the run began with (design §3). `cursor` is how far
    a background response was read and stored: {"response_id", "after" (its sequence_number), "steps" (open ones)}.
    """

    id: str
    thread_id: str
    assistant_id: str
    created_at: int
    expires_at: int
    model: str
    status: RunStatus = "queued"
    instructions: str | None = None
    tools: Sequence[Object] = ()
    tool_resources: Object = field(factory=dict)
    metadata: Object = field(factory=dict)
    temperature: float | None = 1.0
    top_p: float | None = 1.0
    reasoning_effort: str | None = None
    max_completion_tokens: int | None = None
    max_prompt_tokens: int | None = None
    truncation_strategy: Object = field(factory=lambda: {"type": "auto", "last_messages": None})
    response_format: str | Object = "auto"
    tool_choice: str | Object = "auto"
    parallel_tool_calls: bool = True
    include: Sequence[str] = ()
    started_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    required_action: Object | None = None
    last_error: Object | None = None
    incomplete_details: Object | None = None
    usage: Object | None = None
    leg: int = 0
    lapses: int = 0
    response_id: str | None = None
    cursor: Object | None = None
    upstream: str = ""
    fingerprint: str = ""
    version: int = 0
    lease: Lease = Lease()
    seq: int = 0


@frozen
class Step:
    """A run step: a message being made, or a round of tool calls. `step_details` is the Assistants form."""

    id: str
    run_id: str
    thread_id: str
    assistant_id: str
    created_at: int
    expires_at: int
    type: Literal["message_creation", "tool_calls"]
    step_details: Object
    status: StepStatus = "in_progress"
    cancelled_at: int | None = None
    completed_at: int | None = None
    expired_at: int | None = None
    failed_at: int | None = None
    last_error: Object | None = None
    usage: Object | None = None
    seq: int = 0


@frozen
class Item:
    """A Responses item behind a run: what goes upstream again on the next leg. Never shown to Assistants clients.

    `message_id` is set on output messages (the thread message made of it), `call_id` on function calls and outputs.
    `run_id` is empty where native code brought the item in (translate/native.py).
    """

    id: str
    thread_id: str
    run_id: str
    type: str
    body: Object
    call_id: str | None = None
    message_id: str | None = None
    seq: int = 0


@frozen
class File:
    """A file that a run made, kept here because the container it lay in does not last; or one that was imported.

    `size` in bytes. `container_id` and `source_id` are where it came from; empty, as are its thread and run, where it
    was imported. `copy` names its bytes in the store beside it (its id, a dot, and whose try it was); empty where there
    were too many, or none to be had. `upstream_id` is its copy among the upstream's own files, once a tool needed one.
    """

    id: str
    thread_id: str
    run_id: str
    created_at: int
    filename: str
    container_id: str
    source_id: str
    size: int = 0
    media_type: str = "application/octet-stream"
    copy: str = ""
    upstream_id: str | None = None
    purpose: str = "assistants_output"


@frozen
class Observed:
    """What a shadow saw of one run (docs/shadow.md). `candidate` is its name in bridge.toml.

    `control` and `aside` are what the two sides came to, without secrets: {"run", "steps", "messages"} in the form of
    the API, and "seconds" of each leg (None where they were not seen); {"error": {"status", "body"}} where a run could
    not be made. `trouble` says why the candidate came to no end.
    """

    id: str
    thread_id: str
    run_id: str
    assistant_id: str
    created_at: int
    candidate: str
    control: Object
    aside: Object
    trouble: str | None = None


@frozen
class Counterpart:
    """What a thread, a message or a run of ours is called at another Assistants server (docs/routing.md).

    `id` is that server's name, a space, and the id here (`at`). `after` is kept for a thread: the id there of the last
    message that was looked at.
    """

    id: str
    thread_id: str
    created_at: int
    kind: Literal["thread", "message", "run"]
    theirs: str
    after: str | None = None

    @staticmethod
    def at(server: str, id: str) -> str:
        return f"{server} {id}"


Record: TypeAlias = Assistant | Thread | Message | Run | Step | Item | File | Observed | Counterpart
Entry: TypeAlias = Message | Item
"""What the history of a thread is made of, in `seq` order."""


# Changes: the facts a flow commits. Stored in one transaction, in this order, and streamed alike.


@frozen
class Put:
    """A record made or replaced, and the names of the events that tell of it, each with this very snapshot.

    A put of a run that exists must carry `version` = stored version + 1. On a record that exists already `metadata` is
    left as it is stored (only Amend changes it), and `seq`, `lease` and `active_run_id` are never written by a put.
    """

    record: Record
    events: tuple[str, ...] = ()
    is_new: bool = False


@frozen
class Amend:
    """Some fields of a stored record set to new values, whatever the others are: what modify calls do."""

    kind: type[Assistant] | type[Thread] | type[Message] | type[Run] | type[File]
    id: str
    values: Mapping[str, Any]


@frozen
class Delta:
    """A part of an open message or step: streamed at once, never a row of its own."""

    event: Literal["thread.message.delta", "thread.run.step.delta"]
    id: str
    delta: Object


@frozen
class Told:
    """An event about a record that is not stored (again) by this change, such as a state passed through."""

    event: str
    record: Record


@frozen
class Erase:
    """A record deleted. A thread takes along its messages, runs, steps, items, observations and counterparts; files
    stay, they have an id of their own to be deleted by. A file takes its bytes along. A run goes alone where it never
    began."""

    kind: type[Record]
    id: str


@frozen
class Lock:
    """The thread now belongs to this run. Conflict if it belongs to another (or to this one already)."""

    thread_id: str
    run_id: str


@frozen
class Unlock:
    """The thread is free again, if this run held it."""

    thread_id: str
    run_id: str


@frozen
class Claim:
    """The run's lease taken: number + 1, this owner, until then. Conflict while another's lease holds at `now`."""

    run_id: str
    owner: str
    now: float
    until: float


@frozen
class Release:
    """The run's lease given back, the number kept."""

    run_id: str


Change: TypeAlias = Put | Amend | Delta | Told | Erase | Lock | Unlock | Claim | Release


# Guards: what must hold when the changes are stored, checked inside the transaction.


@frozen
class Idle:
    """The thread exists and no run is active on it."""

    thread_id: str


@frozen
class Exists:
    """A record of this kind and id is stored."""

    kind: type[Assistant] | type[Thread] | type[Message] | type[Run] | type[File]
    id: str


@frozen
class Unchanged:
    """The run is stored with this version (nobody decided anything since) …"""

    run_id: str
    version: int


@frozen
class Fence:
    """… and with this lease number, still owned by `owner` (nobody took the run over)."""

    run_id: str
    owner: str
    number: int


@frozen
class Has:
    """A stored record still has this value in this field: nobody set it since."""

    kind: type[Assistant] | type[Thread] | type[Message] | type[Run] | type[File]
    id: str
    field: str
    value: Any


Guard: TypeAlias = Idle | Exists | Has | Unchanged | Fence
