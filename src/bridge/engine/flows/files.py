"""/files/{id}: files kept here, which runs made (assistants-wire §7.2) or an import brought. All others are the
upstream's."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from bridge import errors
from bridge.engine.effects import Committed, Flow, Refused, Send, commit, load_one, now, send, warn
from bridge.engine.flows import Context
from bridge.records import Erase, Exists, File, Object
from bridge.wire import paths, render

GONE: Final = (400, 404, 410)
"""What servers answer about a container that has expired, or has no such file any more."""

SECONDS: Final = 5.0
"""How long the upstream may take to delete its copy."""

CONTAINER_SECONDS: Final = 24 * 3600
"""A container is not asked to forget a file that is older: it is gone itself."""


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
    """Here, and wherever else it is known to be: in its container, and where it was given to a tool."""
    file = yield from _found(file_id)
    outcome = yield from commit([Erase(File, file_id)], Exists(File, file_id))
    if not isinstance(outcome, Committed):
        raise errors.no_such_file(file_id)
    at = yield from now()
    if file.upstream_id is not None:
        yield from _delete_upstream(paths.of("files", file.upstream_id), at)
    if file.container_id and at < file.created_at + CONTAINER_SECONDS:
        yield from _delete_upstream(paths.of("containers", file.container_id, "files", file.source_id), at)
    return {"id": file_id, "object": "file", "deleted": True}


def _delete_upstream(path: str, at: float) -> Flow[None]:
    answer = yield from send(Send("DELETE", path, until=at + SECONDS))
    if isinstance(answer, Refused) or not (answer.is_ok or answer.status in GONE):
        yield from warn("files", f"a file that was deleted here is still there upstream: {path}")


def _found(file_id: str) -> Flow[File]:
    file = yield from load_one(File, file_id)
    if file is None:
        raise errors.no_such_file(file_id)
    return file
