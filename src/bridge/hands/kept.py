"""Which files are kept here under ids that are not ours: those an import brought, with the bytes they had."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from bridge.engine.effects import Key
from bridge.errors import StoreError
from bridge.records import File
from bridge.store import Store

SECONDS: Final = 5.0
"""For how long it is believed that there is none. Calls about the upstream's files then cost a look at the clock."""

log = logging.getLogger("bridge")


class KeptFiles:
    """Asked before every call about a file, so it asks the store no more than needed."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._some = False
        self._believed_until = float("-inf")

    def has(self, id: str) -> bool:
        """A store that cannot be asked keeps nothing; the log says so."""
        try:
            if not self._some and self._clock() >= self._believed_until:
                self._some = self._store.keeps_others()
                self._believed_until = self._clock() + SECONDS
            return self._some and self._store.load([Key(File, id)])[0] is not None
        except StoreError as error:
            log.warning("%s is asked of the upstream: %s", id, error)
            return False
