"""Files kept here, given to tools and models of the upstream, which does not know them: those that runs made, and those
that were imported.

code_interpreter's file_ids   => a copy among the upstream's files, made at the first use
images in messages            => data URLs, so that no file has to be stored upstream; what is too large, its name
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from bridge import ids
from bridge.engine.effects import (
    Flow,
    Key,
    Refused,
    Send,
    Upload,
    commit,
    load,
    read,
    send,
    warn,
)
from bridge.records import Amend, Exists, File, Object
from bridge.translate import loose

LARGEST_IMAGE: Final = 8 * 1024 * 1024
"""Bytes of an image in a request; a data URL may have 20,971,520 characters (mapping §3.1)."""

MISSING: Final = re.compile(r"no such|not found|not exist|deleted|expired", re.IGNORECASE)
"""How servers say that they do not have a file: "No such File object: …" (assistants-wire §9.4)."""

ALL_IMAGES: Final = 24 * 1024 * 1024
"""Bytes of all of them: the newest images of a thread are sent again with each leg, older ones are told by name."""


def file_ids(resources: Object) -> list[str]:
    return list((resources.get("code_interpreter") or {}).get("file_ids") or ())


def named(request: Object, message: str) -> frozenset[str]:
    """The files of a request that a refusal calls missing. Threads outlive files."""
    if not MISSING.search(message):
        return frozenset()
    tools = [loose.object(tool, "container") or {} for tool in loose.objects(request, "tools")]
    run = [id for container in tools for id in container.get("file_ids") or ()]
    files = (*_images(loose.objects(request, "input")), *run)
    return frozenset(id for id in files if re.search(rf"{re.escape(id)}(?![\w-])", message))


def without(given: Object, gone: Collection[str]) -> Object:
    """The same tool_resources without these files of the code interpreter."""
    if not any(id in gone for id in file_ids(given)):
        return given
    return {**given, "code_interpreter": {"file_ids": [id for id in file_ids(given) if id not in gone]}}


def resources(given: Object, until: float, gone: Collection[str] = ()) -> Flow[Object]:
    """The same tool_resources with the upstream's ids for files that are kept here. Copies that are `gone` are made
    anew."""
    known = yield from upstream_ids(file_ids(given), until, gone)
    if not known:
        return given
    renamed = [known.get(id, id) for id in file_ids(given)]
    return {**given, "code_interpreter": {**given["code_interpreter"], "file_ids": renamed}}


def upstream_ids(given: Sequence[str], until: float | None = None, gone: Collection[str] = ()) -> Flow[dict[str, str]]:
    """For those of these ids that are files kept here: the ids of their copies upstream, made where there is none."""
    wanted = list(dict.fromkeys(given))
    files: tuple[File | None, ...] = (yield from load(*(Key(File, id) for id in wanted))) if wanted else ()
    found: dict[str, str] = {}
    for file in files:
        copy = None if file is None else (yield from _copy(file, until, gone))
        if file is not None and copy is not None:
            found[file.id] = copy
    return found


def _copy(file: File, until: float | None, gone: Collection[str]) -> Flow[str | None]:
    if file.upstream_id is not None and file.upstream_id not in gone:
        return file.upstream_id
    content = (yield from read(file.copy)) if file.copy else None
    if content is None:
        return None
    upload = Upload(file.filename, content, file.media_type)
    answer = yield from send(Send("POST", "/files", {"purpose": "assistants"}, upload=upload, until=until))
    copy = None if isinstance(answer, Refused) or not answer.is_ok else loose.text(answer.body, "id")
    if copy is None:
        yield from warn("file_ids", f"the file {file.id} is kept here and could not be given to the upstream")
        return None
    yield from commit([Amend(File, file.id, {"upstream_id": copy})], Exists(File, file.id))
    return copy


# --- images


def images(items: Sequence[Object], gone: Collection[str] = ()) -> Flow[list[Object]]:
    """Input items with the images that are kept here in them, newest first as far as they go; of those that are `gone`
    it is said that they were there."""
    wanted = list(dict.fromkeys(_images(items)))
    if not wanted:
        return list(items)
    files: tuple[File | None, ...] = yield from load(*(Key(File, id) for id in wanted))
    parts: dict[str, Object] = {}
    room = ALL_IMAGES
    for id, file in zip(reversed(wanted), reversed(files), strict=True):
        if file is None and not ids.is_kept_file(id) and id not in gone:
            continue  # the upstream's
        copy = file.copy if file is not None and file.size <= min(LARGEST_IMAGE, room) else ""
        content = (yield from read(copy)) if copy else None
        parts[id] = _image(file, content)
        room -= len(content or b"")
    return [_with_parts(item, parts) for item in items]


def _images(items: Iterable[Object]) -> list[str]:
    parts = [part for item in items for part in loose.objects(item, "content")]
    found = [loose.text(part, "file_id") for part in parts if part.get("type") == "input_image"]
    return [id for id in found if id is not None]


def _image(file: File | None, content: bytes | None) -> Object:
    if file is None or content is None:
        return {"type": "input_text", "text": f"[image: {'deleted' if file is None else file.filename}]"}
    media_type = file.media_type if file.media_type.startswith("image/") else "image/png"
    return {"type": "input_image", "image_url": f"data:{media_type};base64,{b64encode(content).decode()}"}


def _with_parts(item: Object, parts: Mapping[str, Object]) -> Object:
    content = item.get("content")
    if item.get("role") != "user" or not isinstance(content, list):
        return item
    return {**item, "content": [_replaced(part, parts) for part in content]}


def _replaced(part: Object, parts: Mapping[str, Object]) -> Object:
    found = parts.get(part.get("file_id") or "") if part.get("type") == "input_image" else None
    if found is None:
        return part
    return {**found, "detail": part.get("detail") or "auto"} if found["type"] == "input_image" else found
