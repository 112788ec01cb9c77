"""The papers say what is so: their examples run, their commands exist, their tables are those of the code."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("typer", reason="the extra `tools` is missing")

from typer.testing import CliRunner

from bridge import settings
from bridge.cli.app import app

ROOT: Final = Path(__file__).parents[1]
PAPERS: Final = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
BLOCK: Final = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\]\(([^)#:]+)\)")


def blocks(language: str) -> list[tuple[str, str, str]]:
    """(paper, mark, text) of every block in this language."""
    found = [(paper.name, *match.groups("")) for paper in PAPERS for match in BLOCK.finditer(paper.read_text("utf-8"))]
    return [(name, mark, text) for name, kind, mark, text in found if kind == language]


RUNNABLE: Final = [(name, text) for name, mark, text in blocks("python") if mark == "runnable"]
COMMANDS: Final = [
    (name, line.removeprefix("$ "))
    for name, _, text in blocks("console")
    for line in text.splitlines()
    if line.startswith("$ ")
]


def generated(name: str) -> Any:
    """A script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_papers_are_found() -> None:
    assert len(RUNNABLE) >= 7 and len(COMMANDS) >= 25


@pytest.mark.slow
@pytest.mark.parametrize(("paper", "code"), RUNNABLE, ids=[f"{name}-{n}" for n, (name, _) in enumerate(RUNNABLE)])
def test_python_examples_run(paper: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRIDGE_UPSTREAM", "scripted")
    monkeypatch.setenv("BRIDGE_STORE", str(tmp_path / "bridge.db"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    names: dict[str, Any] = {}
    try:
        exec(compile(code, paper, "exec"), names)
    finally:
        if "client" in names:
            names["client"].close()


def test_the_example_of_the_readme_as_a_program(tmp_path: Path) -> None:
    """As a newcomer runs it, in a process without settings."""
    code = next(text for name, text in RUNNABLE if name == "README.md")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("completed ")


# --- commands


def known_options(command: list[str]) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*command, "--help"])
    assert result.exit_code == 0, f"there is no command bridge {' '.join(command)}"
    return result.stdout


@pytest.mark.parametrize(("paper", "line"), COMMANDS, ids=[f"{name}: {line}" for name, line in COMMANDS])
def test_commands_exist(paper: str, line: str) -> None:
    words = shlex.split(line)
    while "=" in words[0]:
        variable = words.pop(0).partition("=")[0]
        assert variable in (*VARIABLES, "OPENAI_BASE_URL")
    words[0] = words[0].removeprefix("bridge-env/bin/")  # an environment that the page has made
    if words[0] in ("bridge", "assistants-bridge"):
        check_bridge(words[1:])
    elif words[0] == "make":
        check_make([word for word in words[1:] if "=" not in word])
    elif words[0] == "pip":
        check_extras(line)
    else:
        assert words[0] in ("python", "python3")


VARIABLES: Final = [*map(settings.variable, settings.NAMES), settings.CONFIG]


NAMES: Final = (
    "demo|run|serve|explain|doctor|db|path|upgrade|routes|show|bring|diff|record|tape|replay|compare|report|watch|"
    "export|scan|codemod|import|assistants|apply|pull|list"
)


def check_bridge(words: list[str]) -> None:
    command = [word for word in words[:2] if re.fullmatch(NAMES, word)]
    if command == ["run"]:  # what follows the program is the program's
        words = words[: next(place for place, word in enumerate(words) if place and not word.startswith("-"))]
    shown = known_options(command)
    for word in words:
        if word.startswith("--"):
            assert re.search(rf"{re.escape(word)}\b", shown), f"bridge {' '.join(command)} has no {word}"


def check_make(targets: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"there is no make {target}"


def check_extras(line: str) -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for extra in re.findall(r"assistants-bridge\[(\w+)\]", line):
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE), f"there is no extra {extra}"


# --- tables and links


@pytest.mark.parametrize(("script", "paper"), [("draw_states", "states.md"), ("draw_errors", "errors.md")])
def test_what_is_drawn_is_up_to_date(script: str, paper: str) -> None:
    assert (ROOT / "docs" / paper).read_text("utf-8") == generated(script).page(), "run `make docs`"


def test_every_word_of_the_tables_is_explained() -> None:
    from bridge.engine.tables import MESSAGE, RUN, STEP

    words = {word for table in (RUN, STEP, MESSAGE) for moves in table.values() for word in moves}
    assert words == set(generated("draw_states").WORDS)


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    assert all(f"| `{name}` | `{settings.variable(name)}` |" in page for name in settings.NAMES)
    assert settings.CONFIG in page
    assert set(re.findall(r"BRIDGE_\w+", page)) == set(VARIABLES)


def test_every_command_is_documented() -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    for line in re.findall(r"^\| `bridge ([^`]+)`", page, re.MULTILINE):
        check_bridge(re.findall(r"[\w-]+", line))
    commands = re.findall(r"^│ (\w+)  ", known_options([]), re.MULTILINE)
    assert len(commands) >= 5
    assert all(f"`bridge {command}" in page for command in commands)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_links_lead_somewhere(paper: Path) -> None:
    for target in LINK.findall(paper.read_text("utf-8")):
        assert (paper.parent / target).exists(), f"{paper.name} links to {target}"


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    missing = [paper.name for paper in (ROOT / "docs").glob("*.md") if f"({paper.name})" not in index]
    assert missing == ["index.md"]


def test_files_that_the_papers_name_exist() -> None:
    for paper in (ROOT / "docs" / "design.md", ROOT / "docs" / "crash-safety.md", ROOT / "CONTRIBUTING.md"):
        for name in re.findall(
            r"`?\b((?:engine|hands|store|wire|translate|tests)/[\w/]+\.py)", paper.read_text("utf-8")
        ):
            assert (ROOT / name).exists() or (ROOT / "src" / "bridge" / name).exists(), f"{paper.name}: {name}"
