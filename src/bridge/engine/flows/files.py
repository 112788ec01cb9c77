"""/files/{id}: files that runs made, kept here (assistants-wire §7.2). All other files are the upstream's."""

from __future__ import annotations

from attrs import frozen

from bridge import errors
from bridge.engine.effects import Committed, Flow, commit, load_one
from bridge.engine.flows import Context
from bridge.records import Erase, Exists, File, Object
from bridge.wire import render


@frozen
class Download:
    """The bytes of this file are the answer."""

    file: File


def retrieve(context: Context, file_id: str) -> Flow[Object]:
    return render.file((yield from _found(file_id)))


def content(context: Context, file_id: str) -> Flow[Download]:
    """Its bytes, or why there are none: it was too large, or could not be fetched while its container lived."""
    file = yield from _found(file_id)
    if not file.copy:
        raise errors.file_not_kept(file_id)
    return Download(file)


def delete(context: Context, file_id: str) -> Flow[Object]:
    outcome = yield from commit([Erase(File, file_id)], Exists(File, file_id))
    if not isinstance(outcome, Committed):
        raise errors.no_such_file(file_id)
    return {"id": file_id, "object": "file", "deleted": True}


def _found(file_id: str) -> Flow[File]:
    file = yield from load_one(File, file_id)
    if file is None:
        raise errors.no_such_file(file_id)
    return file
