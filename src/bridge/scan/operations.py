"""Every operation of the Assistants API that a program can call, and what it becomes on Responses: one table.

Names are those of parity.py, with the SDK's helpers beside them (``runs.create_and_poll``). Methods are those of
openai 1.21 to 3.57 (`openai.resources.beta`); a test compares. ``assistants.files`` and ``messages.files`` are of the
first beta, which 1.21.0 was the first to leave.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

HOMES: Final = {
    "assistants": "beta.assistants",
    "assistants.files": "beta.assistants.files",
    "threads": "beta.threads",
    "messages": "beta.threads.messages",
    "messages.files": "beta.threads.messages.files",
    "runs": "beta.threads.runs",
    "steps": "beta.threads.runs.steps",
}
"""Where a client keeps each resource."""


@frozen
class Operation:
    """`name` as in parity.py or of a helper, `endpoint` the call of parity.py that it makes (None: one of the first
    beta that is gone). `gives` what comes back: an object's name, ``list of`` such, ``stream``, or nothing ("").
    `becomes` is the end of the sentence "it becomes …". `anchor` is a section of MIGRATION.md."""

    name: str
    endpoint: str | None
    gives: str
    becomes: str
    anchor: str

    @property
    def path(self) -> str:
        """Behind the client: ``beta.threads.runs.create``."""
        resource, _, method = self.name.rpartition(".")
        return f"{HOMES[resource]}.{method}"


CONFIGURATION: Final = "a configuration of the program's own: model, instructions and tools, given with every response"
HISTORY: Final = "a history that the program keeps, or conversations.{}"
ITEMS: Final = "reading the program's own history, or conversations.items.list"
RESPONSE: Final = "responses.create with the configuration and the history"
STREAM: Final = "responses.create(stream=True), whose events are response.*"
WAITING: Final = "nothing: responses.create answers when it is done (responses.retrieve for background=True)"
OUTPUTS: Final = "responses.create with a function_call_output item for every call"
OUTPUT: Final = "reading response.output: each step is an item there"
RECORD: Final = "a record of the program's own: responses are not listed by conversation"
FILES: Final = "vector_stores.files, and the container of the code interpreter"


def _of(resource: str, anchor: str, *rows: tuple[str, str | None, str, str]) -> Iterable[tuple[str, Operation]]:
    for method, endpoint, gives, becomes in rows:
        name = f"{resource}.{method}"
        yield name, Operation(name, endpoint and f"{resource}.{endpoint}", gives, becomes, anchor)


OPERATIONS: Final[dict[str, Operation]] = dict(
    (
        *_of(
            "assistants",
            "assistants",
            ("create", "create", "assistant", CONFIGURATION),
            ("retrieve", "retrieve", "assistant", "reading that configuration"),
            ("update", "update", "assistant", "a change of that configuration"),
            ("delete", "delete", "deletion", "taking that configuration away"),
            ("list", "list", "list of assistant", "listing the program's configurations"),
        ),
        *_of(
            "assistants.files",
            "first-beta",
            *((method, None, "", FILES) for method in ("create", "retrieve", "delete", "list")),
        ),
        *_of(
            "threads",
            "threads",
            ("create", "create", "thread", HISTORY.format("create")),
            ("retrieve", "retrieve", "thread", HISTORY.format("retrieve")),
            ("update", "update", "thread", HISTORY.format("update")),
            ("delete", "delete", "deletion", HISTORY.format("delete") + ", which leaves its items behind"),
            ("create_and_run", "create_and_run", "run", RESPONSE),
            ("create_and_run_poll", "create_and_run", "run", RESPONSE),
            ("create_and_run_stream", "create_and_run", "stream", STREAM),
        ),
        *_of(
            "messages",
            "messages",
            ("create", "create", "message", "an input item of the next response"),
            ("retrieve", "retrieve", "message", ITEMS),
            ("update", "update", "message", "a change in the program's own history: items have no metadata"),
            ("delete", "delete", "deletion", "leaving it out of the history, or conversations.items.delete"),
            ("list", "list", "list of message", f"response.output_text; for older ones {ITEMS}"),
        ),
        *_of("messages.files", "first-beta", *((method, None, "", FILES) for method in ("retrieve", "list"))),
        *_of(
            "runs",
            "runs",
            ("create", "create", "run", RESPONSE),
            ("create_and_poll", "create", "run", RESPONSE),
            ("create_and_stream", "create", "stream", STREAM),
            ("stream", "create", "stream", STREAM),
            ("poll", "retrieve", "run", WAITING),
            ("retrieve", "retrieve", "run", WAITING),
            ("list", "list", "list of run", RECORD),
            ("update", "update", "run", RECORD),
            ("cancel", "cancel", "run", "closing the stream (responses.cancel for background=True)"),
        ),
        *_of(
            "runs",
            "tool-outputs",
            ("submit_tool_outputs", "submit_tool_outputs", "run", OUTPUTS),
            ("submit_tool_outputs_and_poll", "submit_tool_outputs", "run", OUTPUTS),
            ("submit_tool_outputs_stream", "submit_tool_outputs", "stream", OUTPUTS),
            ("submit_tool_outputs_and_stream", "submit_tool_outputs", "stream", OUTPUTS),
        ),
        *_of("steps", "steps", ("list", "list", "list of step", OUTPUT), ("retrieve", "retrieve", "step", OUTPUT)),
    )
)

BY_PATH: Final = {each.path: each for each in OPERATIONS.values()}

RESOURCES: Final = frozenset(HOMES.values())
"""The paths that operations are called on."""

DISTINCT: Final = frozenset(
    {
        "create_and_run",
        "create_and_run_poll",
        "create_and_run_stream",
        "submit_tool_outputs",
        "submit_tool_outputs_and_poll",
        "submit_tool_outputs_and_stream",
        "submit_tool_outputs_stream",
    }
)
"""Methods that no other resource of the SDK has (but Azure's agents have the fourth)."""
