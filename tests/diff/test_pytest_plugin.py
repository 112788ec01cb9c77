"""The pytest plugin in sessions of its own: the fixture in any scope, the option, the line of a file, and a session
without it."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any, Final

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook
from stories import Side, tape

from bridge.diff import recording
from bridge.diff import tape as tapes
from diff.test_replay import MESSAGES, POLL, ask, recorded
from test_layers import ROOT, loaded_by

pytest_plugins = ("pytester",)

TEST: Final = """
    import pytest

    @pytest.fixture(scope="session")
    def compared(bridge_diff):
        return bridge_diff.compare("old.tape", "new.tape")

    def test_same(compared):
        compared.assert_same()

    def test_other(bridge_diff):
        bridge_diff.compare("old.tape", "short.tape").assert_same()
"""


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:cacheprovider")
    tapes.write(tape(Side(1)), Path("old.tape"))
    tapes.write(tape(Side(2)), Path("new.tape"))
    tapes.write(tapes.Tape(tape(Side(2)).exchanges[:-1]), Path("short.tape"))
    return pytester


def test_a_session(session: pytest.Pytester) -> None:
    session.makepyfile(TEST)
    result = session.runpytest_inprocess("--bridge-diff-report", "reports")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E       AssertionError: old.tape: 1 mismatch in 1 of 11 exchanges, the first: missing-exchange at $",
            "E         #11 POST /threads/thread_*/runs",
            "E           breaking: missing-exchange at $",
            "E           Only the control has this exchange.",
            "E           control:   *",
            "E           candidate: (missing)",
            f"E         the report: {session.path}/reports/test_a_session.py-test_other-*.html#exchange-11-m1",
        ]
    )
    result.stdout.no_fnmatch_line("*diffs.py*")  # a failure shows the user's line, not ours
    verdicts = {each.name[:28]: json.loads(each.read_bytes())["verdict"] for each in Path("reports").glob("*.json")}
    assert verdicts == {"test_a_session.py-test_same-": "same", "test_a_session.py-test_other": "breaking"}


def test_reports_of_a_line_in_a_file_lie_beside_it(session: pytest.Pytester) -> None:
    session.makeini("[pytest]\nbridge_diff_report = out\n")
    session.mkdir("deeper").joinpath("test_one.py").write_text(
        "def test_one(bridge_diff):\n    bridge_diff.compare('../old.tape', '../new.tape').assert_same()\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir("deeper")
        session.runpytest_inprocess().assert_outcomes(passed=1)
        session.runpytest_inprocess("--bridge-diff-report=here").assert_outcomes(passed=1)
    assert [len(list(session.path.glob(f"{folder}/*.html"))) for folder in ("out", "deeper/here")] == [1, 1]


@pytest.mark.slow
def test_a_recording_replayed_in_two_lines(session: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BRIDGE_CONFIG", "BRIDGE_UPSTREAM", "BRIDGE_STORE", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    tapes.write(recorded([{"say": "Hello, you."}], [*ask("Hi"), POLL, MESSAGES]), Path("asked.tape"))
    session.makepyfile(
        """
        import pytest

        def test_same(bridge_diff):
            bridge_diff("asked.tape").assert_same()

        def test_another_model(bridge_diff):
            bridge_diff("asked.tape", upstream="scripted").assert_same(("tool", "text"), "notice")

        @pytest.mark.parametrize("choice", [{"upstream": "http://u/v1"}, {"upstream": "scripted", "target": "http://t"}])
        def test_what_cannot_work(bridge_diff, choice):
            with pytest.raises(Exception, match="OPENAI_API_KEY|say one of them"):
                bridge_diff("asked.tape", **choice)
        """
    )
    result = session.runpytest_inprocess()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        ["E       AssertionError: asked.tape: 1 mismatch in 1 of 6 exchanges, the first: text at *"]
    )


def test_it_can_be_left_out(session: pytest.Pytester) -> None:
    session.makepyfile("def test_one(bridge_diff): pass")
    result = session.runpytest_inprocess("-p", "no:bridge_diff")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'bridge_diff' not found"])


@pytest.mark.slow
def test_a_session_without_it_loads_nothing_of_it() -> None:
    assert loaded_by("import bridge.pytest_plugin") - loaded_by("import bridge, pytest") == {"bridge.pytest_plugin"}
    assert "pytest" not in loaded_by("import bridge.testing, bridge.testing.diffs")


def test_pytest_does_not_complain_where_bridge_was_imported_before(pytestconfig: pytest.Config) -> None:
    """As it is where `bridge run` starts pytest: a warning there would stop those who have warnings as errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AssertionRewritingHook(pytestconfig).mark_rewrite("bridge")
        with pytest.raises(pytest.PytestAssertRewriteWarning):
            AssertionRewritingHook(pytestconfig).mark_rewrite("stories")


# --- docs/pytest.md

BLOCKS: Final = re.findall(
    "^```python pytest\n(.*?)^```", (ROOT / "docs" / "pytest.md").read_text("utf-8"), re.M | re.S
)


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_the_tests_of_the_paper_pass(block: str, session: pytest.Pytester) -> None:
    asked = recorded([{"say": "Hello, you."}], [*ask("Hi"), POLL, MESSAGES])
    session.mkdir("cassettes").joinpath("weather.yaml").write_text(json.dumps(cassette(asked)))
    Path("diff-rules.toml").write_text('[[ignore]]\nkind = "latency"\nreason = "measured elsewhere"\n')
    if "def program" in block:
        record(block)
    session.makepyfile(block)
    session.runpytest_inprocess().assert_outcomes(passed=1)


def record(block: str) -> None:
    """old.tape, of the block's program with another client."""
    names: dict[str, Any] = {}
    exec(compile(block, "pytest.md", "exec"), names)
    Path("old.tape").unlink()
    recording.install("old.tape")
    try:
        names["program"](names["OpenAI"](upstream="scripted", store="memory"))
    finally:
        recording.uninstall()


def cassette(tape: tapes.Tape) -> Any:
    """As vcr.py writes it."""
    return {"version": 1, "interactions": [interaction(each) for each in tape.exchanges]}


def interaction(exchange: tapes.Exchange) -> Any:
    asked, answer = exchange.request, exchange.answer
    assert answer is not None
    return {
        "request": {
            "method": asked.method,
            "uri": f"https://api.openai.com/v1{asked.path}",
            "headers": {"OpenAI-Beta": ["assistants=v2"]},
            "body": None if asked.body is None else json.dumps(asked.body),
        },
        "response": {
            "status": {"code": answer.status, "message": "OK"},
            "headers": {"Content-Type": ["application/json"]},
            "body": {"string": json.dumps(answer.body)},
        },
    }
