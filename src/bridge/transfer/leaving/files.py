"""The files that a thread names, as far as they are kept in the store (records.File)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bridge.engine.effects import Key
from bridge.records import File, Object
from bridge.store import Store
from bridge.translate import loose


def named_in_message(message: Object) -> Iterator[str]:
    """The ids that a message, as the API answers it, has in its attachments, images and annotations."""
    for attachment in loose.objects(message, "attachments"):
        yield from _id(attachment)
    for block in loose.objects(message, "content"):
        yield from _id(block.get("image_file"))
        for annotation in loose.objects(block.get("text"), "annotations"):
            yield from _id(annotation.get("file_citation"))
            yield from _id(annotation.get("file_path"))


def named_in_run(run: Object) -> Iterator[str]:
    """The ids of pictures that the code of a run made, from its steps."""
    for step in loose.objects(run, "steps"):
        for call in loose.objects(step.get("step_details"), "tool_calls"):
            for output in loose.objects(call.get("code_interpreter"), "outputs"):
                yield from _id(output.get("image"))


def _id(holder: Any) -> Iterator[str]:
    id = loose.text(holder, "file_id")
    if id is not None:
        yield id


def kept(store: Store, id: str) -> File | None:
    """The record of a file whose bytes are in the store."""
    (file,) = store.load([Key(File, id)])
    return file if file is not None and file.copy else None


def content(store: Store, file: File) -> Iterator[bytes]:
    """Its bytes, a piece at a time."""
    number = 0
    while (piece := store.piece(file.copy, number)) is not None:
        yield piece
        number += 1
