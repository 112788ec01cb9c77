"""`bridge codemod` as its user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import openai
import pytest

pytest.importorskip("typer", reason="the extra `tools` is missing")

from typer.testing import CliRunner, Result

from bridge.cli.app import app

PROGRAM = """from openai import OpenAI

client = OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o", name="A")
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
print(client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text.value)
"""
OBSTACLE = "from openai import OpenAI\n\nthread = OpenAI().beta.threads.create()\nprint(thread.id)\n"
UNRELATED = "import openai\n\nprint(openai.__name__)\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_text(PROGRAM)
    return path


def codemod(*arguments: object, input: str | None = None) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["codemod", *map(str, arguments)], input=input)


def test_a_patch_by_default(program: Path) -> None:
    done = codemod(program)
    assert done.exit_code == 0
    assert "+assistant = {" in done.stdout and f"--- a/{str(program).lstrip('/')}" in done.stdout
    assert "`name` of the assistant is left out" in done.stderr
    assert program.read_text() == PROGRAM


def test_check_and_write(program: Path) -> None:
    assert codemod(program, "--check").exit_code == 1
    assert codemod(program, "--write").exit_code == 0
    assert "client.responses.create(**assistant, input=thread)" in program.read_text()
    assert codemod(program, "--check").exit_code == 0


def test_only_the_imports(program: Path) -> None:
    (program.parent / "other.py").write_text(UNRELATED)
    assert codemod(program.parent, "--to", "bridge", "--write").exit_code == 0
    assert program.read_text() == PROGRAM.replace("from openai", "from bridge")
    assert (program.parent / "other.py").read_text() == UNRELATED


def test_a_client_without_legacy_calls_stays_the_sdks(tmp_path: Path) -> None:
    path = tmp_path / "chat.py"
    path.write_text("from openai import OpenAI\n\nOpenAI().chat\n")
    assert codemod(path, "--to", "bridge", "--check").exit_code == 0


def test_interactive_asks_for_each_file(program: Path) -> None:
    assert codemod(program, "--interactive", input="n\n").exit_code == 0
    assert program.read_text() == PROGRAM
    assert codemod(program, "--interactive", input="y\n").exit_code == 0
    assert program.read_text() != PROGRAM


def test_what_is_left_gets_its_comment(tmp_path: Path) -> None:
    path = tmp_path / "left.py"
    path.write_text(OBSTACLE)
    done = codemod(path, "--write")
    assert done.exit_code == 0 and f"{path}:4: not converted: a thread's id goes" in done.stderr
    assert path.read_text().count("# bridge: not converted: ") == 1


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("client.beta.threads.create(\n")
    (tmp_path / "b.ipynb").write_text('{"cells": ["client.beta.threads.create()"]}')
    done = codemod(tmp_path)
    assert done.exit_code == 1
    assert "a.py: is no Python that can be read" in done.stderr
    assert "b.ipynb: a notebook: its cells are not converted" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "chat"], "--to is bridge or responses"),
        (["--state", "disk"], "--state is history or conversation"),
        (["--check", "--write"], "one of --diff, --check, --write and --interactive"),
        (["--prove", "--upstream", "https://api.openai.com/v1"], "--upstream is scripted or scripted:FILE"),
        (["--prove", "--stdin", "/nowhere"], "/nowhere cannot be read"),
    ],
)
def test_what_cannot_work(program: Path, arguments: list[str], message: str) -> None:
    done = codemod(program, *arguments)
    assert done.exit_code == 2 and message in done.stderr


@pytest.mark.skipif(not hasattr(openai.OpenAI, "responses"), reason=f"openai {openai.__version__} has no responses")
@pytest.mark.slow
def test_only_what_is_proved_is_written(program: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(PROGRAM + "import time\nprint(time.time_ns())\n")
    report = tmp_path / "evidence.json"
    done = codemod(program, wrong, "--prove", "--write", "--report", report)
    assert done.exit_code == 1
    assert f"{program}: runs `bridge run {program}`, then the patched program" in done.stderr
    assert f"{program}: proved, 1 requests to the model" in done.stderr
    assert f"{wrong}: differs" in done.stderr
    assert "responses.create" in program.read_text() and "responses.create" not in wrong.read_text()
    evidence = json.loads(report.read_text())
    assert [(each["file"], each["verdict"]) for each in evidence] == [(str(program), "proved"), (str(wrong), "differs")]
