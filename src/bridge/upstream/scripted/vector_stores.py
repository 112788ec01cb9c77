"""The vector stores of the offline server: which files they took in, what a search of them finds, when they expire."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from attrs import define, field, frozen

from bridge.records import Object
from bridge.upstream.scripted import refusals
from bridge.upstream.scripted.check_stores import check_body
from bridge.wire.beta_v1 import is_searched

DAY: Final = 86_400
TEXT: Final = 3_200
"""Characters of a file that a result shows: a chunk of 800 tokens (responses-mapping §1)."""

CHUNKS: Final[Object] = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
"""What the strategy `auto` stands for (responses-mapping §1)."""

FIELDS: Final = ("name", "description", "file_ids", "expires_after", "chunking_strategy", "metadata")
CHANGED: Final = ("name", "expires_after", "metadata")


@frozen
class Stored:
    """A file and its bytes. `shown` is its object as the API shows it."""

    shown: Object
    content: bytes = field(repr=False)


@define
class VectorStore:
    id: str
    created_at: float
    active_at: float
    name: str | None = None
    description: str | None = None
    expires_after: Object | None = None
    metadata: Object = field(factory=dict)
    files: dict[str, Object] = field(factory=dict)
    """`created_at`, `attributes` and `chunking_strategy` by file id."""


class VectorStores:
    """`ingestion` is how long a file is being taken in, in seconds; `file` finds a file or raises the 404."""

    def __init__(
        self,
        clock: Callable[[], float],
        ingestion: float,
        file: Callable[[str], Stored],
        new_id: Callable[[str, int], str],
    ) -> None:
        self._clock, self._ingestion, self._file, self._new_id = clock, ingestion, file, new_id
        self._kept: dict[str, VectorStore] = {}

    # --- stores

    def create(self, body: Object) -> Object:
        check_body(body, FIELDS)
        now = self._clock()
        self.check_kinds(body.get("file_ids") or ())
        store = VectorStore(
            self._new_id("vs_", 32),
            now,
            now,
            body.get("name"),
            body.get("description"),
            body.get("expires_after"),
            body.get("metadata") or {},
        )
        self._kept[store.id] = store
        for file_id in body.get("file_ids") or ():
            self._take_in(store, {"file_id": file_id, "chunking_strategy": body.get("chunking_strategy")})
        return self._shown(store)

    def all(self) -> list[Object]:
        return [self._shown(store) for store in self._kept.values()]

    def show(self, id: str) -> Object:
        return self._shown(self._find(id))

    def change(self, id: str, body: Object) -> Object:
        check_body(body, CHANGED)
        store = self._find(id)
        for key in body:
            setattr(store, key, body[key] if key != "metadata" else body[key] or {})
        return self._shown(store)

    def delete(self, id: str) -> Object:
        del self._kept[self._find(id).id]
        return {"id": id, "object": "vector_store.deleted", "deleted": True}

    def check_searchable(self, id: str) -> None:
        """Raises for a store that a request must not name: one that is not there, or has expired."""
        if id not in self._kept:
            raise refusals.refusal(f"Vector store with id [{id}] not found.", status=404)
        self._check_alive(self._kept[id])

    def check_files(self, file_ids: Iterable[str]) -> None:
        """All of them are there, or nothing is done."""
        for file_id in file_ids:
            self._file(file_id)

    def check_kinds(self, file_ids: Iterable[str]) -> None:
        """All of them are there and of a kind that can be searched, or nothing is done."""
        names = [self._file(file_id).shown["filename"] for file_id in file_ids]
        for filename in names:
            if not is_searched(filename):
                raise refusals.unsearchable(filename)

    # --- their files

    def add(self, id: str, body: Object) -> Object:
        check_body(body, ("file_id", "attributes", "chunking_strategy"))
        store = self._find(id)
        if not body.get("file_id"):
            raise refusals.missing("file_id")
        self._check_alive(store)
        self.check_kinds([body["file_id"]])
        self._take_in(store, body)
        return self.file(id, body["file_id"])

    def file(self, id: str, file_id: str) -> Object:
        store = self._find(id)
        if file_id not in store.files:
            raise refusals.refusal(f"No file found with id '{file_id}' in vector store '{id}'.", status=404)
        status = self._status(store, file_id)
        return {
            "id": file_id,
            "object": "vector_store.file",
            "usage_bytes": self._bytes(file_id) if status == "completed" else 0,
            "vector_store_id": id,
            "status": status,
            "last_error": None,
            **store.files[file_id],
            "created_at": int(store.files[file_id]["created_at"]),
        }

    def files(self, id: str) -> list[Object]:
        return [self.file(id, file_id) for file_id in self._find(id).files]

    def remove(self, id: str, file_id: str) -> Object:
        self.file(id, file_id)
        del self._kept[id].files[file_id]
        return {"id": file_id, "object": "vector_store.file.deleted", "deleted": True}

    def forget(self, file_id: str) -> None:
        """A file that was deleted is found no more."""
        for store in self._kept.values():
            store.files.pop(file_id, None)

    def search(self, ids: Sequence[str], query: str, limit: int, threshold: float) -> list[Object]:
        """Every file these stores took in, those that share most words with the query first; scores are 0..1."""
        found = [self._result(store, file_id, query) for store, file_id in self._searched(ids)]
        ranked = sorted(found, key=lambda result: -result["score"])
        return [result for result in ranked if result["score"] >= threshold][:limit]

    def _searched(self, ids: Sequence[str]) -> Iterator[tuple[VectorStore, str]]:
        seen = set[str]()
        for store in map(self._find, ids):
            store.active_at = self._clock()
            for file_id in store.files:
                if file_id not in seen and self._status(store, file_id) == "completed":
                    seen.add(file_id)
                    yield store, file_id

    def _result(self, store: VectorStore, file_id: str, query: str) -> Object:
        file = self._file(file_id)
        text = file.content.decode("utf-8", "replace")
        asked = words(query)
        return {
            "attributes": store.files[file_id]["attributes"],
            "file_id": file_id,
            "filename": file.shown["filename"],
            "score": round(len(asked & words(text)) / max(len(asked), 1), 4),
            "text": text[:TEXT],
        }

    # --- what they are now

    def _find(self, id: str) -> VectorStore:
        if id not in self._kept:
            raise refusals.refusal(f"No vector store found with id '{id}'.", status=404)
        return self._kept[id]

    def _take_in(self, store: VectorStore, body: Object) -> None:
        given = body.get("chunking_strategy") or {"type": "auto"}
        about: Object = {"attributes": body.get("attributes") or {}}
        about["chunking_strategy"] = CHUNKS if given["type"] == "auto" else given
        store.active_at = self._clock()
        store.files.setdefault(body["file_id"], {"created_at": store.active_at, **about})

    def _shown(self, store: VectorStore) -> Object:
        counts = counted(self._status(store, file_id) for file_id in store.files)
        expires_at = self._expires_at(store)
        is_over = expires_at is not None and self._clock() >= expires_at
        return {
            "id": store.id,
            "object": "vector_store",
            "created_at": int(store.created_at),
            "name": store.name,
            "description": store.description,
            "usage_bytes": sum(file["usage_bytes"] for file in self.files(store.id)),
            "file_counts": counts,
            "status": "expired" if is_over else "in_progress" if counts["in_progress"] else "completed",
            "expires_after": store.expires_after,
            "expires_at": expires_at,
            "last_active_at": int(store.active_at),
            "metadata": store.metadata,
        }

    def _expires_at(self, store: VectorStore) -> int | None:
        return int(store.active_at) + store.expires_after["days"] * DAY if store.expires_after else None

    def _check_alive(self, store: VectorStore) -> None:
        if self._shown(store)["status"] == "expired":
            raise refusals.refusal(f"Vector store '{store.id}' has expired.")

    def _status(self, store: VectorStore, file_id: str) -> str:
        began: float = store.files[file_id]["created_at"]
        return "in_progress" if self._clock() < began + self._ingestion else "completed"

    def _bytes(self, file_id: str) -> int:
        return len(self._file(file_id).content)


def counted(states: Iterable[str]) -> Object:
    listed = list(states)
    counts = {name: listed.count(name) for name in ("in_progress", "completed", "failed", "cancelled")}
    return {**counts, "total": len(listed)}


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
