"""The pytest plugin: the fixture `bridge_diff` and the option `--bridge-diff-report` (docs/pytest.md).

pytest imports this in every session where bridge is installed: so it imports nothing but pytest, and what compares is
imported when a test asks for the fixture. `-p no:bridge_diff` leaves it out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from bridge.testing import DiffFixture

NAME: Final = "bridge_diff_report"
HELP: Final = "folder for the reports of bridge_diff: a page and a JSON file for each comparison"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("bridge", "side by side (assistants-bridge)")
    group.addoption("--bridge-diff-report", dest=NAME, metavar="DIR", help=HELP)
    parser.addini(NAME, HELP)


@pytest.fixture(scope="session")
def bridge_diff(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> DiffFixture:
    """Compares what a program got before with what it gets now: recordings, replays, programs (docs/pytest.md)."""
    from bridge.testing import DiffFixture

    return DiffFixture(lambda: tmp_path_factory.mktemp("bridge-diff"), _reports(pytestconfig))


def _reports(config: pytest.Config) -> Path | None:
    """An option is relative to where pytest was called, a line of a file to that file."""
    option = config.getoption(NAME)
    if option:
        return Path(config.invocation_params.dir, option)
    line = config.getini(NAME)
    return Path(config.inipath.parent if config.inipath else config.rootpath, line) if line else None
