"""Threads of a store of bridge, in the form of an export (``assistants-thread-export/v1``), in a tape."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bridge.diff.readers import objects, threads
from bridge.diff.tape import Tape
from bridge.errors import ConfigurationError
from bridge.service import Service
from bridge.store.open import open_store
from bridge.transfer.leaving.exported import exported
from bridge.upstream.scripted import ScriptedUpstream


def read(store: str, thread_ids: Sequence[str]) -> Tape:
    """The tape of these threads in a store, named as in the settings. Raises ConfigurationError for a store that is not
    there and for threads that are not in it."""
    path = store.removeprefix("sqlite:///").partition("?")[0]
    if not Path(path).is_file():
        raise ConfigurationError(f"There is no store {path}.")
    service = Service(open_store(store), ScriptedUpstream(keep_requests=False))
    exports = {thread_id: exported(service, thread_id) for thread_id in thread_ids}
    return threads.tape(objects.collect(exports), "threads of a store", store)
