"""One runner for each store in each process, shared by all clients of that store."""

from __future__ import annotations

import atexit
import os
import threading
from typing import Final

from bridge.hands.hub import Hub
from bridge.hands.runner import Runner
from bridge.hands.world import World
from bridge.store import Store

_lock: Final = threading.Lock()
_runners: Final[dict[int, tuple[int, Store, Runner]]] = {}


def runner_for(store: Store) -> Runner:
    """The runner of this store in this process: made at first use, and anew after a fork (no thread survives one)."""
    with _lock:
        pid, _, runner = _runners.get(id(store), (None, None, None))
        if runner is None or pid != os.getpid():
            runner = Runner(World(store, Hub(store)))
            if not _runners:
                atexit.register(close_all)
            _runners[id(store)] = (os.getpid(), store, runner)
        return runner


def close_all() -> None:
    """Let running legs finish for a moment, release the rest, and close the stores. Called at exit."""
    with _lock:
        mine = [(store, runner) for pid, store, runner in _runners.values() if pid == os.getpid()]
        _runners.clear()
    for store, runner in mine:
        runner.close()
        runner.world.hub.close()
        store.close()
