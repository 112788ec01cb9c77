"""`bridge routes`, and what `bridge doctor` says of the tables."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.store.open import open_store
from routing.two_servers import NAMED, go_on, said, thread_with


def ask(*arguments: str, given: str | None = None) -> tuple[int, list[str]]:
    """The exit code of a command and the lines of its output."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments), input=given, prog_name="bridge")
    return result.exit_code, result.stdout.splitlines()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A store in a file, which commands find as programs do."""
    path = str(tmp_path / "bridge.db")
    monkeypatch.setenv("BRIDGE_STORE", path)
    yield path
    open_store(path).close()


def begun(client: Any, assistant_id: str) -> tuple[str, Any]:
    """A thread with a run that waits for tool outputs at the other server."""
    thread_id = thread_with(client, "How is the weather?")
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id=assistant_id, poll_interval_ms=5
    )  # fmt: skip
    assert run.status == "requires_action"
    return thread_id, run


def outputs(run: Any) -> list[Any]:
    return [{"tool_call_id": run.required_action.submit_tool_outputs.tool_calls[0].id, "output": "rain"}]


def test_nothing_is_routed_where_nothing_is_said(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    assert ask("routes", "show") == (0, ["no tables [[route]]: every run goes to bridge"])
    assert not (tmp_path / "bridge.db").exists()


@pytest.mark.slow
def test_it_shows_what_is_elsewhere(stage, theirs, place, legacy):
    client = stage.route(NAMED.replace("ASSISTANT", theirs.id) + "percent = 100\n", store=place)
    go_on(client, thread_with(client, "one"), theirs.id)
    thread_id, run = begun(client, theirs.id)
    table = f"[[route]] 1: {theirs.id} to {legacy.base_url}"
    line = f"  {run.id} on {thread_id}, requires_action when last seen"
    assert ask("routes", "show") == (0, [table, f"{legacy.base_url}: has 2 threads, too; 1 runs under way", line])
    stage.route("", store=place)
    assert ask("routes", "show")[1][:2] == [
        "no tables [[route]]: every run goes to bridge",
        f"{legacy.base_url} (no table names it): has 2 threads, too; 1 runs under way",
    ]


def test_a_run_that_is_still_out_is_brought_in_by_hand(stage, theirs, place, legacy):
    client = stage.route(NAMED.replace("ASSISTANT", theirs.id), store=place)
    thread_id, run = begun(client, theirs.id)
    assert ask("routes", "bring") == (1, [f"{run.id}: still requires_action"])
    client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=outputs(run))
    client = stage.route("", store=place)
    assert ask("routes", "bring") == (1, [f"{run.id}: no table [[route]] names its server, which is {legacy.base_url}"])
    while ask("routes", "bring", "--server", legacy.base_url)[0]:
        pass
    assert said(client, thread_id) == ["How is the weather?", "legacy: rain"]
    assert ask("routes", "bring") == (0, [])


@pytest.mark.slow
def test_threads_that_nobody_asked_for_are_brought_in_by_their_ids(stage, theirs, place, legacy):
    before = legacy.client()
    names = [thread_with(before, word) for word in ("one", "two")]
    stage.route(NAMED.replace("ASSISTANT", theirs.id), store=place)
    given = "\n".join([*names, "thread_nobody"])
    expected = [*(f"{name}: here" for name in names), "thread_nobody: no server has it"]
    assert ask("routes", "bring", "-", given=given) == (1, expected)
    assert ask("routes", "bring", *names) == (0, expected[:2])
    client = stage.route("", store=place)
    assert [said(client, name) for name in names] == [["one"], ["two"]]


def test_a_server_that_is_silent_is_said(stage, theirs, place, monkeypatch):
    stage.route('[[route]]\nto = "http://127.0.0.1:1/v1"\n', store=place)
    code, (line,) = ask("routes", "bring", "thread_a")
    assert code == 1
    assert line.startswith("thread_a: The server http://127.0.0.1:1/v1, which this is routed to, did not answer")


def test_the_doctor_shows_tables_and_misses_keys(stage, theirs, place, monkeypatch):
    monkeypatch.delenv("LEGACY_KEY", raising=False)
    table = NAMED.replace("ASSISTANT", "asst_a").replace("URL", "https://legacy.example/v1")
    stage.route(f'{table}percent = 20\napi_key_env = "LEGACY_KEY"\n\n[[route]]\nto = "bridge"\n', store=place)
    code, lines = ask("doctor", "--offline")
    shown = " ".join(" ".join(lines).split())
    assert code == 1
    assert (
        "asst_a to https://legacy.example/v1, 20 % of their threads, key in LEGACY_KEY LEGACY_KEY is not set" in shown
    )
    assert "all assistants to bridge" in shown


WRONG = [
    (["--server", "legacy.example/v1"], '--server: `to` must be "bridge" or a base URL'),
    (["--server", "bridge"], "--server is another server"),
    (["--api-key-env", "LEGACY_KEY"], "--api-key-env is for --server"),
    (["--server", "https://legacy.example/v1", "--api-key-env", "LEGACY_KEY"], "the variable LEGACY_KEY is not set"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_options_that_cannot_work(tmp_path, monkeypatch, place, arguments, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEGACY_KEY", raising=False)
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["routes", "bring", *arguments], prog_name="bridge")
    assert result.exit_code == 2
    assert said in result.stderr
