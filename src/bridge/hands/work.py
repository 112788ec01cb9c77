"""A leg at work, as the runner keeps account of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from bridge.engine.effects import Signal
from bridge.hands.feeds import Feed
from bridge.records import Run


class Work:
    """A leg at work, from the moment it is asked for; what is posted before it listens is kept for it.

    `loop` is the caller's event loop, if the leg works there: it may end, or stand still, before the leg is done.
    `ended_well` is called when it ends as it should, while it still counts as at work.
    """

    def __init__(self, run: Run, feed: Feed | None = None, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.run_id = run.id
        self.lease_number = run.lease.number
        self.feed = feed
        self.hands: object = None
        self.ended_well: Callable[[], None] | None = None
        self.done = threading.Event()
        self._loop = loop
        self._early: list[Signal] = []
        self._post: Callable[[Signal], None] | None = None
        self._lock = threading.Lock()

    @property
    def is_moving(self) -> bool:
        """Whether anything moves the leg on."""
        return self._loop is None or self._loop.is_running()

    @property
    def is_dead(self) -> bool:
        """Whether nothing ever will."""
        return self._loop is not None and self._loop.is_closed()

    def post(self, signal: Signal) -> None:
        with self._lock:
            if self._post is None:
                self._early.append(signal)
            else:
                self._post(signal)

    def listen(self, hands: object, post: Callable[[Signal], None]) -> None:
        with self._lock:
            self.hands, self._post = hands, post
            for signal in self._early:
                post(signal)
