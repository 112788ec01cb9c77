"""Files whose bytes lie in an export → kept in the store, under their old ids."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from bridge.engine.effects import Commit, Committed, Key
from bridge.records import Erase, File, Put
from bridge.store import PIECE, Store
from bridge.transfer import shapes
from bridge.transfer.losses import Loss
from bridge.transfer.report import Tally
from bridge.transfer.staging import Staging

STORED = ("upstream_id",)
"""What a later run writes."""


@frozen
class Filer:
    store: Store
    staging: Staging
    tally: Tally
    update: bool = False
    dry: bool = False

    def bring(self) -> None:
        for known, id, path in self.staging.files():
            try:
                self._file(known, id, path)
            except (OSError, ValueError) as error:
                self._lose("unreadable", id, str(error))

    def _file(self, known: Any, id: str, path: str | None) -> None:
        """Without bytes it stays the upstream's: files did not end with the Assistants API."""
        if path is None:
            self.staging.lose(Loss("no_bytes", "file", id, str(known.get("filename") or "")))
            return
        file = _record(known, id, Path(path))
        before: File | None = self.store.load([Key(File, id)])[0]
        if before is None:
            self._store("new", file, Path(path))
        elif self._is_same(file, before, Path(path)):
            self.tally.add("same", "file")
        elif self.update:
            self._store("updated", file, Path(path))
        else:
            self.tally.add("differs", "file")
            self.staging.lose(Loss("differs", "file", id))

    def _is_same(self, file: File, before: File, path: Path) -> bool:
        alike = evolve(file, **{name: getattr(before, name) for name in STORED})
        return alike == before and all(piece == self.store.piece(file.copy, n) for n, piece in enumerate(_pieces(path)))

    def _store(self, what: str, file: File, path: Path) -> None:
        """The bytes first: who sees the record finds them. What a killed import left of them goes before."""
        self.tally.add(what, "file")
        if self.dry:
            return
        if what == "updated":
            self.store.commit(Commit((Erase(File, file.id),))).result()
        self.store.drop_pieces(file.copy).result()
        for number, piece in enumerate(_pieces(path)):
            self.store.write_piece(file.copy, number, piece).result()
        outcome = self.store.commit(Commit((Put(file, is_new=True),))).result()
        if not isinstance(outcome, Committed):
            raise ValueError("somebody else stored a file under this id at the same moment")

    def _lose(self, reason: str, id: str, detail: str) -> None:
        self.tally.add("lost", "file")
        self.staging.lose(Loss(reason, "file", id, detail))


def _record(known: Any, id: str, path: Path) -> File:
    """Raises OSError, and ValueError where what is known of it is not what the API answers."""
    status = path.stat()
    shown = shapes.parsed(shapes.FileObject, known or {"id": id, "created_at": int(status.st_mtime)})
    name = shown.filename or path.name
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    origin = {"thread_id": "", "run_id": "", "container_id": "", "source_id": ""}
    return File(
        id=id,
        created_at=shown.created_at,
        filename=name,
        size=status.st_size,
        media_type=media_type,
        copy=f"{id}.import",
        purpose=shown.purpose,
        **origin,
    )


def _pieces(path: Path) -> Iterator[bytes]:
    """An empty file has one empty piece."""
    with path.open("rb") as file:
        piece = file.read(PIECE)
        yield piece
        while piece := file.read(PIECE):
            yield piece
