"""Processes that end in every way while a run works: soon, in silence, and the run is completed or taken up."""

from __future__ import annotations

import itertools
import signal
import time
from typing import Any

import pytest

from doors.shapes.programs.common import texts
from doors.shapes.running import Program, Shape

pytestmark = pytest.mark.slow
KINDS = ("sync", "async", "own")
WAYS = {
    "normally": 0,
    "amid_a_stream": 0,
    "by_exit_in_a_thread": 0,
    "by_exception": 1,
    "closed_twice": 0,
    "collected": 0,
}
TOLD = ("its stream ends before the run does", "taken over from", "are left to other processes")
SOON = 5 + 1 + 3  # for the legs, for letting go, and for a busy machine


def is_taken_up(program: Program, client: Any, text: str, answer: str) -> None:
    run_id, thread_id = program.until("run").split()
    assert client.beta.threads.runs.poll(run_id, thread_id=thread_id).status == "completed"
    assert texts(client, thread_id) == [text, answer]


@pytest.mark.parametrize(("kind", "way"), list(itertools.product(KINDS, WAYS)))
def test_a_run_that_needs_a_moment(here: Shape, client: Any, kind: str, way: str) -> None:
    program = here.run("ending.py", kind, way, "a moment", code=WAYS[way], told=TOLD)
    is_taken_up(program, client, "a moment", "Wait, here.")


@pytest.mark.parametrize(("kind", "way"), list(itertools.product(KINDS, WAYS)))
def test_a_run_that_needs_longer(here: Shape, client: Any, upstream: Any, kind: str, way: str) -> None:
    upstream.scripted._turns._fired.clear()
    program = here.start("ending.py", kind, way, "slow once")
    program.until("run")
    began = time.monotonic()
    here.ends(program, WAYS[way], TOLD)
    assert time.monotonic() - began < SOON
    is_taken_up(program, client, "slow once", "Quick this time.")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("kind", "way"), list(itertools.product(KINDS, ("polling", "streaming"))))
def test_a_signal(here: Shape, client: Any, upstream: Any, kind: str, way: str, sent: signal.Signals) -> None:
    upstream.scripted._turns._fired.clear()
    program = here.start("ending.py", kind, way, "slow once")
    program.until("waits")
    time.sleep(0.2)
    program.process.send_signal(sent)
    began = time.monotonic()
    here.ends(program, -sent, TOLD)
    assert time.monotonic() - began < SOON
    is_taken_up(program, client, "slow once", "Quick this time.")
