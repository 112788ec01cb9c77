"""Whole programs, unchanged or with one line changed: they print the answer that holds both tool outputs.

tests/seeds/ holds programs in the shape of the function-calling guide's. Each runs as its user would run it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from doors.environments import node_modules
from doors.served import clean_environment, gateway

pytestmark = pytest.mark.slow
SEEDS = Path(__file__).parents[1] / "seeds"
PYTHON = sorted((SEEDS / "python").glob("*.py"))
NODE = sorted((SEEDS / "node").glob("*.mjs"))
NODE_OLD, NODE_NEW = "4.104.0", "7.57.0"
SECONDS = 60


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with gateway("scripted", tmp_path_factory.mktemp("seeds") / "bridge.db") as url:
        yield url


def said(command: list[str], folder: Path, **environment: str) -> str:
    """What the program prints; it must end well."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "Error" not in done.stderr, done.stderr
    return done.stdout


def holds_the_answer(printed: str) -> bool:
    """Some line is the assistant's sentence with both outputs."""
    return any("57" in line and "0.06" in line for line in printed.splitlines())


@pytest.mark.parametrize("program", PYTHON, ids=lambda path: path.stem)
def test_with_the_import_swapped(program: Path, tmp_path: Path) -> None:
    before = program.read_text()
    after = "".join(_swapped(line) for line in before.splitlines(keepends=True))
    assert after != before
    changed = tmp_path / program.name
    changed.write_text(after)
    printed = said(
        [sys.executable, str(changed)], tmp_path, BRIDGE_UPSTREAM="scripted", BRIDGE_STORE=str(tmp_path / "bridge.db")
    )
    assert holds_the_answer(printed), printed


def _swapped(line: str) -> str:
    """`from openai import X, OpenAI` as a user changes it: OpenAI from bridge, the rest as it was."""
    head = "from openai import "
    if not line.startswith(head):
        return line
    names = [name.strip() for name in line.removeprefix(head).split(",")]
    others = ", ".join(name for name in names if name != "OpenAI")
    return "from bridge import OpenAI\n" + (f"{head}{others}\n" if others else "")


@pytest.mark.parametrize("program", PYTHON, ids=lambda path: path.stem)
def test_unchanged_against_the_gateway(program: Path, tmp_path: Path, base_url: str) -> None:
    printed = said([sys.executable, str(program)], tmp_path, OPENAI_BASE_URL=base_url, OPENAI_API_KEY="sk-test")
    assert holds_the_answer(printed), printed


@pytest.mark.needs("node")
@pytest.mark.parametrize("program", NODE, ids=lambda path: path.stem)
def test_javascript_against_the_gateway(program: Path, base_url: str) -> None:
    folder = node_modules(NODE_OLD if program.stem.endswith("_v4") else NODE_NEW)
    copied = folder / f"{program.stem}-{os.getpid()}.mjs"
    shutil.copy(program, copied)
    try:
        printed = said(["node", str(copied)], folder, OPENAI_BASE_URL=base_url, OPENAI_API_KEY="sk-test")
    finally:
        copied.unlink()
    assert holds_the_answer(printed), printed
