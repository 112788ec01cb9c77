"""Method and path → flow: every endpoint we answer, read like a table of contents (assistants-wire §2-§7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import field, frozen

from bridge import ids
from bridge.calls import Call
from bridge.engine.effects import Flow
from bridge.engine.flows import (
    Context,
    Launch,
    assistants,
    beta_v1,
    files,
    messages,
    mirroring,
    native,
    reviving,
    runs,
    steps,
    threads,
)
from bridge.records import Object
from bridge.settings import Options
from bridge.wire import assistants as wire
from bridge.wire.beta_v1 import Converted, convert

Result = Object | Launch | files.Download
FILES: Final = "/files/"
NATIVE: Final = ("/input", "/responses", "/conversation")
"""How the paths of calls for native code end (docs/leaving.md)."""

KINDS: Final[dict[str, ids.Kind]] = {
    "assistant_id": "assistant",
    "thread_id": "thread",
    "message_id": "message",
    "run_id": "run",
    "step_id": "step",
    "file_id": "file",
}


@frozen
class Route:
    """One endpoint. `body` and `query` are the shapes it takes; the flow gets the path's ids, then what was given.
    `revives`: the thread or the assistant of the path, and that of the body, may be made where it is not there."""

    method: str
    path: str
    flow: Callable[..., Flow[Any]]
    body: Any = None
    query: Any = None
    polls: bool = False
    revives: bool = False
    needs_beta: bool = field(init=False)
    pattern: re.Pattern[str] = field(init=False)

    @needs_beta.default
    def _is_beta(self) -> bool:
        """The Files API was never in beta, and nobody sends the header for calls of ours."""
        return not self.path.startswith(FILES) and not self.path.endswith(NATIVE)

    @pattern.default
    def _compile(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))

    def read(self, names: dict[str, str], call: Call, options: Options) -> Request:
        """The request of a call on this route, checked: its ids, its beta header, then its body, then its query. Raises
        APIError."""
        for param, value in names.items():
            wire.check_id(param, KINDS[param], value)
        body, converted = None, None
        if self.body is not None:
            read = wire.read_body(call.body)
            converted = convert(self.body, read) if options.converts_beta_v1 else Converted(read)
            body = wire.check_body(self.body, converted.body).given()
        query = None if self.query is None else wire.parse_query(self.query, call.query).given()
        return Request(self, tuple(names.values()), body, query, converted)


@frozen
class Request:
    """What was asked, in order: a route, the ids of its path, what was given (None where the route takes nothing).
    `converted` tells what of the body was said in the words of the first beta."""

    route: Route
    ids: tuple[str, ...]
    body: Object | None
    query: Object | None
    converted: Converted | None = None

    def start(self, context: Context) -> Flow[Result]:
        """The flow; nothing has happened yet."""
        if self.body is not None and self.converted is not None and not self.converted.is_settled:
            return self._start_settled(context, self.body, self.converted)
        return self._flow(context, self.body)

    def _start_settled(self, context: Context, body: Object, converted: Converted) -> Flow[Result]:
        settled = yield from beta_v1.settled(context, body, converted, self.ids[0] if self.ids else None)
        return (yield from self._flow(context, settled))

    def _flow(self, context: Context, body: Object | None) -> Flow[Result]:
        given = [part for part in (body, self.query) if part is not None]
        flow = self.route.flow(context, *self.ids, *given)
        return self._revived(context, body or {}, flow) if context.revives and self.route.revives else flow

    def _revived(self, context: Context, body: Object, flow: Flow[Result]) -> Flow[Result]:
        """The flow, after what it will look for was made where the store does not know it."""
        if self.ids:
            revive = reviving.assistant if self.route.path.startswith("/assistants") else reviving.thread
            yield from revive(context, self.ids[0])
        if body.get("assistant_id"):
            yield from reviving.assistant(context, body["assistant_id"])
        return (yield from flow)


_THREAD = "/threads/{thread_id}"
_MESSAGE = _THREAD + "/messages/{message_id}"
_RUN = _THREAD + "/runs/{run_id}"

ROUTES: Final[tuple[Route, ...]] = (
    Route("POST", "/assistants", assistants.create, body=wire.CreateAssistant),
    Route("GET", "/assistants", assistants.list_, query=wire.ListQuery),
    Route("GET", "/assistants/{assistant_id}", assistants.retrieve, revives=True),
    Route("POST", "/assistants/{assistant_id}", assistants.modify, body=wire.ModifyAssistant, revives=True),
    Route("DELETE", "/assistants/{assistant_id}", assistants.delete),
    Route("POST", "/threads", threads.create, body=wire.CreateThread),
    Route(
        "POST",
        "/threads/runs",
        runs.create_with_thread,
        body=wire.CreateThreadAndRun,
        query=wire.RunQuery,
        revives=True,
    ),
    Route("GET", _THREAD, threads.retrieve, revives=True),
    Route("POST", _THREAD, threads.modify, body=wire.ModifyThread, revives=True),
    Route("DELETE", _THREAD, threads.delete),
    Route("POST", _THREAD + "/messages", messages.create, body=wire.CreateMessage, revives=True),
    Route("GET", _THREAD + "/messages", messages.list_, query=wire.ListMessagesQuery, revives=True),
    Route("GET", _MESSAGE, messages.retrieve),
    Route("POST", _MESSAGE, messages.modify, body=wire.ModifyMessage),
    Route("DELETE", _MESSAGE, messages.delete),
    Route("POST", _THREAD + "/runs", runs.create, body=wire.CreateRun, query=wire.RunQuery, revives=True),
    Route("GET", _THREAD + "/runs", runs.list_, query=wire.ListQuery, revives=True),
    Route("GET", _RUN, runs.retrieve, polls=True),
    Route("POST", _RUN, runs.modify, body=wire.ModifyRun),
    Route("POST", _RUN + "/cancel", runs.cancel),
    Route("POST", _RUN + "/submit_tool_outputs", runs.submit, body=wire.SubmitToolOutputs),
    Route("GET", _RUN + "/steps", steps.list_, query=wire.ListStepsQuery),
    Route("GET", _RUN + "/steps/{step_id}", steps.retrieve, query=wire.StepQuery),
    Route("GET", "/files/{file_id}", files.retrieve),
    Route("GET", "/files/{file_id}/content", files.content),
    Route("DELETE", "/files/{file_id}", files.delete),
)

OURS: Final[tuple[Route, ...]] = (
    Route("GET", _THREAD + "/input", native.input_items, query=wire.InputQuery),
    Route("POST", _THREAD + "/responses", native.add, body=wire.AddResponse),
    Route("POST", _THREAD + "/conversation", mirroring.conversation, body=wire.MirrorThread),
)
"""What the old API did not have: for native code that takes turns with it."""

ABOUT_A_FILE: Final = re.compile(r"/files/([^/]+)(?:/content)?")
PREFIXES: Final = ("/assistants", "/threads")


def owns(path: str) -> bool:
    """Whether the path belongs to the old API, known endpoint or not, or to a file that is kept here."""
    if path.startswith(FILES):
        return ids.is_kept_file(path.removeprefix(FILES))  # others only a store can tell: file_of
    return any(path == prefix or path.startswith(prefix + "/") for prefix in PREFIXES)


def file_of(path: str) -> str | None:
    """The id of the file that a path is about, if it is about one."""
    found = ABOUT_A_FILE.fullmatch(path)
    return None if found is None else found[1]


def match(method: str, path: str, routes: Sequence[Route] = (*ROUTES, *OURS)) -> tuple[Route, dict[str, str]] | None:
    """The route of a request and the ids in its path; None where the old API had no such endpoint."""
    for route in routes:
        if route.method == method:
            found = route.pattern.fullmatch(path)
            if found:
                return route, found.groupdict()
    return None
