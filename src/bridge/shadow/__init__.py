"""A second answer on the side: what candidates make of the runs that the primary has ended (docs/shadow.md).

The primary answers as ever. When a run of it is over, each candidate that takes the run gets the same thread, as it was
then, in a store of its own in memory, and runs on it; tools are not executed, their outputs are those of the primary's
steps. Both sides are published to the store, for `bridge diff watch` and `bridge diff report`. Nobody waits for that.
"""

from __future__ import annotations

from typing import TypeVar

from bridge.service import Service
from bridge.settings import Settings

S = TypeVar("S", bound=Service)


def beside(service: S, settings: Settings) -> S:
    """The same service, its runs tried by the candidates that the settings name, if there are any."""
    if settings.shadows:
        from bridge.shadow.onlooker import shadow_of

        service.onlooker = shadow_of(service.store, settings.shadows)
    return service


__all__ = ["beside"]
