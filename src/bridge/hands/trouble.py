"""Trouble that lasts, said once: a store that is gone for an hour is not a traceback every few seconds."""

from __future__ import annotations

import logging

log = logging.getLogger("bridge")


class Trouble:
    """What goes wrong in something that is tried again and again. `what` begins its line in the log."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._last: str | None = None

    def happened(self, error: Exception) -> None:
        """Said with its traceback, unless it is what was said last."""
        said = f"{type(error).__name__}: {error}"
        if said != self._last:
            log.error("%s, and is tried again in silence: %s", self._what, said, exc_info=error)
        self._last = said

    def is_over(self) -> None:
        if self._last is not None:
            log.warning("%s no more", self._what)
        self._last = None
