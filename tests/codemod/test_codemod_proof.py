"""Programs before and after, each run for real against the script of the corpus; and what a proof must not let pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from bridge.codemod.converting import convert
from bridge.codemod.proving import Evidence, Proving, Ran, prove, tapes
from bridge.codemod.proving.judging import judge
from bridge.testing import serve_scripted
from codemod.corpus import CONVERTED, IN_CONVERSATIONS, PROGRAMS, SCRIPT, SEEDS, stdin
from doors.served import clean_environment

IN_FULL = pytest.mark.matrix
"""All programs take minutes: `make test` proves those in the shape of the guide's."""

RUN = [pytest.param(path, marks=IN_FULL, id=path.stem) for path in PROGRAMS if path.stem in CONVERTED]
RUN += [pytest.param(path, id=path.stem) for path in SEEDS]


def proved(program: Path, after: str) -> Evidence:
    how = Proving(SCRIPT, stdin=stdin(program), environment=clean_environment())
    return prove(program, after, how)


@pytest.mark.slow
@pytest.mark.parametrize("program", RUN)
def test_does_the_same_before_and_after(program: Path) -> None:
    evidence = proved(program, convert(program.read_text("utf-8")).code)
    assert evidence.findings == ()
    assert evidence.verdict == "proved"
    assert evidence.before is not None and evidence.after is not None
    assert len(evidence.before.requests) == len(evidence.after.requests) >= 1
    assert ("The tools say 57 and 0.06." if program in SEEDS else "\n") in evidence.after.stdout


@IN_FULL
@pytest.mark.parametrize("after", IN_CONVERSATIONS, ids=lambda path: path.stem)
def test_does_the_same_in_conversations(after: Path) -> None:
    program = next(path for path in PROGRAMS if path.name == after.name)
    evidence = proved(program, after.read_text("utf-8"))
    assert (evidence.verdict, evidence.findings) == ("proved", ())


@pytest.mark.slow
def test_a_wrong_rewrite_is_not_proved() -> None:
    program = next(path for path in PROGRAMS if path.stem == "polling")
    after = convert(program.read_text("utf-8")).code
    wrong = after.replace('"Repeat what you hear."', '"Say the opposite."')
    assert wrong != after
    evidence = proved(program, wrong)
    assert evidence.verdict == "differs"
    assert any("instructions" in each for each in evidence.findings)


@pytest.mark.slow
def test_the_answers_of_a_tape(tmp_path: Path) -> None:
    """Recorded once against a script, played to both."""
    program = next(path for path in PROGRAMS if path.stem == "parallel_tools")
    tape = tmp_path / "app.tape"
    with serve_scripted(SCRIPT) as served:
        told = clean_environment(BRIDGE_UPSTREAM=served.url, BRIDGE_STORE=str(tmp_path / "a.db"), OPENAI_API_KEY="sk")
        command = [sys.executable, "-m", "bridge", "run", "--record", str(tape), str(program)]
        subprocess.run(command, check=True, capture_output=True, timeout=60, env=told)
    rules = tapes.script(tape)
    assert [call["name"] for call in rules[0]["call"]] == ["get_temperature", "get_rain"]
    assert rules[0]["then"]["say"].startswith("The tools say")
    how = Proving(rules, environment=clean_environment())
    assert prove(program, convert(program.read_text("utf-8")).code, how).verdict == "proved"


# --- judging, without running anything

REQUEST: dict[str, Any] = {"model": "gpt-4o", "input": [{"role": "user", "content": "Hi"}], "store": False}
OTHER: dict[str, Any] = {**REQUEST, "input": [{"role": "user", "content": "Ho"}]}
IN_CONVERSATION: dict[str, Any] = {"model": "gpt-4o", "conversation": "conv_1"}
UPSTREAM = "the history is kept upstream: what of it was read is not compared"
GOOD = Ran((REQUEST, OTHER), "one\n", "", 0)
PAGE = "SyncCursorPage[Message](data=[Message(id='msg_1', content=[Text(value='one')])])\n"

PROVED = [
    (GOOD, GOOD, ()),
    (GOOD, evolve(GOOD, requests=(OTHER, REQUEST)), ("the same requests came in another order",)),
    (evolve(GOOD, stdout=PAGE), GOOD, ("line 1 of the output: a page of messages before, the answer in it after",)),
    (GOOD, evolve(GOOD, requests=(REQUEST, {**OTHER, "stream": True, "store": True})), ()),
    (GOOD, evolve(GOOD, stderr="a warning\n"), ()),
    (GOOD, evolve(GOOD, requests=(IN_CONVERSATION, IN_CONVERSATION)), (UPSTREAM,)),
]
DIFFERS = [
    (GOOD, evolve(GOOD, stdout="two\n"), "line 1 of the output: 'one' before, 'two' after"),
    (GOOD, evolve(GOOD, stdout=""), "line 1 of the output: 'one' before, None after"),
    (GOOD, evolve(GOOD, stdout="one\nmore\n"), "line 2 of the output: None before, 'more' after"),
    (GOOD, evolve(GOOD, exit_code=1, stderr="x\nKeyError: 'a'\n"), "exit code 0 before, 1 after: KeyError: 'a'"),
    (GOOD, evolve(GOOD, requests=(REQUEST,)), "legs[1]: 'gpt-4o' before, (missing) after"),
    (GOOD, evolve(GOOD, requests=(REQUEST, {**OTHER, "model": "o3"})), "legs[1].model: 'gpt-4o' before, 'o3' after"),
    (GOOD, evolve(GOOD, requests=({**IN_CONVERSATION, "instructions": "x"}, IN_CONVERSATION)), "legs[0].instructions"),
    (GOOD, evolve(GOOD, exit_code=None, failed="did not end"), "after did not end"),
    (evolve(GOOD, exit_code=2), evolve(GOOD, exit_code=2), "the program fails before as well, with exit code 2"),
    (evolve(GOOD, requests=()), evolve(GOOD, requests=()), "the program asked the model nothing"),
]


@pytest.mark.parametrize(("before", "after", "remarks"), PROVED)
def test_proved(before: Ran, after: Ran, remarks: tuple[str, ...]) -> None:
    evidence = judge(before, after)
    assert (evidence.verdict, evidence.findings, evidence.remarks) == ("proved", (), remarks)


@pytest.mark.parametrize(("before", "after", "finding"), DIFFERS)
def test_differs(before: Ran, after: Ran, finding: str) -> None:
    evidence = judge(before, after)
    assert evidence.verdict == "differs"
    assert any(each.startswith(finding) for each in evidence.findings), evidence.findings
