"""Drives every leg, listened to or not; keeps the leases alive; takes up what a dead process left (design §3).

One heartbeat thread a runner: it renews the leases of the legs at work, tells those that lost theirs, and looks for
stalled runs. A run can only be taken up by a process that holds the credential it began with.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from attrs import field, frozen

from bridge import errors
from bridge.calls import Credential
from bridge.engine.effects import LeaseLost, Signal, Stopped
from bridge.engine.flows import Context, legs
from bridge.hands.drive import AsyncHands, Hands, adrive, drive
from bridge.hands.feeds import Feed
from bridge.hands.loops import BridgeLoop
from bridge.hands.pumps import AsyncLine, Line
from bridge.hands.world import World
from bridge.records import Run
from bridge.upstream import Upstream

LEASE_SECONDS: Final = 15.0
HEARTBEAT_SECONDS: Final = 5.0
EXIT_SECONDS: Final = 5.0

log = logging.getLogger("bridge")


@frozen
class Source:
    """Where a run's legs are executed: an upstream and the credential to use there."""

    upstream: Upstream
    credential: Credential = field(factory=Credential)

    @property
    def key(self) -> tuple[str, str]:
        return self.upstream.name, self.credential.fingerprint


class _Work:
    """A leg at work, from the moment it is asked for; what is posted before it listens is kept for it."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.done = threading.Event()
        self._early: list[Signal] = []
        self._post: Callable[[Signal], None] | None = None
        self._lock = threading.Lock()

    def post(self, signal: Signal) -> None:
        with self._lock:
            if self._post is None:
                self._early.append(signal)
            else:
                self._post(signal)

    def listen(self, post: Callable[[Signal], None]) -> None:
        with self._lock:
            self._post = post
            for signal in self._early:
                post(signal)


class Runner:
    """Legs of one process on one store."""

    def __init__(self, world: World, *, lease_seconds: float = LEASE_SECONDS, heartbeat: float | None = None) -> None:
        self.world = world
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.lease_seconds = lease_seconds
        self._heartbeat_seconds = heartbeat or min(HEARTBEAT_SECONDS, lease_seconds / 3)
        self._lock = threading.Lock()
        self._work: dict[str, _Work] = {}
        self._sources: dict[tuple[str, str], Source] = {}
        self._beat = threading.Event()
        self._heart: threading.Thread | None = None
        self._closed = False
        self._looks_for_dead = True
        self._idle: frozenset[str] = frozenset()
        self._loop = BridgeLoop()

    def context(self, source: Source, wait_until: float | None = None) -> Context:
        name, fingerprint = source.key
        return Context(self.owner, self.lease_seconds, name, fingerprint, wait_until)

    # --- starting legs

    def knows(self, source: Source) -> None:
        """Remember a credential somebody brought: stalled runs that began with it can be taken up again."""
        with self._lock:
            is_new = source.key not in self._sources
            self._sources[source.key] = source
            self._start_heart()
        if is_new:
            self._looks_for_dead = True
            self._beat.set()

    def start(self, run: Run, source: Source, feed: Feed | None) -> None:
        """Drive the next leg of the run in a thread of its own."""
        work = self._begin(run)
        thread = threading.Thread(target=self._drive, args=(run, source, feed, work), name="bridge-leg", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads, or the interpreter goes down
            self._end(work, feed, ends_well=False)
            raise

    def start_async(self, run: Run, source: Source, feed: Feed | None, on_this_loop: bool = False) -> None:
        """Drive it on the bridge's own loop, or on the running one (which then must live as long as the run)."""
        work = self._begin(run)
        leg = self._adrive(run, source, feed, work)
        if on_this_loop:
            task = asyncio.get_running_loop().create_task(leg)
            task.add_done_callback(lambda _: self._end(work, feed, ends_well=False))  # cancelled before it began
            self._loop.keep(task)
        else:
            self._loop.submit(leg)

    def _drive(self, run: Run, source: Source, feed: Feed | None, work: _Work) -> None:
        line = Line(source.upstream, source.credential, self.world.clock)
        hands = Hands(self.world, feed, line)
        self._enter(work, hands, line.post)
        ends_well = False
        try:
            ends_well = drive(legs.leg(self.context(source), run), hands)
        except Exception:
            log.exception("run %s: its leg failed in an unforeseen way", run.id)
            self._abort(run)
        finally:
            line.close()
            self._leave(work, hands, feed, ends_well)

    async def _adrive(self, run: Run, source: Source, feed: Feed | None, work: _Work) -> None:
        line = AsyncLine(source.upstream, source.credential, self.world.clock)
        hands = AsyncHands(self.world, feed, line)
        self._enter(work, hands, line.post)
        ends_well = False
        try:
            ends_well = await adrive(legs.leg(self.context(source), run), hands)
        except Exception:
            log.exception("run %s: its leg failed in an unforeseen way", run.id)
            await self._loop.in_thread(self._abort, run)
        finally:
            self._leave(work, hands, feed, ends_well)
            await line.close()

    def _abort(self, run: Run) -> None:
        """The run is ended, unheard: its stream may hold more than was stored, so that one ends with an error."""
        try:
            drive(legs.abort(run), Hands(self.world))
        except Exception:
            log.exception("run %s: it could not even be ended; it expires by itself", run.id)

    def _begin(self, run: Run) -> _Work:
        """The leg is at work from here on, though its thread or task may be slow to start: `close` waits for it."""
        work = _Work(run.id)
        with self._lock:
            self._work[run.id] = work
            self._start_heart()
            if self._closed:
                work.post(Stopped())
        return work

    def _enter(self, work: _Work, hands: object, post: Callable[[Signal], None]) -> None:
        self.world.hub.add_leg(work.run_id, hands, post)
        work.listen(post)

    def _leave(self, work: _Work, hands: object, feed: Feed | None, ends_well: bool) -> None:
        self.world.hub.remove_leg(work.run_id, hands)
        self._end(work, feed, ends_well)

    def _end(self, work: _Work, feed: Feed | None, ends_well: bool) -> None:
        """Nothing works on it any more; its lease is kept alive no longer. A second time changes nothing."""
        with self._lock:
            if self._work.get(work.run_id) is work:
                del self._work[work.run_id]
        if feed is not None:
            feed.end(None if ends_well else errors.server_error("").body())
        work.done.set()

    # --- the heartbeat

    def _start_heart(self) -> None:
        if self._heart is None and not self._closed:
            self._heart = threading.Thread(target=self._beats, name="bridge-heartbeat", daemon=True)
            self._heart.start()

    def _beats(self) -> None:
        while not self._closed:
            try:
                self.renew()
                looks, self._looks_for_dead = self._looks_for_dead, False  # it may be asked for again meanwhile
                self.take_up(dead_too=looks)
            except Exception:
                log.exception("heartbeat failed; the next one is in %.0f s", self._heartbeat_seconds)
            self._beat.wait(self._heartbeat_seconds)
            self._beat.clear()

    def renew(self) -> None:
        """Move the deadlines of our leases; legs whose lease went are told so."""
        with self._lock:
            working = dict(self._work)
        held = self.world.store.renew(self.owner, self.world.clock() + self.lease_seconds)
        for run_id, work in working.items():
            if run_id not in held:
                work.post(LeaseLost())
        self._let_orphans_go(held - working.keys())

    def _let_orphans_go(self, idle: frozenset[str]) -> None:
        """Leases of ours without a leg: their caller was interrupted between the commit and the start. A lease that
        was idle at the beat before as well is given back, so that the run is taken up like any stalled one."""
        for run_id in idle & self._idle:
            drive(legs.release(run_id, self.owner), Hands(self.world))
        self._idle = idle

    def take_up(self, dead_too: bool = False) -> None:
        """Claim stalled runs we can go on with, and start their legs.

        `dead_too`: also those whose lease still holds but whose owner was a process of this host and is no more. Asked
        for after a start and when a credential arrives; later deaths are noticed when their leases lapse.
        """
        now = self.world.clock()
        for run in self.world.store.stalled(now):
            self._take_up(run, dead=False)
        for run in self.world.store.stalled(float("inf"), limit=10_000) if dead_too else ():
            if not run.lease.lapsed(now) and run.status != "requires_action" and is_dead(run.lease.owner):
                self._take_up(run, dead=True)

    def _take_up(self, run: Run, dead: bool) -> None:
        source = self._sources.get((run.upstream, run.fingerprint))
        hands = Hands(self.world)
        if source is None and run.status != "cancelling" and self.world.clock() < run.expires_at:
            return
        context = Context(self.owner, self.lease_seconds)
        dead_owner = run.lease.owner if dead else None
        claimed = drive(legs.take_over(context, run.thread_id, run.id, dead_owner), hands)
        if claimed is not None and source is not None:
            log.warning("run %s: taken over from %s", run.id, run.lease.owner)
            self.start(claimed, source, None)

    # --- the end

    def close(self, seconds: float = EXIT_SECONDS) -> None:
        """Let the legs finish for a few seconds, then give their leases back: another process takes them up."""
        with self._lock:
            self._closed = True
            working = list(self._work.values())
        self._beat.set()
        deadline = time.monotonic() + seconds
        for work in working:
            work.done.wait(max(0.0, deadline - time.monotonic()))
        for work in working:
            if not work.done.is_set():
                work.post(Stopped())
        for work in working:
            work.done.wait(1.0)
        self._loop.close()


def is_dead(owner: str | None) -> bool:
    """Whether `owner` (host:pid:nonce) was a process of this host that is no more."""
    host, _, rest = (owner or "").rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
