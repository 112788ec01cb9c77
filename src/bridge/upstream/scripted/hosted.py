"""What the offline server keeps for its hosted tools: files, vector stores, containers. In memory, gone with it.

Objects have the forms and the 404s of the real service; time is the upstream's own clock.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from bridge.records import Object
from bridge.upstream.scripted.refusals import missing, refusal

CONTAINER_SECONDS: Final = 1200.0
"""How long an idle container lives (responses-mapping §12)."""

PNG: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
"""A picture of one pixel."""


@frozen
class Stored:
    """A file and its bytes."""

    shown: Object
    content: bytes


@define
class Container:
    id: str
    created_at: int
    used_at: float
    files: dict[str, Stored] = field(factory=dict)


class Hosted:
    """Any thread may call it. `ingestion` is how long a file of a vector store is being taken in, in seconds."""

    def __init__(
        self, clock: Callable[[], float], *, ingestion: float = 0.0, container_seconds: float | None = None
    ) -> None:
        self.files: dict[str, Stored] = {}
        self.stores: dict[str, Object] = {}
        self.containers: dict[str, Container] = {}
        self._added: dict[str, dict[str, float]] = {}  # files of a vector store, and since when
        self._clock, self._ingestion = clock, ingestion
        self._container_seconds = CONTAINER_SECONDS if container_seconds is None else container_seconds
        self._lock = threading.RLock()
        self._count = 0

    # --- files

    def add_file(self, filename: str, content: bytes, purpose: str = "assistants") -> Object:
        with self._lock:
            id = f"file-{self._next():022d}"
            shown: Object = {
                "object": "file",
                "id": id,
                "purpose": purpose,
                "filename": filename,
                "bytes": len(content),
                "created_at": int(self._clock()),
                "expires_at": None,
                "status": "processed",
                "status_details": None,
            }
            self.files[id] = Stored(shown, content)
            return shown

    def file(self, id: str) -> Stored:
        with self._lock:
            if id not in self.files:
                raise refusal(f"No such File object: {id}", "id", status=404)
            return self.files[id]

    def delete_file(self, id: str) -> Object:
        with self._lock:
            self.file(id)
            del self.files[id]
        return {"object": "file", "id": id, "deleted": True}

    # --- vector stores

    def add_store(self, body: Object) -> Object:
        with self._lock:
            for file_id in body.get("file_ids") or ():
                self.file(file_id)
            id, now = f"vs_{self._next():032x}", self._clock()
            expires = body.get("expires_after")
            self.stores[id] = {
                "id": id,
                "object": "vector_store",
                "created_at": int(now),
                "name": body.get("name"),
                "usage_bytes": 0,
                "expires_after": expires,
                "expires_at": int(now) + expires["days"] * 86_400 if expires else None,
                "last_active_at": int(now),
                "metadata": body.get("metadata") or {},
            }
            self._added[id] = dict.fromkeys(body.get("file_ids") or (), now)
            return self.store(id)

    def store(self, id: str) -> Object:
        with self._lock:
            if id not in self.stores:
                raise refusal(f"Vector store with id [{id}] not found.", status=404)
            store, states = self.stores[id], [self._state(id, file_id) for file_id in self._added[id]]
            counts = {name: states.count(name) for name in ("in_progress", "completed", "failed", "cancelled")}
            is_over = store["expires_at"] is not None and self._clock() >= store["expires_at"]
            status = "expired" if is_over else "in_progress" if counts["in_progress"] else "completed"
            return {**store, "status": status, "file_counts": {**counts, "total": len(states)}}

    def change_store(self, id: str, body: Object) -> Object:
        with self._lock:
            self.store(id)
            self.stores[id] |= {key: body[key] for key in ("name", "metadata", "expires_after") if key in body}
            return self.store(id)

    def delete_store(self, id: str) -> Object:
        with self._lock:
            self.store(id)
            del self.stores[id], self._added[id]
        return {"id": id, "object": "vector_store.deleted", "deleted": True}

    def add_to_store(self, id: str, body: Object) -> Object:
        file_id = body.get("file_id")
        if not file_id:
            raise missing("file_id")
        with self._lock:
            if self.store(id)["status"] == "expired":
                raise refusal(f"Vector store {id} is expired.")
            self.file(file_id)
            self._added[id].setdefault(file_id, self._clock())
            return self.store_file(id, file_id)

    def store_file(self, id: str, file_id: str) -> Object:
        with self._lock:
            self.store(id)
            if file_id not in self._added[id]:
                raise refusal(f"No file found with id '{file_id}' in vector store '{id}'.", status=404)
            return {
                "id": file_id,
                "object": "vector_store.file",
                "usage_bytes": 0,
                "created_at": int(self._added[id][file_id]),
                "vector_store_id": id,
                "status": self._state(id, file_id),
                "last_error": None,
            }

    def store_files(self, id: str) -> list[Object]:
        with self._lock:
            self.store(id)
            return [self.store_file(id, file_id) for file_id in self._added[id]]

    def remove_from_store(self, id: str, file_id: str) -> Object:
        with self._lock:
            self.store_file(id, file_id)
            del self._added[id][file_id]
        return {"id": file_id, "object": "vector_store.file.deleted", "deleted": True}

    def search(self, store_ids: Sequence[str], query: str, limit: int) -> list[Object]:
        """The files taken in by these stores, those that share most words with the query first."""
        with self._lock:
            ids = [
                id for store_id in store_ids for id in self._added[store_id] if self._state(store_id, id) == "completed"
            ]
            found = [self._result(self.file(id), query) for id in dict.fromkeys(ids) if id in self.files]
        return sorted(found, key=lambda result: -result["score"])[:limit]

    def _result(self, file: Stored, query: str) -> Object:
        text = file.content.decode("utf-8", "replace")[:800]
        asked, there = _words(query), _words(text)
        score = round(len(asked & there) / max(len(asked), 1), 4)
        about = {"file_id": file.shown["id"], "filename": file.shown["filename"]}
        return {**about, "score": score, "text": text, "attributes": {}}

    def _state(self, store_id: str, file_id: str) -> str:
        since = self._added[store_id][file_id]
        return "in_progress" if self._clock() < since + self._ingestion else "completed"

    # --- containers

    def new_container(self, file_ids: Sequence[str]) -> Container:
        with self._lock:
            now = self._clock()
            container = Container(f"cntr_{self._next():048x}", int(now), now)
            self.containers[container.id] = container
            for file_id in file_ids:
                self.add_to_container(container.id, file_id)
            return container

    def container(self, id: str) -> Container:
        """The container, used just now; refused when it is gone or was idle too long."""
        with self._lock:
            container = self.containers.get(id)
            if container is None:
                raise refusal(f"Container with id '{id}' not found.", status=404)
            if self._clock() > container.used_at + self._container_seconds:
                raise refusal("Container is expired.")
            container.used_at = self._clock()
            return container

    def show_container(self, id: str) -> Object:
        container = self.container(id)
        about = {"id": id, "object": "container", "created_at": container.created_at, "status": "running"}
        return {**about, "expires_after": {"anchor": "last_active_at", "minutes": 20}, "name": "auto"}

    def add_to_container(self, id: str, file_id: str) -> Object:
        """A file of the user's, under the name that the model finds it by."""
        file = self.file(file_id)
        return self.put(id, f"{file_id}-{file.shown['filename']}", file.content, source="user")

    def put(self, id: str, name: str | None, content: bytes, source: str = "assistant") -> Object:
        """A file in the container; without a name, as a picture that the code showed."""
        with self._lock:
            container, file_id = self.container(id), f"cfile_{self._next():032x}"
            shown: Object = {
                "id": file_id,
                "object": "container.file",
                "bytes": len(content),
                "container_id": id,
                "created_at": int(self._clock()),
                "path": f"/mnt/data/{name or f'{file_id}.png'}",
                "source": source,
            }
            container.files[file_id] = Stored(shown, content)
            return shown

    def container_file(self, id: str, file_id: str) -> Stored:
        with self._lock:
            found = self.container(id).files.get(file_id)
            if found is None:
                raise refusal(f"Container file with id '{file_id}' not found.", status=404)
            return found

    # --- what requests may name

    def check(self, request: Object) -> None:
        """A request that names what is not there is refused."""
        for tool in request.get("tools") or ():
            for store_id in (tool.get("vector_store_ids") or ()) if tool.get("type") == "file_search" else ():
                self.store(store_id)
            if tool.get("type") == "code_interpreter":
                self._check_container(tool["container"])

    def _check_container(self, container: Any) -> None:
        if isinstance(container, str):
            self.container(container)
        else:
            for file_id in container.get("file_ids") or ():
                self.file(file_id)

    def _next(self) -> int:
        self._count += 1
        return self._count


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
