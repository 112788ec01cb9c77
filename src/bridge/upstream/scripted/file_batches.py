"""Batches of files that a vector store is given at once (`client.vector_stores.file_batches`)."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from bridge.records import Object
from bridge.upstream.scripted.check_stores import check_body
from bridge.upstream.scripted.refusals import missing, refusal
from bridge.upstream.scripted.vector_stores import VectorStores, counted

FIELDS = ("file_ids", "files", "attributes", "chunking_strategy")


@frozen
class Batch:
    id: str
    store_id: str
    created_at: int
    file_ids: tuple[str, ...]


class FileBatches:
    """What a batch is to do is done by its store, so it is over when the store took all its files in."""

    def __init__(self, clock: Callable[[], float], stores: VectorStores, new_id: Callable[[str, int], str]) -> None:
        self._clock, self._stores, self._new_id = clock, stores, new_id
        self._kept: dict[str, Batch] = {}

    def create(self, store_id: str, body: Object) -> Object:
        check_body(body, FIELDS)
        common = {key: body[key] for key in ("attributes", "chunking_strategy") if key in body}
        given = body.get("files") or [{"file_id": file_id, **common} for file_id in body.get("file_ids") or ()]
        if not given:
            raise missing("file_ids")
        self._stores.check_kinds([each.get("file_id") for each in given])
        for each in given:
            self._stores.add(store_id, each)
        file_ids = tuple(each["file_id"] for each in given)
        batch = Batch(self._new_id("vsfb_", 32), store_id, int(self._clock()), file_ids)
        self._kept[batch.id] = batch
        return self._shown(batch)

    def show(self, store_id: str, id: str) -> Object:
        return self._shown(self._find(store_id, id))

    def files(self, store_id: str, id: str) -> list[Object]:
        """Those that are still in the store."""
        batch = self._find(store_id, id)
        return [file for file in self._stores.files(store_id) if file["id"] in batch.file_ids]

    def _shown(self, batch: Batch) -> Object:
        counts = counted(file["status"] for file in self.files(batch.store_id, batch.id))
        return {
            "id": batch.id,
            "object": "vector_store.file_batch",
            "created_at": batch.created_at,
            "vector_store_id": batch.store_id,
            "status": "in_progress" if counts["in_progress"] else "completed",
            "file_counts": counts,
        }

    def _find(self, store_id: str, id: str) -> Batch:
        self._stores.show(store_id)
        batch = self._kept.get(id)
        if batch is None or batch.store_id != store_id:
            raise refusal(f"No file batch found with id '{id}' in vector store '{store_id}'.", status=404)
        return batch
