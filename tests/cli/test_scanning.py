"""`bridge scan`: formats, filters, the baseline and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_help import call

pytest.importorskip("libcst", reason="the extra `tools` is missing")

APP = "from openai import OpenAI\nclient = OpenAI()\nthread = client.beta.threads.create()\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(APP)


def test_the_text_names_the_call_and_what_it_becomes() -> None:
    result = call("scan")
    assert result.exit_code == 0
    assert "app.py\n    3:10  breaking  call  threads.create" in result.stdout
    assert "conversations.create" in result.stdout and "What is left on each rung" in result.stdout


@pytest.mark.parametrize(("least", "code"), [("breaking", 1), ("info", 1), ("never", 0)])
def test_exit_codes(least: str, code: int) -> None:
    assert call("scan", ".", "--fail-on", least).exit_code == code


def test_new_calls_alone_fail_against_a_baseline() -> None:
    assert call("scan", "app.py", "--write-baseline", "scan.json").exit_code == 0
    Path("app.py").write_text(f"# moved\n\n{APP}")
    old = call("scan", "app.py", "--baseline", "scan.json", "--fail-on", "info")
    assert (old.exit_code, "Nothing new" in old.stdout) == (0, True)
    Path("app.py").write_text(f"{APP}client.beta.threads.delete(thread.id)\n")
    new = call("scan", "app.py", "--baseline", "scan.json", "--fail-on", "breaking")
    assert new.exit_code == 1
    assert "threads.delete" in new.stdout and "call  threads.create" not in new.stdout


def test_formats_go_to_stdout_or_to_a_file() -> None:
    assert json.loads(call("scan", ".", "--format", "json").stdout)["format"] == "bridge-scan/v1"
    assert json.loads(call("scan", ".", "--format", "sarif").stdout)["version"] == "2.1.0"
    for name in ("html", "text"):
        result = call("scan", ".", "--format", name, "--output", "told")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "threads.create" in Path("told").read_text("utf-8")


def test_filters() -> None:
    Path("b.py").write_text("def f(x):\n    x.beta.threads.create()\n    x.submit_tool_outputs('r')\n")
    told = json.loads(call("scan", ".", "--format", "json", "--sure", "likely", "--exclude", "app.py").stdout)
    assert [each["operation"] for each in told["findings"]] == ["threads.create"]
    assert "Nothing of the Assistants API" in call("scan", ".", "--rung", "share").stdout


WRONG = [
    ("none.py",),
    (".", "--format", "xml"),
    (".", "--fail-on", "heavy"),
    (".", "--rung", "sky"),
    (".", "--sure", "very"),
    (".", "--baseline", "app.py"),
    (".", "--format", "json", "--output", "none/told"),
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_what_cannot_work(words: tuple[str, ...]) -> None:
    result = call("scan", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("bridge: ")
