"""What the hands work with in one process: the store, the clock, names, what was learnt, and who waits for news."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from attrs import field, frozen

from bridge import ids
from bridge.hands.bells import result_of
from bridge.hands.hub import Hub
from bridge.hands.reviving import Reviver
from bridge.store import Store

T = TypeVar("T")

log = logging.getLogger("bridge")


def mint(kind: ids.Kind) -> str:
    return ids.make(kind, secrets.randbits(160))


_Job = tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]


class Readers:
    """A few daemon threads that read for event loops. Ours and not an executor's: those refuse work while the
    interpreter goes down, when legs are still being finished."""

    def __init__(self, count: int = 4) -> None:
        self._count = count
        self._work: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._started = threading.Lock()
        self._threads: list[threading.Thread] = []

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        if not self._threads:
            self._start()
        future: Future[T] = Future()
        self._work.put((future, function, args))
        return await result_of(future)

    def _start(self) -> None:
        with self._started:
            while len(self._threads) < self._count:
                thread = threading.Thread(target=self._read, name="bridge-reader", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _read(self) -> None:
        while True:
            job = self._work.get()
            if job is None:
                return
            future, function, args = job
            try:
                future.set_result(function(*args))
            except Exception as error:
                future.set_exception(error)
            del job, future, function, args  # an idle thread holds on to nothing

    def close(self) -> None:
        """End the threads when what waits is done; who comes later gets new ones."""
        with self._started:
            threads, self._threads = self._threads, []
        for _ in threads:
            self._work.put(None)


REMEMBERED: Final = 1024
"""Sentences that were told. Some hold ids, so there is no end of them."""


@frozen
class World:
    """One process's share of a store."""

    store: Store
    hub: Hub
    clock: Callable[[], float] = time.time
    mint: Callable[[ids.Kind], str] = mint
    lessons: dict[tuple[str, str], set[str]] = field(factory=dict)
    readers: Readers = field(factory=Readers)
    warned: set[str] = field(factory=set)
    reviver: Reviver = field(init=False)

    @reviver.default
    def _make_reviver(self) -> Reviver:
        return Reviver(self.store, self.mint, self.clock)

    def warn(self, sentence: str) -> None:
        """Tell the log, once in this process."""
        if sentence not in self.warned:
            if len(self.warned) >= REMEMBERED:
                self.warned.clear()
            self.warned.add(sentence)
            log.warning("%s", sentence)

    def close(self) -> None:
        """End its threads; the store stays open."""
        self.hub.close()
        self.readers.close()
