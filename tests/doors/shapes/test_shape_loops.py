"""One async client on many event loops: one after the other, at once, within each other, of several makers."""

from __future__ import annotations

from pathlib import Path

import pytest

from doors.shapes.running import Shape

pytestmark = [pytest.mark.slow, pytest.mark.matrix]
LOST = ("its stream ends before the run does", "taken over from")


@pytest.mark.parametrize(
    ("name", "threads"),
    [
        ("in_turn", "4 4 4"),
        ("a_client_each", "4 4 4"),
        ("two_at_once", "4 4"),
        ("notebook", "4 4"),
        ("isolated", "2 0"),
    ],
)
def test_conversations(here: Shape, name: str, threads: str) -> None:
    assert here.run("loops.py", name).until("threads") == threads


def test_a_run_outlives_its_loop(here: Shape) -> None:
    program = here.run("loops.py", "a_run_outlives_its_loop")
    assert (program.until("status"), program.until("said")) == ("completed", "Wait, here.")


def test_a_run_outlives_the_loop_of_an_http_client(here: Shape) -> None:
    program = here.run("loops.py", "a_run_outlives_the_loop_of_an_http_client", told=LOST)
    assert (program.until("status"), program.until("said")) == ("completed", "Wait, here.")


# --- of other makers


@pytest.mark.matrix
@pytest.mark.parametrize(("name", "threads"), [("nested", "4 4"), ("uvloop", "4 4"), ("django", "2 2 2 2 4")])
def test_conversations_on_loops_of_others(here: Shape, frameworks: Path, name: str, threads: str) -> None:
    assert here.run("loops.py", name, python=frameworks).until("threads") == threads


@pytest.mark.matrix
def test_views_of_django(here: Shape, frameworks: Path) -> None:
    assert here.run("django_site.py", python=frameworks).until("threads") == "16"


@pytest.mark.matrix
def test_loops_of_pytest_asyncio(here: Shape, frameworks: Path) -> None:
    strict = (
        "-W",
        "error",
        "-W",
        "ignore:The Assistants:DeprecationWarning",
        "-W",
        "ignore:deprecated:DeprecationWarning",
    )
    scope = ("-c", "/dev/null", "-o", "asyncio_default_fixture_loop_scope=function", "--noconftest")
    tests = ("-q", "-p", "no:cacheprovider", "--rootdir", ".", str(here.programs / "asyncio_tests.py"))
    program = here.command(str(frameworks), "-X", "dev", "-m", "pytest", *strict, *scope, *tests)
    assert program.end(here.seconds) == 0, "\n".join(program.said) + program.errors
    assert program.said[-1].startswith("4 passed"), program.said
