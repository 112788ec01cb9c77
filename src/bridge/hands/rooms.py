"""One runner for each store in each process, shared by all services on that store while one of them is in use."""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Callable
from typing import Final
from weakref import WeakSet

from attrs import field, frozen

from bridge.forks import Lock
from bridge.hands import endings
from bridge.hands.hub import Hub
from bridge.hands.runner import EXIT_SECONDS, Runner
from bridge.hands.world import World
from bridge.store import Store


@frozen
class _Room:
    store: Store
    runner: Runner
    users: WeakSet[object] = field(factory=WeakSet)

    def close(self, seconds: float) -> None:
        self.runner.close(seconds)
        self.leave()

    def leave(self) -> None:
        """When no leg works any more."""
        self.runner.world.close()
        self.store.close()


_lock: Final = Lock()
_rooms: Final[dict[int, _Room]] = {}
_between: Final[list[Callable[[], object]]] = []
_asked: Final[set[int]] = set()
"""The process that has asked to be told of its end, and those it was forked from."""


def runner_for(store: Store, user: object) -> Runner:
    """The runner of this store in this process: made at first use, and anew after a fork (no thread survives one).

    `user` is who asks. When all users are gone and no leg works, the runner ends and the store is closed; whoever asks
    then gets a new one.
    """
    with _lock:
        room = _rooms.get(id(store))
        if room is None:
            key = id(store)
            room = _rooms[key] = _Room(store, Runner(World(store, Hub(store)), on_idle=lambda: _close_unused(key)))
            _ask_to_be_told()
        room.users.add(user)
        return room.runner


def _close_unused(key: int) -> None:
    """Called at a beat of a runner without work."""
    with _lock:
        room = _rooms.get(key)
        if room is not None and not room.users and not room.runner.is_working:
            del _rooms[key]
            room.close(0.0)  # under the lock: who comes now waits until the store is closed, and opens it again


def before_stores_close(work: Callable[[], object]) -> None:
    """Have this done whenever all rooms are closed, when no leg works any more."""
    _between.append(work)


def close_all(seconds: float = EXIT_SECONDS) -> None:
    """Let running legs finish for so many seconds, release the rest, and close the stores. Called at exit."""
    with _lock:
        rooms = list(_rooms.values())
        _rooms.clear()
    deadline = time.monotonic() + seconds
    for room in rooms:
        room.runner.close(max(0.0, deadline - time.monotonic()))
    for work in _between:
        work()
    for room in rooms:
        room.leave()


def _ask_to_be_told() -> None:
    """Of the end of this process, once."""
    if os.getpid() not in _asked:
        _asked.add(os.getpid())
        endings.run_at_end(close_all)


def _forget() -> None:
    """In a forked child: what the parent has is the parent's."""
    _rooms.clear()


atexit.register(close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
