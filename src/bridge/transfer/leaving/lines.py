"""A thread of a store as lines of JSON, one an object, in the order of the thread.

{"thread_id", "object": "thread", …}              the thread, first
{"thread_id", "object": "thread.message", …}      a message, as the API answers it
{"thread_id", "object": "thread.item", "id", "run_id", "item": {…}}
                                                  a function call or an output, as a Responses item; `run_id` is null
                                                  where native code made it
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from bridge.records import Entry, Message, Object
from bridge.store import Store
from bridge.transfer.leaving import items
from bridge.translate.native import CALLS
from bridge.wire import render


def document(store: Store, thread_id: str) -> Iterator[str]:
    yield line(thread_id, render.rest(items.thread(store, thread_id), how="get"))
    for entry in items.entries(store, thread_id):
        shown = _shown(entry)
        if shown is not None:
            yield line(thread_id, shown)


def line(thread_id: str, value: Object) -> str:
    return orjson.dumps({"thread_id": thread_id, **value}).decode() + "\n"


def _shown(entry: Entry) -> Object | None:
    """None for reasoning and hosted calls: steps tell of these, in the other form of export."""
    if isinstance(entry, Message):
        return render.rest(entry)
    if entry.type not in CALLS:
        return None
    return {"object": "thread.item", "id": entry.id, "run_id": entry.run_id or None, "item": entry.body}
