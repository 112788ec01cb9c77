"""The fixture `bridge_diff` and what it gives: comparisons of which a test asserts something (docs/pytest.md)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from bridge.diff import rules_file, tape
from bridge.diff.compare import Rule, compare
from bridge.diff.observations import KINDS, SEVERITIES, Comparison, Kind, Severity
from bridge.diff.readers import read_any
from bridge.diff.report import counts
from bridge.diff.report.counts import Found
from bridge.diff.tape import Tape
from bridge.errors import ConfigurationError
from bridge.testing import failures
from bridge.testing.pages import Pages

Recording: TypeAlias = "str | os.PathLike[str] | Tape"
"""A tape, or the path of whatever `bridge.diff.readers.read_any` reads; relative ones as `open` takes them."""

NOTHING: Final = (
    "Nothing was recorded: no client of the openai package called the Assistants API. Make the program's client within "
    "record(), or say record(client) where it was made before."
)


class DiffResult:
    """Two sides, compared. `comparison` is all of it; `page` is where its report is, if there is one by now."""

    def __init__(self, name: str, comparison: Comparison, pages: Pages) -> None:
        self.name, self.comparison, self._pages = name, comparison, pages
        self.page = pages.compared(comparison)

    def mismatches(self, kinds: Sequence[Kind] = ("structure",), gate: Severity = "breaking") -> list[Found]:
        """What differs in these classes, is as heavy as the gate or heavier, and accepted by nothing. Raises
        ValueError for words that are no class or no severity."""
        if isinstance(kinds, str) or not kinds or not set(kinds) <= set(KINDS):
            raise ValueError(f"kinds is a list of some of {', '.join(KINDS)}, not {kinds!r}")
        if gate not in SEVERITIES:
            raise ValueError(f"the gate of a test is {', '.join(reversed(SEVERITIES))}, not {gate!r}")
        heavy = SEVERITIES[SEVERITIES.index(gate) :]
        found = (each for each in counts.found(self.comparison) if not each.mismatch.is_accepted)
        return [each for each in found if each.mismatch.kind in kinds and each.mismatch.severity in heavy]

    def assert_same(self, kinds: Sequence[Kind] = ("structure",), gate: Severity = "breaking") -> None:
        """Raises AssertionError, which says what differs, where there is such a mismatch, and where nothing was
        compared at all."""
        __tracebackhide__ = True
        found = self.mismatches(kinds, gate)
        if found:
            raise AssertionError(failures.differing(self.name, found, len(self.comparison.observations), self._page()))
        if not self.comparison.observations:
            raise AssertionError(failures.nothing(self.name, self.comparison, self._page()))

    def __bool__(self) -> bool:
        """`assert result` would hold whatever differs. Raises TypeError."""
        raise TypeError("a comparison is neither true nor false: say result.assert_same()")

    def _page(self) -> Path:
        if self.page is None:
            self.page = self._pages.failed(self.comparison)
        return self.page


class DiffFixture:
    """One for a whole session. `scratch` makes an empty folder at each call; `reports` is where reports go, None
    where they are written for failures only."""

    def __init__(self, scratch: Callable[[], Path], reports: Path | None = None) -> None:
        self._scratch, self._pages = scratch, Pages(reports, scratch)

    def __call__(
        self,
        recording: Recording,
        *,
        upstream: str = "tape",
        target: str | None = None,
        repeats: Sequence[Recording] = (),
        rules: str | os.PathLike[str] | None = None,
    ) -> DiffResult:
        """Ask what the recording holds once more, and compare the answers. `upstream` and `target` say who answers,
        as in `bridge diff replay`; `repeats` and `rules` are those of `compare`. Raises ConfigurationError."""
        from bridge.diff.replay.candidate import replayed

        control, others, ruled = _tape(recording), [_tape(each) for each in repeats], _rules(rules)
        candidate = replayed(control, upstream, target)  # nothing is asked before all files are read
        return DiffResult(_name(recording), compare(control, candidate, repeats=others, rules=ruled), self._pages)

    def compare(
        self,
        control: Recording,
        candidate: Recording,
        *,
        repeats: Sequence[Recording] = (),
        rules: str | os.PathLike[str] | None = None,
    ) -> DiffResult:
        """Compare two sides. `repeats` are two or more runs of one side, of which noise is learnt; `rules` is a file
        of what to accept or ignore (docs/diff-rules.md). Raises ConfigurationError."""
        sides, others = (_tape(control), _tape(candidate)), [_tape(each) for each in repeats]
        return DiffResult(_name(control), compare(*sides, repeats=others, rules=_rules(rules)), self._pages)

    @contextmanager
    def record(self, *clients: Any) -> Iterator[Path]:
        """Record what clients of the openai package send and get in this process: those that are made within, and
        these, which were made before. Gives the path of the tape, in a temporary folder. Raises ConfigurationError
        where a recording goes on already, and at the end where nothing was recorded."""
        from bridge.diff import recording

        path = self._scratch() / "recorded.tape"
        recording.install(path)
        try:
            for each in clients:
                recording.add(each)
            yield path
        finally:
            recording.uninstall()
        if not tape.read(path).exchanges:
            raise ConfigurationError(NOTHING)


def _tape(recording: Recording) -> Tape:
    return recording if isinstance(recording, Tape) else read_any(Path(recording))


def _rules(path: str | os.PathLike[str] | None) -> tuple[Rule, ...]:
    return () if path is None else rules_file.read(Path(path))


def _name(recording: Recording) -> str:
    """What messages call a comparison: after its control."""
    return recording.source or "a tape" if isinstance(recording, Tape) else Path(recording).name
