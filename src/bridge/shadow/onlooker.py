"""Looks on while the primary runs, and hands what it ended to the candidates.

Whatever goes wrong here is logged, never raised: who is looked at must not notice.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from bridge.candidates import Candidate
from bridge.forks import Lock
from bridge.hands import rooms
from bridge.hands.leases import Source
from bridge.records import Run
from bridge.shadow.bench import Bench, Job
from bridge.store import Store

TIMED: Final = 4096
"""Runs whose legs' seconds are remembered, those that ended one last."""

log = logging.getLogger("bridge")
_shadows: Final[dict[tuple[int, tuple[Candidate, ...]], Shadow]] = {}


class Shadow:
    """Implements hands.leases.Onlooker for the runs of one store."""

    def __init__(self, store: Store, candidates: Sequence[Candidate]) -> None:
        self._benches = [Bench(candidate, store) for candidate in candidates]
        self._lock = Lock()
        self._seconds: OrderedDict[str, tuple[float, ...]] = OrderedDict()

    def after_leg(self, run: Run, source: Source, seconds: float) -> None:
        try:
            told = self._timed(run.id, seconds)
            for bench in self._benches:
                if bench.candidate.takes(run.id, run.assistant_id):
                    bench.offer(Job(run, source, told))
        except Exception:
            log.exception("run %s cannot be tried by a candidate", run.id)

    def _timed(self, run_id: str, seconds: float) -> tuple[float, ...]:
        """The seconds of the legs of this run that were seen here."""
        with self._lock:
            told = (*self._seconds.pop(run_id, ()), round(seconds, 6))
            self._seconds[run_id] = told
            if len(self._seconds) > TIMED:
                self._seconds.popitem(last=False)
        return told

    def end(self) -> None:
        """Wait for trials as long as their candidates say, and give up the others."""
        deadlines = [time.monotonic() + bench.candidate.exit_seconds for bench in self._benches]
        for bench, deadline in zip(self._benches, deadlines, strict=True):
            bench.end(deadline)


def shadow_of(store: Store, candidates: tuple[Candidate, ...]) -> Shadow:
    """One for each store in a process, however many clients there are."""
    key = (id(store), candidates)
    return _shadows.get(key) or _shadows.setdefault(key, Shadow(store, candidates))


def _end_all() -> None:
    for shadow in list(_shadows.values()):
        shadow.end()


rooms.before_stores_close(_end_all)
