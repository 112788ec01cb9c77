"""The async client under trio."""

from __future__ import annotations

import pytest

from doors.shapes.running import Program, Shape

pytestmark = [pytest.mark.slow, pytest.mark.matrix]
THEIRS = [f"-Wignore:Async generator '{name}:ResourceWarning" for name in ("openai.", "httpx2.", "httpcore2.")]
"""Iterators that the SDK leaves half-read, whoever answers it."""


def run(here: Shape, *args: str) -> Program:
    return here.run("trio_program.py", *args, flags=THEIRS)


@pytest.mark.parametrize("name", ["plain", "with_an_http_client"])
def test_conversations(here: Shape, name: str) -> None:
    assert run(here, name).until("threads") == "6"


def test_a_run_is_cancelled(here: Shape) -> None:
    assert run(here, "cancel").until("status") == "cancelled"


def test_what_is_given_up_stops_no_run(here: Shape) -> None:
    program = run(here, "leave")
    assert program.until("given") == "True True"
    assert program.until("status") == "completed ['a while', 'Wait, here.']"
    assert program.until("other") == "completed"


@pytest.mark.parametrize("own", ["", "own"])
def test_an_operation_asks_the_upstream(here: Shape, own: str) -> None:
    program = run(here, "hosted", own)
    assert (program.until("stores"), program.until("status")) == ("1", "completed")


def test_a_client_under_several_loops(here: Shape) -> None:
    assert run(here, "twice").until("thread", count=3)
