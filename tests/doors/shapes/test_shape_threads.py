"""One client shared by many threads, and many processes with many threads on one file."""

from __future__ import annotations

import pytest

from doors.shapes.running import Shape

pytestmark = pytest.mark.slow


def test_fifty_threads_share_one_client(here: Shape) -> None:
    program = here.run("many_threads.py", "solo", "50")
    assert program.until("threads") == "50"


def test_six_processes_on_one_file_poll_and_cancel_each_others_runs(here: Shape) -> None:
    folder = here.store.parent / "told"
    folder.mkdir()
    programs = [here.start("neighbours.py", str(number), "6", str(folder)) for number in range(6)]
    for program in programs:
        assert program.end(here.seconds) == 0, program.errors
        assert (program.errors, program.until("status")) == ("", "cancelled")
