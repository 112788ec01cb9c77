"""`bridge export`: what it prints and writes, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_help import call

from bridge.engine.effects import Commit
from bridge.records import Message, Put, Thread
from bridge.store.open import open_store


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with two threads of two messages."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "BRIDGE_CONFIG", "BRIDGE_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BRIDGE_UPSTREAM", "scripted")
    monkeypatch.setenv("BRIDGE_STORE", str(tmp_path / "bridge.db"))
    store = open_store(str(tmp_path / "bridge.db"))
    for letter in "ab":
        thread_id = f"thread_{letter}"
        puts = [Put(Thread(thread_id, 1), is_new=True), Put(said(thread_id, "Hi"), is_new=True)]
        store.commit(Commit((*puts, Put(said(thread_id, "Ho", "assistant"), is_new=True)))).result()
    store.close()


def said(thread_id: str, text: str, role: Any = "user") -> Message:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    return Message(f"msg_{text}{thread_id[-1]}", thread_id, 1, role, content=content)


WRONG: list[tuple[list[str], str]] = [
    ([], "name the threads, or say --all"),
    (["thread_a", "--all"], "name the threads, or say --all"),
    (["thread_a", "--as", "pdf"], "--as takes export, items, jsonl, markdown, not pdf"),
    (["--all"], "export of several threads needs a folder"),
    (["thread_a", "thread_b", "--as", "items"], "items of several threads needs a folder"),
    (["thread_a", "--as", "items", "--conversations"], "say one of them"),
    (["thread_a", "--store", "nowhere.db"], "there is no store"),
    (["thread_a", "--conversations", "--upstream", "https://api.openai.com/v1"], "OPENAI_API_KEY"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_what_cannot_work(arguments: list[str], message: str) -> None:
    result = call("export", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert not Path("nowhere.db").exists()


def test_items_of_a_thread_go_to_stdout() -> None:
    result = call("export", "thread_a", "--as", "items")
    assert result.exit_code == 0
    assert [item["role"] for item in json.loads(result.stdout)] == ["user", "assistant"]


def test_lines_of_all_threads_go_to_stdout() -> None:
    result = call("export", "--all", "--as", "jsonl")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["thread_id"], line["object"]) for line in lines] == [
        (f"thread_{letter}", kind) for letter in "ab" for kind in ("thread", "thread.message", "thread.message")
    ]


def test_a_thread_that_is_not_there_is_told_and_the_others_go() -> None:
    result = call("export", "thread_x", "thread_a", "thread_a", "--as", "markdown")
    assert result.exit_code == 1
    assert result.stdout.count("# Thread `thread_a`") == 1
    assert "thread_x: it is not in the store" in result.stderr


FORMS = [("export", ".json"), ("items", ".json"), ("jsonl", ".jsonl"), ("markdown", ".md")]


@pytest.mark.parametrize(("form", "ending"), FORMS)
def test_a_folder_has_a_file_for_each_thread(form: str, ending: str) -> None:
    for _ in range(2):  # again: replaced
        result = call("export", "--all", "--as", form, "--to", "out")
        assert (result.exit_code, result.stdout) == (0, "2 threads, 0 files in out\n")
    assert sorted(path.name for path in Path("out/threads").iterdir()) == [f"thread_{x}{ending}" for x in "ab"]
    assert Path("out/manifest.json").exists() == Path("out/assistants.json").exists() == (form == "export")


def test_conversations_are_told_line_by_line() -> None:
    result = call("export", "--all", "--conversations")
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["thread_id"] for line in lines] == ["thread_a", "thread_b"]
    assert all(line["conversation_id"].startswith("conv_") for line in lines)
    assert "2 threads are conversations" in result.stderr


def test_the_mapping_is_kept_in_the_folder_and_each_line_is_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from bridge.cli import exporting
    from bridge.upstream.scripted import ScriptedUpstream

    upstream = ScriptedUpstream()
    monkeypatch.setattr(exporting, "_upstream", lambda settings: upstream)
    for arguments in (["thread_b"], ["--all"], ["--all"]):
        assert call("export", *arguments, "--conversations", "--to", "out").exit_code == 0
    lines = [json.loads(line) for line in Path("out/conversations.jsonl").read_text("utf-8").splitlines()]
    assert [line["thread_id"] for line in lines] == ["thread_b", "thread_a"]
    assert {line["conversation_id"] for line in lines} == set(upstream.conversations.all)


def test_a_conversation_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from bridge.cli import exporting
    from bridge.upstream.scripted import ScriptedUpstream

    monkeypatch.setattr(exporting, "_upstream", lambda settings: ScriptedUpstream(quirks={"no_conversations"}))
    result = call("export", "--all", "--conversations")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "The upstream has no conversations" in result.stderr
    assert "thread_b" not in result.stderr


@pytest.mark.parametrize("more", [["--as", "jsonl"], ["--conversations"]])
def test_a_folder_that_cannot_be_written_is_said(more: list[str]) -> None:
    Path("out").write_text("a file")
    result = call("export", "--all", *more, "--to", "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "out cannot be written" in result.stderr


@pytest.mark.parametrize("form", [each[0] for each in FORMS])
def test_a_thread_that_is_deleted_meanwhile_is_told_and_the_others_go(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bridge.transfer.leaving.items.thread_ids", lambda store: ["thread_a", "thread_gone", "thread_b"]
    )
    result = call("export", "--all", "--as", form, "--to", "out")
    assert result.exit_code == 1
    assert "2 threads, 0 files in out" in result.stdout
    assert "thread_gone: " in result.stderr
    assert sorted(path.stem for path in Path("out/threads").iterdir()) == ["thread_a", "thread_b"]
