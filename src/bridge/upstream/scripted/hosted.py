"""What the offline server keeps for its hosted tools: files, vector stores, containers. In memory, gone with it.

Objects have the forms and the errors of the real service; time is the upstream's own clock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from attrs import define, field

from bridge.forks import Lock
from bridge.records import Object
from bridge.upstream.scripted.check_stores import check_container
from bridge.upstream.scripted.file_batches import FileBatches
from bridge.upstream.scripted.refusals import missing, refusal
from bridge.upstream.scripted.vector_stores import Stored, VectorStores

CONTAINER_SECONDS: Final = 1200.0
"""How long an idle container lives (responses-mapping §12)."""

SEALED: Final = ("assistants", "user_data", "vision")
"""Purposes of files whose content the service does not give out again."""

PNG: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
"""A picture of one pixel."""


@define
class Container:
    """`seconds` is how long it lives when nobody uses it."""

    id: str
    name: str
    created_at: float
    used_at: float
    seconds: float
    memory_limit: str = "1g"
    files: dict[str, Stored] = field(factory=dict)
    _lock: Lock = field(factory=Lock, repr=False)

    def put(self, *files: Stored) -> None:
        """Whoever reads `files` meanwhile goes on reading what was there."""
        with self._lock:
            self.files = {**self.files, **{file.shown["id"]: file for file in files}}


class Hosted:
    """Any thread may call it. `ingestion` is how long a file of a vector store is being taken in, in seconds."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        ingestion: float = 0.0,
        container_seconds: float | None = None,
        seed: str = "",
    ) -> None:
        self.files: dict[str, Stored] = {}
        self.containers: dict[str, Container] = {}
        self.stores = VectorStores(clock, ingestion, self.file, self.new_id)
        self.batches = FileBatches(clock, self.stores, self.new_id)
        self.lock = Lock(threading.RLock)
        self._clock, self._seed = clock, seed
        self._container_seconds = CONTAINER_SECONDS if container_seconds is None else container_seconds
        self._count = 0

    def new_id(self, prefix: str, digits: int) -> str:
        """Always the same for the same calls in the same order; another seed makes others."""
        with self.lock:
            self._count += 1
            digest = sha256(f"{self._seed} {self._count}".encode()).hexdigest()
        return prefix + digest[:digits]

    # --- files

    def add_file(self, filename: str, content: bytes, purpose: str = "assistants") -> Object:
        id = self.new_id("file-", 22)
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
        with self.lock:
            self.files[id] = Stored(shown, content)
        return shown

    def file(self, id: str) -> Stored:
        if id not in self.files:
            raise refusal(f"No such File object: {id}", "id", status=404)
        return self.files[id]

    def content(self, id: str) -> bytes:
        file = self.file(id)
        if file.shown["purpose"] in SEALED:
            raise refusal(f"Not allowed to download files of purpose: {file.shown['purpose']}")
        return file.content

    def delete_file(self, id: str) -> Object:
        with self.lock:
            self.file(id)
            del self.files[id]
            self.stores.forget(id)
        return {"object": "file", "id": id, "deleted": True}

    # --- containers

    def create_container(self, body: Object) -> Object:
        check_container(body)
        minutes = (body.get("expires_after") or {}).get("minutes")
        container = self.new_container(body.get("file_ids") or (), body["name"], minutes and minutes * 60)
        container.memory_limit = body.get("memory_limit") or container.memory_limit
        return self.show_container(container.id)

    def new_container(self, file_ids: Sequence[str], name: str = "auto", seconds: float | None = None) -> Container:
        with self.lock:
            self.stores.check_files(file_ids)
            now = self._clock()
            container = Container(
                self.new_id("cntr_", 48), name, now, now, self._container_seconds if seconds is None else seconds
            )
            self.containers[container.id] = container
            self.lend(container, file_ids)
            return container

    def container(self, id: str) -> Container:
        """The container, used just now; refused when it is gone or was idle too long."""
        with self.lock:
            container = self._find(id)
            if self.is_expired(container):
                raise refusal("Container is expired.")
            container.used_at = self._clock()
            return container

    def is_expired(self, container: Container) -> bool:
        return self._clock() > container.used_at + container.seconds

    def show_container(self, id: str) -> Object:
        container = self._find(id)
        return {
            "id": id,
            "object": "container",
            "created_at": int(container.created_at),
            "status": "expired" if self.is_expired(container) else "running",
            "expires_after": {"anchor": "last_active_at", "minutes": max(1, int(container.seconds // 60))},
            "last_active_at": int(container.used_at),
            "memory_limit": container.memory_limit,
            "name": container.name,
        }

    def delete_container(self, id: str) -> Object:
        del self.containers[self._find(id).id]
        return {"id": id, "object": "container.deleted", "deleted": True}

    def add_to_container(self, id: str, body: Object) -> Object:
        """A file of the user's, under the name that the model finds it by."""
        if not body.get("file_id"):
            raise missing("file_id")
        file = self.file(body["file_id"])
        return self.put(id, lent_name(file), file.content, source="user")

    def put(self, id: str, name: str | None, content: bytes, source: str = "assistant") -> Object:
        """A file in the container; without a name, as a picture that the code showed."""
        container = self.container(id)
        shown = self.described(container, name, len(content), source)
        container.put(Stored(shown, content))
        return shown

    def described(self, container: Container, name: str | None, size: int, source: str = "assistant") -> Object:
        """A file as it will be shown once it is in the container."""
        id = self.new_id("cfile_", 32)
        return {
            "id": id,
            "object": "container.file",
            "bytes": size,
            "container_id": container.id,
            "created_at": int(self._clock()),
            "path": f"/mnt/data/{name or f'{id}.png'}",
            "source": source,
        }

    def container_file(self, id: str, file_id: str) -> Stored:
        found = self.container(id).files.get(file_id)
        if found is None:
            raise refusal(f"Container file with id '{file_id}' not found.", status=404)
        return found

    def _find(self, id: str) -> Container:
        if id not in self.containers:
            raise refusal(f"Container with id '{id}' not found.", status=404)
        return self.containers[id]

    def lend(self, container: Container, file_ids: Iterable[str]) -> None:
        """Those of the user's files that the container does not have yet."""
        there = {file.shown["path"] for file in container.files.values()}
        for file in map(self.file, file_ids):
            if f"/mnt/data/{lent_name(file)}" not in there:
                self.put(container.id, lent_name(file), file.content, source="user")

    # --- what requests may name

    def check(self, request: Object) -> None:
        """A request that names what is not there is refused."""
        with self.lock:
            for tool in request.get("tools") or ():
                if tool.get("type") == "file_search":
                    for store_id in tool["vector_store_ids"]:
                        self.stores.check_searchable(store_id)
                if tool.get("type") == "code_interpreter":
                    self._check_container(tool["container"])
            for file_id in given_files(request["input"]):
                self.file(file_id)

    def _check_container(self, container: Any) -> None:
        if isinstance(container, str):
            self.container(container)
        else:
            for file_id in container.get("file_ids") or ():
                self.file(file_id)


def lent_name(file: Stored) -> str:
    """How the model finds a file of the user's (recording CodeInterpreterToolStreamingWithFiles)."""
    return f"{file.shown['id']}-{file.shown['filename']}"


def given_files(input: Any) -> list[str]:
    """The files that the items of a request show to the model."""
    items = [item for item in input if isinstance(item, Mapping)] if isinstance(input, list) else []
    listed = [item.get(key) for item in items for key in ("content", "output")]
    parts = [part for each in listed if isinstance(each, list) for part in each if isinstance(part, Mapping)]
    return [
        part["file_id"] for part in parts if part.get("file_id") and part.get("type") in ("input_image", "input_file")
    ]
