"""What a request is called: `runs.create` for ``POST /threads/{thread_id}/runs``, and whose it is."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from attrs import frozen

from bridge.diff.tape import Request

NAMES: Final[tuple[tuple[str, str, str], ...]] = (
    ("POST", "/assistants", "assistants.create"),
    ("GET", "/assistants", "assistants.list"),
    ("GET", "/assistants/{assistant}", "assistants.retrieve"),
    ("POST", "/assistants/{assistant}", "assistants.modify"),
    ("DELETE", "/assistants/{assistant}", "assistants.delete"),
    ("POST", "/threads", "threads.create"),
    ("POST", "/threads/runs", "threads.create_and_run"),
    ("GET", "/threads/{thread}", "threads.retrieve"),
    ("POST", "/threads/{thread}", "threads.modify"),
    ("DELETE", "/threads/{thread}", "threads.delete"),
    ("POST", "/threads/{thread}/messages", "messages.create"),
    ("GET", "/threads/{thread}/messages", "messages.list"),
    ("GET", "/threads/{thread}/messages/{message}", "messages.retrieve"),
    ("POST", "/threads/{thread}/messages/{message}", "messages.modify"),
    ("DELETE", "/threads/{thread}/messages/{message}", "messages.delete"),
    ("POST", "/threads/{thread}/runs", "runs.create"),
    ("GET", "/threads/{thread}/runs", "runs.list"),
    ("GET", "/threads/{thread}/runs/{run}", "runs.retrieve"),
    ("POST", "/threads/{thread}/runs/{run}", "runs.modify"),
    ("POST", "/threads/{thread}/runs/{run}/cancel", "runs.cancel"),
    ("POST", "/threads/{thread}/runs/{run}/submit_tool_outputs", "runs.submit_tool_outputs"),
    ("GET", "/threads/{thread}/runs/{run}/steps", "steps.list"),
    ("GET", "/threads/{thread}/runs/{run}/steps/{step}", "steps.retrieve"),
    ("POST", "/files", "files.create"),
    ("GET", "/files", "files.list"),
    ("GET", "/files/{file}", "files.retrieve"),
    ("GET", "/files/{file}/content", "files.content"),
    ("DELETE", "/files/{file}", "files.delete"),
    ("POST", "/vector_stores", "vector_stores.create"),
    ("GET", "/vector_stores", "vector_stores.list"),
    ("GET", "/vector_stores/{store}", "vector_stores.retrieve"),
    ("POST", "/vector_stores/{store}", "vector_stores.modify"),
    ("DELETE", "/vector_stores/{store}", "vector_stores.delete"),
    ("POST", "/responses", "responses.create"),
)
"""The operations that rules and notes speak of. A literal segment comes before a placeholder in its place."""

LOOKS_LIKE_AN_ID: Final = re.compile(r"[A-Za-z]+[_-](?=[A-Za-z0-9]*[0-9A-Z])[A-Za-z0-9]+|[0-9a-fA-F-]{16,}|\d+")


@frozen
class Operation:
    """`name` as in NAMES, or method and path with `{id}` for what looks like one; `ids` are those of the path."""

    name: str
    ids: tuple[str, ...] = ()

    @property
    def thread(self) -> str | None:
        """The thread whose path it is."""
        return (
            self.ids[0]
            if self.ids and self.name.partition(".")[0] in ("threads", "messages", "runs", "steps")
            else None
        )


def operation(request: Request) -> Operation:
    return _read(request.method.upper(), request.path.rstrip("/"))


@lru_cache(maxsize=65536)
def _read(method: str, path: str) -> Operation:
    for pattern, name in _PATTERNS.get(method, ()):
        found = pattern.fullmatch(path)
        if found is not None:
            return Operation(name, found.groups())
    segments = path.split("/")
    blurred = ["{id}" if LOOKS_LIKE_AN_ID.fullmatch(segment) else segment for segment in segments]
    return Operation(
        f"{method} {'/'.join(blurred)}",
        tuple(segment for segment, shown in zip(segments, blurred, strict=True) if shown == "{id}"),
    )


def _compiled(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "([^/]+)", path))


_PATTERNS: Final = {
    method: [(_compiled(path), name) for each, path, name in NAMES if each == method] for method, _, _ in NAMES
}
