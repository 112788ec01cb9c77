"""The whole way of a user: a program recorded before a server of the old API, its tape asked again of bridge with
upstream `tape`, both compared. The server is a stand-in of its own making (old/), the program the real SDK's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from bridge.diff import recording
from cli.cli_help import call
from diff.old import programs
from diff.old.programs import Program
from diff.old.runs import Call, Fail, Say, Script, Stop, Wait
from diff.old.server import served

pytestmark = pytest.mark.slow

QUIET = '[[ignore]]\nkind = "latency"\nreason = "a stand-in is no measure"\n'
LATE = "The old service had `{}` of a message in streams only"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "BRIDGE_CONFIG", "BRIDGE_UPSTREAM", "BRIDGE_STORE"):
        monkeypatch.delenv(name, raising=False)
    yield
    recording.uninstall()


WEATHER = Call((("get_weather", '{"city": "Oslo"}'),))
RAIN = Call((("get_rain", "{}"),))
BOTH = Call((("get_weather", '{"city": "Oslo"}'), ("get_rain", "{}"), ("get_weather", '{"city":"Bergen"}')))
ANSWER = Say("It is 14 degrees, and dry – take “nothing” with you.")
CHAINS: list[tuple[str, Program, list[Script]]] = [
    ("a text, polled", programs.poll, [[[ANSWER]], [[Say("There it rains.")]]]),
    ("a text, streamed", programs.stream, [[[ANSWER]]]),
    ("thread and run in one stream", programs.stream_at_once, [[[ANSWER]]]),
    ("parallel calls, polled", programs.poll, [[[BOTH], [ANSWER]], [[Say("There it rains.")]]]),
    ("parallel calls, streamed", programs.stream, [[[BOTH], [ANSWER]]]),
    ("words before calls, polled", programs.poll, [[[Say("Let me see."), BOTH], [ANSWER]], [[ANSWER]]]),
    ("words before calls, streamed", programs.stream, [[[Say("Let me see."), BOTH], [ANSWER]]]),
    ("two rounds, polled", programs.poll, [[[WEATHER], [RAIN], [ANSWER]], [[BOTH], [WEATHER], [ANSWER]]]),
    ("two rounds, streamed", programs.stream, [[[WEATHER], [RAIN], [ANSWER]]]),
    ("cancelled at work", programs.cancel_at_work, [[[Wait()]]]),
    ("cancelled at work, after some words", programs.cancel_at_work, [[[Say("It is"), Wait()]]]),
    ("cancelled in place of outputs", programs.cancel_instead, [[[BOTH]]]),
    ("cancelled while it streams", programs.cancel_while_streaming, [[[Say("It is 14"), Wait()]]]),
    ("failed, polled", programs.poll, [[[Fail("server_error", "Sorry, something went wrong.")]], [[ANSWER]]]),
    ("failed after outputs, polled", programs.poll, [[[BOTH], [Fail("rate_limit_exceeded", "Too fast.")]], [[ANSWER]]]),
    ("failed, streamed", programs.stream, [[[Say("It is"), Fail("rate_limit_exceeded", "Too fast.")]]]),
    ("cut short, polled", programs.poll, [[[Say("It is"), Stop()]], [[ANSWER]]]),
    ("cut short, streamed", programs.stream, [[[Say("It is"), Stop()]]]),
    ("refused", programs.mistakes, [[[BOTH], [ANSWER]]]),
]  # fmt: skip


def recorded(program: Program, scripts: list[Script]) -> None:
    """The tape of a program, recorded from within."""
    with served(scripts) as server:
        recording.install("old.tape")
        client = openai.OpenAI(base_url=server.url, api_key="sk-test", max_retries=0)
        program(client, programs.assistant(client))
        client.close()
        recording.uninstall()


def compared() -> Any:
    """The JSON of what a user sees: the tape asked again, and both compared."""
    result = call("diff", "replay", "old.tape", "--tape", "new.tape")
    assert result.exit_code == 0, result.output
    Path("rules.toml").write_text(QUIET)
    options = ("--rules", "rules.toml", "--gate", "info", "--json", "told.json")
    result = call("diff", "compare", "old.tape", "new.tape", *options)
    told = json.loads(Path("told.json").read_text("utf-8"))
    assert [each for each in mismatches(told) if not each["accepted"]] == [], result.output
    assert (result.exit_code, told["verdict"]) == (0, "same"), result.output
    assert all(each["note"] in result.output.replace("\n", " ") for each in told["accepted"]), result.output
    return told


def mismatches(told: Any) -> list[Any]:
    return [each for observation in told["observations"] for each in observation["mismatches"]]


@pytest.mark.parametrize(("program", "scripts"), [row[1:] for row in CHAINS], ids=[row[0] for row in CHAINS])
def test_nothing_differs_but_what_is_documented(program: Program, scripts: list[Script]) -> None:
    recorded(program, scripts)
    told = compared()
    assert told["exchanges"]["paired"] == told["exchanges"]["total"]
