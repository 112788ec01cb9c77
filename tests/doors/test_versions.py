"""Version x colour x way in: the suites of the doors with other versions of the openai package, each in an environment
of its own, and with the lowest version of every dependency that pyproject.toml allows.

1.21.0 is the oldest supported (the first with the Assistants API as it was to the end), 1.109.1 the last of the 1.x
line; both talk through httpx, as 2.x does. The installed one (3.x) talks through httpx2. Ways in are the parameter
`door` of the surface suite; it and the oldest and newest version are part of `make test`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from doors.environments import ROOT, TESTING, python_of, python_with
from doors.served import clean_environment

DOORS = Path(__file__).parent
SUITES = (
    "surface",
    "test_install.py",
    "test_azure_clients.py",
    "test_native_code.py",
    "test_public_names.py",
    "test_transport.py",
)
LOWEST = ("--resolution", "lowest-direct", "-e", f"{ROOT}[server,tools]", *TESTING)
VERSIONS = [
    pytest.param("1.21.0", marks=pytest.mark.slow),
    pytest.param("1.40.0", marks=[pytest.mark.slow, pytest.mark.matrix]),
    pytest.param("1.66.0", marks=[pytest.mark.slow, pytest.mark.matrix]),
    pytest.param("1.109.1", marks=[pytest.mark.slow, pytest.mark.matrix]),
    pytest.param("2.54.0", marks=[pytest.mark.slow, pytest.mark.matrix]),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_doors_with(version: str) -> None:
    python = python_of(version)
    installed = subprocess.run(
        [python, "-c", "import openai; print(openai.__version__)"], capture_output=True, text=True, check=True
    )
    assert installed.stdout.strip() == version
    passes(python, *(DOORS / name for name in SUITES), DOORS.parent / "diff" / "test_recording.py")


@pytest.mark.slow
@pytest.mark.matrix
def test_the_lowest_versions_of_all_dependencies() -> None:
    tests = ROOT / "tests"
    passes(python_with("lowest", *LOWEST), *(DOORS / name for name in SUITES), tests / "cli", tests / "store")


def passes(python: Path, *suites: Path) -> None:
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, suites)]
    # What an older SDK lacks is skipped; REQUIRE is about this machine, and the newest SDK lacks nothing.
    environment = {name: value for name, value in clean_environment().items() if name != "REQUIRE"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    skips = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert all(" openai " in line or " this SDK " in line for line in skips), skips
    summary = done.stdout.strip().splitlines()[-1]
    assert " passed" in summary and int(summary.split(" passed")[0].split()[-1]) > 2000, summary
