"""The items of the hosted tools, as events (responses-mapping §8).

The order of events within an item is that of the recordings CodeInterpreterToolStreaming and FileSearchCallStreaming.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bridge.records import Object
from bridge.upstream.scripted.preparing import Ran, Searched, container_citation
from bridge.upstream.scripted.steps import OutOfTokens, Step
from bridge.upstream.scripted.writing import Writer

PIECE: Final = re.compile(r"\s*\S{1,12}|\s+")


def search(writer: Writer, searched: Searched) -> Iterator[Step]:
    item: Object = {"id": writer.names.item("fs"), "type": "file_search_call", "status": "in_progress"}
    yield writer.added({**item, "queries": [], "results": None})
    for word in ("in_progress", "searching", "completed"):
        yield writer.event(f"response.file_search_call.{word}", **place(writer, item))
    results = list(searched.results) if writer.includes("file_search_call.results") else None
    yield writer.done({**item, "status": "completed", "queries": list(searched.queries), "results": results})


def run(writer: Writer, ran: Ran) -> Iterator[Step]:
    """The files are in the container, and what was printed is known, when the code was interpreted."""
    item: Object = {"id": writer.names.item("ci"), "type": "code_interpreter_call", "status": "in_progress"}
    item |= {"code": "", "container_id": ran.container.id, "outputs": None}
    yield writer.added(item)
    where, kind = place(writer, item), "response.code_interpreter_call"
    yield writer.event(f"{kind}.in_progress", **where)
    for piece in PIECE.findall(ran.code):
        try:
            yield from writer.token()
        except OutOfTokens:
            yield writer.done({**item, "status": "incomplete"})
            raise
        item["code"] += piece
        yield writer.delta(f"{kind}_code.delta", piece, **where)
    yield writer.event(f"{kind}_code.done", **where, code=ran.code)
    yield writer.event(f"{kind}.interpreting", **where)
    ran.container.put(*ran.files)
    writer.shown += [container_citation(file, 0, 0) for file in ran.shown]
    yield writer.event(f"{kind}.completed", **where)
    logs = [] if ran.logs is None else [{"type": "logs", "logs": ran.logs}]
    yield writer.done(
        {**item, "status": "completed", "outputs": logs if writer.includes("code_interpreter_call.outputs") else None}
    )


def place(writer: Writer, item: Object) -> Object:
    return {"item_id": item["id"], "output_index": len(writer.output)}
