"""The surface suite with other versions of the openai package, each in an environment of its own.

1.21.0 is the oldest supported (the first with the Assistants API as it was to the end), 1.109.1 the last of the 1.x
line; both talk through httpx, as 2.x does. The installed one (3.x) talks through httpx2.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from doors.environments import ROOT, python_of
from doors.served import clean_environment

SURFACE = Path(__file__).parent / "surface"
VERSIONS = [
    pytest.param("1.21.0", marks=pytest.mark.slow),
    pytest.param("1.40.0", marks=[pytest.mark.slow, pytest.mark.matrix]),
    pytest.param("1.66.0", marks=[pytest.mark.slow, pytest.mark.matrix]),
    pytest.param("1.109.1", marks=[pytest.mark.slow, pytest.mark.matrix]),
    pytest.param("2.54.0", marks=[pytest.mark.slow, pytest.mark.matrix]),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_surface_with(version: str) -> None:
    python = python_of(version)
    installed = subprocess.run(
        [python, "-c", "import openai; print(openai.__version__)"], capture_output=True, text=True, check=True
    )
    assert installed.stdout.strip() == version
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", str(SURFACE)]
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    summary = done.stdout.strip().splitlines()[-1]
    assert " passed" in summary and int(summary.split(" passed")[0].split()[-1]) > 400, summary
