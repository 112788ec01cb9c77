"""One interleaving: who moves next is drawn from the seed, and so is everything that goes wrong.

    play(seed)      sets the stage, lets clients, processes, upstream and chance act, then lets the dust settle and
                    checks what must be true in the end; raises Broken, Ungrammatical or whatever a flow raised

The message of a failure ends with the call that plays it again, and with the last effects before it (`Play.tell`).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Literal

from attrs import frozen

from bridge import ids
from bridge.engine import tables
from bridge.engine.effects import Commit, Flow, Lessons, Mint, Now
from bridge.engine.flows import assistants
from bridge.errors import APIError, StoreError
from bridge.records import Run
from bridge.store.memory import MemoryStore
from simulation import ending
from simulation.clients import Client, Lost
from simulation.ledger import Ledger
from simulation.promises import Watch
from simulation.upstream import Upstream
from simulation.world import BEAT_SECONDS, LEASE_SECONDS, Actor, Crash, Feed, Line, Process

Doom = Literal["crash before", "crash between", "crash after", "store error before", "store error after"]
START = 1_700_000_000.0


@frozen
class Odds:
    """How likely things go wrong: `crash`, `store` per effect; the others per move. `lost`: per wake-up and answer;
    `heart`: that a heartbeat which is due comes."""

    crash: float = 0.0
    store: float = 0.0
    pause: float = 0.0
    nap: float = 0.0
    late: float = 0.0
    jump: float = 0.0
    leap: float = 0.0
    shutdown: float = 0.0
    lost: float = 0.0
    beat: float = 0.03
    tick: float = 0.1
    heart: float = 0.9


def draw_odds(random: Random) -> Odds:
    """Some interleavings are calm, some are rough in one way, some in all."""

    def some(most: float, share: float = 0.4) -> float:
        return random.random() * most if random.random() < share else 0.0

    return Odds(
        crash=some(0.02),
        store=some(0.01, 0.15),
        pause=some(0.02),
        nap=some(0.05),
        late=some(0.1, 0.25),
        jump=some(0.03),
        leap=some(0.004, 0.2),
        shutdown=some(0.005, 0.2),
        lost=some(0.5),
        beat=random.choice((0.01, 0.05)),
        tick=random.choice((0.05, 0.2)),
        heart=random.choice((0.4, 0.95)),
    )


class Play:
    """The stage of one interleaving. `crash_at` makes the crash at one given effect the only one."""

    def __init__(self, seed: int, odds: Odds | None = None, crash_at: tuple[int, Doom] | None = None) -> None:
        self.seed = seed
        self.random = Random(seed)
        self._first_odds = odds
        self.odds = draw_odds(self.random) if odds is None else odds
        self.lost = self.odds.lost
        self._chances = self._weigh()
        self.now = START
        self.store = MemoryStore()
        self.watch = Watch(self.store, lambda: self.now, self.is_dead)
        self.ledger = Ledger(self)
        self.upstream = Upstream(self, Random(self.random.random()))
        self.actors: list[Actor] = []
        self.acting: Actor | None = None
        self.doom: Doom | None = None
        self.effects = self.acted = 0  # all, and those before the dust settled
        self.story: list[tuple[Any, ...]] = []
        self.processes: list[Process] = []
        self._crash_at = crash_at
        self._minted = 0
        self._launched = 0
        self._is_set = False
        self.clients: list[Client] = []
        for _ in range(self.random.choice((1, 2, 2, 3))):
            self.launch(has_credential=not self.processes or self.random.random() < 0.8)
        self.assistants = [self._assistant(model) for model in ("gpt-4o", "gpt-5", "an-unknown-one")]
        self.clients += [Client(self, number) for number in range(self.random.choice((1, 2, 2, 3)))]
        self.effects, self._is_set = 0, True

    # --- the stage

    def mint(self, kind: ids.Kind) -> str:
        self._minted += 1
        return f"{ids.PREFIXES[kind]}_{self._minted}"

    def launch(self, has_credential: bool = True) -> Process:
        self._launched += 1
        self.processes.append(Process(self, f"host:{self._launched}:p", has_credential))
        return self.processes[-1]

    def is_dead(self, owner: str | None) -> bool:
        return not any(process.owner == owner and process.is_alive for process in self.processes)

    def alive(self) -> list[Process]:
        return [process for process in self.processes if process.is_alive and not process.is_closing]

    def enter(
        self,
        process: Process,
        kind: str,
        flow: Flow[Any],
        then: Callable[[Any], None],
        run_id: str | None = None,
        feed: Feed | None = None,
    ) -> Actor:
        actor = Actor(process, kind, flow, then)
        actor.run_id = run_id
        if kind == "leg":
            actor.use(Line(self, actor), feed)
        self.actors.append(actor)
        self._perhaps_late(actor)
        return actor

    def _perhaps_late(self, actor: Actor) -> None:
        """A thread that starts late, or gets no turn just after a commit: so long that its lease may lapse."""
        if self._is_set and self.random.random() < self.odds.late:
            actor.asleep_until = self.now + LEASE_SECONDS * self.random.choice((1.1, 1.5, 2.0))
            if self.random.random() < 0.5:
                self.pass_time(LEASE_SECONDS + 0.5)

    def _assistant(self, model: str) -> str:
        tools = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]
        given = {"model": model, "instructions": "Help.", "tools": [*tools, {"type": "code_interpreter"}]}
        if model != "gpt-5":
            given["temperature"] = 0.5
        made: list[Any] = []
        process = self.processes[0]
        actor = self.enter(process, "call", assistants.create(process.context(), given), made.append)
        while actor in self.actors:
            self.step(actor)
        answer: str = made[0]["id"]
        return answer

    # --- one step

    def ready(self) -> list[Any]:
        """Whatever can move: actors, arriving events, clients."""
        now = self.now
        found: list[Any] = []
        for actor in self.actors:
            if actor.process.paused_until <= now:
                if actor.asleep_until <= now and actor.is_ready(now):
                    found.append(actor)
                if actor.line is not None and actor.line.coming:
                    found.append(actor.line)
        found += [client for client in self.clients if client.is_ready()]
        return found

    def move(self, mover: Any) -> None:
        if isinstance(mover, Actor):
            self.step(mover)
        elif isinstance(mover, Line):
            for _ in range(min(len(mover.coming), self.random.choice((1, 1, 2, 5)))):
                mover.arrive()
        else:
            mover.move()

    def step(self, actor: Actor) -> None:
        """One effect performed and answered, or the end of the process in the middle of it.

        Nobody can tell when a name is minted, so that is no move of its own; nor is reading the clock, half the time.
        """
        self._perform(actor)
        while actor.flow is not None and actor.process.is_alive:
            if not isinstance(actor.effect, (Mint, Lessons)) and not (
                isinstance(actor.effect, Now) and self.random.random() < 0.5
            ):
                return
            self._perform(actor)

    def _perform(self, actor: Actor) -> None:
        self.effects += 1
        self.doom = self._draw_doom(actor)
        self.story.append((self.now, actor, actor.effect, self.doom))
        if self.doom == "crash before":
            self.crash(actor.process)
            return
        self.acting = actor
        if isinstance(actor.effect, Commit):
            self._perhaps_late(actor)
        try:
            self._advance(actor)
        except Crash:
            self.crash(actor.process)
        if self.doom == "crash after" and actor.process.is_alive:
            self.crash(actor.process)
        self.acting, self.doom = None, None

    def _draw_doom(self, actor: Actor) -> Doom | None:
        if not self._is_set:
            return None
        drawn = self.random.random()
        if self._crash_at is not None:
            return self._crash_at[1] if self.effects == self._crash_at[0] else None
        if drawn < self.odds.crash:
            return self.random.choice(("crash before", "crash between", "crash after"))
        if drawn < self.odds.crash + self.odds.store and isinstance(actor.effect, Commit):
            return self.random.choice(("store error before", "store error after"))
        return None

    def _advance(self, actor: Actor) -> None:
        flow = actor.flow
        assert flow is not None
        try:
            if actor.effect is None:
                actor.take(next(flow), self.now)
                return
            try:
                answer = actor.hands.perform(actor.effect)
            except StoreError as error:
                actor.take(flow.throw(error), self.now)
            else:
                actor.take(flow.send(answer), self.now)
        except StopIteration as stop:
            self._leave(actor, stop.value)
        except APIError as error:
            self._leave(actor, error)
        except StoreError as error:
            self.actors.remove(actor)
            actor.flow = None
            if actor.kind == "leg":
                actor.process.failed(actor)
            elif actor.kind == "call":
                actor.then(Lost(str(error)))

    def _leave(self, actor: Actor, value: Any) -> None:
        self.actors.remove(actor)
        actor.flow = None
        actor.then(value)

    # --- what goes wrong

    def crash(self, process: Process) -> None:
        """Everything of the process is gone at once; what it had committed stays."""
        process.is_alive = False
        self.story.append((self.now, process.owner, "crashed", None))
        for actor in [actor for actor in self.actors if actor.process is process]:
            self.actors.remove(actor)
            if actor.feed is not None:
                actor.feed.over("cut")
            if actor.kind == "call":
                actor.then(Lost("the process died"))
        for client in self.clients:
            client.died(process)

    def happen(self) -> None:
        """One thing nobody asked for, perhaps."""
        drawn, random = self.random.random(), self.random
        for chance, act in self._chances:
            if drawn < chance:
                act(random)
                return
            drawn -= chance

    def _weigh(self) -> list[tuple[float, Callable[[Random], None]]]:
        odds = self.odds
        everything: list[tuple[float, Callable[[Random], None]]] = [
            (odds.tick, lambda random: self.pass_time(random.choice((0.1, 1.0, 3.0)))),
            (odds.beat, lambda random: self._beat_one()),
            (odds.pause, lambda random: self._pause()),
            (odds.nap, lambda random: self._nap()),
            (odds.jump, lambda random: self.pass_time(random.choice((10.0, 16.0, 40.0)))),
            (odds.leap, lambda random: self.pass_time(random.choice((300.0, 601.0)))),
            (odds.shutdown, lambda random: random.choice(self.alive() or self.processes).shut_down()),
        ]
        return [(chance, act) for chance, act in everything if chance]

    def pass_time(self, seconds: float) -> None:
        """The clock goes on; hearts that should have beaten meanwhile mostly do."""
        self.now += seconds
        self.story.append((self.now, "clock", seconds, None))
        for process in self.processes:
            due = self.now - process.beat_at >= BEAT_SECONDS
            if process.is_alive and due and process.paused_until <= self.now and self.random.random() < self.odds.heart:
                process.beat()

    def _beat_one(self) -> None:
        process = self.random.choice(self.processes)
        if process.is_alive and process.paused_until <= self.now:
            process.beat()

    def _pause(self) -> None:
        process = self.random.choice(self.processes)
        process.paused_until = self.now + self.random.choice((1.0, LEASE_SECONDS + 1, 40.0))
        if self.random.random() < 0.5:
            self.pass_time(LEASE_SECONDS + 0.5)

    def _nap(self) -> None:
        """One thread gets no turn for a while; the others of its process do."""
        if self.actors:
            actor = self.random.choice([actor for actor in self.actors if actor.kind != "call"] or self.actors)
            actor.asleep_until = self.now + self.random.choice((1.0, LEASE_SECONDS + 1, 40.0))
            if self.random.random() < 0.5:
                self.pass_time(LEASE_SECONDS + 0.5)

    # --- the whole

    def perform(self, most: int = 400) -> Play:
        """Let everybody act until the clients are through (or `most` moves were made), then settle and check."""
        try:
            for _ in range(most):
                if all(client.is_through for client in self.clients):
                    break
                self._go_on()
            self.acted = self.effects
            ending.settle(self)
        except Exception as error:
            again = f"Play({self.seed}, {self._first_odds}, {self._crash_at}).perform()"
            error.args = (f"{error}\n\nagain: {again}\n{self.tell()}",)
            raise
        return self

    def _go_on(self) -> None:
        self.happen()
        if not self.alive():
            self.launch()
        movers = self.ready()
        if movers:
            self.move(self.random.choice(movers))
        else:
            self.wait()

    def wait(self, longest: float = 30.0) -> None:
        """Nobody can move: time passes until somebody can."""
        dues = [due for due in (actor.due() for actor in self.actors) if due is not None]
        dues += [actor.asleep_until for actor in self.actors]
        dues += [client.until for client in self.clients if not client.is_through]
        dues += [process.paused_until for process in self.processes if process.is_alive]
        coming = [due for due in dues if due > self.now]
        self.pass_time(min([*(due - self.now for due in coming), longest]))

    def tell(self, last: int = 80) -> str:
        """The story, for people."""
        return "\n".join(
            f"{at - START:8.2f} {who!s:24} {doom or ''} {what!r:.300}" for at, who, what, doom in self.story[-last:]
        )

    def unsettled(self) -> list[Run]:
        return [run for run in self.watch.runs.values() if run.status not in tables.TERMINAL]


def play(seed: int, odds: Odds | None = None) -> Play:
    return Play(seed, odds).perform()
