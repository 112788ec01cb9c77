"""News of runs inside a process, and from other processes on the same store: who waits is woken, nobody polls a run.

Between processes the store is asked whether anybody else has committed (SQLite: `PRAGMA data_version`), a few dozen
times a second, and only while somebody waits or a leg works. If so, the runs waited for and worked on are read, and
only who has news is told: a busy neighbour wakes nobody in vain.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from attrs import define

from bridge.engine import tables
from bridge.engine.effects import Key, Signal, Wait, Woken
from bridge.hands.bells import Bell
from bridge.hands.trouble import Trouble
from bridge.records import Run
from bridge.store import Store

LOOK_EVERY: Final = 0.05
"""Seconds between two looks for commits of other processes."""

LONGEST_WAIT: Final = 1.0
"""Seconds after which a waiter looks for itself, should all news have been missed."""

AFTER_TROUBLE: Final = 1.0
"""Seconds of rest when the store could not be asked."""

REMEMBERED: Final = 4096

NEWS: Final = tables.SETTLED | {"cancelling"}


@define
class _Leg:
    """A leg at work: under which lease, by whom, and how it is told. `seen` is the version it was last told of."""

    lease: int
    hands: object
    post: Callable[[Signal], None]
    seen: int = -1

    def concerns(self, run: Run | None) -> bool:
        """Whether somebody ended, cancelled or took over the run. What the leg stores itself is no news to it: a signal
        stops what it asks of the upstream just then."""
        if run is None or run.lease.number != self.lease:
            return True
        is_new = run.status in NEWS and run.version != self.seen
        self.seen = run.version
        return is_new


class Hub:
    """Waiters and working legs by run id."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._trouble = Trouble("the store cannot be asked for news")
        self._clock = clock
        self._versions: OrderedDict[str, int] = OrderedDict()  # of the runs last heard of
        self._lock = threading.Condition()
        self._waiters: dict[str, dict[Callable[[], None], int]] = {}  # and the version each has seen
        self._unseen = False  # somebody waits since the last look: the news may be older than the wait
        self._legs: dict[str, _Leg] = {}
        self._lookout: threading.Thread | None = None
        self._closed = False

    # --- telling

    def changed(self, run: Run, origin: object = None) -> None:
        """A run was stored by this process; `origin` is the hands that did it, which need not be told."""
        if run.status not in NEWS:
            return
        with self._lock:
            self._remember(run)
            waiters = tuple(self._waiters.get(run.id, ()))
            leg = self._legs.get(run.id)
        for wake in waiters:
            wake()
        if leg is not None and leg.hands is not origin:
            leg.post(Woken())

    def _remember(self, run: Run) -> None:
        self._versions[run.id] = run.version
        self._versions.move_to_end(run.id)
        if len(self._versions) > REMEMBERED:
            self._versions.popitem(last=False)

    # --- listening

    def add_leg(self, run_id: str, lease: int, hands: object, post: Callable[[Signal], None]) -> None:
        """`lease` is the number of the lease that the leg works under."""
        with self._lock:
            self._legs[run_id] = _Leg(lease, hands, post)
            self._look_out()

    def remove_leg(self, run_id: str, hands: object) -> None:
        with self._lock:
            if run_id in self._legs and self._legs[run_id].hands is hands:
                del self._legs[run_id]

    def wait(self, effect: Wait) -> None:
        """Until news of the run, or until that time; in this thread."""
        event = threading.Event()
        try:
            if self._enter(effect, event.set):
                event.wait(self._seconds(effect))
        finally:
            self._leave(effect, event.set)

    async def await_(self, effect: Wait) -> None:
        """The same for a task of any event loop."""
        bell = Bell()
        try:
            if self._enter(effect, bell.ring):
                await bell.wait(self._seconds(effect))
        finally:
            self._leave(effect, bell.ring)

    def _seconds(self, effect: Wait) -> float:
        return max(0.0, min(effect.until - self._clock(), LONGEST_WAIT))

    def _enter(self, effect: Wait, wake: Callable[[], None]) -> bool:
        """Whether there is something to wait for: not if the news came between the caller's look and now."""
        with self._lock:
            self._waiters.setdefault(effect.run_id, {})[wake] = effect.version
            self._unseen = True
            self._look_out()
            return self._versions.get(effect.run_id, -1) <= effect.version

    def _leave(self, effect: Wait, wake: Callable[[], None]) -> None:
        with self._lock:
            waiting = self._waiters.get(effect.run_id, {})
            waiting.pop(wake, None)
            if not waiting:
                self._waiters.pop(effect.run_id, None)

    # --- the lookout for other processes

    def _look_out(self) -> None:
        if self._lookout is None:
            lookout = threading.Thread(target=self._watch, name="bridge-lookout", daemon=True)
            lookout.start()
            self._lookout = lookout
        self._lock.notify_all()

    def _watch(self) -> None:
        while True:
            with self._lock:
                while not self._closed and not self._waiters and not self._legs:
                    self._lock.wait()
                if self._closed:
                    return
            rest = LOOK_EVERY
            try:
                self.look()
                self._trouble.is_over()
            except Exception as error:
                rest = AFTER_TROUBLE
                if not self._closed:
                    self._trouble.happened(error)
            with self._lock:
                self._lock.wait_for(lambda: self._closed, rest)

    def look(self) -> None:
        """Tell of what others have done to the runs waited for and worked on, if they did anything."""
        with self._lock:
            unseen, self._unseen = self._unseen, False
        is_elsewhere = self._store.changed_elsewhere()
        if not is_elsewhere and not unseen:
            return
        with self._lock:
            ids = tuple({*self._waiters, *(self._legs if is_elsewhere else ())})
        found = self._store.load([Key(Run, id) for id in ids])
        for id, run in zip(ids, found, strict=True):
            self._tell(id, run, is_elsewhere)

    def _tell(self, id: str, run: Run | None, legs_too: bool) -> None:
        """Wake who waits for this run or works on it, if it has changed for them. None: the run is no more."""
        with self._lock:
            waiters = [wake for wake, seen in self._waiters.get(id, {}).items() if _is_news(run, seen)]
            leg = self._legs.get(id) if legs_too else None
            concerns = leg is not None and leg.concerns(run)
        for wake in waiters:
            wake()
        if leg is not None and concerns:
            leg.post(Woken())

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._lock.notify_all()
        lookout = self._lookout
        if lookout is not None and lookout is not threading.current_thread():
            lookout.join(AFTER_TROUBLE)


def _is_news(run: Run | None, seen: int) -> bool:
    """Whether somebody who has seen this version of the run should look again."""
    return run is None or (run.status in NEWS and run.version > seen)
