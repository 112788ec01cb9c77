"""Threads of a store of bridge, in the form of an export (``assistants-thread-export/v1``), asked for over the API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from bridge.calls import Answering, Call
from bridge.diff.readers import objects, threads
from bridge.diff.tape import Object, Tape, read_json
from bridge.errors import ConfigurationError, StoreError
from bridge.service import Service
from bridge.store.open import open_store
from bridge.upstream.scripted import ScriptedUpstream
from bridge.wire import paths

SCHEMA: Final = "assistants-thread-export/v1"
HEADERS: Final = {"openai-beta": "assistants=v2"}
CONTENT: Final = "step_details.tool_calls[*].file_search.results[*].content"


def read(store: str, thread_ids: Sequence[str]) -> Tape:
    """The tape of these threads in a store, named as in the settings. Raises ConfigurationError for a store that is not
    there and for threads that are not in it."""
    path = store.removeprefix("sqlite:///").partition("?")[0]
    if not Path(path).is_file():
        raise ConfigurationError(f"There is no store {path}.")
    service = Service(open_store(store), ScriptedUpstream(keep_requests=False))
    exports = {thread_id: exported(service, thread_id) for thread_id in thread_ids}
    return threads.tape(objects.collect(exports), "threads of a store", store)


def exported(service: Answering, thread_id: str) -> Object:
    """One thread with its messages, runs and steps, and the assistants that ran on it. Raises ConfigurationError."""
    thread = ("threads", thread_id)
    export: Object = {"export_schema": SCHEMA, "thread_id": thread_id, "exported_at": _now()}
    export |= {"thread": _get(service, *thread), "messages": list(_all(service, *thread, "messages"))}
    runs = [
        {**run, "steps": list(_all(service, *thread, "runs", run["id"], "steps", include=(("include[]", CONTENT),)))}
        for run in _all(service, *thread, "runs")
    ]
    found = [_answer(service, ("assistants", id), ()) for id in dict.fromkeys(run["assistant_id"] for run in runs)]
    return {**export, "runs": runs, "assistants": [body for status, body in found if status == 200], "errors": []}


def _all(service: Answering, *parts: str, include: tuple[tuple[str, str], ...] = ()) -> Iterator[Object]:
    after: tuple[tuple[str, str], ...] = ()
    while True:
        page = _get(service, *parts, query=(("order", "asc"), ("limit", "100"), *include, *after))
        yield from page["data"]
        if not page["has_more"]:
            return
        after = (("after", page["last_id"]),)


def _get(service: Answering, *parts: str, query: tuple[tuple[str, str], ...] = ()) -> Object:
    status, body = _answer(service, parts, query)
    if status >= 400:
        raise (ConfigurationError if status < 500 else StoreError)(body["error"]["message"])
    return body


def _answer(service: Answering, parts: Sequence[str], query: tuple[tuple[str, str], ...]) -> tuple[int, Object]:
    reply = service.call(Call("GET", paths.of(*parts), query, HEADERS))
    body: Object = read_json(reply.body)
    return reply.status, body


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
