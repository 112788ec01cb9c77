"""Locks that a forked child finds free: of the threads that may have held them in its parent none is there.

What such a lock guards is whole at every moment, or is made anew in a child.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final
from weakref import WeakSet


class Lock:
    """To be used with `with`. `kind` is threading.Lock or threading.RLock."""

    def __init__(self, kind: Callable[[], AbstractContextManager[Any]] = threading.Lock) -> None:
        self._kind = kind
        self.renew()
        _locks.add(self)

    def renew(self) -> None:
        self._lock = self._kind()

    def __enter__(self) -> None:
        self._lock.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._lock.__exit__(*error)


_locks: Final[WeakSet[Lock]] = WeakSet()


def _renew() -> None:
    for lock in _locks:
        lock.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
