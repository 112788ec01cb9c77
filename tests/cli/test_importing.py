"""`bridge import` as a command: what it says, writes, and ends with."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from cli_help import call
from rich.console import Console

from bridge.cli import output

BEGIN = 1_700_000_000
THREAD: Any = {"id": "thread_old1", "object": "thread", "created_at": BEGIN, "metadata": {}, "tool_resources": {}}
MESSAGE: Any = {
    "id": "msg_a",
    "object": "thread.message",
    "created_at": BEGIN,
    "thread_id": "thread_old1",
    "role": "user",
    "content": "Hello",
}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return written(tmp_path, THREAD, MESSAGE)


def written(folder: Path, *values: Any) -> Path:
    path = folder / "export.json"
    path.write_text(json.dumps(values))
    return path


def rows(output: str) -> dict[str, list[str]]:
    lines = [line.split() for line in output.splitlines()]
    return {words[0]: words[1:] for words in lines if len(words) == 6 and words[-1].isdigit()}


def test_it_says_what_came_of_it(tmp_path: Path, export: Path) -> None:
    store = tmp_path / "bridge.db"
    for expected in ("1", "0", "0", "0", "0"), ("0", "1", "0", "0", "0"):
        done = call("import", str(export), "--store", str(store))
        assert (done.exit_code, rows(done.stdout)) == (0, {"thread": [*expected], "message": [*expected]})
        assert done.stderr == f"the store is {store}\n"


def test_a_dry_run_writes_nothing_and_says_the_same(tmp_path: Path, export: Path) -> None:
    store = tmp_path / "folder" / "bridge.db"
    dry = call("import", str(export), "--store", str(store), "--dry-run")
    assert (dry.exit_code, dry.stderr) == (0, "dry run: nothing was written\n")
    assert not store.parent.exists()
    assert call("import", str(export), "--store", str(store)).stdout == dry.stdout
    before = store.read_bytes()
    assert rows(call("import", str(export), "--store", str(store), "--dry-run").stdout)["message"][1] == "1"
    assert store.read_bytes() == before


ENDS: list[tuple[str, Any, int, str]] = [
    ("all is well", MESSAGE, 0, ""),
    ("another form", {**MESSAGE, "mood": "good"}, 0, "changed: 1 × has a field that has no place here"),
    ("to be checked", {**MESSAGE, "run_id": "run_1"}, 0, "check: 1 × names a run"),
    ("lost", {**MESSAGE, "role": "system"}, 1, "lost: 1 × is no object as the API answered it"),
]


@pytest.mark.parametrize(("message", "code", "said"), [each[1:] for each in ENDS], ids=[each[0] for each in ENDS])
def test_the_exit_code_is_for_what_was_not_brought(tmp_path: Path, message: Any, code: int, said: str) -> None:
    done = call("import", str(written(tmp_path, THREAD, message)), "--store", str(tmp_path / "bridge.db"))
    assert done.exit_code == code
    assert said in done.stdout


def test_what_differs_is_told_with_its_way_out(tmp_path: Path, export: Path) -> None:
    store = str(tmp_path / "bridge.db")
    call("import", str(export), "--store", store)
    other = written(tmp_path, THREAD, {**MESSAGE, "content": "Other"})
    done = call("import", str(other), "--store", store)
    assert done.exit_code == 1
    assert (
        "differs: 1 × is in the store already, and differs\n    message msg_a: content\n    way out: --update"
        in done.stdout
    )
    assert call("import", str(other), "--store", store, "--update").exit_code == 0


def test_the_report_holds_every_loss(tmp_path: Path) -> None:
    messages = [{**MESSAGE, "id": f"msg_{n}", "mood": n} for n in range(1, 8)]
    path = tmp_path / "report.json"
    export = str(written(tmp_path, THREAD, *messages))
    done = call("import", export, "--store", str(tmp_path / "bridge.db"), "--report", str(path))
    assert "… and 4 more (--report FILE has them all)" in done.stdout
    report = json.loads(path.read_bytes())
    assert (report["format"], report["dry_run"], report["ok"]) == ("bridge-import/v1", False, True)
    assert report["counts"]["message"] == {"new": 7, "same": 0, "updated": 0, "differs": 0, "lost": 0}
    (reason,) = report["reasons"]
    assert (reason["reason"], reason["weight"], reason["count"]) == ("unknown_field", "changed", 7)
    assert [loss["id"] for loss in report["losses"]] == [f"msg_{n}" for n in range(1, 8)]
    assert report["losses"][0] == {
        "reason": "unknown_field", "kind": "message", "id": "msg_1", "thread_id": "thread_old1", "detail": "mood",
    }  # fmt: skip


WRONG: list[tuple[list[str], str]] = [
    ([], "name what is to be imported"),
    (["/nowhere"], "there is no file or folder /nowhere"),
    (["--map", "/nowhere.toml"], "/nowhere.toml cannot be read"),
    (["EXPORT", "--vector-stores", "/nowhere.json"], "--vector-stores is OLD=NEW or a file"),
    (["EXPORT", "--report", "/nowhere/report.json"], "/nowhere/report.json cannot be written"),
    (["EXPORT", "--store", "mysql://x"], "is no store"),
    (["EXPORT", "--store", "memory"], "which ends with this command: name a file"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_what_cannot_work_is_said(tmp_path: Path, export: Path, arguments: list[str], said: str) -> None:
    given = [str(export) if each == "EXPORT" else each for each in arguments]
    store = [] if "--store" in given else ["--store", str(tmp_path / "bridge.db")]
    done = call("import", *given, *store)
    assert done.exit_code == 2
    assert said in done.stderr


def test_vector_stores_by_option_and_by_file(tmp_path: Path) -> None:
    searched = {**THREAD, "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}}
    export, store = str(written(tmp_path, searched)), str(tmp_path / "bridge.db")
    said = call("import", export, "--store", store, "--dry-run").stdout
    assert "check: 1 × names a vector store" in said and "thread thread_old1: vs_1" in said
    mapping = tmp_path / "stores.json"
    mapping.write_text('{"vs_1": "vs_2"}')
    for given in ("vs_1=vs_2", "vs_1=", str(mapping)):
        assert (
            "vector store" not in call("import", export, "--store", store, "--dry-run", "--vector-stores", given).stdout
        )


def test_a_store_of_another_schema_is_not_upgraded_by_a_dry_run(tmp_path: Path, export: Path) -> None:
    import sqlite3

    store = tmp_path / "bridge.db"
    call("import", str(export), "--store", str(store))
    with sqlite3.connect(store) as database:
        database.execute("UPDATE meta SET value = '2' WHERE name = 'schema_version'")
    database.close()
    done = call("import", str(export), "--store", str(store), "--dry-run")
    assert done.exit_code == 2
    assert "has schema 2: `bridge db upgrade` comes first" in done.stderr


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_bar_is_for_terminals(
    tmp_path: Path, export: Path, is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    console = Console(file=said, force_terminal=is_terminal, width=80)
    monkeypatch.setattr(output, "stderr", lambda: console)
    assert call("import", str(export), "--store", str(tmp_path / "bridge.db")).exit_code == 0
    assert ("importing" in said.getvalue()) is is_terminal
