"""Files whose bytes are in an export: answered under their ids by every door, and lent to the upstream."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import openai
import pytest
from import_help import BEGIN, bring, brought, client, export, message, thread, told, written

import bridge
from bridge.engine.effects import Commit
from bridge.engine.flows import lending
from bridge.hands.kept import SECONDS, KeptFiles
from bridge.records import File, Put
from bridge.store.memory import MemoryStore
from bridge.store.open import open_store
from bridge.testing import ScriptedUpstream
from doors.served import gateway

KNOWN = {
    "object": "file",
    "id": "file-old1",
    "purpose": "assistants",
    "filename": "table.csv",
    "bytes": 8,
    "created_at": BEGIN,
    "expires_at": None,
    "status": "processed",
    "status_details": None,
}
WITH_FILE = export(message("a"), files={"file-old1": KNOWN})
TABLE = b"x,y\n1,2\n"


def with_bytes(folder: Path, name: str = "files/file-old1.csv", data: bytes = TABLE) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return folder


PLACES = ["files/file-old1", "files/file-old1.csv", "files/file-old1/table.csv", "deeper/files/file-old1.csv"]


@pytest.mark.parametrize("place", PLACES)
def test_a_file_answers_under_its_old_id(tmp_path: Path, place: str) -> None:
    folder = with_bytes(written(tmp_path / "export", WITH_FILE), place)
    store = MemoryStore()
    counts, losses = bring(folder, store)
    assert told(counts)["file"] == "1 new" and losses == []
    with client(store) as api:
        assert api.files.retrieve("file-old1").to_dict() == KNOWN
        assert api.files.content("file-old1").content == TABLE
        assert api.files.delete("file-old1").deleted
        with pytest.raises(openai.NotFoundError):
            api.files.retrieve("file-old1")
    assert told(bring(folder, store)[0])["file"] == "1 new", "what was deleted comes back"
    assert told(bring(folder, store)[0])["file"] == "1 same"
    with_bytes(folder, place, b"x,y\n3,4\n")
    assert told(bring(folder, store)[0])["file"] == "1 differs"
    assert told(bring(folder, store, update=True)[0])["file"] == "1 updated"


def test_async_clients_and_files_larger_than_a_piece(tmp_path: Path) -> None:
    large = b"0123456789" * 250_000
    store, losses = brought(with_bytes(tmp_path, "export/files/file-big.bin", large), export())
    assert losses == []

    async def read() -> bytes:
        async with bridge.AsyncOpenAI(store=store, upstream=ScriptedUpstream()) as api:
            content = await api.files.content("file-big")
            assert (await api.files.retrieve("file-big")).filename == "file-big.bin"
            return content.content

    assert asyncio.run(read()) == large


def test_files_of_azure_have_another_prefix(tmp_path: Path) -> None:
    store, _ = brought(with_bytes(tmp_path, "export/files/assistant-Az1.csv"), export())
    with client(store) as api:
        assert api.files.content("assistant-Az1").content == TABLE


def test_other_files_are_the_upstreams(tmp_path: Path) -> None:
    store, _ = brought(with_bytes(tmp_path, "export/files/file-old1.csv"), export())
    upstream = ScriptedUpstream()
    with client(store, upstream) as api:
        theirs = api.files.create(file=("a.txt", b"abc"), purpose="assistants")
        assert api.files.retrieve(theirs.id).filename == "a.txt"
        assert api.files.delete(theirs.id).deleted and theirs.id not in upstream.files


@pytest.mark.parametrize("is_there", [True, False])
def test_a_client_that_never_imported_makes_no_store(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "bridge.db"
    if is_there:
        store = open_store(str(path))
        store.load(())
        store.close()
    with bridge.OpenAI(store=str(path), upstream=ScriptedUpstream()) as api, pytest.raises(openai.NotFoundError):
        api.files.retrieve("file-nobodys")
    assert path.exists() is is_there


class Counted(MemoryStore):
    asked = 0

    def load(self, keys: Any) -> Any:
        self.asked += 1
        return super().load(keys)

    def keeps_others(self) -> bool:
        self.asked += 1
        return super().keeps_others()


def test_the_store_is_hardly_asked_about_files_of_the_upstream() -> None:
    store, now = Counted(), [0.0]
    kept = KeptFiles(store, lambda: now[0])
    assert not any(kept.has("file-theirs") for _ in range(1000))
    assert store.asked == 1
    put = Put(File("file-old1", "", "", 1, "a", "", ""), is_new=True)
    store.commit(Commit((put,))).result()
    assert not kept.has("file-old1"), "believed for a while"
    now[0] = SECONDS
    assert kept.has("file-old1") and not kept.has("file-theirs")


@pytest.mark.slow
def test_a_look_into_a_store_takes_less_than_a_millisecond(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "bridge.db"))
    store.commit(Commit((Put(File("file-old1", "", "", 1, "a", "", ""), is_new=True),))).result()
    kept = KeptFiles(store)
    kept.has("file-theirs")
    began = time.perf_counter()
    for _ in range(200):
        kept.has("file-theirs")
    assert (time.perf_counter() - began) / 200 < 0.001
    store.close()


def test_an_image_is_lent_as_data_and_a_file_of_the_code_interpreter_as_a_copy(tmp_path: Path) -> None:
    seen = [{"type": "image_file", "image_file": {"file_id": "file-cat"}}]
    given = export(
        message("a", content=seen), thread=thread(tool_resources={"code_interpreter": {"file_ids": ["file-old1"]}})
    )
    folder = with_bytes(with_bytes(tmp_path, "export/files/file-cat.png", b"\x89PNG"), "export/files/file-old1.csv")
    store, losses = brought(folder, given)
    assert losses == []
    upstream = ScriptedUpstream([{"say": "A cat."}])
    with client(store, upstream) as api:
        tools: Any = [{"type": "code_interpreter"}]
        for _ in range(2):
            done = api.beta.threads.runs.create_and_poll(thread_id="thread_old1", assistant_id="asst_old1", tools=tools)
            assert done.status == "completed", done.last_error
    (part,) = upstream.requests[0]["input"][0]["content"]
    assert part["image_url"].startswith("data:image/png;base64,")
    (copy,) = [id for id, file in upstream.files.items() if file["filename"] == "file-old1.csv"]
    assert all(request["tools"][0]["container"]["file_ids"] == [copy] for request in upstream.requests)


GONE: list[tuple[str, Any, Any]] = [
    ("an image", [{"type": "image_file", "image_file": {"file_id": "file-gone"}}], {}),
    ("two images", [{"type": "image_file", "image_file": {"file_id": f"file-gone{n}"}} for n in range(2)], {}),
    ("a file of the code interpreter", "Hello", {"code_interpreter": {"file_ids": ["file-gone"]}}),
]


@pytest.mark.parametrize(("content", "resources"), [each[1:] for each in GONE], ids=[each[0] for each in GONE])
def test_files_that_nobody_has_any_more_stop_no_run(tmp_path: Path, content: Any, resources: Any) -> None:
    """Old threads show pictures that the code interpreter drew, which are long gone."""
    given = export(message("a", content=content), thread=thread(tool_resources=resources))
    store, losses = brought(tmp_path, given)
    assert losses == []
    upstream = ScriptedUpstream([{"say": "I see."}])
    with client(store, upstream) as api:
        tools: Any = [{"type": "code_interpreter"}]
        done = api.beta.threads.runs.create_and_poll(thread_id="thread_old1", assistant_id="asst_old1", tools=tools)
        assert done.status == "completed", done.last_error
        assert api.beta.threads.messages.list("thread_old1").data[-1].to_dict()["content"] == (
            given["messages"][0]["content"] if isinstance(content, list) else [
                {"type": "text", "text": {"value": content, "annotations": []}}
            ]
        )  # fmt: skip
    last = upstream.requests[-1]
    assert "file-gone" not in str(last)
    assert not isinstance(content, list) or "[image: deleted]" in str(last["input"])


def test_a_copy_that_the_upstream_deleted_is_lent_again(tmp_path: Path) -> None:
    given = export(message("a"), thread=thread(tool_resources={"code_interpreter": {"file_ids": ["file-old1"]}}))
    store, _ = brought(with_bytes(tmp_path, "export/files/file-old1.csv"), given)
    upstream = ScriptedUpstream([{"say": "I see."}])
    with client(store, upstream) as api:
        for _ in range(2):
            done = api.beta.threads.runs.create_and_poll(
                thread_id="thread_old1", assistant_id="asst_old1", tools=[{"type": "code_interpreter"}]
            )
            assert done.status == "completed", done.last_error
            (copy,) = upstream.files
            assert upstream.requests[-1]["tools"][0]["container"]["file_ids"] == [copy]
            del upstream.hosted.files[copy]


ASKED: Any = {
    "input": [{"role": "user", "content": [{"type": "input_image", "file_id": "file-a"}]}, {"type": "function_call"}],
    "tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-b", "file-bb"]}}],
}
NAMED = [
    ("No such File object: file-a", {"file-a"}),
    ("The following files were not found: file-a, file-bb.", {"file-a", "file-bb"}),
    ("File file-b does not exist", {"file-b"}),
    ("No such File object: file-other", set()),
    ("file-a is no image of a supported type", set()),
    ("Container is expired.", set()),
]


@pytest.mark.parametrize(("said", "expected"), NAMED)
def test_which_files_a_refusal_calls_missing(said: str, expected: set[str]) -> None:
    assert lending.named(ASKED, said) == expected
    assert lending.named({"tools": [{"container": "cntr_1"}]}, said) == frozenset()


@pytest.mark.slow
def test_the_gateway_answers_for_them_too(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "bridge.db"))
    bring(with_bytes(written(tmp_path / "export", WITH_FILE)), store)
    store.close()
    with gateway("scripted", tmp_path / "bridge.db") as url, openai.OpenAI(base_url=url, api_key="k") as api:
        assert api.files.content("file-old1").content == TABLE
        assert api.beta.threads.messages.retrieve("msg_a", thread_id="thread_old1").role == "user"
        with pytest.raises(openai.NotFoundError):
            api.files.retrieve("file-nobodys")
