"""/files/{id}: files that runs made, kept here (assistants-wire §7.2). All other files are the upstream's."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from bridge import errors
from bridge.engine.effects import Committed, Flow, Refused, commit, load_one
from bridge.engine.flows import Context
from bridge.records import Erase, Exists, File, Object
from bridge.wire import render

GONE: Final = (400, 404, 410)
"""What servers answer about a container that has expired, or has no such file any more."""


@frozen
class Download:
    """The bytes of this file are the answer."""

    file: File


def retrieve(context: Context, file_id: str) -> Flow[Object]:
    return render.file((yield from _found(file_id)))


def content(context: Context, file_id: str) -> Flow[Download]:
    """Its bytes: those kept here, else what its container still has."""
    return Download((yield from _found(file_id)))


def lost(file: File, refused: Refused) -> errors.APIError:
    """What a caller is told when bytes that were not kept cannot be fetched from the container either."""
    if refused.status in GONE:
        return errors.file_not_kept(file.id, file.container_id, refused.message)
    if refused.status == 0:
        return errors.upstream_silent(refused.message)
    said = {"message": refused.message, "type": refused.type, "param": refused.param, "code": refused.code}
    return errors.upstream_refused(refused.status, said)


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
