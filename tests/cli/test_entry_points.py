"""The three names of the command, and what happens without its extra."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from cli_help import BIN, environment, run

pytestmark = pytest.mark.slow  # each test is a process of its own

NAMES = [(str(BIN / "bridge"),), (str(BIN / "assistants-bridge"),), (sys.executable, "-m", "bridge")]


@pytest.mark.parametrize("name", NAMES, ids=["bridge", "assistants-bridge", "python -m bridge"])
def test_all_three_are_the_same_program(name: tuple[str, ...]) -> None:
    result = run(*name, "--version")
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(r"assistants-bridge \d+\.\d+\.\d+\S*\n", result.stdout)


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_one_line_names_it(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from bridge.__main__ import main; main()"
    result = run(sys.executable, "-c", program)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "pip install 'assistants-bridge[tools]'" in result.stderr


def test_a_result_can_be_piped(tmp_path: Path) -> None:
    """A long line stays one line, whatever the width."""
    store = tmp_path / ("a" * 60) / "b.db"
    assert run(str(BIN / "bridge"), "db", "path", "--store", str(store), COLUMNS="40").stdout == f"{store}\n"


def test_help_is_quick_to_come() -> None:
    """It imports neither the SDK nor the database."""
    program = "import sys, bridge.cli.app; print(sorted({'openai', 'sqlalchemy', 'starlette'} & set(sys.modules)))"
    assert run(sys.executable, "-c", program).stdout == "[]\n"


def test_completion_is_offered() -> None:
    result = run(str(BIN / "bridge"), "--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "complete" in result.stdout and "bridge" in result.stdout


def test_serve_says_where_it_listens_and_ends_when_told(tmp_path: Path) -> None:
    store = tmp_path / "bridge.db"
    command = [str(BIN / "bridge"), "serve", "--port", "0", "--upstream", "scripted", "--store", str(store)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()
    ) as process:
        try:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(4)]
            url = said[0].removeprefix("bridge listens on ").strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", url)
            assert said[1].split() == ["store", str(store), "(given", "explicitly)"]
            assert said[2].split() == ["upstream", "scripted", "(given", "explicitly)"]
            with urllib.request.urlopen(url.removesuffix("/v1") + "/healthz", timeout=30) as answer:
                assert answer.status == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in (0, -signal.SIGTERM)
        finally:
            process.kill()
