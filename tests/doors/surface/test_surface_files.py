"""Files that are kept: each form of the SDK's calls gets the bytes, and no other file is ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import openai
import pytest

from bridge import ids
from bridge.records import File, Put
from bridge.store import PIECE
from bridge.store.open import open_store
from doors.surface.places import Place

CONTENT = bytes(range(256)) * (PIECE // 128) + b"the end"


def kept(place: Place, filename: str = "table.csv", **given: Any) -> File:
    """A file as a run's leg leaves it."""
    id = ids.make("file", uuid4().int)
    file = File(id, "thread_x", "run_x", 100, filename, "cntr_x", "cfile_x", len(CONTENT), copy=f"{id}.run_x.1")
    store = open_store(str(place.door.store_path))
    for number in range(0, len(CONTENT), PIECE):
        store.write_piece(file.copy, number // PIECE, CONTENT[number : number + PIECE]).result()
    for name, value in given.items():
        object.__setattr__(file, name, value)
    place.commit(Put(file, is_new=True))
    return file


def pieces(place: Place, response: Any, **given: Any) -> Iterator[bytes]:
    """A response's bytes as they come, whatever the client's colour."""
    iterator = response.iter_bytes(**given)
    if not place.client.is_async:
        return iter(iterator)
    return _led(place, iterator)


def _led(place: Place, iterator: Any) -> Iterator[bytes]:
    while (piece := place.client.loop.run(anext(iterator, None))) is not None:
        yield piece


def test_every_form_of_the_call_gets_the_bytes(place: Place, tmp_path: Path) -> None:
    file = kept(place)
    files = place.client.files
    assert files.content(file.id).read() == CONTENT
    assert files.with_raw_response.content(file.id).content == CONTENT
    with files.with_streaming_response.content(file.id) as response:
        assert b"".join(pieces(place, response)) == CONTENT
    with files.with_streaming_response.content(file.id) as response:
        place.client.lead(response.stream_to_file(tmp_path / "streamed"))
    assert (tmp_path / "streamed").read_bytes() == CONTENT


def test_a_download_may_be_left(place: Place) -> None:
    file = kept(place)
    with place.client.files.with_streaming_response.content(file.id) as response:
        assert next(pieces(place, response, chunk_size=10)) == CONTENT[:10]
    assert place.client.files.content(file.id).read() == CONTENT


def test_what_is_told_of_it(place: Place) -> None:
    file = kept(place)
    told = place.client.files.retrieve(file.id)
    assert (told.id, told.object, told.filename, told.bytes) == (file.id, "file", "table.csv", len(CONTENT))
    assert (told.purpose, told.status, told.created_at) == ("assistants_output", "processed", 100)


@pytest.mark.parametrize("name", ['a".csv', "a\r\nset-cookie: x", "ü😀.csv", "../../etc/passwd", "<script>.html", ""])
def test_names_are_the_model_s_and_do_no_harm(place: Place, name: str) -> None:
    file = kept(place, name)
    headers = place.client.files.with_raw_response.content(file.id).headers
    assert headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert "/" not in headers["content-disposition"] and headers["content-disposition"].isascii()
    assert (headers["content-type"], headers["x-content-type-options"]) == ("application/octet-stream", "nosniff")
    assert "set-cookie" not in headers
    assert place.client.files.retrieve(file.id).filename == name


def test_it_is_deleted_with_its_bytes(place: Place) -> None:
    file = kept(place)
    assert place.client.files.delete(file.id).deleted
    assert open_store(str(place.door.store_path)).piece(file.copy, 0) is None
    for call in (place.client.files.retrieve, place.client.files.content, place.client.files.delete):
        with pytest.raises(openai.NotFoundError, match="No such File object"):
            call(file.id)


def test_a_file_that_could_not_be_kept_says_so(place: Place) -> None:
    file = kept(place, copy="")
    assert place.client.files.retrieve(file.id).filename == "table.csv"
    with pytest.raises(openai.NotFoundError, match="is not kept"):
        place.client.files.content(file.id)


def test_all_other_files_are_the_upstream_s(place: Place) -> None:
    with pytest.raises(openai.NotFoundError):
        place.client.files.retrieve("file-elsewhere")
    method, path = place.client.requests[-1]
    assert (method, path.rpartition("/v1")[2]) == ("GET", "/files/file-elsewhere")
