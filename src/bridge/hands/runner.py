"""Drives every leg, listened to or not, on whatever thread or loop it belongs to; ends with the process (design §3)."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Final

from bridge.engine.effects import Signal, Stopped
from bridge.engine.flows import legs
from bridge.hands.drive import AsyncHands, Hands, adrive, drive
from bridge.hands.feeds import Feed
from bridge.hands.leases import LEASE_SECONDS, Leases, Source
from bridge.hands.loops import BridgeLoop
from bridge.hands.pumps import AsyncLine, Line
from bridge.hands.watching import watched
from bridge.hands.work import Work
from bridge.hands.world import World
from bridge.records import Run

EXIT_SECONDS: Final = 5.0
"""How long the end of the process waits for its legs; then they have LAST_SECONDS to let go."""

LAST_SECONDS: Final = 1.0

log = logging.getLogger("bridge")


class Runner(Leases):
    """Legs of one process on one store."""

    def __init__(
        self,
        world: World,
        *,
        lease_seconds: float = LEASE_SECONDS,
        heartbeat: float | None = None,
        on_idle: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(world, lease_seconds=lease_seconds, heartbeat=heartbeat, on_idle=on_idle)
        self._loop = BridgeLoop()

    # --- starting legs

    def start(self, run: Run, source: Source, feed: Feed | None) -> None:
        """Drive the next leg of the run in a thread of its own."""
        work = self._begin(run, feed)
        thread = threading.Thread(target=self._drive, args=(run, source, work), name="bridge-leg", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._not_started(work)

    def start_async(self, run: Run, source: Source, feed: Feed | None, on_this_loop: bool = False) -> None:
        """Drive it on the bridge's own loop, or on the running one. When that ends before the run, or is no asyncio
        loop at all, the leg is driven in a thread, with a plain client in place of the caller's."""
        loop = _running_loop() if on_this_loop else None
        if on_this_loop and loop is None:
            self.start(run, source, feed)
            return
        work = self._begin(run, feed, loop)
        leg = self._adrive(run, source, work)
        if loop is None:
            try:
                self._loop.submit(leg)
            except RuntimeError:
                leg.close()
                self._not_started(work)
        else:
            task = loop.create_task(leg)
            task.add_done_callback(lambda task: self._loop_ended(work) if task.cancelled() else None)
            self._loop.keep(task)

    def _not_started(self, work: Work) -> None:
        """No more threads, or the interpreter goes down: the run is stored, so it is taken up later, or elsewhere."""
        log.exception("run %s: its leg could not be started now", work.run_id)
        self._end(work, ends_well=False)
        self._release(work.run_id, work.lease_number)

    def _drive(self, run: Run, source: Source, work: Work) -> None:
        line = Line(watched(source.upstream, run.id), source.credential, self.world.clock)
        hands = Hands(self.world, work.feed, line)
        work.ended_well = _telling(run, source)
        ends_well = False
        try:
            self._enter(work, hands, line.post)
            ends_well = drive(legs.leg(self.context(source), run), hands)
        except Exception:
            log.exception("run %s: its leg failed in an unforeseen way", run.id)
            self._abort(run)
        finally:
            line.close()
            self._end(work, ends_well)

    async def _adrive(self, run: Run, source: Source, work: Work) -> None:
        line = AsyncLine(watched(source.upstream, run.id), source.credential, self.world.clock)
        hands = AsyncHands(self.world, work.feed, line)
        work.ended_well = _telling(run, source)
        ends_well = False
        try:
            self._enter(work, hands, line.post)
            ends_well = await adrive(legs.leg(self.context(source), run), hands)
        except Exception:
            log.exception("run %s: its leg failed in an unforeseen way", run.id)
            await self.world.readers.run(self._abort, run)
        finally:
            try:
                await line.close()
            finally:
                self._end(work, ends_well)

    def _abort(self, run: Run) -> None:
        """The run is ended, unheard: its stream may hold more than was stored, so that one ends with an error."""
        try:
            drive(legs.abort(run), Hands(self.world))
        except Exception:
            log.exception("run %s: it could not even be ended; it expires by itself", run.id)

    def _enter(self, work: Work, hands: object, post: Callable[[Signal], None]) -> None:
        self.world.hub.add_leg(work.run_id, work.lease_number, hands, post)
        work.listen(hands, post)

    # --- the end

    def close(self, seconds: float = EXIT_SECONDS) -> None:
        """Let the legs finish for a few seconds, then give the leases back: another process takes the runs up.

        Takes no longer than `seconds` and a little more than LAST_SECONDS. Interrupted (Ctrl-C), it waits no more.
        """
        with self._lock:
            self._closed = True
        self._beat.set()
        if self._heart is not None and self._heart is not threading.current_thread():
            self._heart.join(LAST_SECONDS)
        with self._lock:
            working = [work for work in self._work.values() if work.is_moving]
        _wait(working, seconds)
        for work in working:
            work.post(Stopped())
        _wait(working, LAST_SECONDS)
        self._loop.close()
        try:  # what nobody let go: legs that hang, on loops that stand still, or that were never started
            self.world.store.renew(self.owner, 0.0)
        except Exception:
            log.exception("leases could not be given back; they lapse by themselves")


def _telling(run: Run, source: Source) -> Callable[[], None] | None:
    """Tells the onlooker, if there is one, of the leg that begins now."""
    onlooker, began = source.onlooker, time.monotonic()
    return None if onlooker is None else lambda: onlooker.after_leg(run, source, time.monotonic() - began)


def _wait(working: Collection[Work], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    try:
        for work in working:
            work.done.wait(max(0.0, deadline - time.monotonic()))
    except KeyboardInterrupt:
        log.warning("interrupted: %d runs are left to other processes", sum(not work.done.is_set() for work in working))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # trio
        return None
