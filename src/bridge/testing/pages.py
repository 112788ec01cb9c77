"""Where the reports of comparisons made in tests are written: a page and a JSON file each, named by the test."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from bridge.diff.observations import Comparison
from bridge.diff.report import document, html
from bridge.errors import ConfigurationError

CURRENT_TEST: Final = "PYTEST_CURRENT_TEST"
"""pytest has the id of the test there, and whether it is set up, called or torn down."""

LONGEST: Final = 80
"""Characters of a test's id in a file's name; file systems take 255 bytes."""


class Pages:
    """`folder` is where every report goes; None where nobody asked for them. `scratch` makes a folder for those of
    comparisons that fail all the same."""

    def __init__(self, folder: Path | None, scratch: Callable[[], Path]) -> None:
        self._folder, self._scratch = folder, scratch
        self._counts: Counter[str] = Counter()

    def compared(self, comparison: Comparison) -> Path | None:
        """The page of a comparison, if reports are asked for."""
        return None if self._folder is None else self._written(self._folder, comparison)

    def failed(self, comparison: Comparison) -> Path:
        """The page of a comparison that has none yet."""
        return self._written(self._scratch(), comparison)

    def _written(self, folder: Path, comparison: Comparison) -> Path:
        name = self._name()
        page = folder / f"{name}.html"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(page, html.page(comparison))
            _write(folder / f"{name}.json", (document.as_json(comparison),))
        except OSError as error:
            raise ConfigurationError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
        return page

    def _name(self) -> str:
        """The same in each session, so that a report replaces the one of last time; another for each test, so that
        several processes can write into one folder."""
        test = os.environ.get(CURRENT_TEST, "").rpartition(" ")[0]
        name = re.sub(r"[^A-Za-z0-9_.]+", "-", test)[-LONGEST:].strip("-.") or "comparison"
        made = f"{name}-{hashlib.sha256(test.encode('utf-8', 'replace')).hexdigest()[:8]}"
        self._counts[made] += 1
        return made if self._counts[made] == 1 else f"{made}-{self._counts[made]}"


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Whole or not at all: a test that runs in two processes has one page of one of them."""
    making = path.with_name(f".{path.name}.{os.getpid()}")
    with making.open("wb") as file:
        file.writelines(pieces)
    making.replace(path)
