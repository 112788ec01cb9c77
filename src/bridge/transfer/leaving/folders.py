"""Threads of a store as files of a folder.

    threads/<thread id>.json       a thread: its export, or its input items
    threads/<thread id>.jsonl, .md the same as lines, or for people
    files/<file id>                bytes of the files that the threads name, as far as they are kept here
    assistants.json                of an export: the assistants that ran on these threads, or all of the store
    manifest.json                  of an export: what is in the folder

A file is written beside its name and then put there, so that what is there is whole; written again, it is replaced.
Ids stand percent-encoded in names of files: in a store they may be whatever was imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

import orjson
from attrs import define, field

from bridge.records import Message, Object
from bridge.service import Service
from bridge.store import Store
from bridge.transfer.leaving import exported, files, items, lines, markdown
from bridge.wire import render

MANIFEST: Final = "assistants-export-manifest/v1"
EXPORT: Final = "export"

DOCUMENTS: Final[dict[str, tuple[str, Callable[[Store, str], Iterator[str]]]]] = {
    "items": (".json", items.document),
    "jsonl": (".jsonl", lines.document),
    "markdown": (".md", markdown.document),
}
"""Forms besides: the ending of the file, and what is in it."""

FORMS: Final = (EXPORT, *DOCUMENTS)


def text(service: Service, thread_id: str, form: str, named: dict[str, None]) -> Iterator[str]:
    """A thread in one of FORMS. `named` gets the ids of files that it names."""
    if form == EXPORT:
        yield from exported.document(service, thread_id, named)
        return
    yield from DOCUMENTS[form][1](service.store, thread_id)
    for entry in items.entries(service.store, thread_id):
        if isinstance(entry, Message):
            named.update(dict.fromkeys(files.named_in_message(render.rest(entry))))


@define
class Folder:
    """Writes threads into a folder, in one of FORMS. `add` and `close` raise OSError and errors of the store.

    `unkept` are ids of files that the threads name and that are not kept here.
    """

    path: Path
    form: str
    service: Service
    threads: int = 0
    files: int = 0
    unkept: dict[str, None] = field(factory=dict)
    _seen: set[str] = field(factory=set)
    _assistant_ids: dict[str, None] = field(factory=dict)

    def add(self, thread_id: str) -> None:
        """One thread, and the files that it names. Raises ConfigurationError for one that is not there."""
        ending = ".json" if self.form == EXPORT else DOCUMENTS[self.form][0]
        named: dict[str, None] = {}
        pieces = (piece.encode() for piece in text(self.service, thread_id, self.form, named))
        write(self.path / "threads" / f"{filename(thread_id)}{ending}", pieces)
        self.threads += 1
        self._keep(named)
        if self.form == EXPORT:
            ran = items.runs(self.service.store, thread_id)
            self._assistant_ids |= dict.fromkeys(run.assistant_id for run in ran)

    def close(self, *, all_assistants: bool = False, failed: Sequence[Object] = ()) -> None:
        """What is about the folder as a whole. `failed`: threads that were wanted, and why they are not there."""
        if self.form != EXPORT:
            return
        found = exported.assistants(self.service, None if all_assistants else self._assistant_ids)
        write(self.path / "assistants.json", (piece.encode() for piece in items.array(found)))
        manifest = {
            "export_schema": MANIFEST,
            "exported_at": exported.moment(),
            "threads_exported": self.threads,
            "files_exported": self.files,
            "files_not_kept": list(self.unkept),
            "threads_failed": list(failed),
        }
        write(self.path / "manifest.json", [orjson.dumps(manifest, option=orjson.OPT_INDENT_2)])

    def _keep(self, named: Iterable[str]) -> None:
        for id in named:
            if id in self._seen:
                continue
            self._seen.add(id)
            file = files.kept(self.service.store, id)
            if file is None:
                self.unkept[id] = None
            else:
                write(self.path / "files" / filename(id), files.content(self.service.store, file))
                self.files += 1


def filename(id: str) -> str:
    """An id as the name of a file: itself, where it has only letters, digits, dashes and low lines."""
    return quote(id, safe="").replace(".", "%2E")


def write(path: Path, pieces: Iterable[bytes]) -> None:
    """Folders are made; a file that is not finished is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            file.writelines(pieces)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
