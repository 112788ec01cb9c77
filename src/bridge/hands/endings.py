"""Ends of processes that `atexit` is not told of: workers of multiprocessing, of billiard, and of Celery.

They end with `os._exit` once they have run what was handed to their own machinery, so it is handed in there, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

MACHINERIES: Final = ("multiprocessing.util", "billiard.util")
BEFORE_OTHERS: Final = 100
"""The priority among what is run at such an end: before queues and managers are closed."""


def run_at_end(close: Callable[[], Any]) -> None:
    """Have `close` called when this process ends as a worker. A child that is forked from here has to ask again: these
    machineries forget what its parent asked for. `close` may be called more than once."""
    for name in MACHINERIES:
        if (machinery := sys.modules.get(name)) is not None:
            machinery.Finalize(None, close, exitpriority=BEFORE_OTHERS)
    if (signals := sys.modules.get("celery.signals")) is not None:
        signals.worker_process_shutdown.connect(_closing(close), weak=False, dispatch_uid=__name__)


def _closing(close: Callable[[], Any]) -> Callable[..., None]:
    def closing(**told: Any) -> None:
        close()

    return closing
