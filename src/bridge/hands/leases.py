"""The leases of one process on one store: kept alive while legs work, given back when nobody does, taken from the dead.

One heartbeat thread renews the leases of the legs at work, tells those that lost theirs, and looks for stalled runs. A
run can only be taken up by a process that holds the credential it began with (design §3, "Leases").
"""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Final, Protocol

from attrs import field, frozen

from bridge import errors
from bridge.calls import Credential
from bridge.engine.effects import Key, LeaseLost, Stopped
from bridge.engine.flows import Context, legs, stalled
from bridge.hands.drive import Hands, drive
from bridge.hands.feeds import Feed
from bridge.hands.owners import is_dead, name_owner
from bridge.hands.trouble import Trouble
from bridge.hands.work import Work
from bridge.hands.world import World
from bridge.records import Run
from bridge.settings import Options
from bridge.upstream import Upstream

LEASE_SECONDS: Final = 15.0
HEARTBEAT_SECONDS: Final = 5.0
KNOWN: Final = 4096
"""How many credentials are remembered at most, those used last."""

AT_ONCE: Final = 50
"""How many runs one beat takes up at most, lest a restart floods the upstream."""

log = logging.getLogger("bridge")


class Onlooker(Protocol):
    """Is told of each leg that ended well. Called where the leg was driven, so it must neither wait nor raise."""

    def after_leg(self, run: Run, source: Source, seconds: float) -> None:
        """`run` is as it was when the leg was launched."""
        ...


@frozen
class Source:
    """Where a run's legs are executed: an upstream and the credential to use there. `onlooker` is told of ends."""

    upstream: Upstream
    credential: Credential = field(factory=Credential)
    options: Options = field(factory=Options)
    onlooker: Onlooker | None = field(default=None, eq=False)

    @property
    def key(self) -> tuple[str, str]:
        return self.upstream.name, self.credential.fingerprint


class Leases(ABC):
    """What is at work, and under which leases. `on_idle` is called at each beat of the heart at which no leg works."""

    def __init__(
        self,
        world: World,
        *,
        lease_seconds: float,
        heartbeat: float | None,
        on_idle: Callable[[], None] | None,
    ) -> None:
        self.world = world
        self._on_idle = on_idle
        self.owner = name_owner()
        self.lease_seconds = lease_seconds
        self._heartbeat_seconds = heartbeat or min(HEARTBEAT_SECONDS, lease_seconds / 3)
        self._lock = threading.Lock()
        self._work: dict[str, Work] = {}
        self._sources: OrderedDict[tuple[str, str], Source] = OrderedDict()
        self._beat = threading.Event()
        self._heart: threading.Thread | None = None
        self._closed = False
        self._trouble = Trouble("the heartbeat fails")
        self._looks_for_dead = True
        self._idle: dict[str, tuple[int, float]] = {}  # runs nobody works on: their lease's number, and since when

    def context(self, source: Source, wait_until: float | None = None) -> Context:
        name, fingerprint = source.key
        return Context(
            self.owner, self.lease_seconds, name, fingerprint, wait_until, source.upstream.profile, source.options
        )

    @property
    def is_working(self) -> bool:
        return bool(self._work)

    @abstractmethod
    def start(self, run: Run, source: Source, feed: Feed | None) -> None:
        """Drive the next leg of a run that was taken up."""

    def knows(self, source: Source) -> None:
        """Remember a credential somebody brought: stalled runs that began with it can be taken up again."""
        with self._lock:
            is_new = source.key not in self._sources
            self._sources[source.key] = source
            self._sources.move_to_end(source.key)
            if len(self._sources) > KNOWN:
                self._sources.popitem(last=False)
            self._start_heart()
        if is_new:
            self._looks_for_dead = True
            self._beat.set()

    # --- legs come and go

    def _begin(self, run: Run, feed: Feed | None, loop: asyncio.AbstractEventLoop | None = None) -> Work:
        """The leg is at work from here on, though its thread or task may be slow to start: `close` waits for it."""
        work = Work(run, feed, loop)
        with self._lock:
            self._work[run.id] = work
            self._start_heart()
            if self._closed:
                work.post(Stopped())
        return work

    def _end(self, work: Work, ends_well: bool) -> None:
        """Nothing works on it any more; its lease is kept alive no longer. A second time changes nothing."""
        if work.done.is_set():
            return
        if ends_well and work.ended_well is not None:
            work.ended_well()
        self.world.hub.remove_leg(work.run_id, work.hands)
        with self._lock:
            if self._work.get(work.run_id) is work:
                del self._work[work.run_id]
        if work.feed is not None and ends_well:
            work.feed.end()
        elif work.feed is not None:
            log.warning("run %s: its stream ends before the run does (%s)", work.run_id, work.feed.request_id)
            work.feed.end(errors.server_error(work.feed.request_id).body())
        work.done.set()

    def _loop_ended(self, work: Work) -> None:
        """The caller's loop ended under its leg, begun or not: the lease goes back, the run is taken up from here."""
        self._end(work, ends_well=False)
        self._release(work.run_id, work.lease_number)
        self._beat.set()

    # --- the heartbeat

    def _start_heart(self) -> None:
        if self._heart is None and not self._closed:
            heart = threading.Thread(target=self._beats, name="bridge-heartbeat", daemon=True)
            heart.start()
            self._heart = heart

    def _beats(self) -> None:
        while not self._closed:
            try:
                self.renew()
                looks, self._looks_for_dead = self._looks_for_dead, False  # it may be asked for again meanwhile
                self.take_up(dead_too=looks)
                self._trouble.is_over()
            except Exception as error:
                if not self._closed:
                    self._trouble.happened(error)
            self._beat.wait(self._heartbeat_seconds)
            self._beat.clear()
            if self._on_idle is not None and not self.is_working:
                self._on_idle()

    def renew(self) -> None:
        """Move the deadlines of our leases; legs whose lease went are told so."""
        with self._lock:
            working = dict(self._work)
        held = self.world.store.renew(self.owner, self.world.clock() + self.lease_seconds)
        for run_id, work in working.items():
            if run_id not in held:
                work.post(LeaseLost())
        for work in working.values():
            if work.is_dead:
                self._loop_ended(work)
        self._let_orphans_go(held - {run_id for run_id, work in working.items() if work.is_moving})

    def _let_orphans_go(self, idle: Collection[str]) -> None:
        """Leases of ours that nobody works under: their caller was interrupted between the commit and the start, or the
        event loop of their leg stands still. A lease that has been idle for the time between two regular beats is given
        back, so that the run is taken up like any stalled one. (Beats can also come in quick succession.)"""
        now = self.world.clock()
        runs = self.world.store.load([Key(Run, id) for id in idle]) if idle else ()
        numbers = {run.id: run.lease.number for run in runs if run is not None}
        self._idle = {
            run_id: self._idle[run_id] if self._idle.get(run_id, (None, now))[0] == number else (number, now)
            for run_id, number in numbers.items()
        }
        for run_id, (number, since) in self._idle.items():
            if now - since >= self._heartbeat_seconds:
                self._release(run_id, number)

    def _release(self, run_id: str, number: int) -> None:
        """Give back this very lease; nothing happens where it is another's, or a later one of our own."""
        try:
            drive(legs.release(run_id, self.owner, number), Hands(self.world))
        except Exception:
            log.exception("run %s: its lease could not be given back; it lapses by itself", run_id)

    def take_up(self, dead_too: bool = False) -> None:
        """Claim stalled runs we can go on with, and start their legs.

        `dead_too`: also those whose lease still holds but whose owner was a process of this host and is no more. Asked
        for after a start and when a credential arrives; later deaths are noticed when their leases lapse.
        """
        now = self.world.clock()
        started = 0
        for run in self.world.store.stalled(float("inf") if dead_too else now, limit=10_000 if dead_too else 1000):
            waits = run.status == "requires_action"
            is_held = not waits and not run.lease.lapsed(now)
            if (waits and now < run.expires_at) or (is_held and not is_dead(run.lease.owner)):
                continue
            if started == AT_ONCE:
                self._looks_for_dead |= dead_too
                return
            started += self._take_up(run, dead=is_held)

    def _take_up(self, run: Run, dead: bool) -> bool:
        """Whether a leg was started. Trouble with one run is not the others'."""
        source = self._sources.get((run.upstream, run.fingerprint))
        if source is None and run.status != "cancelling" and self.world.clock() < run.expires_at:
            return False
        context = Context(self.owner, self.lease_seconds)
        dead_owner = run.lease.owner if dead else None
        try:
            claimed = drive(stalled.take_over(context, run.thread_id, run.id, dead_owner), Hands(self.world))
            if claimed is None or source is None:
                return False
            log.warning("run %s: taken over from %s", run.id, run.lease.owner)
            self.start(claimed, source, None)
        except Exception:
            log.exception("run %s: it could not be taken up", run.id)
            return False
        return True
