"""Files, vector stores and containers of the offline server, as its endpoints answer."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_help import CODE, NO_SHARED, NO_SHARED_REASON, Clock, ask, send, validator

from bridge.engine.effects import Send, Upload
from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted import ScriptedUpstream

WEEK = {"anchor": "last_active_at", "days": 7}


@pytest.fixture
def clock() -> Clock:
    return Clock()


# --- files


def uploaded(upstream: ScriptedUpstream, purpose: str, content: bytes = b"some bytes") -> Any:
    return upstream.send(Send("POST", "/files", {"purpose": purpose}, upload=Upload("a.txt", content))).body


def test_files_are_what_was_uploaded() -> None:
    upstream = ScriptedUpstream()
    file = uploaded(upstream, "batch")
    assert (file["filename"], file["bytes"], file["purpose"]) == ("a.txt", 10, "batch")
    assert send(upstream, "GET", f"/files/{file['id']}") == file == upstream.files[file["id"]]
    body = upstream.fetch(f"/files/{file['id']}/content")
    assert (b"".join(body), body.media_type) == (b"some bytes", "application/octet-stream")
    assert send(upstream, "DELETE", f"/files/{file['id']}")["deleted"]
    assert send(upstream, "GET", f"/files/{file['id']}") == (404, f"No such File object: {file['id']}")
    assert upstream.files == {}
    path = f"/files/{file['id']}"
    assert upstream.sent == [
        "POST /files",
        *(f"GET {path}{end}" for end in ("", "/content")),
        f"DELETE {path}",
        f"GET {path}",
    ]


def test_content_that_the_service_keeps_to_itself() -> None:
    upstream = ScriptedUpstream()
    file = uploaded(upstream, "assistants")
    with pytest.raises(UpstreamRefused, match=r"^Not allowed to download files of purpose: assistants$"):
        upstream.fetch(f"/files/{file['id']}/content")


def test_a_body_comes_in_pieces_and_json_as_its_bytes() -> None:
    upstream = ScriptedUpstream()
    file = uploaded(upstream, "batch", b"x" * 200_000)
    pieces = list(upstream.fetch(f"/files/{file['id']}/content"))
    assert len(pieces) > 1 and b"".join(pieces) == b"x" * 200_000
    assert upstream.fetch("/files").media_type == "application/json"
    with pytest.raises(UpstreamRefused, match="no JSON object"):
        upstream.send(Send("GET", f"/files/{file['id']}/content"))


def test_lists_have_pages() -> None:
    upstream = ScriptedUpstream()
    ids = [uploaded(upstream, purpose)["id"] for purpose in ("batch", "vision", "batch", "batch")]
    first = send(upstream, "GET", "/files", limit="3")
    assert [file["id"] for file in first["data"]] == ids[:0:-1]
    assert (first["first_id"], first["last_id"], first["has_more"]) == (ids[3], ids[1], True)
    rest = send(upstream, "GET", "/files", limit="3", after=ids[1])
    assert ([file["id"] for file in rest["data"]], rest["has_more"]) == ([ids[0]], False)
    assert [file["id"] for file in send(upstream, "GET", "/files", order="asc", before=ids[2])["data"]] == ids[:2]
    assert [file["id"] for file in send(upstream, "GET", "/files", purpose="vision")["data"]] == [ids[1]]


def test_ids_are_the_same_again_and_differ_between_seeds() -> None:
    ids = [ScriptedUpstream(seed=seed).add_file("a", b"") for seed in ("", "", "x")]
    assert ids[0] == ids[1] != ids[2]


# --- vector stores


def test_a_vector_store_takes_files_in(clock: Clock) -> None:
    upstream = ScriptedUpstream({"rules": [], "ingestion": 30}, clock=clock)
    one, two = upstream.add_file("a.txt", b"abc"), upstream.add_file("b.txt", b"b")
    store = send(upstream, "POST", "/vector_stores", {"file_ids": [one], "name": "n", "metadata": {"a": "b"}})
    path = f"/vector_stores/{store['id']}"
    assert (store["status"], store["usage_bytes"], store["name"]) == ("in_progress", 0, "n")
    assert store["file_counts"] == {"in_progress": 1, "completed": 0, "failed": 0, "cancelled": 0, "total": 1}
    clock.now += 30
    added = send(upstream, "POST", f"{path}/files", {"file_id": two, "attributes": {"x": 1}})
    assert (added["status"], added["attributes"]) == ("in_progress", {"x": 1})
    assert added["chunking_strategy"]["static"]["max_chunk_size_tokens"] == 800
    now = send(upstream, "GET", path)
    assert (now["file_counts"]["completed"], now["usage_bytes"], now["status"]) == (1, 3, "in_progress")
    assert now == upstream.vector_stores[store["id"]]
    assert [file["id"] for file in send(upstream, "GET", f"{path}/files", order="asc")["data"]] == [one, two]
    assert [file["id"] for file in send(upstream, "GET", f"{path}/files", filter="completed")["data"]] == [one]
    assert send(upstream, "GET", f"{path}/files/{one}")["status"] == "completed"
    assert send(upstream, "DELETE", f"{path}/files/{one}")["deleted"]
    assert send(upstream, "DELETE", f"/files/{two}")["deleted"]
    assert send(upstream, "GET", path)["file_counts"]["total"] == 0


def test_a_vector_store_expires(clock: Clock) -> None:
    upstream = ScriptedUpstream([{"search": True, "say": "Yes."}], clock=clock)
    file = upstream.add_file("a.txt", b"a")
    store = send(upstream, "POST", "/vector_stores", {"expires_after": WEEK})
    path, tool = f"/vector_stores/{store['id']}", {"type": "file_search", "vector_store_ids": [store["id"]]}
    clock.now += 6 * 86_400
    list(upstream.open(ask("Hi", tool)))
    used = send(upstream, "GET", path)
    assert used["expires_at"] == used["last_active_at"] + 7 * 86_400 == store["expires_at"] + 6 * 86_400
    clock.now += 7 * 86_400
    assert send(upstream, "GET", path)["status"] == "expired"
    assert send(upstream, "POST", f"{path}/files", {"file_id": file}) == (
        400,
        f"Vector store '{store['id']}' has expired.",
    )
    with pytest.raises(UpstreamRefused, match="has expired"):
        upstream.open(ask("Hi", tool))
    assert send(upstream, "POST", path, {"expires_after": None, "name": "mine"})["status"] == "completed"
    assert [each["name"] for each in send(upstream, "GET", "/vector_stores")["data"]] == ["mine"]
    assert send(upstream, "DELETE", path)["deleted"]
    assert send(upstream, "GET", path) == (404, f"No vector store found with id '{store['id']}'.")


@pytest.mark.parametrize(("filename", "ending"), [("a.csv", ".csv"), ("a.PNG", ".PNG"), ("README", "none")])
def test_files_that_cannot_be_searched_are_refused(clock: Clock, filename: str, ending: str) -> None:
    upstream = ScriptedUpstream(clock=clock)
    told = (
        400,
        f"Files with extensions [{ending}] are not supported for retrieval. "
        "See https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
    )
    good, bad = upstream.add_file("a.TXT", b""), upstream.add_file(filename, b"")
    assert send(upstream, "POST", "/vector_stores", {"file_ids": [good, bad]}) == told
    assert upstream.vector_stores == {}
    path = f"/vector_stores/{send(upstream, 'POST', '/vector_stores', {'file_ids': [good]})['id']}"
    assert send(upstream, "POST", f"{path}/files", {"file_id": bad}) == told
    assert send(upstream, "POST", f"{path}/file_batches", {"file_ids": [bad]}) == told


def test_files_are_taken_in_by_the_batch(clock: Clock) -> None:
    upstream = ScriptedUpstream({"rules": [], "ingestion": 30}, clock=clock)
    ids = [upstream.add_file(f"{name}.txt", b"") for name in "ab"]
    stores = [send(upstream, "POST", "/vector_stores", {})["id"] for _ in range(2)]
    path = f"/vector_stores/{stores[0]}/file_batches"
    assert send(upstream, "POST", path, {"file_ids": [*ids, "file-x"]}) == (404, "No such File object: file-x")
    assert send(upstream, "GET", f"/vector_stores/{stores[0]}/files")["data"] == [], "all or none"
    batch = send(upstream, "POST", path, {"file_ids": ids, "attributes": {"x": 1}})
    assert (batch["status"], batch["file_counts"]["in_progress"]) == ("in_progress", 2)
    clock.now += 30
    assert send(upstream, "GET", f"{path}/{batch['id']}")["status"] == "completed"
    listed = send(upstream, "GET", f"{path}/{batch['id']}/files", order="asc")["data"]
    assert [(file["id"], file["attributes"]) for file in listed] == [(id, {"x": 1}) for id in ids]
    assert send(upstream, "GET", f"/vector_stores/{stores[1]}/file_batches/{batch['id']}")[0] == 404
    described = send(upstream, "POST", path, {"files": [{"file_id": ids[0]}]})
    assert described["file_counts"]["total"] == 1


# --- containers


def test_containers_are_made_and_deleted(clock: Clock) -> None:
    upstream = ScriptedUpstream(clock=clock)
    file = upstream.add_file("in.csv", b"1")
    body = {"name": "mine", "file_ids": [file], "expires_after": {"anchor": "last_active_at", "minutes": 5}}
    container = send(upstream, "POST", "/containers", body)
    path = f"/containers/{container['id']}"
    assert (container["name"], container["status"], container["expires_after"]["minutes"]) == ("mine", "running", 5)
    (given,) = send(upstream, "GET", f"{path}/files")["data"]
    assert (given["path"], given["source"]) == (f"/mnt/data/{file}-in.csv", "user")
    assert send(upstream, "POST", f"{path}/files", {"file_id": file})["bytes"] == 1
    assert send(upstream, "GET", f"{path}/files/{given['id']}") == given
    assert b"".join(upstream.fetch(f"{path}/files/{given['id']}/content")) == b"1"
    clock.now += 301
    assert send(upstream, "GET", path)["status"] == "expired" == upstream.containers[container["id"]]["status"]
    assert send(upstream, "GET", f"{path}/files") == (400, "Container is expired.")
    with pytest.raises(UpstreamRefused, match="Container is expired"):
        upstream.fetch(f"{path}/files/{given['id']}/content")
    assert send(upstream, "DELETE", path)["deleted"] and upstream.containers == {}


def test_a_path_may_be_percent_encoded() -> None:
    upstream = ScriptedUpstream()
    id = upstream.add_file("a", b"")
    assert send(upstream, "GET", f"/files/{id.replace('-', '%2D')}")["id"] == id


def test_no_containers() -> None:
    upstream = ScriptedUpstream([{"code": "x"}], quirks=["no_containers"])
    events = list(upstream.open(ask("Hi", CODE)))
    (id,) = upstream.hosted.containers
    assert events[-1]["type"] == "response.completed"
    assert send(upstream, "GET", f"/containers/{id}/files") == (404, f"Invalid URL (GET /v1/containers/{id}/files)")
    with pytest.raises(UpstreamRefused, match="Invalid URL"):
        upstream.fetch(f"/containers/{id}/files/x/content")


# --- refusals


REFUSED: list[tuple[str, str, dict[str, Any] | None, int, str]] = [
    ("POST", "/files", {"purpose": "assistants"}, 400, "Missing required parameter: 'file'."),
    ("GET", "/files/file-x", None, 404, "No such File object: file-x"),
    ("DELETE", "/files/file-x", None, 404, "No such File object: file-x"),
    ("POST", "/vector_stores", {"file_ids": ["file-x"]}, 404, "No such File object: file-x"),
    ("POST", "/vector_stores", {"files": []}, 400, "Unknown parameter: 'files'."),
    ("POST", "/vector_stores", {"metadata": {"a": 1}}, 400, "Invalid type for 'metadata.a'"),
    ("POST", "/vector_stores", {"expires_after": {"days": 7}}, 400, "'expires_after.anchor'"),
    ("POST", "/vector_stores", {"expires_after": {**WEEK, "days": 400}}, 400, "Expected a value <= 365"),
    ("POST", "/vector_stores", {"expires_after": {**WEEK, "anchor": "now"}}, 400, "Invalid value: 'now'."),
    ("POST", "/vector_stores", {"chunking_strategy": {"type": "odd"}}, 400, "Invalid value: 'odd'."),
    (
        "POST",
        "/vector_stores",
        {
            "chunking_strategy": {
                "type": "static",
                "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 500},
            }
        },
        400,
        "Expected a value <= 400, but got 500",
    ),
    ("GET", "/vector_stores/vs_x", None, 404, "No vector store found with id 'vs_x'."),
    ("POST", "/vector_stores/vs_x", {}, 404, "No vector store found with id 'vs_x'."),
    ("POST", "/vector_stores/vs_x/files", {"file_id": "a"}, 404, "No vector store found with id 'vs_x'."),
    ("POST", "/vector_stores/vs_x/file_batches", {}, 400, "Missing required parameter: 'file_ids'."),
    ("GET", "/vector_stores/vs_x/file_batches/b", None, 404, "No vector store found with id 'vs_x'."),
    ("POST", "/containers", {}, 400, "Missing required parameter: 'name'."),
    ("POST", "/containers", {"name": "a", "memory_limit": "2g"}, 400, "Invalid value: '2g'."),
    ("POST", "/containers", {"name": "a", "size": 1}, 400, "Unknown parameter: 'size'."),
    ("GET", "/containers/cntr_x", None, 404, "Container with id 'cntr_x' not found."),
    ("GET", "/containers/cntr_x/files", None, 404, "Container with id 'cntr_x' not found."),
    ("GET", "/vector_stores/vs_x/nothing", None, 404, "Invalid URL (GET /v1/vector_stores/vs_x/nothing)"),
    ("PUT", "/files", None, 404, "Invalid URL (PUT /v1/files)"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "message"), REFUSED)
def test_refused(method: str, path: str, body: dict[str, Any] | None, status: int, message: str) -> None:
    found = send(ScriptedUpstream(), method, path, body)
    assert found[0] == status and message in found[1]


# --- the API's description


@pytest.mark.needs("shared")
@pytest.mark.skipif(NO_SHARED, reason=NO_SHARED_REASON)
def test_containers_and_their_files_are_valid() -> None:
    upstream = ScriptedUpstream()
    body = {"name": "a", "file_ids": [upstream.add_file("a", b"")]}
    container = send(upstream, "POST", "/containers", body)
    listed = send(upstream, "GET", f"/containers/{container['id']}/files")
    validator("ContainerResource").validate(container)
    validator("ContainerFileListResource").validate(listed)
