"""A thread of a store in the form of an export (``assistants-thread-export/v1``), asked for over the API.

The fields are those of the exporter that named the format (redwoodworksco/assistants-api-export); `assistants` is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import Any, Final

import orjson

from bridge.calls import Answering, Call
from bridge.engine.brought import NO_RUN
from bridge.errors import ConfigurationError, StoreError
from bridge.records import Item, Object
from bridge.service import Service
from bridge.store import Store
from bridge.transfer.leaving import files, items
from bridge.wire import paths, render

SCHEMA: Final = "assistants-thread-export/v1"
HEADERS: Final = {"openai-beta": "assistants=v2"}
CONTENT: Final = "step_details.tool_calls[*].file_search.results[*].content"


def exported(service: Answering, thread_id: str) -> Object:
    """One thread with its messages, runs and steps, and the assistants that ran on it. Raises ConfigurationError."""
    return {name: list(value) if isinstance(value, Iterator) else value for name, value in fields(service, thread_id)}


def fields(service: Answering, thread_id: str) -> Iterator[tuple[str, Any]]:
    """The same field by field; lists are iterators, each to be read before the next field is asked for."""
    thread = ("threads", thread_id)
    assistant_ids: dict[str, None] = {}
    yield "export_schema", SCHEMA
    yield "thread_id", thread_id
    yield "exported_at", moment()
    yield "thread", get(service, *thread)
    yield "messages", pages(service, *thread, "messages")
    yield "runs", _runs(service, thread, assistant_ids)
    yield "assistants", assistants(service, assistant_ids)
    yield "errors", iter(())


def document(service: Service, thread_id: str, named: dict[str, None]) -> Iterator[str]:
    """The export as JSON, with `files` and `errors`. `named` gets the ids of files that the thread names."""
    for place, (key, value) in enumerate(_fields(service, thread_id, named)):
        yield ("{" if place == 0 else ",") + f'\n  "{key}": '
        yield from items.array(value, "  ") if isinstance(value, Iterator) else [orjson.dumps(value).decode()]
    yield "\n}\n"


def _fields(service: Service, thread_id: str, named: dict[str, None]) -> Iterator[tuple[str, Any]]:
    readers = {"messages": files.named_in_message, "runs": files.named_in_run}
    for key, value in fields(service, thread_id):
        if key == "errors":
            kept = {id: files.kept(service.store, id) for id in named}
            yield "files", {id: render.file(file) for id, file in kept.items() if file is not None}
            yield key, _errors(service.store, thread_id, [id for id, file in kept.items() if file is None])
        else:
            yield key, _noting(value, readers[key], named) if key in readers else value


def _noting(
    values: Iterator[Object], read: Callable[[Object], Iterator[str]], named: dict[str, None]
) -> Iterator[Object]:
    for value in values:
        named.update(dict.fromkeys(read(value)))
        yield value


def _errors(store: Store, thread_id: str, unkept: Iterable[str]) -> Iterator[Object]:
    """What the export lacks."""
    for id in unkept:
        yield {"object": "file", "id": id, "error": "not_kept", "detail": "its bytes are not in the store"}
    for entry in items.entries(store, thread_id):
        if isinstance(entry, Item) and entry.run_id == NO_RUN:
            detail = f"a {entry.type} of native code has no place in this format: items and jsonl have it"
            yield {"object": "item", "id": entry.id, "error": "no_place", "detail": detail}


# --- objects


def assistants(service: Answering, ids: Iterable[str] | None = None) -> Iterator[Object]:
    """Those of them that are still there; without `ids` all."""
    if ids is None:
        yield from pages(service, "assistants")
        return
    for id in ids:
        status, body = answer(service, ("assistants", id))
        if status == 200:
            yield body


def _runs(service: Answering, thread: Sequence[str], assistant_ids: dict[str, None]) -> Iterator[Object]:
    for run in pages(service, *thread, "runs"):
        assistant_ids[run["assistant_id"]] = None
        steps = pages(service, *thread, "runs", run["id"], "steps", include=(("include[]", CONTENT),))
        yield {**run, "steps": list(steps)}


def pages(service: Answering, *parts: str, include: tuple[tuple[str, str], ...] = ()) -> Iterator[Object]:
    """All objects of a list, oldest first."""
    after: tuple[tuple[str, str], ...] = ()
    while True:
        page = get(service, *parts, query=(("order", "asc"), ("limit", "100"), *include, *after))
        yield from page["data"]
        if not page["has_more"]:
            return
        after = (("after", page["last_id"]),)


def get(service: Answering, *parts: str, query: tuple[tuple[str, str], ...] = ()) -> Object:
    """Raises ConfigurationError for what is not there, StoreError where the store fails."""
    status, body = answer(service, parts, query)
    if status >= 400:
        raise (ConfigurationError if status < 500 else StoreError)(body["error"]["message"])
    return body


def answer(service: Answering, parts: Sequence[str], query: tuple[tuple[str, str], ...] = ()) -> tuple[int, Object]:
    reply = service.call(Call("GET", paths.of(*parts), query, HEADERS))
    body: Object = orjson.loads(reply.body)
    return reply.status, body


def moment() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
