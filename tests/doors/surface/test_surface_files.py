"""Files that runs made, asked for in every way the SDK has; all other files are the upstream's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import openai
import pytest
from attrs import evolve

from bridge import ids
from bridge.records import File, Put
from bridge.store import PIECE
from bridge.store.open import open_store
from doors.surface.places import Place

WHOLE = os.urandom(1000) * 3000  # about three pieces


@pytest.fixture
def made(place: Place) -> File:
    """A kept file of some pieces."""
    return kept(place, WHOLE, filename="table.csv", media_type="text/csv")


def kept(place: Place, content: bytes, **fields: Any) -> File:
    """A file as a run leaves it, its bytes in the door's store."""
    id = ids.make("file", int.from_bytes(os.urandom(20), "big"))
    file = File(id, "thread_a", "run_a", 1700000000, fields.pop("filename", "a.bin"), "cntr_a", "cfile_a", len(content))
    store = open_store(str(place.door.store_path))
    file = evolve(file, **{"copy": f"{id}.run_a.1", **fields})
    for number, start in enumerate(range(0, len(content), PIECE)):
        store.write_piece(file.copy, number, content[start : start + PIECE]).result()
    place.commit(Put(file, is_new=True))
    return file


def test_the_object_is_that_of_the_files_api(place: Place, made: File) -> None:
    assert place.client.files.retrieve(made.id).to_dict() == {
        "id": made.id,
        "object": "file",
        "bytes": len(WHOLE),
        "created_at": 1700000000,
        "filename": "table.csv",
        "purpose": "assistants_output",
        "status": "processed",
        "status_details": None,
        "expires_at": None,
    }


def test_contents_come_whole(place: Place, made: File, tmp_path: Path) -> None:
    content = place.client.files.content(made.id)
    assert content.read() == content.content == WHOLE
    assert b"".join(content.iter_bytes(1000)) == WHOLE
    content.write_to_file(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == WHOLE


def test_contents_come_raw(place: Place, made: File) -> None:
    answer = place.client.files.with_raw_response.content(made.id)
    assert answer.http_response.status_code == 200
    assert answer.http_response.content == WHOLE
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-length"] == str(len(WHOLE))
    assert answer.headers["content-disposition"] == 'attachment; filename="table.csv"'
    assert answer.headers["x-request-id"].startswith("req_")


def test_contents_come_as_a_stream(place: Place, made: File, tmp_path: Path) -> None:
    with place.client.files.with_streaming_response.content(made.id) as answer:
        assert b"".join(answer.iter_bytes(4096)) == WHOLE
    with place.client.files.with_streaming_response.content(made.id) as answer:
        assert answer.read() == WHOLE
    with place.client.files.with_streaming_response.content(made.id) as answer:
        answer.stream_to_file(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == WHOLE


def test_who_leaves_early_harms_nobody(place: Place, made: File) -> None:
    with place.client.files.with_streaming_response.content(made.id) as answer:
        first = next(iter(answer.iter_bytes(1000)))
    assert first == WHOLE[:1000]
    assert place.client.files.content(made.id).content == WHOLE


def test_an_empty_file(place: Place) -> None:
    assert place.client.files.content(kept(place, b"").id).content == b""


def test_a_deleted_file_is_gone_with_its_bytes(place: Place, made: File) -> None:
    assert place.client.files.delete(made.id).to_dict() == {"id": made.id, "object": "file", "deleted": True}
    assert open_store(str(place.door.store_path)).piece(made.copy, 0) is None
    for ask in (place.client.files.retrieve, place.client.files.content, place.client.files.delete):
        with pytest.raises(openai.NotFoundError) as caught:
            ask(made.id)
        assert caught.value.body == {
            "message": f"No such File object: {made.id}",
            "type": "invalid_request_error",
            "param": "id",
            "code": None,
        }


def test_a_file_deleted_while_it_is_read_breaks_off(place: Place) -> None:
    """Larger than what sockets and clients read ahead: as if it were whole would be the worst answer."""
    file = kept(place, b"x" * 24 * PIECE)
    with place.client.files.with_streaming_response.content(file.id) as answer:
        pieces = iter(answer.iter_bytes(1000))
        next(pieces)
        place.client.files.delete(file.id)
        with pytest.raises(Exception, match=r"deleted while|closed|incomplete|peer"):
            for _ in pieces:
                pass


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [
        ("a b.csv", 'attachment; filename="a b.csv"'),
        ("/mnt/data/../../etc/passwd", 'attachment; filename="passwd"'),
        ("..", 'attachment; filename="file"'),
        ("C:\\temp\\a.csv", 'attachment; filename="a.csv"'),
        ('a"; filename="b.exe', 'attachment; filename="a__ filename=_b.exe"'),
        ("a\r\nset-cookie: b=c", 'attachment; filename="a__set-cookie_ b=c"'),
        ("Ä😀.csv", "attachment; filename=\"__.csv\"; filename*=UTF-8''%C3%84_.csv"),
        ("<script>.html", 'attachment; filename="_script_.html"'),
        ("", 'attachment; filename="file"'),
        ("a\u202egpj.exe", 'attachment; filename="a_gpj.exe"'),
    ],
)
def test_names_that_models_choose_are_safe_in_a_header(place: Place, filename: str, disposition: str) -> None:
    file = kept(place, b"x", filename=filename, media_type="text/html\r\nset-cookie: b=c")
    answer = place.client.files.with_raw_response.content(file.id)
    assert answer.headers["content-disposition"] == disposition
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in answer.headers
    assert place.client.files.retrieve(file.id).filename == filename


def test_bytes_that_were_not_kept_come_from_the_container_while_it_lives(place: Place) -> None:
    hosted = place.scripted.hosted
    container = hosted.new_container(())
    source = hosted.put(container.id, "big.bin", b"still there")
    file = kept(place, b"", copy="", container_id=container.id, source_id=source["id"], size=11)
    assert place.client.files.content(file.id).content == b"still there"
    with place.client.files.with_streaming_response.content(file.id) as answer:
        assert answer.read() == b"still there"
    del hosted.containers[container.id]
    with pytest.raises(openai.NotFoundError, match=f"its container {container.id} does not have it"):
        place.client.files.content(file.id)


def test_bytes_that_nobody_has_any_more_are_told_so(place: Place) -> None:
    file = kept(place, b"", copy="", container_id="cntr_gone")
    assert place.client.files.retrieve(file.id).id == file.id
    with pytest.raises(openai.NotFoundError, match="was not kept, and its container cntr_gone does not have it"):
        place.client.files.content(file.id)


def test_files_of_the_upstream_pass_through(place: Place) -> None:
    theirs = place.client.files.create(file=("a.txt", b"hello"), purpose="assistants")
    assert not ids.is_kept_file(theirs.id)
    assert place.client.files.retrieve(theirs.id).filename == "a.txt"
    assert theirs.id in [each.id for each in place.client.files.list().data]
    assert place.client.files.delete(theirs.id).deleted


def test_no_beta_header_is_needed_and_other_paths_are_unknown(place: Place, made: File) -> None:
    get, path = place.client.sdk.get, f"/files/{made.id}"
    assert place.client.lead(get(path, cast_to=object))["id"] == made.id
    with pytest.raises(openai.NotFoundError, match=r"Invalid URL \(GET /v1/files/.*/parts\)"):
        place.client.lead(get(f"{path}/parts", cast_to=object))
