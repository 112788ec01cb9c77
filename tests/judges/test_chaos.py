"""Programs on an upstream of others' making, which fails by chance: nothing hangs, no status is wrong.

The upstream is aimock, over HTTP. Every run's end is held against the journal of what happened to its requests, every
stream against the grammar of the old ones.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from bridge import AsyncOpenAI, OpenAI
from judges.aimock import ANSWERS, Aimock, chaotic
from judges.chaos import Ended, Job, aplay, complaint, jobs, play

SEED = 20261125
DEADLINE = 120.0
"""Seconds for all programs together. A run that hangs would expire after 600: it is found long before."""

Playing = Callable[[Aimock, Path, int, int], list[Ended]]


def in_threads(aimock: Aimock, store: Path, programs: int, runs: int) -> list[Ended]:
    """A thread and a sync client for each program; a third of them do not retry, a third do once, a third twice."""
    ended: list[Ended] = []
    failures: list[str] = []

    def program(number: int) -> None:
        try:
            with OpenAI(api_key="sk-test", base_url=aimock.url, store=store, max_retries=number % 3) as client:
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


@pytest.mark.slow
@pytest.mark.needs("node")
@pytest.mark.parametrize(("playing", "programs", "runs"), SIZES)
def test_chaos(
    playing: Playing, programs: int, runs: int, aimock: Aimock, store_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    happened = check(playing, aimock, store_path, programs, runs)
    assert happened == ALL or programs * runs < 100, "not every kind of trouble came"
    unforeseen = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert unforeseen == []


# --- the judge can find something


HELLO, WEATHER = ANSWERS["hello"], ANSWERS["weather"]
RIGHT: list[tuple[str, list[str], str, str | None, list[str]]] = [
    ("hello", ["whole"], "completed", None, [HELLO]),
    ("hello", ["drop", "disconnect", "whole"], "completed", None, [HELLO]),
    ("weather", ["whole", "drop", "whole"], "completed", None, [WEATHER]),
    ("cut-text 9", ["cut"], "failed", "server_error", ["This answer is"]),
    ("weather", ["whole", "rateLimit"], "failed", "rate_limit_exceeded", []),
    ("refused", ["refused"], "failed", "invalid_prompt", []),
]
WRONG: list[tuple[str, list[str], str, str | None, list[str]]] = [
    ("hello", ["whole"], "in_progress", None, []),
    ("hello", [], "completed", None, [HELLO]),
    ("hello", ["whole"], "completed", None, [HELLO[:-1]]),
    ("hello", ["whole"], "completed", None, [HELLO, HELLO]),
    ("hello", ["whole", "whole"], "completed", None, [HELLO]),
    ("hello", ["whole"], "failed", "server_error", [HELLO]),
    ("hello", ["whole"], "completed", "server_error", [HELLO]),
    ("cut-text 9", ["cut"], "completed", None, [ANSWERS["cut"]]),
    ("cut-text 9", ["cut"], "incomplete", None, ["This answer is"]),
    ("hello", ["drop"], "failed", None, []),
    ("hello", ["rateLimit"], "failed", "server_error", []),
]


def ended(text: str, status: str, code: str | None, texts: list[str]) -> Ended:
    error = SimpleNamespace(code=code, message="It broke.") if code else None
    return Ended(Job(text, False), SimpleNamespace(status=status, last_error=error), texts)


@pytest.mark.parametrize(("text", "outcomes", "status", "code", "texts"), RIGHT)
def test_right_ends(text: str, outcomes: list[str], status: str, code: str | None, texts: list[str]) -> None:
    assert complaint(ended(text, status, code, texts), outcomes) is None


@pytest.mark.parametrize(("text", "outcomes", "status", "code", "texts"), WRONG)
def test_wrong_ends(text: str, outcomes: list[str], status: str, code: str | None, texts: list[str]) -> None:
    assert complaint(ended(text, status, code, texts), outcomes)
