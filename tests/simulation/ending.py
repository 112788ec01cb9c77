"""The dust settles: no more faults, no more clients. Whoever is left finishes, and what must hold then is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.engine import tables
from bridge.engine.effects import Flow, Key, RunState
from bridge.engine.flows import Launch, messages, runs
from bridge.records import Run, Thread
from bridge.wire import render
from simulation.promises import need

if TYPE_CHECKING:
    from simulation.play import Play
    from simulation.world import Process

MOST_MOVES = 3000


def settle(play: Play) -> None:
    play.odds = play.odds.__class__(tick=0.0, beat=0.0)
    play.lost = 0.0
    play.upstream.always, play.upstream.calls_at = "completed", 0.0
    for client in play.clients:
        client.is_through = True
    for process in play.processes:
        process.paused_until = 0.0
    for actor in play.actors:
        actor.asleep_until = 0.0
    _run_out(play)
    process = SURVIVORS[play.random.choice(sorted(SURVIVORS))](play)
    _check_every_run(play)
    threads = sorted(play.watch.active.keys() - play.watch.erased)
    for thread_id in threads:
        _check_thread_is_free(play, process, thread_id)
    if threads:
        _check_thread_works(play, process, play.random.choice(threads))
    play.ledger.check()


# --- who is left


def _with_credential(play: Play) -> Process:
    """A process that can go on with every run: legs are repeated, and runs that wait for outputs expire in time.

    Three beats: an orphan that its living owner still renews is let go at the owner's second, and then taken up.
    """
    process = play.launch()
    for _ in range(3):
        play.pass_time(20.0)
        process.beat()
        _run_out(play)
    stuck = [run for run in play.unsettled() if run.status != "requires_action" and run.upstream == "simulated"]
    need(not stuck, "nobody took up {}", stuck)
    _let_expire(play, process)
    return process


def _with_another(play: Play) -> Process:
    """All other processes died; this one holds no credential: it can only end what is overdue."""
    _kill_all(play)
    process = play.launch(has_credential=False)
    _let_expire(play, process)
    return process


def _nobody(play: Play) -> Process:
    """Nobody sweeps. A load ends what is past its deadline."""
    _kill_all(play)
    process = play.launch()
    play.now += 700.0
    for run in play.unsettled():
        if run.thread_id not in play.watch.erased:
            shown = _call(play, process, runs.retrieve(process.context(), run.thread_id, run.id))
            need(shown["status"] in tables.TERMINAL, "loaded long after its time, {} is {}", run.id, shown["status"])
    return process


SURVIVORS = {"with credential": _with_credential, "with another": _with_another, "nobody": _nobody}


def _kill_all(play: Play) -> None:
    for process in play.alive():
        play.crash(process)
    for process in play.processes:
        process.is_alive = False


def _let_expire(play: Play, process: Process) -> None:
    play.pass_time(700.0)
    for _ in range(2):
        process.beat()
        _run_out(play)
        play.pass_time(20.0)


def _run_out(play: Play) -> None:
    """Everybody moves until nobody is left."""
    for _ in range(MOST_MOVES):
        movers = [mover for mover in play.ready() if mover not in play.clients]
        if movers:
            play.move(play.random.choice(movers))
        elif play.actors:
            play.wait(longest=700.0)
        else:
            return
    need(False, "still at work after {} moves: {}", MOST_MOVES, play.actors)


def _call(play: Play, process: Process, flow: Flow[Any]) -> Any:
    """A call while all is quiet."""
    answers: list[Any] = []
    actor = play.enter(process, "call", flow, answers.append)
    while actor in play.actors:
        play.step(actor)
    need(not isinstance(answers[0], Exception), "refused while all is quiet: {}", answers[0])
    return answers[0]


# --- what must be true


def _check_every_run(play: Play) -> None:
    for run in play.watch.runs.values():
        (stored,) = play.store.load([Key(Run, run.id)])
        need(stored is not None and stored.status in tables.TERMINAL, "when all is over, {} is {}", run.id, stored)
        shown = render.rest(stored)
        need(shown["expires_at"] is None and shown["usage"] is not None, "a terminal run is shown as {}", shown)
        snapshot = play.store.run_state(RunState(run.thread_id, run.id))
        still_open = [r.id for r in (*snapshot.steps, *snapshot.messages) if r.status == "in_progress"]
        need(not still_open, "{} has ended, and {} are open", run.id, still_open)


def _check_thread_is_free(play: Play, process: Process, thread_id: str) -> None:
    """It takes another message."""
    (thread,) = play.store.load([Key(Thread, thread_id)])
    need(thread is not None and thread.active_run_id is None, "when all is over, {} is locked", thread)
    given = {"role": "user", "content": "and now?"}
    _call(play, process, messages.create(process.context(), thread_id, given))


def _check_thread_works(play: Play, process: Process, thread_id: str) -> None:
    """It takes another run, which completes."""
    process.has_credential = True
    asked = {"assistant_id": play.assistants[0]}
    launch = _call(play, process, runs.create(process.context(), thread_id, asked, {}))
    assert isinstance(launch, Launch)
    process.start(launch.run, None)
    _run_out(play)
    (run,) = play.store.load([Key(Run, launch.run.id)])
    need(run.status == "completed", "when all is over, a new run ends as {}: {}", run.status, run.last_error)
