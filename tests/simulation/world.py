"""A world in one thread: processes that drive real flows with real hands, effect by effect, in any order.

What is real: the flows, `hands.drive.Hands` (what a commit publishes and whom it wakes), `MemoryStore`. What is played:
the runner's threads (`Process`), the line to the upstream (`Line`), the hub (`Hub`), the clock, and who moves next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from attrs import field, mutable

from bridge.engine.effects import (
    Commit,
    Committed,
    Effect,
    End,
    Event,
    Flow,
    Key,
    LeaseLost,
    Next,
    Open,
    Outcome,
    Refused,
    Signal,
    Stopped,
    Timeout,
    Wait,
    Woken,
)
from bridge.engine.flows import Context, legs, stalled
from bridge.errors import StoreError
from bridge.hands.drive import Hands
from bridge.hands.hub import LONGEST_WAIT
from bridge.hands.world import World
from bridge.records import Change, Delta, Put, Run, Told
from bridge.upstream import StreamBroken, UpstreamRefused
from simulation.conversations import Conversation
from simulation.grammar import Grammar, view

if TYPE_CHECKING:
    from simulation.play import Play

LEASE_SECONDS = 15.0
BEAT_SECONDS = 5.0
UPSTREAM = "simulated"


class Crash(BaseException):
    """The process died at this very effect."""


class Actor:
    """One flow under way: `effect` is what it waits for; done when `flow` is None."""

    number: int | None = None
    launched: Run | None = None
    conversation: Conversation | None = None

    def __init__(self, process: Process, kind: str, flow: Flow[Any], then: Callable[[Any], None]) -> None:
        self.process = process
        self.owner = process.owner
        self.kind = kind
        self.flow: Flow[Any] | None = flow
        self.then = then
        self.hands = Hands(process.world)
        self.effect: Effect | None = None
        self.run_id: str | None = None
        self.line: Line | None = None
        self.feed: Feed | None = None
        self.woken = False
        self.wait_until = 0.0
        self.asleep_until = 0.0  # its thread gets no turn

    def use(self, line: Line, feed: Feed | None) -> None:
        """A leg has a line, and perhaps a listener."""
        self.line, self.feed = line, feed
        wire: Any = line
        shown: Any = feed
        self.hands = Hands(self.process.world, shown, wire)

    def take(self, effect: Effect, now: float) -> None:
        """What the flow asks for next. Waiters look for themselves after a second (hub.LONGEST_WAIT)."""
        self.effect = effect
        if isinstance(effect, Wait):
            self.woken, self.wait_until = False, min(effect.until, now + LONGEST_WAIT)

    def is_ready(self, now: float) -> bool:
        effect = self.effect
        if isinstance(effect, Next):
            assert self.line is not None
            return bool(self.line.inbox) or now >= effect.until
        return not isinstance(effect, Wait) or self.woken or now >= self.wait_until

    def due(self) -> float | None:
        """When it goes on by itself, if it waits."""
        if isinstance(self.effect, Next):
            return self.effect.until
        return self.wait_until if isinstance(self.effect, Wait) else None

    def __repr__(self) -> str:
        return f"{self.owner}/{self.kind}/{self.run_id or ''}"


class Line:
    """A leg's line: events wait with the server until they arrive in the inbox, one by one."""

    def __init__(self, play: Play, actor: Actor) -> None:
        self._play = play
        self._actor = actor
        self.inbox: deque[Signal] = deque()
        self.coming: deque[Signal] = deque()

    def open(self, effect: Open) -> None:
        self.close()
        conversation = self._play.upstream.opened(self._actor, effect.request)
        self._actor.conversation = conversation
        self.coming.extend(conversation.signals)

    def ask(self, work: Any, until: float | None = None, give_up: Any = None, is_urgent: bool = False) -> Any:
        """Calls beside the stream are answered at once."""
        try:
            return work(self._play.upstream, None)
        except UpstreamRefused as error:
            return error.refused
        except StreamBroken as error:
            return Refused(0, str(error))

    def arrive(self) -> None:
        self.inbox.append(self.coming.popleft())

    def next(self, until: float) -> Signal:
        return self.inbox.popleft() if self.inbox else Timeout()

    def post(self, signal: Signal) -> None:
        self.inbox.append(signal)

    def close(self) -> None:
        self.coming.clear()
        for signal in [signal for signal in self.inbox if isinstance(signal, (Event, End, Refused))]:
            self.inbox.remove(signal)


class Feed:
    """A listener's stream: the grammar reads along, and nothing may come that was not stored."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self.grammar = Grammar()

    @property
    def end(self) -> str | None:
        return self.grammar.end

    def publish(self, changes: Iterable[Change]) -> None:
        changes = tuple(changes)
        self._play.watch.told(changes)
        for change in changes:
            if isinstance(change, Delta):
                self.grammar.tell(change.event, {"id": change.id, "delta": change.delta})
            elif isinstance(change, Told):
                self.grammar.tell(change.event, view(change.record))
            elif isinstance(change, Put) and change.events:
                data = view(change.record)
                for event in change.events:
                    self.grammar.tell(event, data)

    def over(self, end: Any) -> None:
        if self.grammar.end is None:
            self.grammar.over(end)


class Hub:
    """News of runs; some of it is lost on the way, more of it between processes."""

    def __init__(self, play: Play, process: Process) -> None:
        self._play = play
        self._process = process

    def changed(self, run: Run, origin: object = None) -> None:
        for actor in self._play.actors:
            if actor.run_id != run.id or actor.hands is origin:
                continue
            if self._play.random.random() < self._play.lost * (1 if actor.process is self._process else 2):
                continue
            if actor.kind == "leg" and actor.line is not None:
                actor.line.post(Woken())
            actor.woken = True

    def wait(self, effect: Wait) -> None:
        """Performed once it is over."""


class StoreOf:
    """The store as one process sees it: everything is watched, and a commit may be the last thing it does."""

    def __init__(self, play: Play) -> None:
        self._play = play
        store = play.store
        self.load, self.page, self.history, self.run_state = store.load, store.page, store.history, store.run_state
        self.entries = store.entries
        self.write_piece, self.piece, self.drop_pieces = store.write_piece, store.piece, store.drop_pieces

    def commit(self, commit: Commit) -> Future[Outcome]:
        play = self._play
        assert play.acting is not None
        if play.doom == "store error before":
            raise StoreError("the disk is full")
        leases = play.watch.leases(commit)
        future: Future[Outcome] = play.store.commit(commit)
        outcome = future.result()
        if isinstance(outcome, Committed):
            play.watch.saw(play.acting, commit, outcome, leases)
        if play.doom == "crash between":
            raise Crash
        if play.doom == "store error after":
            raise StoreError("the answer of the disk was lost")
        return future


@mutable(eq=False)
class Process:
    """One process: what hands.runner.Runner does, as steps of the play."""

    play: Play
    owner: str
    has_credential: bool = True
    is_alive: bool = True
    is_closing: bool = False
    paused_until: float = 0.0
    beat_at: float = 0.0
    looks_for_dead: bool = True
    idle: dict[str, int] = field(factory=dict)
    world: World = field(init=False)

    def __attrs_post_init__(self) -> None:
        play = self.play
        hub: Any = Hub(play, self)
        store: Any = StoreOf(play)
        self.world = World(store, hub, lambda: play.now, play.mint)

    def context(self) -> Context:
        name = UPSTREAM if self.has_credential else "another"
        return Context(self.owner, LEASE_SECONDS, name, "credential")

    # --- legs

    def start(self, run: Run, feed: Feed | None) -> None:
        """Runner.start: the leg's first step comes some time later."""
        flow = legs.leg(self.context(), run)
        actor = self.play.enter(self, "leg", flow, lambda ends_well: self._ended(actor, ends_well), run.id, feed)
        actor.launched, actor.number = run, run.lease.number
        if self.is_closing:
            actor.line.post(Stopped())  # type: ignore[union-attr]

    def _ended(self, actor: Actor, ends_well: bool) -> None:
        if not ends_well and not self.is_closing:
            self.play.watch.check_lost(actor)
        if actor.feed is not None:
            actor.feed.over("done" if ends_well else "error")

    def failed(self, actor: Actor) -> None:
        """Runner._drive where the flow raised: the run is ended honestly, its stream is not ended well."""
        if actor.feed is not None:
            actor.feed.over("error")
        run = actor.launched
        assert run is not None
        self.play.enter(self, "abort", legs.abort(run), lambda _: None, run.id).number = actor.number

    def working(self) -> dict[str, Actor]:
        return {a.run_id: a for a in self.play.actors if a.process is self and a.kind == "leg" and a.run_id}

    # --- the heartbeat

    def beat(self) -> None:
        if self.is_closing:
            return
        self.beat_at = self.play.now
        working = self.working()
        held = self.play.store.renew(self.owner, self.play.now + LEASE_SECONDS)
        for run_id, actor in working.items():
            if run_id not in held and actor.line is not None:
                actor.line.post(LeaseLost())
        loaded = self.play.store.load([Key(Run, run_id) for run_id in sorted(held - working.keys())])
        idle = {run.id: run.lease.number for run in loaded if run is not None}
        for run_id, number in idle.items():
            if self.idle.get(run_id) == number:
                flow = legs.release(run_id, self.owner, number)
                self.play.enter(self, "release", flow, lambda _: None, run_id)
        self.idle = idle
        self._take_up()

    def _take_up(self) -> None:
        now, store = self.play.now, self.play.store
        for run in store.stalled(now):
            self._take_one(run, dead=False)
        for run in store.stalled(float("inf")) if self.looks_for_dead else ():
            if not run.lease.lapsed(now) and run.status != "requires_action" and self.play.is_dead(run.lease.owner):
                self._take_one(run, dead=True)
        self.looks_for_dead = False

    def _take_one(self, run: Run, dead: bool) -> None:
        knows = self.has_credential and run.upstream == UPSTREAM
        if not knows and run.status != "cancelling" and self.play.now < run.expires_at:
            return
        if any(a.kind == "sweep" and a.process is self and a.run_id == run.id for a in self.play.actors):
            return
        context = Context(self.owner, LEASE_SECONDS)
        flow = stalled.take_over(context, run.thread_id, run.id, run.lease.owner if dead else None)
        self.play.enter(self, "sweep", flow, lambda run: run and knows and self.start(run, None), run.id)

    def shut_down(self) -> None:
        """Runner.close, after its patience: every leg is told to let go. Some may hang; their leases go back."""
        self.is_closing = True
        if self.play.random.random() < 0.3:
            self.play.store.renew(self.owner, 0.0)
        for actor in self.working().values():
            if actor.line is not None:
                actor.line.post(Stopped())
