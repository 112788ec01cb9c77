"""A WSGI app under gunicorn: the client was used before the workers were forked, and serves fifty callers at once."""

from __future__ import annotations

import json
import re
import signal
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from doors.shapes.programs.common import at_once, texts
from doors.shapes.running import DEPRECATED, Program, Shape, complaints

pytestmark = [pytest.mark.slow, pytest.mark.matrix]
IGNORED = [f"-Wignore:{each}:DeprecationWarning" for each in DEPRECATED]
WORKERS = {
    "sync": ("--workers", "4", "--preload"),
    "gthread": ("--workers", "2", "--threads", "8", "--preload"),
    "not preloaded": ("--workers", "2", "--threads", "8"),
}


def serve(here: Shape, python: Path, *options: str) -> tuple[Program, str]:
    flags = ("-X", "dev", "-W", "error::ResourceWarning", *IGNORED)
    where = ("--bind", "127.0.0.1:0", "--timeout", "60", "--graceful-timeout", "20", "--no-control-socket")
    program = here.command(str(python), *flags, "-m", "gunicorn", *where, *options, "wsgi_app:app")
    end = time.monotonic() + 30
    while not (found := re.search(r"Listening at: (http://[\d.:]+)", program.errors)):
        assert time.monotonic() < end and program.process.poll() is None, program.errors
        time.sleep(0.05)
    return program, found[1]


def ask(url: str, path: str) -> Any:
    with urllib.request.urlopen(f"{url}/{path}", timeout=60) as answer:
        return json.load(answer)


def ends_well(program: Program) -> None:
    program.process.send_signal(signal.SIGTERM)
    assert program.end(20) == 0, program.errors
    listener = re.search(r"Listening at: http://127.0.0.1:(\d+)", program.errors)
    assert listener is not None
    own = f"laddr=('127.0.0.1', {listener[1]})>"  # gunicorn's workers leave the socket they listen on to the system
    left = [line for line in complaints(program.errors) if own not in line]
    assert left == [], program.errors


@pytest.mark.parametrize("kind", WORKERS)
def test_fifty_callers(here: Shape, frameworks: Path, client: Any, kind: str) -> None:
    program, url = serve(here, frameworks, *WORKERS[kind])
    answers = at_once(lambda number: ask(url, f"converse/{kind[0]}{number}"), 50)
    assert len({thread_id for _, thread_id in answers}) == 50
    assert kind != "sync" or len({worker for worker, _ in answers}) > 1
    assert all(len(texts(client, thread_id)) == 4 for _, thread_id in answers)
    ends_well(program)


def test_workers_are_replaced_while_they_serve(here: Shape, frameworks: Path, client: Any) -> None:
    """SIGHUP: the old workers finish what they have, runs that nobody waits for included."""
    program, url = serve(here, frameworks, *WORKERS["gthread"])
    left = [ask(url, "begin/a%20moment")[1] for _ in range(4)]
    program.process.send_signal(signal.SIGHUP)
    answers = at_once(lambda number: ask(url, f"converse/h{number}"), 20)
    assert len({thread_id for _, thread_id in answers}) == 20
    ends_well(program)
    assert [texts(client, thread_id) for thread_id in left] == [["a moment", "Wait, here."]] * 4
