"""Where one candidate works through the runs it is offered: a bounded queue, a few threads, and what they publish."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Sequence
from typing import Final

from attrs import define, evolve, field, frozen

from bridge.calls import Credential
from bridge.candidates import Candidate
from bridge.engine.effects import Commit, Committed, History, RunState, Snapshot
from bridge.hands.leases import Source
from bridge.hands.world import mint
from bridge.masking import masked
from bridge.records import Entry, Exists, Object, Observed, Put, Run, Thread
from bridge.shadow import pruning
from bridge.shadow.trial import Apart, Failed, Trial, is_done, side
from bridge.shadow.upstreams import own_upstream
from bridge.store import Store
from bridge.upstream import Upstream

WAITING: Final = 100
"""Runs that may wait for one candidate in one process: it cannot keep up, and more would only grow old."""

CHARACTERS: Final = 4_000_000
"""Of a thread's history: more than models read."""

PRUNE_EVERY: Final = 3600.0

log = logging.getLogger("bridge")


@frozen
class Job:
    """A leg of `run` ended, `seconds` are those of its legs so far."""

    run: Run
    source: Source
    seconds: tuple[float, ...]


@define
class Crew:
    """The threads of one process and what waits for them: none of it survives a fork."""

    pid: int = field(factory=os.getpid)
    jobs: queue.Queue[Job | None] = field(factory=lambda: queue.Queue(WAITING))
    lock: threading.Lock = field(factory=threading.Lock)
    threads: int = 0
    left_out: int = 0
    is_over: bool = False


class Bench:
    """`offer` may be called from any thread and any event loop: it never waits."""

    def __init__(self, candidate: Candidate, store: Store) -> None:
        self.candidate = candidate
        self._store = store
        self._crew = Crew()
        self._own: Upstream | None = None
        self._pruned_at = float("-inf")

    def offer(self, job: Job) -> None:
        crew = self._crew
        if crew.pid != os.getpid():
            crew = self._crew = Crew()
        try:
            crew.jobs.put_nowait(job)
        except queue.Full:
            crew.left_out += 1
            if crew.left_out % WAITING == 1:
                log.warning("shadow %s cannot keep up: %d runs were left out", self.candidate.name, crew.left_out)
            return
        with crew.lock:
            is_short = crew.threads < max(1, self.candidate.at_once)
            crew.threads += is_short
        if is_short:
            self._start(crew)

    def _start(self, crew: Crew) -> None:
        """Raises RuntimeError where there can be no more threads; the next offer tries again."""
        try:
            threading.Thread(target=self._work, args=(crew,), name="bridge-shadow", daemon=True).start()
        except RuntimeError:
            with crew.lock:
                crew.threads -= 1
            raise

    def end(self, deadline: float) -> None:
        """Until then wait for what is at work, and give up the rest. Who comes later gets new threads."""
        crew, self._crew = self._crew, Crew()
        if crew.pid != os.getpid():
            return
        while crew.jobs.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)
        if unfinished := crew.jobs.unfinished_tasks:
            log.warning("shadow %s: the end of the process leaves %d runs untried", self.candidate.name, unfinished)
        crew.is_over = True
        with contextlib.suppress(queue.Full):
            for _ in range(crew.threads):
                crew.jobs.put_nowait(None)

    def _work(self, crew: Crew) -> None:
        while (job := crew.jobs.get()) is not None and not crew.is_over:
            try:
                self._look_at(job)
            except Exception:
                log.exception("shadow %s: run %s could not be tried", self.candidate.name, job.run.id)
            finally:
                crew.jobs.task_done()

    # --- one run

    def _look_at(self, job: Job) -> None:
        """Nothing is tried where the run goes on: the end of its last leg will be offered, too."""
        found = self._store.run_state(RunState(job.run.thread_id, job.run.id))
        if found is None or found.run.leg != job.run.leg or not is_done(found.run):
            return
        aside, trouble = self._tried(job, found, self._before(found))
        self._publish(found, side(found, _all_legs(job.seconds, found.run)), aside, trouble)

    def _before(self, found: Snapshot) -> Sequence[Entry]:
        """The thread as the run found it."""
        entries = self._store.history(History(found.thread.id, None, CHARACTERS))
        return [entry for entry in entries if entry.seq < found.run.seq]

    def _tried(self, job: Job, found: Snapshot, entries: Sequence[Entry]) -> tuple[Object, str | None]:
        upstream, credential = self._where(job.source)
        service = Apart(upstream, evolve(job.source.options, loud_failures=False))
        trial = Trial(self.candidate, service, credential, found)
        trouble = None
        try:
            trial.run(entries)
        except Failed as error:
            trouble = str(error)
        except Exception as error:
            log.exception("shadow %s: run %s could not be tried", self.candidate.name, found.run.id)
            trouble = f"it could not be tried: {type(error).__name__}"
        finally:
            service.close()
        return trial.side(), trouble

    def _where(self, source: Source) -> tuple[Upstream, Credential]:
        """Whom the candidate asks. The caller's key is for the caller's upstream alone."""
        if self.candidate.upstream is None:
            return source.upstream, source.credential
        if self._own is None:
            self._own = own_upstream(self.candidate)
        return self._own, Credential()

    # --- what comes of it

    def _publish(self, found: Snapshot, control: Object, aside: Object, trouble: str | None) -> None:
        run, now = found.run, time.time()
        observed = Observed(
            mint("observation"),
            *(run.thread_id, run.id, run.assistant_id, int(now), self.candidate.name),
            control=masked(control),
            aside=masked(aside),
            trouble=masked(trouble),
        )
        guards = (Exists(Thread, run.thread_id),)  # who deleted the thread wants nothing of it kept
        outcome = self._store.commit(Commit((Put(observed, is_new=True),), guards)).result()
        if not isinstance(outcome, Committed):
            log.info("shadow %s: the thread of run %s is gone", self.candidate.name, run.id)
        if time.monotonic() - self._pruned_at > PRUNE_EVERY:
            self._pruned_at = time.monotonic()
            pruning.prune(self._store, self.candidate.name, now - self.candidate.keep_days * pruning.DAY)


def _all_legs(seconds: tuple[float, ...], run: Run) -> list[float | None]:
    """One for each leg; None where there are fewer, because others ended in another process."""
    return list(seconds) if len(seconds) == run.leg + 1 else [None] * (run.leg + 1)
