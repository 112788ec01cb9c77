"""Which threads are at other servers, too, and what of them is still out: for `bridge routes`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from attrs import define, field

from bridge.calls import Call
from bridge.engine import tables
from bridge.engine.effects import Key, Page
from bridge.errors import APIError
from bridge.hands.drive import drive
from bridge.hands.hub import Hub
from bridge.hands.world import World
from bridge.records import Counterpart, Run, Thread
from bridge.routing import bringing, moving
from bridge.routing.effects import Errand
from bridge.routing.plan import Plan
from bridge.routing.router import RoutingHands
from bridge.store import Store
from bridge.upstream.assistants import runs_at

AT_ONCE: Final = 1000
ASKING: Final = Call("GET", "/threads")
"""On whose behalf servers are asked: nobody's."""


@define
class Standing:
    """`threads` is how many threads a server has, too; `under_way` the runs that it was working on when somebody asked
    last."""

    server: str
    threads: int = 0
    under_way: list[Run] = field(factory=list)


def standings(store: Store) -> list[Standing]:
    """One for each server that a thread was ever at."""
    found: dict[str, Standing] = {}
    for mark in _marks(store):
        server = mark.id.removesuffix(f" {mark.thread_id}")
        standing = found.setdefault(server, Standing(server))
        standing.threads += 1
        run = _active(store, mark.thread_id)
        if run is not None and run.upstream == runs_at(server):
            standing.under_way.append(run)
    return list(found.values())


def brought(store: Store, plan: Plan, thread_ids: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Ask the servers of the plan how their runs stand, and bring in what they made; then the threads of these ids.
    Of each run and each thread its id, and what is wrong, None where nothing is."""
    errands = _Errands(store)
    try:
        for run in [run for standing in standings(store) for run in standing.under_way]:
            yield run.id, errands.settle(plan, run)
        for thread_id in thread_ids:
            yield thread_id, errands.bring(plan, thread_id)
    finally:
        errands.world.close()


class _Errands:
    def __init__(self, store: Store) -> None:
        self.world = World(store, Hub(store))

    def settle(self, plan: Plan, run: Run) -> str | None:
        server = plan.holder_of(run)
        if server is None:
            return f"no table [[route]] names its server, which is {run.upstream.removeprefix(runs_at(''))}"
        why = self._why(moving.settled(server, ASKING, run))
        (now,) = self.world.store.load([Key(Run, run.id)])
        is_open = now is not None and now.status not in tables.TERMINAL
        return why or (f"still {now.status}" if is_open else None)

    def bring(self, plan: Plan, thread_id: str) -> str | None:
        for server in plan.servers:
            if self.world.store.load([Key(Thread, thread_id)])[0] is None:
                why = self._why(bringing.thread(server, ASKING, thread_id))
                if why is not None:
                    return why
        return None if self.world.store.load([Key(Thread, thread_id)])[0] is not None else "no server has it"

    def _why(self, errand: Errand[object]) -> str | None:
        """What was wrong with an errand, if something was."""
        try:
            drive(errand, RoutingHands(self.world))
        except APIError as error:
            return error.message
        return None


def _marks(store: Store) -> Iterator[Counterpart]:
    """What is known of threads at other servers."""
    after: str | None = None
    while True:
        some = store.page(Page(Counterpart, limit=AT_ONCE, order="asc", after=after))
        yield from (one for one in some.records if one.kind == "thread")
        if not some.has_more:
            return
        after = some.records[-1].id


def _active(store: Store, thread_id: str) -> Run | None:
    (thread,) = store.load([Key(Thread, thread_id)])
    if thread is None or thread.active_run_id is None:
        return None
    run: Run | None = store.load([Key(Run, thread.active_run_id)])[0]
    return run
