"""A thread of a store as the input items of a Responses call: what `responses.create(input=…)` takes.

And how a store is read here: threads, and what is in them, a page at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import orjson

from bridge.engine.effects import Entries, Key, Page
from bridge.errors import ConfigurationError
from bridge.records import Entry, Item, Object, Run, Thread
from bridge.store import Store
from bridge.translate import native

PAGE: Final = 100


def document(store: Store, thread_id: str) -> Iterator[str]:
    """A JSON array of them, an item a line."""
    thread(store, thread_id)
    yield from array(input_items(store, thread_id))
    yield "\n"


def input_items(store: Store, thread_id: str) -> Iterator[Object]:
    """Calls without an output are left out."""
    waiting: tuple[Item, ...] = ()
    for window in _windows(store, thread_id):
        told = native.to_responses(window, waiting)
        waiting = told.waiting
        yield from told.items


def array(values: Iterator[Object], indent: str = "") -> Iterator[str]:
    """A JSON array, written as it is read."""
    before = "["
    for value in values:
        yield f"{before}\n{indent}  {orjson.dumps(value).decode()}"
        before = ","
    yield "[]" if before == "[" else f"\n{indent}]"


# --- reading a store


def thread_ids(store: Store) -> Iterator[str]:
    """Every thread, in the order of ids."""
    after = ""
    while page := store.thread_ids(after):
        yield from page
        after = page[-1]


def is_there(store: Store, thread_id: str) -> bool:
    return store.load([Key(Thread, thread_id)])[0] is not None


def thread(store: Store, thread_id: str) -> Thread:
    """Raises ConfigurationError for one that is not there, or not any more."""
    found: Thread | None = store.load([Key(Thread, thread_id)])[0]
    if found is None:
        raise ConfigurationError(f"there is no thread {thread_id} in {store.name}")
    return found


def entries(store: Store, thread_id: str) -> Iterator[Entry]:
    """Messages and items of a thread in their order."""
    for window in _windows(store, thread_id):
        yield from window


def runs(store: Store, thread_id: str) -> Iterator[Run]:
    """Oldest first."""
    after: str | None = None
    while True:
        found = store.page(Page(Run, thread_id=thread_id, limit=PAGE, order="asc", after=after))
        yield from found.records
        if not found.has_more:
            return
        after = found.records[-1].id


def _windows(store: Store, thread_id: str) -> Iterator[tuple[Entry, ...]]:
    after = 0
    while window := store.entries(Entries(thread_id, after, PAGE)):
        yield window
        after = window[-1].seq
