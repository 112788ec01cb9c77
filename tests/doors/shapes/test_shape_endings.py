"""Processes that end in every way while a run works: soon, in silence, and the run is completed or taken up."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import bridge
from bridge.testing import serve_scripted
from doors.shapes.conftest import SCRIPT
from doors.shapes.programs.common import texts
from doors.shapes.running import Program, Shape, shape

pytestmark = [pytest.mark.slow, pytest.mark.matrix]  # minutes of waiting for leases
KINDS = ("sync", "async", "own")
WAYS = {
    "normally": 0,
    "amid_a_stream": 0,
    "by_exit_in_a_thread": 0,
    "by_exception": 1,
    "closed_twice": 0,
    "collected": 0,
}
SIGNALS = {f"{way} {sent.name}": sent for way in ("polling", "streaming") for sent in (signal.SIGINT, signal.SIGTERM)}
TOLD = ("its stream ends before the run does", "taken over from", "are left to other processes")
SOON = 5 + 1 + 14  # for the legs, for letting go, and for six processes on a busy machine
CUT: Any = [{"say": "One,"}, {"wait": 60}, {"say": " two."}]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[Shape, Program]]]:
    """Starts a program on a store of its own; who repeats its run gets an answer at once."""
    first = [{"when": f"{way} slow", "times": 1, "do": CUT} for way in (*WAYS, *SIGNALS)]
    with (
        serve_scripted([*first, *[rule for rule in SCRIPT if rule["when"] != "slow"]]) as served,
        ExitStack() as shapes,
    ):

        def start(kind: str, way: str, text: str) -> tuple[Shape, Program]:
            folder = tmp_path / way.replace(" ", "-")
            folder.mkdir()
            here = shapes.enter_context(shape(folder / "bridge.db", served.url))
            return here, here.start("ending.py", kind, way.split()[0], text)

        yield start


def is_completed(here: Shape, program: Program, text: str, answer: str) -> None:
    run_id, thread_id = program.until("run").split()
    with bridge.OpenAI(api_key="sk-test", base_url=here.url, store=str(here.store), max_retries=0) as client:
        assert client.beta.threads.runs.poll(run_id, thread_id=thread_id).status == "completed"
        assert texts(client, thread_id) == [text, answer]


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_needs_a_moment(start: Any, kind: str) -> None:
    started = {way: start(kind, way, "a moment") for way in ("normally", "by_exit_in_a_thread")}
    for way, (here, program) in started.items():
        here.ends(program, WAYS[way], TOLD)
        is_completed(here, program, "a moment", "Wait, here.")


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_needs_longer(start: Any, kind: str) -> None:
    ways = [way for way in WAYS if (kind, way) != ("own", "closed_twice")]  # which closes what the run goes through
    started = {way: start(kind, way, f"{way} slow") for way in ways}
    for _, program in started.values():
        program.until("run")
    began = time.monotonic()
    for way, (here, program) in started.items():
        here.ends(program, WAYS[way], TOLD)
    assert time.monotonic() - began < SOON
    for way, (here, program) in started.items():
        is_completed(here, program, f"{way} slow", f"You said: {way} slow")


@pytest.mark.parametrize("kind", KINDS)
def test_a_signal(start: Any, kind: str) -> None:
    started = {way: start(kind, way, f"{way} slow") for way in SIGNALS}
    for _, program in started.values():
        program.until("waits")
    time.sleep(0.2)
    for way, (_, program) in started.items():
        program.process.send_signal(SIGNALS[way])
    began = time.monotonic()
    for way, (here, program) in started.items():
        here.ends(program, -SIGNALS[way], TOLD)
    assert time.monotonic() - began < SOON
    for way, (here, program) in started.items():
        is_completed(here, program, f"{way} slow", f"You said: {way} slow")
