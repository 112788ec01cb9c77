"""Whatever holds the objects, the same thread comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from import_help import ASSISTANT, answer, bring, export, made, message, run, step, thread, told

from bridge.engine.effects import Commit, History, Key, Page
from bridge.errors import ConfigurationError
from bridge.records import Lock, Message, Put, Run, Thread
from bridge.store.memory import MemoryStore

STEPS = [step("1", "1", made("b"), 2)]
RUN = run("1", 1)
BARE_RUN = {name: value for name, value in RUN.items() if name != "steps"}
MESSAGES = [message("a", "One", 1), answer("b", "1", "Two", 1), message("c", "Three", 1)]
"""Of one second: their order is that of the list, or its reverse."""

OBJECTS = [ASSISTANT, thread(), *MESSAGES, BARE_RUN, *STEPS]
BACKWARDS = MESSAGES[::-1]


def page(data: Iterable[Any]) -> Any:
    return {"object": "list", "data": list(data), "first_id": "x", "last_id": "y", "has_more": False}


def lines(values: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def plain(value: Any) -> bytes:
    return json.dumps(value).encode()


WITHOUT_OBJECT = {name: value for name, value in message("a").items() if name not in ("object", "thread_id")}

FILES: list[tuple[str, dict[str, bytes]]] = [
    ("an export", {"threads/thread_old1.json": plain(export(*MESSAGES, runs=[{**RUN, "steps": STEPS}])),
                   "assistants.json": plain([ASSISTANT])}),
    ("objects", {f"{n}.json": plain(each) for n, each in enumerate(OBJECTS)}),
    ("an array", {"all.json": plain(OBJECTS)}),
    ("lines", {"all.jsonl": lines(OBJECTS)}),
    ("lines by another name", {"all.json": lines(OBJECTS)}),
    ("lines, mixed", {"all.ndjson": lines([*STEPS, *MESSAGES, BARE_RUN, thread(), ASSISTANT])}),
    ("pages of the API", {"messages.json": plain(page(BACKWARDS)), "runs.json": plain(page([BARE_RUN])),
                          "rest.json": plain(page([ASSISTANT])), "t.json": plain(thread()),
                          "steps.json": plain(page(STEPS))}),
    ("two pages", {"1.json": plain(page(BACKWARDS[:1])), "2.json": plain(page(BACKWARDS[1:])),
                   "r.json": plain([BARE_RUN, *STEPS, ASSISTANT, thread()])}),
    ("UTF-16", {"all.json": json.dumps(OBJECTS).encode("utf-16")}),
    ("a mark of UTF-8", {"all.json": b"\xef\xbb\xbf" + plain(OBJECTS)}),
    ("a thread with them", {"t.json": plain({**thread(), "messages": MESSAGES, "runs": [{**RUN, "steps": STEPS}]}),
                                  "a.json": plain({"assistants": [ASSISTANT]})}),
    ("hidden files beside", {"all.json": plain(OBJECTS), ".DS_Store": b"\x00", "notes.txt": b"hm"}),
]  # fmt: skip


@pytest.mark.parametrize("files", [each[1] for each in FILES], ids=[each[0] for each in FILES])
def test_the_same_thread_comes_of_it(tmp_path: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    store = MemoryStore()
    counts, losses = bring(tmp_path, store)
    assert losses == []
    assert told(counts) == dict.fromkeys(("assistant", "thread", "run", "step"), "1 new") | {"message": "3 new"}
    listed = store.page(Page(Message, thread_id="thread_old1", order="asc")).records
    assert [each.id for each in listed] == ["msg_a", "msg_b", "msg_c"]
    assert [each.id for each in store.history(History("thread_old1"))] == ["msg_a", "msg_b", "msg_c"]


def test_what_does_not_say_what_it_is_is_known_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(plain({"thread_id": "thread_old1", "messages": [WITHOUT_OBJECT]}))
    store = MemoryStore()
    bring(path, store)
    (found,) = store.page(Page(Message, thread_id="thread_old1")).records
    assert found.id == "msg_a"


BROKEN: list[tuple[bytes, list[tuple[str, str]]]] = [
    (b'{"object": "thread",', [("unreadable", "a.json")]),
    (b'{"object": "thread"}\n{"id": \n', [("invalid", "a.json, line 1"), ("unreadable", "a.json, line 2")]),
    (b"[" * 100_000, [("unreadable", "a.json")]),
    (b"[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", [("unreadable", "a.json")]),
    (b"[1]", [("unreadable", "a.json")]),
    (b"", [("unreadable", "a.json")]),
    (b'{"what": "is this"}', [("unknown_object", "a.json")]),
    (plain({"object": "vector_store", "id": "vs_1"}), [("unknown_object", "vs_1")]),
    (plain({**message("a"), "thread_id": None}), [("no_thread", "msg_a")]),
    (plain({**message("a"), "created_at": True}), [("invalid", "msg_a")]),
    (plain({**message("a"), "created_at": 10**30}), [("invalid", "msg_a")]),
]


@pytest.mark.parametrize(("data", "expected"), BROKEN)
def test_what_cannot_be_read_is_told_by_its_place(tmp_path: Path, data: bytes, expected: list[tuple[str, str]]) -> None:
    (tmp_path / "a.json").write_bytes(data)
    _, losses = bring(tmp_path, MemoryStore())
    assert [(reason, id.removeprefix(f"{tmp_path}/")) for reason, id, _ in losses] == expected


def test_half_of_a_surrogate_pair_becomes_a_question_mark(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(message("a", "x \ud83d y")))
    store = MemoryStore()
    bring(tmp_path, store)
    (found,) = store.page(Page(Message, thread_id="thread_old1")).records
    assert found.content[0]["text"]["value"] == "x ? y"


def test_a_path_that_is_not_there_is_said() -> None:
    with pytest.raises(ConfigurationError, match="there is no file or folder /nowhere"):
        bring(Path("/nowhere"), MemoryStore())


LATER: list[tuple[str, Callable[[], Any], str, list[str]]] = [
    ("nothing new", lambda: export(*MESSAGES), "3 same", []),
    ("messages alone", lambda: export(*MESSAGES, thread=None), "3 same", []),
    ("a message more", lambda: export(*MESSAGES, message("d", at=9)), "1 new, 3 same", []),
    ("an older message", lambda: export(message("0", at=0), *MESSAGES), "1 new, 3 same", ["late"]),
    ("another text", lambda: export(message("a", "Other"), *MESSAGES[1:]), "2 same, 1 differs", ["differs"]),
    (
        "in another thread",
        lambda: export(message("a", thread_id="thread_old2"), thread=None),
        "1 lost",
        ["thread_made", "elsewhere"],
    ),
]


@pytest.mark.parametrize(("later", "counts", "losses"), [each[1:] for each in LATER], ids=[each[0] for each in LATER])
def test_a_second_import_leaves_alone_what_is_there(
    tmp_path: Path, later: Callable[[], Any], counts: str, losses: list[str]
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(plain(export(*MESSAGES)))
    store = MemoryStore()
    bring(path, store)
    before = store.history(History("thread_old1"))
    path.write_bytes(plain(later()))
    dry_counts, dry_losses = bring(path, store, dry=True)
    assert store.history(History("thread_old1")) == before
    found, reasons = bring(path, store)
    assert (found, reasons) == (dry_counts, dry_losses), "a dry run says what will be"
    assert told(found)["message"] == counts
    assert [reason for reason, *_ in reasons if reason != "no_run"] == losses
    assert store.history(History("thread_old1"))[: len(before)] == before


def test_update_takes_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    store = MemoryStore()
    values = [
        [ASSISTANT, thread(), message("a"), RUN, *STEPS],
        [
            {**ASSISTANT, "instructions": "Be brief.", "metadata": {}},
            thread(metadata={"k": "v"}),
            message("a", "Other", metadata={"k": "v"}),
            {**RUN, "metadata": {"k": "v"}, "status": "failed"},
            {**STEPS[0], "usage": None},
        ],
    ]
    for value, expected in zip(values, ("1 new", "1 updated"), strict=True):
        path.write_bytes(plain(value))
        found, _ = bring(path, store, update=True)
        assert set(told(found).values()) == {expected}
    assert set(told(bring(path, store)[0]).values()) == {"1 same"}


def test_update_leaves_a_run_alone_that_is_under_way_in_the_store(tmp_path: Path) -> None:
    """Else its thread would be locked by a run that has ended."""
    store = MemoryStore()
    under_way = Run("run_1", "thread_old1", "asst_old1", 1, 2**40, "gpt-4o", status="in_progress")
    begun = (Put(Thread("thread_old1", 1), is_new=True), Lock("thread_old1", "run_1"), Put(under_way, is_new=True))
    store.commit(Commit(begun)).result()
    path = tmp_path / "a.json"
    path.write_bytes(plain([RUN]))
    counts, losses = bring(path, store, update=True)
    assert told(counts)["run"] == "1 differs"
    assert ("differs", "run_1", "it is under way in the store, and was left alone") in losses
    (left,) = store.load([Key(Run, "run_1")])
    assert left == evolve(under_way, seq=left.seq)


def test_a_folder_that_cannot_be_read_is_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open.json").write_bytes(plain([ASSISTANT]))
    listing = Path.iterdir

    def closed(self: Path) -> Any:
        if self.name == "closed":
            raise PermissionError(13, "Permission denied")
        return listing(self)

    monkeypatch.setattr(Path, "iterdir", closed)
    counts, losses = bring(tmp_path, MemoryStore())
    assert told(counts) == {"assistant": "1 new"}
    assert losses == [("unreadable", str(tmp_path / "closed"), "Permission denied")]


HOSTILE: list[tuple[Any, list[str]]] = [
    ({"object": [], "id": "x"}, ["unknown_object"]),
    ({"messages": [{**message("a"), "object": {}}]}, ["thread_made", "invalid"]),
    ({"thread_id": ["x"], "errors": ["thread_a"]}, ["export_error"]),
    ({"thread_id": {}, "errors": [{"object": [], "id": {}}]}, ["export_error"]),
]


@pytest.mark.parametrize(("value", "reasons"), HOSTILE)
def test_what_is_no_name_of_a_kind_or_a_thread_is_a_loss(tmp_path: Path, value: Any, reasons: list[str]) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(plain(value))
    assert [loss[0] for loss in bring(path, MemoryStore())[1]] == reasons
