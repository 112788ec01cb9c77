"""Clients that are made at first use and closed when nobody needs them any more.

A run goes on after the program closed the client that began it (assistants-wire §10.5): `retire` waits for the answers
under way, and who comes later gets a new client.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from bridge.forks import Lock

C = TypeVar("C")


class Loan(Generic[C]):
    """A client in somebody's hands. `back` may be called more than once, from any thread."""

    def __init__(self, client: C, give_back: Callable[[], None]) -> None:
        self.client = client
        self._give_back: Callable[[], None] | None = give_back
        self._lock = threading.Lock()

    def back(self) -> None:
        with self._lock:
            give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


class Lender(Generic[C]):
    """Lends one client to many. Any thread may call anything."""

    def __init__(self, make: Callable[[], C], close: Callable[[C], None]) -> None:
        self._make, self._close = make, close
        self._lock = Lock(threading.RLock)  # the garbage collector may call `retire` amid anything
        self._shelf: _Shelf[C] | None = None

    def lend(self) -> Loan[C]:
        with self._lock:
            if self._shelf is None or self._shelf.pid != os.getpid():
                # After a fork the parent goes on with its connections: they are neither shared nor closed here.
                self._shelf = _Shelf(self._make())
            shelf = self._shelf
            shelf.out += 1
        return Loan(shelf.client, lambda: self._take_back(shelf))

    def retire(self) -> None:
        """Close the client as soon as all loans are back."""
        with self._lock:
            shelf, self._shelf = self._shelf, None
            is_last = shelf is not None and shelf.out == 0
        if shelf is not None and is_last and shelf.pid == os.getpid():
            self._close(shelf.client)

    def _take_back(self, shelf: _Shelf[C]) -> None:
        with self._lock:
            shelf.out -= 1
            is_last = shelf.out == 0 and self._shelf is not shelf
        if is_last and shelf.pid == os.getpid():
            self._close(shelf.client)


class _Shelf(Generic[C]):
    def __init__(self, client: C) -> None:
        self.client = client
        self.out = 0
        self.pid = os.getpid()


_announced: Final[set[tuple[asyncio.AbstractEventLoop, object]]] = set()
_closing: Final[set[asyncio.Task[Any]]] = set()
_on_loops: Final[WeakKeyDictionary[Any, WeakSet[Lender[Any]]]] = WeakKeyDictionary()
_lock: Final = Lock(threading.RLock)


def belongs_to(loop: Any, lender: Lender[Any]) -> None:
    """The clients of this lender are to be closed before the loop is, if that is a loop of ours."""
    with _lock:
        _on_loops.setdefault(loop, WeakSet()).add(lender)


def is_closing(task: asyncio.Task[Any]) -> bool:
    """Whether the task closes a client; it is better let finish."""
    return task in _closing


async def retire_all() -> None:
    """Close what belongs to the running loop, whose end has come: nothing works on it any more."""
    loop = asyncio.get_running_loop()
    with _lock:
        lenders = list(_on_loops.pop(loop, ()))
    for lender in lenders:
        lender.retire()
    await closed()


async def closed() -> None:
    """Wait for what is being closed on the running loop: one that ended first would leave connections open.

    Where nothing is, others on the loop get no turn: a leg whose HTTP client the program closed fails if it finds out,
    and is taken up if the loop ends before (design §3)."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # under trio nothing of ours belongs to a loop
        return
    if any(where is loop for where, _ in tuple(_announced)):
        await asyncio.sleep(0)  # until the closing has begun
    if closing := [task for task in _closing if task.get_loop() is loop]:
        await asyncio.wait(closing)


def current_loop() -> Any:
    """What an async client belongs to: the running loop of asyncio, or the token of a run of trio."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        import trio

        return trio.lowlevel.current_trio_token()


def close_on(loop: asyncio.AbstractEventLoop, close: Callable[[], Any]) -> None:
    """Run an async `close` on the loop its client belongs to, from any thread. A loop that ended took the connections
    with it."""

    def start() -> None:
        task = loop.create_task(close())
        _closing.add(task)
        task.add_done_callback(_closing.discard)
        _announced.discard(announced)

    announced = (loop, start)
    if not loop.is_closed():
        _announced.add(announced)
        try:
            loop.call_soon_threadsafe(start)
        except RuntimeError:  # it ended just now
            _announced.discard(announced)
