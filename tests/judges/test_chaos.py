"""Programs on an upstream of others' making that fails by chance: nothing hangs, no status is wrong, streams are grammatical.

The upstream is aimock, over HTTP. Every run's end is held against the journal of what happened to its requests.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge import AsyncOpenAI, OpenAI
from judges.aimock import Aimock, chaotic
from judges.chaos import Ended, aplay, complaint, jobs, play

pytestmark = [pytest.mark.slow, pytest.mark.needs("node")]

SEED = 20261125
DEADLINE = 120.0
"""Seconds for all programs together. A run of the old service expires after 600: one that hangs is found long before."""

Playing = Callable[[Aimock, Path, int, int], list[Ended]]


def in_threads(aimock: Aimock, store: Path, programs: int, runs: int) -> list[Ended]:
    """Programs with a sync client each, one thread per program; one with no retries, one with one, the rest with two."""
    ended: list[Ended] = []
    failures: list[str] = []

    def program(number: int) -> None:
        try:
            with OpenAI(api_key="sk-test", base_url=aimock.url, store=store, max_retries=min(number, 2)) as client:
                play(client, jobs(f"thread-{number}", runs), ended)
        except Exception as error:
            failures.append(f"program {number}: {error!r}")

    workers = [threading.Thread(target=program, args=(number,), daemon=True) for number in range(programs)]
    until = time.monotonic() + DEADLINE
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(max(0.0, until - time.monotonic()))
    assert not [worker for worker in workers if worker.is_alive()], f"{len(ended)} runs ended, then something hung"
    assert not failures
    return ended


def on_a_loop(aimock: Aimock, store: Path, programs: int, runs: int) -> list[Ended]:
    """Programs that share an async client."""
    ended: list[Ended] = []

    async def main() -> None:
        async with AsyncOpenAI(api_key="sk-test", base_url=aimock.url, store=store, max_retries=1) as client:
            told = [aplay(client, jobs(f"task-{number}", runs), ended) for number in range(programs)]
            await asyncio.wait_for(asyncio.gather(*told), DEADLINE)

    asyncio.run(main())
    return ended


@pytest.fixture
def aimock(tmp_path: Path) -> Iterator[Aimock]:
    with chaotic(tmp_path, SEED) as aimock:
        yield aimock


def check(playing: Playing, aimock: Aimock, store: Path, programs: int, runs: int) -> set[str]:
    """Answer: all that happened to requests."""
    ended = playing(aimock, store, programs, runs)
    assert len(ended) == programs * runs
    outcomes = aimock.outcomes()
    complaints = [complaint(each, outcomes.get(each.job.text, [])) for each in ended]
    assert [said for said in complaints if said] == []
    return {word for told in outcomes.values() for word in told}


ALL = {"whole", "cut", "refused", "drop", "malformed", "rateLimit", "disconnect"}
SIZES = [
    pytest.param(in_threads, 4, 5, id="20-threads"),
    pytest.param(in_threads, 12, 25, id="300-threads", marks=pytest.mark.matrix),
    pytest.param(on_a_loop, 8, 25, id="200-loop", marks=pytest.mark.matrix),
]


@pytest.mark.parametrize(("playing", "programs", "runs"), SIZES)
def test_chaos(
    playing: Playing, programs: int, runs: int, aimock: Aimock, store_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    happened = check(playing, aimock, store_path, programs, runs)
    assert happened == ALL or programs * runs < 100, "not every kind of trouble came"
    unforeseen = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert unforeseen == []
