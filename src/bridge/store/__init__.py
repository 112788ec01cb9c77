"""Where records are kept: one protocol, several stores (design §3, "The store")."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Final, Protocol

from bridge.engine.effects import Commit, Entries, History, Key, Outcome, Page, RunState, Slice, Snapshot
from bridge.records import Entry, Run

PIECE: Final = 1024 * 1024
"""Bytes of a piece of a file, the last one aside: the store's lock is held for one at a time."""


class Store(Protocol):
    """What the hands need of a store. All methods are synchronous and safe to call from any thread.

    The answers are those the effects of the same name promise (engine/effects.py); `rules` says what a commit does.
    A store that cannot be reached raises errors.StoreError, from the future where there is one.
    """

    name: str
    """How the store is shown to people: an absolute path or a URL without its password."""

    def load(self, keys: Sequence[Key]) -> tuple[Any, ...]: ...

    def page(self, query: Page) -> Slice: ...

    def history(self, query: History) -> tuple[Entry, ...]: ...

    def entries(self, query: Entries) -> tuple[Entry, ...]: ...

    def run_state(self, query: RunState) -> Snapshot | None: ...

    def commit(self, commit: Commit) -> Future[Outcome]:
        """Hand the commit to the writer. The future is done when the transaction is (group commit), and cannot be
        cancelled. What is done when it is done runs in the writer's thread: ring a bell there, never call the store."""
        ...

    def write_piece(self, copy: str, number: int, data: bytes) -> Future[None]:
        """Store the piece with this number, from 0 on, of a copy of a file's bytes, in a transaction of its own."""
        ...

    def piece(self, copy: str, number: int) -> bytes | None:
        """The piece, or None behind the last one."""
        ...

    def drop_pieces(self, copy: str) -> Future[None]:
        """Forget all pieces of this copy. Erasing the record of the file forgets all its copies."""
        ...

    def keeps_others(self) -> bool:
        """Whether a file is kept under an id that is not ours (ids.is_kept_file)."""
        ...

    def renew(self, owner: str, until: float) -> frozenset[str]:
        """Move the deadline of every lease of `owner` that is not terminal; answer the ids of these runs."""
        ...

    def thread_ids(self, after: str = "", limit: int = 100) -> tuple[str, ...]:
        """The ids of threads that follow `after` in the order of ids: fewer than `limit` at the end."""
        ...

    def stalled(self, now: float, limit: int = 100) -> tuple[Run, ...]:
        """Runs somebody should look after: queued, in_progress or cancelling with a lapsed lease, or
        requires_action past `expires_at`. Oldest first."""
        ...

    def changed_elsewhere(self) -> bool:
        """Whether another process has committed since the last time this was asked (SQLite: data_version)."""
        ...

    def close(self) -> None:
        """Finish what was handed in, then let go of everything open. The next call opens it again."""
        ...
