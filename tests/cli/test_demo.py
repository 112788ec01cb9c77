"""`bridge demo`: a newcomer sees both sides, and the answer with 57 and 0.06."""

from __future__ import annotations

import re

import pytest
from cli_help import ANSI, BIN, call, run
from rich.console import Console
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.cli.columns import LEFT
from bridge.cli.programs import POLLING, STREAMING, TOOLS, statements
from bridge.testing import serve_scripted

ANSWER = "In San Francisco today the current temperature is 57 and the rain probability is 0.06."
BOTH = pytest.mark.parametrize("flags", [(), ("--stream",)], ids=["polling", "streaming"])


def sides(shown: str) -> tuple[str, str]:
    """What stands left and right of the line, each in one piece without line breaks."""
    rows = [line.split("│", 1) for line in shown.splitlines() if re.match(r"[^│]+│", line)]
    left, right = (" ".join(" ".join(row[side] for row in rows).split()) for side in (0, 1))
    return left, right


def check(shown: str, columns: int) -> None:
    assert not ANSI.search(shown), "no colour where it is piped"
    assert max(len(line) for line in shown.splitlines()) <= columns
    assert ANSWER in " ".join(shown.partition("The answer")[2].replace("│", " ").split())
    left, right = sides(shown)
    for call_of_the_guide in ("assistants.create(", "threads.create()", "messages.create(", "messages.list("):
        assert call_of_the_guide in left
    assert "get_current_temperature({" in left and "requires_action" in left and "completed" in left
    assert right.count("POST /v1/responses") == 2
    assert '"output": "57"' in right and '"output": "0.06"' in right
    assert "← function_call × 2" in right and "← message" in right


@BOTH
@pytest.mark.parametrize("columns", [80, 140])
def test_both_sides(flags: tuple[str, ...], columns: int) -> None:
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, ["demo", *flags])
    assert (result.exit_code, result.stderr) == (0, "")
    check(result.stdout, columns)


@pytest.mark.slow
def test_in_a_process_of_its_own() -> None:
    result = run(str(BIN / "bridge"), "demo", "--stream", COLUMNS="80")
    assert (result.returncode, result.stderr) == (0, "")
    check(result.stdout, 80)


def test_the_stream_shows_its_events() -> None:
    shown = sides(call("demo", "--stream").stdout)[0]
    assert "thread.run.created thread.run.queued thread.run.in_progress thread.run.step.created" in shown
    assert "thread.message.completed thread.run.step.completed thread.run.completed" in shown


@pytest.mark.slow
def test_a_terminal_without_these_characters_gets_others() -> None:
    result = run(str(BIN / "bridge"), "demo", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert "0.06" in result.stdout


def test_colour_where_it_is_asked_for() -> None:
    assert ANSI.search(CliRunner(env={"FORCE_COLOR": "1"}).invoke(app, ["demo"]).stdout)


def test_another_model_is_the_one_asked() -> None:
    result = call("demo", "--model", "gpt-4.1")
    assert result.exit_code == 0
    left, right = sides(result.stdout)
    assert 'model="gpt-4.1"' in left
    assert right.count('"model": "gpt-4.1"') == 2


def test_live_asks_the_server_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("uvicorn", reason="the extra `server` is missing")
    with serve_scripted() as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        result = CliRunner(env={"COLUMNS": "140"}).invoke(app, ["demo", "--live"])
        assert (result.exit_code, result.stderr) == (0, "")
        assert len(server.scripted.requests) == 2
        check(result.stdout, 140)
        assert server.url in result.stdout


@pytest.mark.slow
def test_live_says_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an address where nobody listens."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    result = call("demo", "--live")
    assert result.exit_code == 1
    assert "bridge: the run is failed: " in result.stderr


@pytest.mark.parametrize("program", [POLLING, STREAMING], ids=["polling", "streaming"])
def test_the_program_fits_its_side_and_is_whole(program: str) -> None:
    assert max(map(len, program.splitlines())) <= LEFT
    for code in statements(program):
        compile(code, "program", "exec")


def test_the_tools_are_those_of_the_answers() -> None:
    from bridge.cli.programs import ANSWERS

    assert [tool["function"]["name"] for tool in TOOLS] == list(ANSWERS)


def test_consoles_are_made_where_they_are_used() -> None:
    """One made at import would write to a stdout that is gone."""
    import bridge.cli.output as output

    assert not [name for name, value in vars(output).items() if isinstance(value, Console)]
