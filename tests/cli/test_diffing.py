"""`bridge diff`: from a recording to a verdict, by commands alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from cli_help import call

from bridge.cli import options
from bridge.diff import tape as tapes
from diff.test_replay import MESSAGES, POLL, ask, recorded

pytestmark = pytest.mark.slow

HELP = [("diff",), ("diff", "record"), ("diff", "tape"), ("diff", "replay"), ("diff", "compare")]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "BRIDGE_CONFIG", "BRIDGE_UPSTREAM", "BRIDGE_STORE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def old() -> str:
    tapes.write(recorded([{"say": "Hello, you."}], [*ask("Hi"), POLL, MESSAGES]), Path("old.tape"))
    return "old.tape"


def test_a_tape_replayed_by_itself_is_alike(old: str) -> None:
    result = call("diff", "replay", old, "--tape", "new.tape")
    assert (result.exit_code, result.stdout) == (0, "6 exchanges asked again\n")
    result = call("diff", "compare", old, "new.tape", "--gate", "info", "--html", "page.html", "--json", "told.json")
    assert result.exit_code == 0
    assert result.stdout.startswith("Alike")
    assert Path("page.html").read_text("utf-8").startswith("<!doctype html>")
    assert json.loads(Path("told.json").read_text("utf-8"))["verdict"] == "same"


GATES = [("breaking", 0), ("notice", 1), ("info", 1), ("never", 0)]


@pytest.mark.parametrize(("gate", "code"), GATES)
def test_another_text_passes_or_not(old: str, gate: str, code: int) -> None:
    assert call("diff", "replay", old, "--tape", "new.tape", "--upstream", "scripted").exit_code == 0
    result = call("diff", "compare", old, "new.tape", "--gate", gate, "--json", "-")
    assert result.exit_code == code
    told = json.loads(result.stdout)
    assert {each["kind"] for each in mismatches(told) if each["severity"] == "notice"} == {"text"}


def mismatches(told: Any) -> list[Any]:
    return [each for observation in told["observations"] for each in observation["mismatches"]]


def test_rules_of_the_user_accept(old: str) -> None:
    call("diff", "replay", old, "--tape", "new.tape", "--upstream", "scripted")
    Path("rules.toml").write_text('[[accept]]\nkind = "text"\nreason = "a script answers"\n')
    assert call("diff", "compare", old, "new.tape", "--gate", "notice", "--rules", "rules.toml").exit_code == 0


def test_a_recording_becomes_a_tape(old: str) -> None:
    result = call("diff", "tape", old, "--tape", "copy.tape")
    assert result.exit_code == 0
    assert tapes.read(Path("copy.tape")).exchanges == tapes.read(Path(old)).exchanges


WRONG = [
    (("replay", "none.tape", "--tape", "new.tape"), "none.tape cannot be read"),
    (("replay", "old.tape", "--tape", "old.tape"), "old.tape"),
    (("replay", "old.tape", "--tape", "n", "--upstream", "scripted", "--target", "http://t/v1"), "say one of them"),
    (
        ("replay", "old.tape", "--tape", "n", "--upstream", "http://t/v1"),
        "needs the environment variable OPENAI_API_KEY",
    ),
    (("compare", "old.tape", "none.tape"), "none.tape cannot be read"),
    (("compare", "old.tape", "old.tape", "--gate", "loud"), "--gate is breaking, notice, info or never, not 'loud'"),
    (("compare", "old.tape", "old.tape", "--repeat", "old.tape"), "at least two runs"),
    (("compare", "old.tape", "old.tape", "--html", "no/folder.html"), "no/folder.html cannot be written"),
    (("compare", "old.tape", "old.tape", "--rules", "none.toml"), "none.toml cannot be read"),
]


@pytest.mark.parametrize(
    ("command", "message"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_what_cannot_work_exits_with_2(old: str, command: tuple[str, ...], message: str) -> None:
    before = Path(old).read_bytes()
    result = call("diff", *command)
    assert result.exit_code == 2
    assert message in result.output
    assert Path(old).read_bytes() == before


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_teaches_by_examples(command: tuple[str, ...]) -> None:
    result = call(*command, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.stdout and "  bridge diff " in result.stdout.partition("Examples:")[2]


def test_examples_fit_a_terminal_of_80_columns() -> None:
    narrow, wide = ("bridge x", "what it does"), ("bridge " + "x" * 70, "what it does")
    assert options.examples(narrow).splitlines()[2] == "  [cyan]bridge x[/]  what it does"
    for line in options.examples(narrow, wide).replace("[cyan]", "").replace("[/]", "").splitlines():
        assert len(line) < 80


def test_sides_are_called_by_their_files(old: str) -> None:
    assert re.search(f"control +{re.escape(Path(old).name)} ", call("diff", "compare", old, old).stdout)


HOSTILE = '"\\u001b[2J [bold]x[/] \\u202e"'


def test_texts_of_others_do_not_reach_the_terminal_as_they_are() -> None:
    header = f'{{"kind":"tape","format":"bridge-tape/v1","source":{HOSTILE},"notes":[{HOSTILE}]}}\n'
    exchange = '{"kind":"exchange","number":1,"request":{"method":"GET","path":"/threads/x"},"answer":{"status":200}}\n'
    Path("a.tape").write_text(header + exchange, "utf-8")
    Path("b.json").write_text(f"{{{HOSTILE}: 1}}", "utf-8")
    made, refused = (
        call("diff", "tape", "a.tape", "--tape", "c.tape"),
        call("diff", "tape", "b.json", "--tape", "d.tape"),
    )
    assert made.stdout == "1 exchanges, of: <U+001B>[2J [bold]x[/] <U+202E>\n"
    assert made.stderr == "note: <U+001B>[2J [bold]x[/] <U+202E>\n"
    assert "the keys <U+001B>[2J [bold]x[/] <U+202E>: none of" in refused.stderr


def test_polls_that_are_folded_are_told(old: str) -> None:
    made = tapes.read(Path(old))
    polled = [each for each in made.exchanges for _ in range(2 if "/runs/" in each.request.path else 1)]
    tapes.write(tapes.Tape(tuple(evolve(each, number=n) for n, each in enumerate(polled, 1))), Path("polled.tape"))
    result = call("diff", "replay", "polled.tape", "--tape", "new.tape")
    assert result.stdout == "6 exchanges asked again, of 7 on the tape: polls in a row are one\n"
