"""News of runs inside a process, and from other processes on the same store: who waits is woken, nobody polls a run.

Between processes the store is asked whether anybody else has committed (SQLite: `PRAGMA data_version`), a few dozen
times a second, and only while somebody waits or a leg works.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from bridge.engine import tables
from bridge.engine.effects import Signal, Wait, Woken
from bridge.hands.bells import Bell
from bridge.records import Run
from bridge.store import Store

LOOK_EVERY: Final = 0.05
"""Seconds between two looks for commits of other processes."""

LONGEST_WAIT: Final = 1.0
"""Seconds after which a waiter looks for itself, should all news have been missed."""

JUST_NOW: Final = 4 * LOOK_EVERY
REMEMBERED: Final = 4096

NEWS: Final = tables.SETTLED | {"cancelling"}


class Hub:
    """Waiters and working legs by run id."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._versions: OrderedDict[str, int] = OrderedDict()  # of the runs last heard of
        self._elsewhere_at = float("-inf")
        self._lock = threading.Condition()
        self._waiters: dict[str, set[Callable[[], None]]] = {}
        self._legs: dict[str, tuple[object, Callable[[Signal], None]]] = {}
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
            hands, post = self._legs.get(run.id, (None, None))
        for wake in waiters:
            wake()
        if post is not None and hands is not origin:
            post(Woken())

    def _remember(self, run: Run) -> None:
        self._versions[run.id] = run.version
        self._versions.move_to_end(run.id)
        if len(self._versions) > REMEMBERED:
            self._versions.popitem(last=False)

    def _changed_elsewhere(self) -> None:
        with self._lock:
            self._elsewhere_at = self._clock()
            waiters = [wake for waiting in self._waiters.values() for wake in waiting]
            posts = [post for _, post in self._legs.values()]
        for wake in waiters:
            wake()
        for post in posts:
            post(Woken())

    # --- listening

    def add_leg(self, run_id: str, hands: object, post: Callable[[Signal], None]) -> None:
        with self._lock:
            self._legs[run_id] = (hands, post)
            self._look_out()

    def remove_leg(self, run_id: str, hands: object) -> None:
        with self._lock:
            if self._legs.get(run_id, (None,))[0] is hands:
                del self._legs[run_id]

    def wait(self, effect: Wait) -> None:
        """Until news of the run, or until that time; in this thread."""
        event = threading.Event()
        if self._enter(effect, event.set):
            event.wait(self._seconds(effect))
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
            self._waiters.setdefault(effect.run_id, set()).add(wake)
            self._look_out()
            is_known = self._versions.get(effect.run_id, -1) > effect.version
            return not is_known and self._clock() - self._elsewhere_at > JUST_NOW

    def _leave(self, effect: Wait, wake: Callable[[], None]) -> None:
        with self._lock:
            waiting = self._waiters[effect.run_id]
            waiting.discard(wake)
            if not waiting:
                del self._waiters[effect.run_id]

    # --- the lookout for other processes

    def _look_out(self) -> None:
        if self._lookout is None:
            self._lookout = threading.Thread(target=self._watch, name="bridge-lookout", daemon=True)
            self._lookout.start()
        self._lock.notify_all()

    def _watch(self) -> None:
        while True:
            with self._lock:
                while not self._closed and not self._waiters and not self._legs:
                    self._lock.wait()
                if self._closed:
                    return
            if self._store.changed_elsewhere():
                self._changed_elsewhere()
            time.sleep(LOOK_EVERY)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._lock.notify_all()
