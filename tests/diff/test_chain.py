"""The whole way of a user: a program recorded before a server of the old API, its tape asked again of bridge with
upstream `tape`, both compared. The server is a stand-in of its own making (old/), the program the real SDK's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from bridge.diff import recording
from bridge.diff import tape as tapes
from bridge.diff.tape import Tape
from cli.cli_help import call, environment
from diff.old import programs
from diff.old.programs import Program
from diff.old.runs import Call, Fail, Say, Script, Stop, Wait
from diff.old.server import served

pytestmark = pytest.mark.slow

QUIET = '[[ignore]]\nkind = "latency"\nreason = "a stand-in is no measure"\n'


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
SORRY = Fail("server_error", "Sorry, something went wrong.")
FAST = Fail("rate_limit_exceeded", "Too fast.")
DONE = ["completed"]
ANSWER = Say("It is 14 degrees, and dry – take “nothing” with you.")
REFUSALS = [
    "No assistant found with id 'asst'.",
    "No thread found with id 'thread'.",
    "Missing required parameter: 'content'.",
    "Unknown parameter: 'nonsense'.",
    "Can't add messages to thread while a run run is active.",
    "Thread thread already has an active run run.",
    "Expected tool outputs for call_ids ['call', 'call', 'call'], got ['call']",
    "Expected tool outputs for call_ids ['call', 'call', 'call'], got ['call']",
    'Runs in status "completed" do not accept tool outputs.',
    "Cannot cancel run with status 'completed'.",
]
CHAINS: list[tuple[str, Program, list[Script], list[str]]] = [
    # what, the program, what the model does in each run, how the runs end
    ("a text, polled", programs.poll, [[[ANSWER]], [[Say("There it rains.")]]], DONE * 2),
    ("a text, streamed", programs.stream, [[[ANSWER]]], DONE),
    ("thread and run in one stream", programs.stream_at_once, [[[ANSWER]]], DONE),
    ("parallel calls, polled", programs.poll, [[[BOTH], [ANSWER]], [[Say("There it rains.")]]], DONE * 2),
    ("parallel calls, streamed", programs.stream, [[[BOTH], [ANSWER]]], DONE),
    ("words before calls, polled", programs.poll, [[[Say("Let me see."), BOTH], [ANSWER]], [[ANSWER]]], DONE * 2),
    ("words before calls, streamed", programs.stream, [[[Say("Let me see."), BOTH], [ANSWER]]], DONE),
    ("two rounds, polled", programs.poll, [[[WEATHER], [RAIN], [ANSWER]], [[BOTH], [WEATHER], [ANSWER]]], DONE * 2),
    ("two rounds, streamed", programs.stream, [[[WEATHER], [RAIN], [ANSWER]]], DONE),
    ("cancelled at work", programs.cancel_at_work, [[[Wait()]]], ["cancelled"]),
    ("cancelled at work, after some words", programs.cancel_at_work, [[[Say("It is"), Wait()]]], ["cancelled"]),
    ("cancelled in place of outputs", programs.cancel_instead, [[[BOTH]]], ["cancelled"]),
    ("cancelled while it streams", programs.cancel_while_streaming, [[[Say("It is 14"), Wait()]]], ["cancelled"]),
    ("failed, polled", programs.poll, [[[SORRY]], [[ANSWER]]], ["failed", *DONE]),
    ("failed after outputs, polled", programs.poll, [[[BOTH], [FAST]], [[ANSWER]]], ["failed", *DONE]),
    ("failed, streamed", programs.stream, [[[Say("It is"), FAST]]], ["failed"]),
    ("cut short, polled", programs.poll, [[[Say("It is"), Stop()]], [[ANSWER]]], ["incomplete", *DONE]),
    ("cut short, streamed", programs.stream, [[[Say("It is"), Stop()]]], ["incomplete"]),
    ("refused", programs.mistakes, [[[BOTH], [ANSWER]]], DONE),
]  # fmt: skip


def recorded(program: Program, scripts: list[Script]) -> None:
    """The tape of a program, recorded from within."""
    with served(scripts) as server:
        recording.install("old.tape")
        client = openai.OpenAI(base_url=server.url, api_key="sk-test", max_retries=0)
        program(client, programs.assistant(client))
        client.close()
        recording.uninstall()


def compared(control: str = "old.tape") -> Any:
    """The JSON of what a user sees: the tape asked again, both compared; what is accepted is shown with its reason."""
    result = call("diff", "replay", control, "--tape", "new.tape")
    assert result.exit_code == 0, result.output
    Path("rules.toml").write_text(QUIET)
    options = ("--rules", "rules.toml", "--gate", "info", "--json", "told.json")
    result = call("diff", "compare", control, "new.tape", *options)
    told = json.loads(Path("told.json").read_text("utf-8"))
    assert [each for each in mismatches(told) if not each["accepted"]] == [], result.output
    assert (result.exit_code, told["verdict"]) == (0, "same"), result.output
    assert told["accepted"] and all(each["note"] in result.output for each in told["accepted"]), result.output
    assert all("docs/conformance.md#" in each["note"] for each in told["accepted"]), result.output
    return told


def mismatches(told: Any) -> list[Any]:
    return [each for observation in told["observations"] for each in observation["mismatches"]]


def ends(tape: Tape) -> list[Any]:
    """How each run of a tape was seen last."""
    found: dict[str, str] = {}
    for exchange in tape.exchanges:
        answer = exchange.answer
        assert answer is not None
        bodies = [answer.body] if answer.events is None else [event.data for event in answer.events]
        runs = [body for body in bodies if isinstance(body, dict) and body.get("object") == "thread.run"]
        found |= {run["id"]: run["status"] for run in runs}
    return list(found.values())


@pytest.mark.parametrize(
    ("program", "scripts", "expected"), [row[1:] for row in CHAINS], ids=[row[0] for row in CHAINS]
)
def test_nothing_differs_but_what_is_documented(program: Program, scripts: list[Script], expected: list[str]) -> None:
    recorded(program, scripts)
    told = compared()
    assert told["exchanges"]["paired"] == told["exchanges"]["total"]
    assert ends(tapes.read(Path("old.tape"))) == ends(tapes.read(Path("new.tape"))) == expected


def test_refusals_come_back() -> None:
    recorded(programs.mistakes, [[[BOTH], [ANSWER]]])
    compared()
    for path in ("old.tape", "new.tape"):
        answers = [each.answer for each in tapes.read(Path(path)).exchanges]
        texts = [answer.body["error"]["message"] for answer in answers if answer and answer.status >= 400]
        assert [re.sub(r"_[A-Za-z0-9]{24}", "", text) for text in texts] == REFUSALS


@pytest.mark.parametrize("name", ["parallel calls, streamed", "cancelled while it streams", "refused"])
def test_recorded_by_the_proxy(name: str) -> None:
    (program, scripts) = next(row[1:3] for row in CHAINS if row[0] == name)
    command = [sys.executable, "-m", "bridge", "diff", "record", "--tape", "old.tape", "--target"]
    with served(scripts) as server:
        process = subprocess.Popen(
            [*command, server.url], stdout=subprocess.PIPE, text=True, env=environment(COLUMNS="200")
        )
        try:
            assert process.stdout is not None
            url = re.search(r"http://\S+/v1", process.stdout.readline())
            assert url is not None
            client = openai.OpenAI(base_url=url[0], api_key="sk-test", max_retries=0)
            program(client, programs.assistant(client))
            client.close()
        finally:
            process.terminate()
            process.communicate(timeout=30)
    compared()


# --- real traffic


@pytest.mark.needs("shared")
@pytest.mark.parametrize("name", ["new_assistant_with_polling", "existing_assistant", "streaming_new_assistant"])
def test_recordings_of_the_old_service(name: str, shared: Path) -> None:
    told = compared(str(shared / "recordings" / "vcr" / f"test_{name}.yaml"))
    assert told["exchanges"]["paired"] == told["exchanges"]["total"] > 0


# --- an exported thread

PLAIN, ROUND, TWO = [[ANSWER]], [[BOTH], [ANSWER]], [[WEATHER], [RAIN], [ANSWER]]
FAILED, CUT = [[SORRY]], [[Say("It is"), Stop()]]
TEN: list[Script] = [PLAIN, ROUND, PLAIN, PLAIN, TWO, FAILED, ROUND, CUT, [[Say("Let me see."), BOTH], [ANSWER]], PLAIN]


def exported() -> None:
    """The folder that an exporter made of a thread of ten turns."""
    with served(TEN) as server:
        client = openai.OpenAI(base_url=server.url, api_key="sk-test", max_retries=0)
        programs.talk(client, programs.assistant(client))
        client.close()
    (thread_id,) = server.api.threads
    Path("export/threads").mkdir(parents=True)
    Path("export/assistants.json").write_text(json.dumps(list(server.api.assistants.values())))
    Path(f"export/threads/{thread_id}.json").write_text(json.dumps(server.api.export(thread_id)))


def test_an_exported_thread_of_ten_turns() -> None:
    exported()
    assert call("diff", "tape", "export", "--tape", "old.tape").exit_code == 0
    told = compared()
    new = tapes.read(Path("new.tape"))
    asked = [each.request.body for each in new.exchanges if each.request.path.endswith("/messages")]
    assert [body["content"] for body in asked if body] == [f"Turn {number}" for number in range(1, 11)]
    given = [each.request.body["tool_outputs"] for each in new.exchanges if "submit" in each.request.path]
    assert [len(outputs) for outputs in given] == [3, 1, 1, 3, 3]
    assert {each["output"] for outputs in given for each in outputs} == set(programs.OUTPUTS.values())
    assert ends(new) == [*["completed"] * 5, "failed", "completed", "incomplete", "completed", "completed"]
    assert told["exchanges"]["paired"] == told["exchanges"]["total"]
