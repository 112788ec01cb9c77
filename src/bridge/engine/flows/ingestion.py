"""Waiting for the thread's vector store before a run's first leg, as the old service did (assistants-wire §3.2)."""

from __future__ import annotations

from typing import Final

from bridge.engine.effects import Flow, Refused, Send, send
from bridge.records import Run, Thread
from bridge.translate import loose
from bridge.wire import paths

LONGEST: Final = 60.0
"""Seconds a run waits for files to be taken in, then it searches what is there."""

PAUSE: Final = 0.5
"""Seconds between two looks."""


def stores(run: Run, thread: Thread) -> list[str]:
    """The thread's vector stores that this run searches. The assistant's were never waited for."""
    if all(tool["type"] != "file_search" for tool in run.tools):
        return []
    return list((thread.tool_resources.get("file_search") or {}).get("vector_store_ids") or ())


def look(store_id: str, until: float) -> Flow[str]:
    """``ready``, ``busy`` or ``expired``. What cannot be told is ready: the leg's own call will say what is wrong."""
    answer = yield from send(Send("GET", paths.of("vector_stores", store_id), until=until))
    if isinstance(answer, Refused) or not answer.is_ok:
        return "ready"
    if answer.body.get("status") == "expired":
        return "expired"
    counts = loose.object(answer.body, "file_counts")
    return "busy" if (loose.number(counts, "in_progress") or 0) > 0 else "ready"
