"""Observations do not stay for ever."""

from __future__ import annotations

from typing import Final

from bridge.engine.effects import Commit, Page
from bridge.records import Erase, Observed
from bridge.store import Store

DAY: Final = 24 * 60 * 60
AT_ONCE: Final = 100


def prune(store: Store, candidate: str, before: float) -> None:
    """Forget what was observed of this candidate before that moment (Unix seconds)."""
    after: str | None = None
    while True:
        found = store.page(Page(Observed, limit=AT_ONCE, order="asc", after=after))
        old = [each for each in found.records if each.created_at < before]
        gone = tuple(Erase(Observed, each.id) for each in old if each.candidate == candidate)
        kept = [each.id for each in old if each.candidate != candidate]
        store.commit(Commit(gone)).result()
        if len(old) < AT_ONCE:
            return
        after = kept[-1] if kept else after
