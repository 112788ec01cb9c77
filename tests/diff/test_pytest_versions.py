"""The plugin with another pytest than the installed one, and beside plugins that many use, each in an environment of
its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest
from stories import Side, tape

from bridge.diff import tape as tapes
from doors.environments import ROOT, python_with

pytestmark = [pytest.mark.slow, pytest.mark.matrix]

HERE: Final = ("-e", f"{ROOT}[tools]")
OLDEST: Final = "7.0.0"
SAME: Final = """
import pytest

@pytest.fixture(scope="module")
def compared(bridge_diff):
    return bridge_diff.compare("old.tape", "new.tape")

def test_same(compared):
    compared.assert_same()

@pytest.mark.xfail(strict=True, raises=AssertionError)
@pytest.mark.parametrize("n", range(8))
def test_other(bridge_diff, n):
    bridge_diff.compare("old.tape", "short.tape").assert_same()
"""
ASYNC: Final = """
import bridge, pytest

@pytest.mark.asyncio
async def test_program(bridge_diff):
    tapes = []
    for _ in range(2):
        with bridge_diff.record() as tape:
            async with bridge.AsyncOpenAI(api_key="k", upstream="scripted", store="memory") as client:
                await client.beta.assistants.create(model="gpt-4o")
                await client.beta.threads.create()
        tapes.append(tape)
    bridge_diff.compare(*tapes).assert_same()
"""


def passed(python: Path, folder: Path, *arguments: str) -> str:
    """What pytest says of the tests in the folder; all pass."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BRIDGE_", "PYTEST_"))}
    command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", "--bridge-diff-report=reports", *arguments]
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tapes.write(tape(Side(1)), tmp_path / "old.tape")
    tapes.write(tape(Side(2)), tmp_path / "new.tape")
    tapes.write(tapes.Tape(tape(Side(2)).exchanges[:-1]), tmp_path / "short.tape")
    (tmp_path / "test_same.py").write_text(SAME)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    return tmp_path


def test_the_oldest_pytest(folder: Path) -> None:
    told = passed(python_with(f"pytest-{OLDEST}", *HERE, f"pytest=={OLDEST}"), folder)
    assert f"pytest-{OLDEST}" in told and "1 passed, 8 xfailed" in told


@pytest.mark.parametrize("distribution", [("-n2",), ("--dist=each", "--tx=2*popen")], ids=["load", "each"])
def test_several_processes_write_one_page_for_each_comparison(folder: Path, distribution: tuple[str, ...]) -> None:
    passed(python_with("pytest-xdist", *HERE, "pytest-xdist>=3.6"), folder, *distribution)
    names = sorted(each.name for each in (folder / "reports").iterdir())
    assert len(names) == 18 and all(name.endswith((".html", ".json")) for name in names)


def test_async_tests_record_their_programs(folder: Path) -> None:
    (folder / "test_async.py").write_text(ASYNC)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    assert "2 passed, 8 xfailed" in passed(python_with("pytest-asyncio", *HERE, "pytest-asyncio>=0.24"), folder)
