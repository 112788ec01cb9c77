"""openai-python's own tests of the Assistants API, run as they were published, in an environment of their own.

They come with the source distribution and are written for a mock server at TEST_API_BASE_URL. The environment has the
SDK of the same version and nothing of this project.
"""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from doors.environments import python_with, source_of
from doors.served import clean_environment

SECONDS: Final = 300
FOLDER: Final = "tests/api_resources/beta"
FILES: Final = tuple(
    f"{FOLDER}/{name}.py"
    for name in (
        "test_assistants",
        "test_threads",
        "threads/test_messages",
        "threads/test_runs",
        "threads/runs/test_steps",
    )
)
CALL: Final = re.compile(r"client\.beta\.(assistants|threads)\b")
TODAYS: Final = ("pytest>=9", "pytest-asyncio>=1.4", "rich", "respx")
OF_2024: Final = ("pytest==7.1.1", "pytest-asyncio==0.21.1", "rich", "httpx<0.28")
"""As its own lock file has them; httpx 0.28 lost `proxies`, which clients before 1.55.3 pass on."""


@frozen
class Edition:
    """A version whose tests are run: `passed` is how many there are, and all pass; `asked` of them ask the server
    something, once each, and the others look at what the client refuses by itself."""

    version: str
    passed: int
    asked: int
    packages: tuple[str, ...] = TODAYS


EDITIONS: Final = (
    Edition("3.57.0", 580, 475),
    Edition("2.54.0", 580, 475),
    Edition("1.109.1", 580, 475),
    Edition("1.66.0", 464, 380),
    Edition("1.36.0", 460, 376, OF_2024),
)
"""The newest, the last of each line before it, the drop-in's oldest, and one of 2024: those up to 1.35.0 come without
tests."""

LEFT_OUT: Final = {
    "tests/lib/test_assistants.py": "compares signatures",
    "tests/lib/test_assistants_helper_contracts.py": "brings answers of its own",
    "tests/lib/test_assistant_tool_call_deltas.py": "brings answers of its own",
    "tests/test_httpx2.py": "brings answers of its own",
}
"""The other test files that call the Assistants API, and why they are not run: none of them asks TEST_API_BASE_URL."""


@frozen
class Outcome:
    """The names of tests, by what became of them."""

    passed: list[str]
    failed: list[str]
    skipped: list[str]
    output: str


def calling(edition: Edition) -> set[str]:
    """The test files that call the Assistants API."""
    source = source_of("openai", edition.version)
    files = {path: path.read_text("utf-8") for path in (source / "tests").rglob("*.py")}
    return {str(path.relative_to(source)) for path, text in files.items() if CALL.search(text)}


def run(edition: Edition, url: str, report: Path, *, files: Sequence[str] = FILES, only: str = "") -> Outcome:
    """Runs them before the server at `url`; `only` is pytest's -k. `report` is a file that pytest writes."""
    version = edition.version
    python = python_with(f"published-{version}", f"openai[aiohttp]=={version}", *edition.packages)
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "--tb=short", "-k", only]
    done = subprocess.run(
        [*command, f"--junitxml={report}", *files],
        cwd=source_of("openai", version),
        env=clean_environment(TEST_API_BASE_URL=url, PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return _outcome(report, done.stdout)


def _outcome(report: Path, output: str) -> Outcome:
    found: dict[str, list[str]] = {"failure": [], "error": [], "skipped": [], "": []}
    for case in ElementTree.parse(report).iter("testcase"):
        verdict = next((child.tag for child in case if child.tag in found), "")
        found[verdict].append(f"{case.get('classname')}::{case.get('name')}")
    return Outcome(found[""], found["failure"] + found["error"], found["skipped"], output)
