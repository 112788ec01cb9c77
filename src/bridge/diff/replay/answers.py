"""What a tape answers to the other calls of an upstream: files, vector stores, containers, counts of tokens.

Nobody recorded them, and no answer of the old API depends on more than that they went well: a file has a name, a vector
store is ready, a container holds the files that the texts of the run link to.
"""

from __future__ import annotations

import re
from typing import Final

from bridge.diff.replay import inverse
from bridge.diff.replay.conversation import GARBAGE, Conversation
from bridge.diff.tape import Object
from bridge.engine.effects import Send, Sent

CONTAINER_FILES: Final = re.compile(r"/containers/[^/]+/files")
FILE: Final = re.compile(r"/files/([^/]+)")
STORE: Final = re.compile(r"/vector_stores/([^/]+)")
IN_STORE: Final = re.compile(r"/vector_stores/([^/]+)/(files|file_batches)(/[^/]+)?(/[a-z]+)?")
COUNTS: Final = {"in_progress": 0, "completed": 1, "failed": 0, "cancelled": 0, "total": 1}


class OtherCalls:
    """Answers by path; ids of what is made count upwards."""

    def __init__(self, conversation: Conversation) -> None:
        self._runs = conversation.runs
        self._made = 0

    def answer(self, effect: Send, run_id: str) -> Sent:
        if CONTAINER_FILES.fullmatch(effect.path):
            return Sent(200, self._container_files(run_id))
        if found := FILE.fullmatch(effect.path):
            return Sent(200, {"id": found[1], "object": "file", "filename": f"{found[1]}.txt", "bytes": 0})
        if effect.path == "/responses/input_tokens":
            return Sent(200, {"object": "response.input_tokens", "input_tokens": 0})
        if effect.path == "/vector_stores" or STORE.fullmatch(effect.path):
            found = STORE.fullmatch(effect.path)
            return Sent(200, self._store(found[1] if found else None))
        if found := IN_STORE.fullmatch(effect.path):
            return Sent(200, self._in_store(effect, found[1]))
        if effect.path.startswith("/containers"):
            return Sent(200, {"id": inverse.CONTAINER, "object": "container", "status": "running"})
        return Sent(404, {"error": {"message": f"A tape has no answer to {effect.method} {effect.path}."}})

    def _container_files(self, run_id: str) -> Object:
        try:
            files = [file for leg in self._runs.get(run_id, ()) for file in inverse.files_of(leg)]
        except GARBAGE:
            files = []  # the leg itself says that it cannot be played
        return {"object": "list", "data": files, "has_more": False}

    def _store(self, id: str | None) -> Object:
        return {"id": id or self._id("vs"), "object": "vector_store", "status": "completed", "file_counts": COUNTS}

    def _in_store(self, effect: Send, store_id: str) -> Object:
        if effect.method == "GET" and effect.path.endswith("/files"):
            return {"object": "list", "data": [], "has_more": False}
        batch = {"id": self._id("vsfb"), "object": "vector_store.files_batch", "vector_store_id": store_id}
        return {**batch, "status": "completed", "file_counts": COUNTS}

    def _id(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}_replayed{self._made}"
