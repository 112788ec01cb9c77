"""Runs of single assistants, or of a share of the threads, sent to another server that speaks Assistants.

Every thread has its home in bridge's store, and its callers know the ids it has there. A run that is routed elsewhere
takes the thread to its server first, with all that was said since; while the run is under way, calls about it are
passed on; when it is over, what it made is brought in. So taking a table out of bridge.toml leaves every thread where
it was.
"""

from __future__ import annotations

from bridge.calls import Answering
from bridge.service import Service
from bridge.settings import Settings


def before(service: Service, settings: Settings, within: Answering) -> Answering:
    """What answers the calls of a door: `within`, behind the routes that the settings name, if there are any. It is the
    service, or what stands for it and knows who closes it."""
    if not settings.routes:
        return within
    from bridge.routing.router import Router

    return Router(service, settings.routes, within)


__all__ = ["before"]
