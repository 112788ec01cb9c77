"""Every command: what it prints, where, and with which exit code (docs/cli.md)."""

from __future__ import annotations

import json
import logging
import sqlite3
from pathlib import Path

import pytest
from cli_help import call

import bridge
from bridge.cli import stores

COMMANDS = [(), ("demo",), ("run",), ("serve",), ("explain",), ("doctor",), ("db",), ("db", "path"), ("db", "upgrade")]


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()  # the root of the project, as far as the default store is concerned
    for name in ("BRIDGE_STORE", "BRIDGE_UPSTREAM", "BRIDGE_CONFIG", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("BRIDGE_MODELS", raising=False)
    monkeypatch.setenv("BRIDGE_PROFILE", "generic")  # where models are asked by their names, whatever the day


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_teaches_by_examples(command: tuple[str, ...], flag: str) -> None:
    result = call(*command, flag)
    assert result.exit_code == 0
    assert f"Usage: {' '.join(['bridge', *command])}" in result.stdout
    assert "Examples:" in result.stdout and "  bridge " in result.stdout.partition("Examples:")[2]


def test_version() -> None:
    result = call("--version")
    assert (result.exit_code, result.stdout) == (0, f"assistants-bridge {bridge.__version__}\n")


WRONG_USE = [
    ((), "Usage:"),
    (("frob",), "No such command"),
    (("demo", "--frob"), "No such option"),
    (("demo", "--live"), "needs the environment variable OPENAI_API_KEY"),
    (("serve", "--port", "70000"), "Invalid value for '--port'"),
    (("serve", "--config", "nowhere.toml"), "There is no file"),
    (("serve", "--store", "mysql://h/db", "--port", "0"), "'mysql' is no store"),
    (("explain",), "Missing argument"),
    (("explain", "nowhere.json"), "nowhere.json cannot be read"),
    (("db", "path", "--store", "mysql://h/db"), "'mysql' is no store"),
    (("doctor", "--config", "nowhere.toml"), "There is no file"),
    (("doctor", "--offline", "--probe"), "--probe asks the upstream, which --offline forbids"),
]


def test_serve_does_not_listen_with_a_store_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("No database at all, but text that somebody wrote.\n" * 100)
    result = call("serve", "--port", "0", "--upstream", "scripted", "--store", "notes.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("notes.txt cannot be opened: file is not a database\n")


@pytest.mark.parametrize(
    ("command", "message"), WRONG_USE, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_what_cannot_work_exits_with_2(command: tuple[str, ...], message: str) -> None:
    result = call(*command)
    assert result.exit_code == 2
    assert message in result.output


# --- explain


REQUEST = {
    "assistant": {
        "model": "gpt-4o",
        "instructions": "Be brief.",
        "tools": [{"type": "function", "function": {"name": "f"}}],
    },
    "thread": {"messages": [{"role": "user", "content": "Hello"}]},
    "run": {"tool_choice": "required", "additional_instructions": "In French.", "max_completion_tokens": 300},
}


def test_explain_prints_the_request_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps(REQUEST))
    result = call("explain", "request.json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "model": "gpt-4o",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
        "store": False,
        "stream": True,
        "instructions": "Be brief.\nIn French.",
        "tools": [
            {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False}
        ],
        "tool_choice": "required",
        "max_output_tokens": 300,
    }


EXPLAINED = [
    ({"model": "o3", "instructions": "Hi."}, {"model": "o3", "include": ["reasoning.encrypted_content"]}),
    ({"assistant": {"model": "gpt-4.1"}, "run": {"instructions": "Go."}}, {"instructions": "Go."}),
    ({"run": {"model": "gpt-4.1", "instructions": "Go."}}, {"model": "gpt-4.1"}),
]


@pytest.mark.parametrize(("document", "expected"), EXPLAINED)
def test_explain_takes_parts_from_a_pipe(document: object, expected: dict[str, object]) -> None:
    result = call("explain", "-", input=json.dumps(document))
    assert result.exit_code == 0
    assert json.loads(result.stdout).items() >= expected.items()


MODELS = [
    # profile, the setting => what is asked, told
    ("openai", None, "gpt-5.6-sol", "note: model: gpt-4-turbo ended on 2026-10-23 and runs as gpt-5.6-sol (setting"),
    ("openai", "suggest", "gpt-4-turbo", "note: gpt-4-turbo ended on 2026-10-23; gpt-5.6-sol replaces it, if"),
    ("generic", None, "gpt-4-turbo", ""),
    ("openai", "off", None, "400 The requested model 'gpt-4-turbo' does not exist."),
]


@pytest.mark.parametrize(("profile", "setting", "asked", "told"), MODELS)
def test_explain_tells_of_another_model(
    profile: str, setting: str | None, asked: str | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIDGE_PROFILE", profile)
    if setting is not None:
        monkeypatch.setenv("BRIDGE_MODELS", setting)
    assistant = {"model": "gpt-4-turbo", "instructions": "Be brief."}
    result = call("explain", "-", input=json.dumps({"assistant": assistant}))
    assert result.exit_code == (asked is None)
    assert told in result.stderr and (told or not result.stderr)
    assert asked is None or json.loads(result.stdout)["model"] == asked
    assert not logging.getLogger("bridge").handlers


def test_explain_tells_what_is_asked_before() -> None:
    file = {"file_id": "file-abc", "tools": [{"type": "file_search"}]}
    thread = {"messages": [{"role": "user", "content": "Hello", "attachments": [file]}]}
    result = call("explain", "-", input=json.dumps({"thread": thread}))
    assert result.exit_code == 0
    assert 'asked before: POST /vector_stores {"file_ids": ["file-abc"], "expires_after"' in result.stderr


REFUSED = [
    ({"assistant": {"model": "gpt-4o", "tols": []}}, 1, "400 Unknown parameter: 'tols'. Did you mean 'tools'?"),
    ({"run": {"instructions": "Go.", "temperature": 3}}, 1, "POST /threads/thread_"),
    ({"assistant": {"model": "gpt-4o"}}, 1, "requires a Thread with a user message"),
    ({"assistants": {}}, 2, "there is no part 'assistants'"),
    ({"thread": []}, 2, "expected a JSON object of JSON objects"),
    ([], 2, "expected a JSON object"),
]


@pytest.mark.parametrize(("document", "code", "message"), REFUSED)
def test_explain_refuses_what_the_old_api_refused(document: object, code: int, message: str) -> None:
    result = call("explain", "-", input=json.dumps(document))
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_explain_tells_where_json_is_broken() -> None:
    result = call("explain", "-", input='{"run": ')
    assert result.exit_code == 2
    assert "cannot be read: Expecting value: line 1" in result.stderr


# --- doctor and db


def test_doctor_shows_what_is_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_UPSTREAM", "https://user:secret@host.example/v1")
    result = call("doctor", "--offline", "--store", "mine.db")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert f"ok assistants-bridge {bridge.__version__}" in lines
    assert "ok store mine.db given explicitly" in lines
    assert f"ok the store {tmp_path / 'mine.db'} not there yet; made at the first call" in lines
    assert "ok the upstream https://host.example/v1 environment variable BRIDGE_UPSTREAM" in lines
    assert "secret" not in result.output
    assert not (tmp_path / "mine.db").exists(), "doctor only looks"


def test_doctor_offline_needs_no_key() -> None:
    assert "OPENAI_API_KEY" in call("doctor", "--offline").stdout
    assert "OPENAI_API_KEY" not in call("doctor", "--offline", "--upstream", "scripted").stdout


def test_doctor_knows_another_command_named_bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "bin" / "bridge"
    other.parent.mkdir()
    other.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    assert f"{other} " in call("doctor", "--offline").stdout


def test_the_store_is_made_once_and_found(tmp_path: Path) -> None:
    path, known = tmp_path / ".bridge" / "bridge.db", stores.find(None).known
    assert call("db", "path").stdout == f"{path}\n"
    assert not path.exists()
    assert call("db", "upgrade").stdout == f"{path}: schema {known} (new)\n"
    assert call("db", "upgrade").stdout == f"{path}: schema {known} (was {known})\n"
    assert f"schema {known}" in call("doctor", "--offline").stdout


def test_a_path_with_signs_of_urls_in_it() -> None:
    call("db", "upgrade", "--store", "odd #1?/a%20b.db")
    assert "schema" in call("doctor", "--offline", "--store", "odd #1?/a%20b.db").stdout


def test_memory_needs_no_upgrade() -> None:
    assert call("db", "path", "--store", "memory").stdout == "memory\n"
    assert "nothing to upgrade" in call("db", "upgrade", "--store", "memory").stdout
    assert "gone when the process ends" in call("doctor", "--offline", "--store", "memory").stdout


def test_a_store_of_the_future_is_told_and_left_alone() -> None:
    call("db", "upgrade", "--store", "future.db")
    with sqlite3.connect("future.db") as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema_version'")
    connection.close()
    result = call("db", "upgrade", "--store", "future.db")
    assert result.exit_code == 1
    assert "has schema 99" in result.stderr
    result = call("doctor", "--offline", "--store", "future.db")
    assert result.exit_code == 1
    assert "schema 99, known is" in result.stdout


@pytest.mark.parametrize(
    ("command", "code"), [(("doctor", "--offline"), 1), (("db", "upgrade"), 1), (("db", "path"), 1)]
)
def test_a_file_that_is_no_store(tmp_path: Path, command: tuple[str, ...], code: int) -> None:
    (tmp_path / "no.db").write_text("This is a letter, and nothing else. " * 100)
    result = call(*command, "--store", "no.db")
    assert result.exit_code == code
    assert "cannot be read: file is not a database" in result.output
