"""Processes that are forked or spawned from one that has used its client, and whose runs they are."""

from __future__ import annotations

from typing import Any

import pytest

from doors.shapes.running import Shape

pytestmark = [pytest.mark.slow, pytest.mark.matrix]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_fifty_callers_of_a_pool_of_processes(here: Shape, method: str) -> None:
    assert here.run("forking.py", "pool", method).until("threads") == "50"


@pytest.mark.parametrize("name", ["amid_legs", "amid_async_legs"])
def test_a_fork_while_runs_are_at_work(here: Shape, name: str) -> None:
    program = here.run("forking.py", name)
    assert set(program.until("children").split()) == {"0"}
    assert program.until("parent") == "completed"


def test_a_fork_while_another_thread_makes_its_first_call(here: Shape) -> None:
    here.seconds = 20
    assert here.run("forking.py", "amid_the_first_call").until("children") == "0"


def test_a_worker_that_ends_finishes_a_short_run(here: Shape, client: Any) -> None:
    program = here.run("forking.py", "left_by_a_worker", "a moment")
    run_id, thread_id = program.until("run").split()
    assert client.beta.threads.runs.retrieve(run_id, thread_id=thread_id).status == "completed"


def test_a_worker_that_ends_gives_a_long_run_back(here: Shape, client: Any, upstream: Any) -> None:
    upstream.scripted._turns._fired.clear()
    program = here.run(
        "forking.py", "left_by_a_worker", "slow once", told=("its stream ends before the run does", "taken over")
    )
    run_id, thread_id = program.until("run").split()
    assert client.beta.threads.runs.poll(run_id, thread_id=thread_id).status == "completed"
