"""The two drivers of flows, sync and async, side by side, and the hands they use (design §3, "Flows").

A driver asks the flow for its next effect, lets the hands perform it, and sends the answer back in; an error of the
hands is thrown into the flow. The operation itself exists once, in engine/flows.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bridge.engine.effects import (
    Close,
    Commit,
    Committed,
    Effect,
    Entries,
    Flow,
    History,
    Keep,
    Kept,
    Learn,
    Lessons,
    Load,
    Mint,
    Next,
    Now,
    Open,
    Outcome,
    Page,
    Read,
    Refused,
    Revive,
    RunState,
    Send,
    Wait,
    Warn,
)
from bridge.hands import files
from bridge.hands.bells import result_of
from bridge.hands.feeds import Feed
from bridge.hands.pumps import AsyncDirect, AsyncLine, Direct, Line
from bridge.hands.world import World
from bridge.records import Delta, Put, Run, Told

T = TypeVar("T")

log = logging.getLogger("bridge")


def drive(flow: Flow[T], hands: Hands) -> T:
    """Drive the flow to its end in this thread."""
    try:
        effect = next(flow)
        while True:
            try:
                answer = hands.perform(effect)
            except Exception as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def adrive(flow: Flow[T], hands: AsyncHands) -> T:
    """Drive the flow to its end on this event loop."""
    try:
        effect = next(flow)
        while True:
            try:
                answer = await hands.perform(effect)
            except Exception as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result


class _Common:
    """What both pairs of hands do alike: all that never waits."""

    def __init__(self, world: World, feed: Feed | None) -> None:
        self.world = world
        self.feed = feed
        self.lost: list[str] = []  # parameters of which something is lost (Warn), each once

    def at_once(self, effect: Effect) -> Any:
        """Effects that need neither the disk nor the network."""
        world = self.world
        if isinstance(effect, Now):
            return world.clock()
        if isinstance(effect, Mint):
            return world.mint(effect.kind)
        if isinstance(effect, Lessons):
            return frozenset(world.lessons.get((effect.upstream, effect.model), ()))
        if isinstance(effect, Learn):
            world.lessons.setdefault((effect.upstream, effect.model), set()).add(effect.lesson)
            log.warning("model %s refuses %s: it is asked without, from now on", effect.model, effect.lesson)
            return None
        if isinstance(effect, Warn):
            if effect.parameter is not None and effect.parameter not in self.lost:
                self.lost.append(effect.parameter)
            world.warn(f"{effect.parameter or 'note'}: {effect.sentence}")
            return None
        raise TypeError(f"no hands for {effect!r} here")

    def publish(self, outcome: Outcome) -> Outcome:
        """Stream what was stored, and wake whoever waits for these runs."""
        if isinstance(outcome, Committed):
            if self.feed is not None:
                self.feed.publish(outcome.changes)
            for change in outcome.changes:
                if isinstance(change, Put) and isinstance(change.record, Run):
                    self.world.hub.changed(change.record, origin=self)
        return outcome


def _is_told_only(effect: Commit) -> bool:
    return all(isinstance(change, (Delta, Told)) for change in effect.changes)


class Hands(_Common):
    """Hands of a thread. Without a `line` there is no upstream to be asked."""

    def __init__(self, world: World, feed: Feed | None = None, line: Line | Direct | None = None) -> None:
        super().__init__(world, feed)
        self.line = line
        store = world.store
        self._table: dict[type[Any], Callable[[Any], Any]] = {
            Load: lambda effect: store.load(effect.keys),
            Page: store.page,
            History: store.history,
            Entries: store.entries,
            RunState: store.run_state,
            Commit: self._commit,
            Read: lambda effect: files.whole(store, effect.copy),
            Revive: world.reviver.revive,
            Wait: world.hub.wait,
        }
        if line is not None:
            self._table[Send] = lambda effect: line.ask(
                lambda upstream, credential: upstream.send(effect, credential), effect.until, is_urgent=effect.is_urgent
            )
            self._table[Keep] = self._keep
        if line is not None and not isinstance(line, Direct):
            self._table[Open] = line.open
            self._table[Next] = lambda effect: line.next(effect.until)
            self._table[Close] = lambda effect: line.close()

    def perform(self, effect: Effect) -> Any:
        act = self._table.get(type(effect))
        return self.at_once(effect) if act is None else act(effect)

    def _keep(self, effect: Keep) -> Kept | Refused:
        assert self.line is not None
        keeping = files.Keeping(self.world.store, effect)
        return self.line.ask(keeping, effect.until, keeping.give_up)

    def _commit(self, effect: Commit) -> Outcome:
        if _is_told_only(effect):
            return self.publish(Committed(effect.changes))
        return self.publish(self.world.store.commit(effect).result())


class AsyncHands(_Common):
    """Hands of an event loop: reads in the world's reader threads, commits awaited, nothing blocks."""

    def __init__(self, world: World, feed: Feed | None = None, line: AsyncLine | AsyncDirect | None = None) -> None:
        super().__init__(world, feed)
        self.line = line
        store, readers = world.store, world.readers
        self._table: dict[type[Any], Callable[[Any], Awaitable[Any]]] = {
            Load: lambda effect: readers.run(store.load, effect.keys),
            Page: lambda effect: readers.run(store.page, effect),
            History: lambda effect: readers.run(store.history, effect),
            Entries: lambda effect: readers.run(store.entries, effect),
            RunState: lambda effect: readers.run(store.run_state, effect),
            Commit: self._commit,
            Read: lambda effect: readers.run(files.whole, store, effect.copy),
            Revive: world.reviver.arevive,
            Wait: world.hub.await_,
        }
        if line is not None:
            self._table[Send] = lambda effect: line.ask(
                lambda upstream, credential: upstream.asend(effect, credential), effect.until, effect.is_urgent
            )
            self._table[Keep] = lambda effect: line.ask(files.akeeping(store, effect), effect.until)
        if line is not None and not isinstance(line, AsyncDirect):
            self._table[Open] = line.open
            self._table[Next] = lambda effect: line.next(effect.until)
            self._table[Close] = lambda effect: line.close()

    async def perform(self, effect: Effect) -> Any:
        act = self._table.get(type(effect))
        return self.at_once(effect) if act is None else await act(effect)

    async def _commit(self, effect: Commit) -> Outcome:
        if _is_told_only(effect):
            return self.publish(Committed(effect.changes))
        return self.publish(await result_of(self.world.store.commit(effect)))
