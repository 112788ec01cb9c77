"""Tasks of Celery in its prefork pool: the client was used before the workers were forked."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from bridge.engine.effects import Key
from bridge.records import Run
from bridge.store.open import open_store
from doors.shapes.programs.common import texts
from doors.shapes.running import DEPRECATED, Program, Shape, complaints

pytestmark = [pytest.mark.slow, pytest.mark.matrix]
IGNORED = [f"-Wignore:{each}:DeprecationWarning" for each in DEPRECATED]
WORKER = ("-m", "celery", "-A", "celery_app", "worker", "--pool", "prefork", "--concurrency", "4", "--loglevel", "INFO")
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


@pytest.fixture
def worker(here: Shape, frameworks: Path) -> Program:
    return here.command(str(frameworks), "-X", "dev", *IGNORED, *WORKER, *QUIET, CELERY_FOLDER=str(here.store.parent))


def test_fifty_callers(here: Shape, frameworks: Path, worker: Program, client: Any) -> None:
    calls = here.command(
        str(frameworks), str(here.programs / "celery_calls.py"), "50", CELERY_FOLDER=str(here.store.parent)
    )
    assert calls.end(90) == 0, calls.errors + worker.errors
    assert (calls.until("threads"), calls.until("workers")) == ("50", "4")
    worker.process.send_signal(signal.SIGTERM)
    assert worker.end(30) == 0, worker.errors
    assert complaints(worker.errors) == [], worker.errors
    (run,) = open_store(str(here.store)).load([Key(Run, calls.until("slow"))])
    assert (run.status, run.lease.owner) == ("in_progress", None), "it was not given back"
    left = calls.until("left").split()
    assert [texts(client, thread_id) for thread_id in left] == [["a while", "Wait, here."]] * 4
