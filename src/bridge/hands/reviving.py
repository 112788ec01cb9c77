"""Asking the program for what the store does not know: once for an id, however many calls ask at the same time."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextvars import ContextVar, copy_context
from typing import Any, Final

import anyio.to_thread
from attrs import field, frozen

from bridge import errors, ids
from bridge.engine import reviving
from bridge.engine.effects import Commit, Committed, Key, Outcome, Revive
from bridge.hands.bells import result_of
from bridge.hooks import Missing, hook_of
from bridge.records import Assistant, Thread
from bridge.store import Store

KINDS: Final[dict[Missing, type[Any]]] = {"thread": Thread, "assistant": Assistant}

log = logging.getLogger("bridge")

_asked_for: ContextVar[frozenset[tuple[Missing, str]]] = ContextVar("bridge_asked_for", default=frozenset())
"""What the hook that runs here was asked for: a call of its own about the same id must not wait for itself."""


class _GivenUp(Exception):
    """Who was to ask was cancelled: the next who waits asks."""


@frozen
class Reviver:
    """One for each store in a process. The first to ask for an id does the work, the others wait for it."""

    store: Store
    mint: Callable[[ids.Kind], str]
    clock: Callable[[], float]
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _asked: dict[tuple[Missing, str], Future[None]] = field(factory=dict, init=False)

    def revive(self, effect: Revive) -> None:
        """Raises APIError where the hook raised, or answered what cannot be."""
        while not self._is_own(effect):
            future, is_first = self._join(effect)
            if not is_first:
                try:
                    return future.result()
                except _GivenUp:
                    continue
            with _Asking(self, effect, future):
                if not self._is_there(effect):
                    told = self._told(effect)
                    if self._is_made(effect, told):
                        self._check(effect, self._commit(effect, told).result())
            return future.result()

    async def arevive(self, effect: Revive) -> None:
        """The same on an event loop: a coroutine function runs on it, a function in a thread."""
        while not self._is_own(effect):
            future, is_first = self._join(effect)
            if not is_first:
                try:
                    return await result_of(future)
                except _GivenUp:
                    continue
            with _Asking(self, effect, future):
                if not await anyio.to_thread.run_sync(self._is_there, effect):
                    told = await self._atold(effect)
                    if self._is_made(effect, told):
                        self._check(effect, await result_of(self._commit(effect, told)))
            return future.result()

    # --- one at a time

    def _is_own(self, effect: Revive) -> bool:
        return (effect.kind, effect.id) in _asked_for.get()

    def _join(self, effect: Revive) -> tuple[Future[None], bool]:
        key = (effect.kind, effect.id)
        with self._lock:
            there = self._asked.get(key)
            if there is not None:
                return there, False
            made: Future[None] = Future()
            self._asked[key] = made
            return made, True

    def leave(self, effect: Revive) -> None:
        with self._lock:
            del self._asked[effect.kind, effect.id]

    # --- the hook

    def _is_there(self, effect: Revive) -> bool:
        """Somebody may have revived it between the caller's look and now."""
        return self.store.load([Key(KINDS[effect.kind], effect.id)])[0] is not None

    def _told(self, effect: Revive) -> Any:
        hook = hook_of(effect.kind)
        told = None if hook is None else hook(effect.id)
        return _waited_for(told) if inspect.isawaitable(told) else told

    async def _atold(self, effect: Revive) -> Any:
        hook = hook_of(effect.kind)
        if hook is None:
            return None
        if inspect.iscoroutinefunction(hook):
            return await hook(effect.id)
        told = await anyio.to_thread.run_sync(hook, effect.id)
        return await told if inspect.isawaitable(told) else told

    def _is_made(self, effect: Revive, told: Any) -> bool:
        return told is not None or effect.creates

    def _commit(self, effect: Revive, told: Any) -> Future[Outcome]:
        changes = reviving.changes(effect.kind, effect.id, told, self.mint, self.clock())
        return self.store.commit(Commit(tuple(changes)))

    def _check(self, effect: Revive, outcome: Outcome) -> None:
        """Another process may have been quicker: then it is there, and theirs stays."""
        if isinstance(outcome, Committed):
            log.info("%s %s was not in the store and was made", effect.kind, effect.id)
        elif not self._is_there(effect):
            raise ValueError("one of its messages has an id that is in the store already")


class _Asking:
    """While the first asks; the others are told how it ended."""

    def __init__(self, reviver: Reviver, effect: Revive, future: Future[None]) -> None:
        self._reviver, self._effect, self._future = reviver, effect, future

    def __enter__(self) -> None:
        own = (self._effect.kind, self._effect.id)
        self._token = _asked_for.set(_asked_for.get() | {own})

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        """An error of the hook becomes one of the call; whatever ends the caller itself goes on."""
        _asked_for.reset(self._token)
        self._reviver.leave(self._effect)
        if error is None:
            self._future.set_result(None)
        elif isinstance(error, Exception):
            self._future.set_exception(_failed(self._effect, error))
        else:
            self._future.set_exception(_GivenUp())
        return error is None or isinstance(error, Exception)


def _failed(effect: Revive, error: Exception) -> errors.APIError:
    said = error.message if isinstance(error, errors.APIError) else f"{type(error).__name__}: {error}"
    log.error("on_missing_%s failed for %s", effect.kind, effect.id, exc_info=error)
    return errors.hook_failed(effect.kind, effect.id, said)


def _waited_for(told: Awaitable[Any]) -> Any:
    """A coroutine asked for by a thread: on a loop of its own, since this thread's may be running. In this thread's
    context, so that calls of its own know what it is asked for."""
    done: Future[Any] = Future()

    def run() -> None:
        async def wait() -> Any:
            return await told

        try:
            done.set_result(asyncio.run(wait()))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=copy_context().run, args=(run,), name="bridge-hook", daemon=True).start()
    return done.result()
