"""What the fixture `bridge_diff` gives: when it asserts, what a failure says, and what it writes. pytest as such is
looked at in test_pytest_plugin.py."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from faults import ERROR, FAULTS, LISTING, changed, gone, set_
from stories import Side, tape

import bridge
from bridge.diff import tape as tapes
from bridge.diff.observations import Mismatch
from bridge.diff.recording.writer import TapeFile
from bridge.diff.tape import Tape
from bridge.errors import ConfigurationError
from bridge.testing import DiffFixture, DiffResult, MemoryStore, ScriptedUpstream

pytestmark = pytest.mark.slow

MESSAGE = ("error", "message")
ASKED: Any = tape(Side(1)).exchanges[ERROR]
HOSTILE = "\x1b[2J\u202eevil\u2066 <script>alert(1)</script>\n" + "x" * 100_000


@pytest.fixture
def scratch(tmp_path: Path) -> Callable[[], Path]:
    numbers = count()

    def made() -> Path:
        folder = tmp_path / f"scratch{next(numbers)}"
        folder.mkdir()
        return folder

    return made


@pytest.fixture
def diff(scratch: Callable[[], Path]) -> DiffFixture:
    return DiffFixture(scratch)


def compared(diff: DiffFixture, candidate: Tape) -> DiffResult:
    return diff.compare(tape(Side(1)), candidate)


# --- when


@pytest.mark.parametrize(
    ("name", "fault", "kind", "severity"), [(*each[:3], each[4]) for each in FAULTS], ids=[each[0] for each in FAULTS]
)
def test_each_fault_fails_where_its_class_and_weight_are_asked_for(
    name: str, fault: Callable[[Side], Tape], kind: Any, severity: Any, diff: DiffFixture
) -> None:
    result = compared(diff, fault(Side(2)))
    if not any((each.kind, each.severity) == (kind, severity) for each in result.comparison.mismatches()):
        pytest.fail(f"{name} is not of the class {kind} with the weight {severity}")
    with pytest.raises(AssertionError):
        result.assert_same((kind,), severity)
    assert any(each.mismatch.kind == kind for each in result.mismatches((kind,), "info"))


def test_sides_that_are_alike_pass_whatever_is_asked_for(diff: DiffFixture) -> None:
    compared(diff, tape(Side(2))).assert_same(("structure", "tool", "text", "cost", "latency"), "info")


def test_what_is_lighter_of_another_class_or_accepted_passes(diff: DiffFixture, tmp_path: Path) -> None:
    candidate = changed(ERROR, set_(*MESSAGE, to="No."))(Side(2))
    compared(diff, candidate).assert_same(("tool", "text"), "info")
    rules = tmp_path / "rules.toml"
    rules.write_text('[[accept]]\nrule = "error-message"\nreason = "nobody matches it"\n')
    diff.compare(tape(Side(1)), candidate, rules=rules).assert_same(gate="info")
    with pytest.raises(AssertionError):
        compared(diff, candidate).assert_same()


def test_noise_of_repeats_passes(diff: DiffFixture, tmp_path: Path) -> None:
    one, other = (changed(ERROR, set_(*MESSAGE, to=text))(Side(2)) for text in ("No.", "Not now."))
    tapes.write(other, tmp_path / "other.tape")
    diff.compare(one, tmp_path / "other.tape", repeats=[one, tmp_path / "other.tape"]).assert_same()


def test_nothing_is_not_the_same(diff: DiffFixture) -> None:
    result = diff.compare(Tape((), source="an empty tape"), Tape((), notes=("a line was no JSON",)))
    with pytest.raises(
        AssertionError, match=r"^an empty tape: nothing was compared\n  candidate: a line was no JSON\n"
    ):
        result.assert_same()


WORDS: list[tuple[Any, Any, str]] = [
    (("structure",), "never", "the gate of a test is breaking, notice, info, not 'never'"),
    (("shape",), "breaking", r"kinds is a list of some of structure, tool, .*, not \('shape',\)"),
    ("structure", "breaking", "kinds is a list of some of .*, not 'structure'"),
    ((), "breaking", r"kinds is a list of some of .*, not \(\)"),
]


@pytest.mark.parametrize(("kinds", "gate", "message"), WORDS)
def test_words_that_would_let_everything_pass_are_refused(
    kinds: Any, gate: Any, message: str, diff: DiffFixture
) -> None:
    with pytest.raises(ValueError, match=message):
        compared(diff, tape(Side(2))).assert_same(kinds, gate)


def test_a_bare_assert_is_refused(diff: DiffFixture) -> None:
    with pytest.raises(TypeError, match="assert_same"):
        assert compared(diff, tape(Side(2)))


# --- what a failure says


def failure(result: DiffResult) -> str:
    with pytest.raises(AssertionError) as caught:
        result.assert_same()
    return str(caught.value)


def test_a_failure_says_what_differs_where_and_where_the_report_is(diff: DiffFixture, tmp_path: Path) -> None:
    tapes.write(tape(Side(1)), tmp_path / "old.tape")
    text = failure(diff.compare(tmp_path / "old.tape", changed(ERROR, set_(*MESSAGE, to="No."))(Side(2))))
    said, _, page = text.partition("  the report: ")
    assert said == (
        "old.tape: 1 mismatch in 1 of 11 exchanges, the first: error-message at $.error.message\n"
        f"  #11 POST {ASKED.request.path}\n"
        "    breaking: error-message at $.error.message\n"
        "    Another error text: programs match these by pattern.\n"
        f'    control:   "{ASKED.answer.body["error"]["message"]}"\n'
        '    candidate: "No."\n'
    )
    path, _, anchor = page.partition("#")
    assert Path(path).read_text("utf-8").startswith("<!doctype html>")
    assert f'"id":"{anchor}"' in Path(path).with_suffix(".json").read_text("utf-8")


def test_what_a_model_wrote_is_harmless_and_bounded(diff: DiffFixture) -> None:
    def hostile(whole: Tape) -> Tape:
        exchanges = list(whole.exchanges)
        request = exchanges[ERROR].request
        exchanges[ERROR] = evolve(exchanges[ERROR], request=evolve(request, path=request.path + HOSTILE))
        return evolve(whole, exchanges=tuple(exchanges), source=HOSTILE)

    control = hostile(changed(ERROR, lambda body: body["error"].update({HOSTILE: None, "message": HOSTILE}))(Side(1)))
    candidate = changed(ERROR, lambda body: body["error"].update({HOSTILE: 1}))(Side(2))
    text = failure(diff.compare(control, candidate))
    assert "<U+001B>" in text and "<U+202E>" in text
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)
    assert len(text) < 5_000


def test_many_differences_are_counted(diff: DiffFixture) -> None:
    keys = ("attachments", "assistant_id", "created_at", "metadata", "role", "run_id", "thread_id")
    text = failure(compared(diff, changed(LISTING, lambda body: [gone("data", 0, key)(body) for key in keys])(Side(2))))
    assert text.startswith("a story: 7 mismatches in 1 of 11 exchanges, the first: missing-key at $.data[0].")
    assert len(re.findall("^    breaking: missing-key at ", text, re.MULTILINE)) == 5
    assert "\n  … and 2 more\n  the report: " in text


def test_places_that_differ_in_indices_alone_are_one(diff: DiffFixture) -> None:
    both = changed(LISTING, lambda body: [gone("data", place, "attachments")(body) for place in (0, 1)])
    assert "missing-key at $.data[0].attachments, and 1 like it\n" in failure(compared(diff, both(Side(2))))


def test_a_rule_without_a_sentence_is_told_all_the_same(diff: DiffFixture) -> None:
    result = compared(diff, tape(Side(2)))
    first, *others = result.comparison.observations
    new = Mismatch("structure", "new-rule", "$", 1, 2, "breaking")
    result.comparison = evolve(result.comparison, observations=(evolve(first, mismatches=(new,)), *others))
    assert "    breaking: new-rule at $\n    structure\n" in failure(result)


# --- reports


def test_reports_are_written_where_they_are_asked_for(
    scratch: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "tests/test_a.py::test_b[x/y \u2028z] (call)")
    for _ in range(2):  # two sessions: the second replaces what the first wrote
        diff = DiffFixture(scratch, tmp_path / "in" / "reports")
        assert [compared(diff, tape(Side(2))).page for _ in range(2)] == [
            tmp_path / "in" / "reports" / f"tests-test_a.py-test_b-x-y-z-e9ca3dd9{each}.html" for each in ("", "-2")
        ]
    names = sorted(each.name for each in (tmp_path / "in" / "reports").iterdir())
    assert [Path(name).suffix for name in names] == [".html", ".json"] * 2
    assert not list(tmp_path.glob("scratch*"))


def test_without_a_folder_only_failures_have_a_report(diff: DiffFixture, tmp_path: Path) -> None:
    compared(diff, tape(Side(2))).assert_same()
    assert not list(tmp_path.iterdir())
    result = compared(diff, changed(ERROR, set_(*MESSAGE, to="No."))(Side(2)))
    assert failure(result) == failure(result)
    assert len(list(tmp_path.rglob("*.html"))) == len(list(tmp_path.rglob("*.json"))) == 1


def test_a_folder_that_cannot_be_written_is_told(scratch: Callable[[], Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="file cannot be written: "):
        compared(DiffFixture(scratch, tmp_path / "file"), tape(Side(2)))


# --- programs


def client(text: str) -> Any:
    return bridge.OpenAI(api_key="k", upstream=ScriptedUpstream([{"say": text}]), store=MemoryStore())


def program(client: Any) -> None:
    assistant = client.beta.assistants.create(model="gpt-4o")
    message: Any = {"messages": [{"role": "user", "content": "Hello"}]}
    client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=message, poll_interval_ms=10)


def test_programs_are_recorded_and_compared(diff: DiffFixture) -> None:
    with diff.record() as one, client("Good morning to you.") as speaking:
        program(speaking)
    with diff.record() as other, client("Good evening to you.") as speaking:
        program(speaking)
    assert len(tapes.read(one).exchanges) == len(tapes.read(other).exchanges) > 1
    result = diff.compare(one, other)
    result.assert_same(("structure", "tool"), "info")


def test_an_async_program_is_recorded(diff: DiffFixture) -> None:
    async def asked() -> Path:
        with diff.record() as path:
            async with bridge.AsyncOpenAI(api_key="k", upstream="scripted", store=MemoryStore()) as client:
                await client.beta.assistants.create(model="gpt-4o")
        return path

    (exchange,) = tapes.read(asyncio.run(asked())).exchanges
    assert exchange.request.path == "/assistants"


def test_a_client_that_was_there_before_is_recorded_where_it_is_said(diff: DiffFixture) -> None:
    with client("Hello.") as before:
        program(before)
        with diff.record(before) as one:
            program(before)
        program(before)
        with diff.record(before) as other:
            program(before)
    asked = [[each.request.method for each in tapes.read(path).exchanges] for path in (one, other)]
    assert [methods.count("POST") for methods in asked] == [2, 2]
    diff.compare(one, other).assert_same(gate="notice")


def test_a_recording_of_nothing_is_an_error(diff: DiffFixture) -> None:
    with client("Hello.") as before, pytest.raises(ConfigurationError, match="Nothing was recorded"):  # noqa: SIM117
        with diff.record():
            program(before)


def test_what_is_no_client_is_refused(diff: DiffFixture) -> None:
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="str is no client"), diff.record("https://api.openai.com/v1"):
            pytest.fail("it was taken for a client")


def test_a_program_that_fails_fails_the_test_and_ends_the_recording(diff: DiffFixture) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), diff.record():
            _ = 1 / 0


def test_one_recording_at_a_time(diff: DiffFixture) -> None:
    with diff.record(), client("Hello.") as speaking:
        program(speaking)
        with pytest.raises(ConfigurationError, match="recorded already"), diff.record():
            pytest.fail("a second recording began")


def test_a_tape_that_nobody_writes_to_any_more_is_closed(tmp_path: Path) -> None:
    file = TapeFile(tmp_path / "a.tape", "x")
    number = file._file
    os.fstat(number)
    del file
    with pytest.raises(OSError):
        os.fstat(number)
