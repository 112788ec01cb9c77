"""Faults put into the file of a candidate's tape, and what `bridge diff compare` says of each: class, rule, severity,
exit code. test_compare.py has every fault that is known, without files and commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from faults import FAULTS
from test_chain import ANSWER, BOTH, mismatches
from test_compare_noise import noisy

from bridge.diff import recording
from bridge.diff import tape as tapes
from cli.cli_help import call
from diff.old import programs
from diff.old.server import served

pytestmark = pytest.mark.slow

Line = dict[str, Any]
ASKED = {"missing key", "wrong null", "swapped events", "other arguments", "other error text", "slower", "costlier"}
"""The faults that the design of diff mode asks for by name."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A control's tape of a polled and a streamed run with calls and of refusals, and the tape of its replay."""
    old, new = (tmp_path_factory.mktemp("faults") / name for name in ("old.tape", "new.tape"))
    with served([[[BOTH], [ANSWER]], [[BOTH], [ANSWER]]]) as server:
        recording.install(old)
        client = openai.OpenAI(base_url=server.url, api_key="sk-test", max_retries=0)
        assistant_id = programs.assistant(client)
        programs.mistakes(client, assistant_id)
        programs.stream(client, assistant_id)
        client.close()
        recording.uninstall()
    assert call("diff", "replay", str(old), "--tape", str(new)).exit_code == 0
    yield old, new


def lines(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def compared(control: Path, candidate: Path, *options: str) -> tuple[int, Any]:
    result = call("diff", "compare", str(control), str(candidate), "--json", "-", *options)
    return result.exit_code, json.loads(result.stdout)


# --- where a fault goes


def answers(tape: list[Line], kind: str) -> list[Line]:
    """The bodies of this kind of object, whether answered alone or in a list."""
    bodies = [line["answer"]["body"] for line in tape if "body" in line.get("answer", ())]
    every = [each for body in bodies for each in (body["data"] if body.get("object") == "list" else [body])]
    return [each for each in every if each.get("object") == kind]


def key(tape: list[Line]) -> None:
    del answers(tape, "thread.message")[-1]["content"]


def null(tape: list[Line]) -> None:
    answers(tape, "thread.message")[-1]["thread_id"] = None


def events(tape: list[Line]) -> None:
    told = next(line["answer"]["events"] for line in tape if "events" in line.get("answer", ()))
    told[1], told[2] = told[2], told[1]


def argument(tape: list[Line]) -> None:
    waiting = [each for each in answers(tape, "thread.run") if each["required_action"]]
    function = waiting[0]["required_action"]["submit_tool_outputs"]["tool_calls"][0]["function"]
    assert function["arguments"] == '{"city": "Oslo"}'
    function["arguments"] = '{"city": "Rome"}'


def error(tape: list[Line]) -> None:
    bodies = [line["answer"]["body"] for line in tape if line.get("answer", {}).get("status") == 404]
    bodies[0]["error"]["message"] = "No such assistant."


def slow(tape: list[Line]) -> None:
    next(line for line in tape if line.get("number") == 2)["answer"]["seconds"] = 9.5


def costly(tape: list[Line]) -> None:
    done = [each for each in answers(tape, "thread.run") if each["status"] == "completed"]
    done[0]["usage"] |= {"prompt_tokens": 9_000, "total_tokens": 9_030}


SEEDED: list[tuple[str, Callable[[list[Line]], None], set[tuple[str, str, str]], int, int]] = [
    # what, how, every mismatch: class, rule, severity; exit codes with --gate breaking and notice
    ("missing key", key, {("structure", "missing-key", "breaking")}, 1, 1),
    ("wrong null", null, {("structure", "null", "breaking")}, 1, 1),
    ("swapped events", events, {("structure", "event-order", "breaking")}, 1, 1),
    ("other arguments", argument, {("tool", "arguments", "breaking")}, 1, 1),
    ("other error text", error, {("structure", "error-message", "breaking")}, 1, 1),
    ("slower", slow, {("latency", "slower", "notice")}, 0, 1),
    ("costlier", costly, {("cost", "costlier", "notice")}, 0, 1),
]


@pytest.mark.parametrize(
    ("fault", "expected", "breaking", "notice"), [row[1:] for row in SEEDED], ids=[row[0] for row in SEEDED]
)
def test_a_fault_in_a_file(
    fault: Callable[[list[Line]], None],
    expected: set[tuple[str, str, str]],
    breaking: int,
    notice: int,
    pair: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    old, new = pair
    tape = lines(new)
    fault(tape)
    faulty = tmp_path / "faulty.tape"
    faulty.write_text("".join(f"{json.dumps(line)}\n" for line in tape), "utf-8")
    code, told = compared(old, faulty, "--gate", "breaking")
    found = [each for each in mismatches(told) if not each["accepted"]]
    assert {(each["kind"], each["rule"], each["severity"]) for each in found} == expected
    assert (code, compared(old, faulty, "--gate", "notice")[0]) == (breaking, notice)
    assert told["verdict"] == ("breaking" if breaking else "notice")


def test_every_fault_that_is_asked_for_is_in_both_lists() -> None:
    assert {row[0] for row in SEEDED} == ASKED <= {row[0] for row in FAULTS}


def test_two_identical_sides_have_an_empty_report(pair: tuple[Path, Path]) -> None:
    for path in pair:
        code, told = compared(path, path, "--gate", "info")
        assert (code, told["verdict"], mismatches(told), told["accepted"]) == (0, "same", [], [])


def test_noise_of_repeats_is_no_alarm_and_a_fault_in_it_is(tmp_path: Path) -> None:
    names = [tmp_path / f"{seed}.tape" for seed in range(1, 14)]
    for seed, name in enumerate(names, 1):
        tapes.write(noisy(seed), name)
    repeats = [option for name in names[:-1] for option in ("--repeat", str(name))]
    code, told = compared(names[0], names[-1], "--gate", "info", *repeats)
    assert (code, told["verdict"], told["repeats"]) == (0, "same", 12)
    broken = lines(names[-1])
    next(line for line in broken if line.get("answer", {}).get("status") == 400)["answer"]["status"] = 409
    names[-1].write_text("".join(f"{json.dumps(line)}\n" for line in broken), "utf-8")
    assert compared(names[0], names[-1], *repeats)[0] == 1
