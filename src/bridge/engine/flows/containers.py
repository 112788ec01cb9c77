"""The code interpreter's containers: what they hold is kept, since they do not last (design §4, responses-mapping §9).

A container's files are looked for when a call of the code ends, and when a message cites one that was not there then.
Whatever goes wrong with them, the run goes on: an answer without its file is better than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve, frozen

from bridge.engine import names
from bridge.engine.effects import Flow, Keep, Kept, Key, Refused, Send, Sent, commit, keep, load, mint, send, warn
from bridge.records import Amend, Exists, File, Object, Run, Thread
from bridge.translate import loose
from bridge.wire import downloads, paths

LARGEST_FILE: Final = 512 * 1024 * 1024
"""Bytes of a file that are kept: what the old service took as one (field.md has no larger one)."""

LONGEST_NAME: Final = 255
LARGEST_SIZE: Final = 2**63 - 1
"""Characters of a name, and the number of bytes that a listing may tell of; more is no file."""

IDLE_SECONDS: Final = 19 * 60
"""How long after its last use a container is taken to be alive; they end twenty minutes after it (mapping §12)."""

PAGE: Final = 100
PAGES: Final = 10
"""Files of a container are listed by the hundred, and a thousand of them at the most."""

UNKEPT: Final = "a file that the code interpreter made could not be kept: "


@frozen
class Found:
    """Files that runs made in a container, in order of creation, and those that nobody had kept before."""

    files: Sequence[File] = ()
    new: Sequence[File] = ()


def collect(run: Run, container_id: str, at: float) -> Flow[Found]:
    """What the container holds by now, the new ones stored as bytes; their records are the caller's to commit."""
    listed = yield from _list(run, container_id)
    made = [_file(run, container_id, entry, at) for entry in listed if entry.get("source") != "user"]
    return (yield from _kept(run, list({file.id: file for file in made}.values())))


def cited(run: Run, annotation: Object, at: float) -> Flow[Found]:
    """The file that a container_file_citation names."""
    container_id, source_id = loose.text(annotation, "container_id"), loose.text(annotation, "file_id")
    if container_id is None or source_id is None:
        return Found()
    entry = {"id": source_id, "path": loose.text(annotation, "filename") or source_id}
    return (yield from _kept(run, [_file(run, container_id, entry, at)]))


def _list(run: Run, container_id: str) -> Flow[list[Object]]:
    listed: dict[str, Object] = {}
    query = {"limit": str(PAGE), "order": "asc"}
    for _ in range(PAGES):
        answer = yield from send(
            Send("GET", paths.of("containers", container_id, "files"), query=query, until=float(run.expires_at))
        )
        if isinstance(answer, Refused) or not answer.is_ok:
            yield from _tell(answer)
            break
        page = {id: entry for entry in loose.objects(answer.body, "data") if (id := loose.text(entry, "id"))}
        is_news = not page.keys() <= listed.keys()
        listed |= page
        if not answer.body.get("has_more") or not is_news:
            break
        query = {**query, "after": list(page)[-1]}
    return list(listed.values())


def _kept(run: Run, made: Sequence[File]) -> Flow[Found]:
    known = yield from load(*(Key(File, file.id) for file in made))
    files: list[File] = []
    new: list[File] = []
    for file, before in zip(made, known, strict=True):
        if before is None:
            new.append((yield from _keep(run, file)))
        files.append((yield from _kept_now(run, before)) if before is not None else new[-1])
    return Found(files, new)


def _kept_now(run: Run, file: File) -> Flow[File]:
    """A file that is known; what could not be fetched then may come now."""
    if file.copy or file.size > LARGEST_FILE:
        return file
    again = yield from _keep(run, file)
    if again.copy:
        kept = {"copy": again.copy, "size": again.size, "media_type": again.media_type}
        yield from commit([Amend(File, file.id, kept)], Exists(File, file.id))
    return again


def _keep(run: Run, file: File) -> Flow[File]:
    copy = f"{file.id}.{(yield from mint('item'))}"  # the try before may still be writing
    answer = yield from keep(Keep(copy, downloads.source(file), LARGEST_FILE, until=float(run.expires_at)))
    if isinstance(answer, Kept):
        return evolve(file, size=answer.size, media_type=answer.media_type or file.media_type, copy=copy)
    yield from _tell(answer)
    return file


def _tell(answer: Refused | Sent) -> Flow[None]:
    said: Any = answer.message if isinstance(answer, Refused) else (loose.object(answer.body, "error") or {})
    yield from warn("files", UNKEPT + (said if isinstance(said, str) else loose.text(said, "message") or "no reason"))


def _file(run: Run, container_id: str, entry: Object, at: float) -> File:
    source_id = _clean(entry["id"])
    path = _clean(loose.text(entry, "path") or source_id)
    return File(
        id=names.of_file(run.thread_id, container_id, source_id),
        thread_id=run.thread_id,
        run_id=run.id,
        created_at=int(at),
        filename=path.rpartition("/")[2][:LONGEST_NAME] or source_id,
        container_id=container_id,
        source_id=source_id,
        size=min(max(loose.number(entry, "bytes") or 0, 0), LARGEST_SIZE),
    )


def _clean(text: str) -> str:
    """Without halves of characters, which a server may send for names in no encoding, and no store takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


# --- the session of a thread


def used(thread: Thread, item: Object, file_ids: Sequence[str], at: float) -> list[Amend]:
    """What the thread remembers of the container that a call of the code ran in."""
    container_id = loose.text(item, "container_id")
    if container_id is None:
        return []
    return [Amend(Thread, thread.id, {"container": {"id": container_id, "at": int(at), "file_ids": list(file_ids)}})]


def alive(thread: Thread, file_ids: Sequence[str], at: float, until: float) -> Flow[str | None]:
    """The container that the thread's last run worked in, with these files in it, if it may still live.

    Files that came since are put into it: what the code left there, and has in memory, is worth the calls.
    """
    known = thread.container
    if known is None or at > known["at"] + IDLE_SECONDS:
        return None
    for file_id in file_ids:
        if file_id not in known["file_ids"]:
            path = paths.of("containers", known["id"], "files")
            answer = yield from send(Send("POST", path, {"file_id": file_id}, until=until))
            if isinstance(answer, Refused) or not answer.is_ok:
                return None
    container_id: str = known["id"]
    return container_id
