"""What `bridge explain` takes: lines of curl, one call, recordings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_help import call

from bridge.cli import curl
from bridge.cli.curl import Curl
from bridge.diff import tape as tapes
from bridge.errors import ConfigurationError
from diff.test_replay import POLL, SUBMIT, ask, recorded

URL = "https://api.openai.com/v1/threads"

COMMANDS: list[tuple[str, list[Curl]]] = [
    (f"curl {URL}", [Curl("GET", URL, None)]),
    (f"curl {URL} -d ''", [Curl("POST", URL, None)]),
    (f"curl -X POST {URL}", [Curl("POST", URL, None)]),
    (f"curl -XDELETE --url={URL}", [Curl("DELETE", URL, None)]),
    (f"""curl "{URL}" -H "OpenAI-Beta: assistants=v2" -d '{{"a": 1}}'""", [Curl("POST", URL, {"a": 1})]),
    (f"""$ curl {URL} \\\n  --request=PUT \\\n  --json '{{"a": "it'"'"'s"}}'""", [Curl("PUT", URL, {"a": "it's"})]),
    (f"# one\ncurl {URL} -s | jq .id\n\n# two\ncurl {URL} -d{{}}", [Curl("GET", URL, None), Curl("POST", URL, {})]),
    (f"""curl -sS --fail -u x:y {URL} --data-raw '[1,\r\n2]'""", [Curl("POST", URL, [1, 2])]),
]


@pytest.mark.parametrize(("text", "calls"), COMMANDS)
def test_command_lines(text: str, calls: list[Curl]) -> None:
    assert curl.is_curl(text)
    assert list(curl.read(text)) == calls


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("curl", "has no URL"),
        (f"curl {URL} -d '{{", "cannot be read: No closing quotation"),
        (f"curl {URL} -d '{{'", "what curl sends is no JSON"),
        (f"curl {URL} -d @nowhere.json", "nowhere.json: No such file"),
        (f"curl {URL} -F file=@a.txt", "forms and uploads"),
    ],
)
def test_command_lines_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        curl.read(text)


def test_a_body_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("body.json").write_text('{"a": 1}')
    assert curl.read(f"curl {URL} -d @body.json") == (Curl("POST", URL, {"a": 1}),)


QUICKSTART = f"""
# an assistant, a thread, a message, a run
curl "https://api.openai.com/v1/assistants" \\
  -H "Authorization: Bearer $OPENAI_API_KEY" \\
  -d '{{"model": "gpt-4.1", "instructions": "You are a tutor."}}'
curl {URL} -H "OpenAI-Beta: assistants=v2" -d ''
curl {URL}/thread_abc123/messages -d '{{"role": "user", "content": "Solve 3x + 11 = 14."}}'
curl {URL}/thread_abc123/runs -d '{{"assistant_id": "asst_abc123", "additional_instructions": "Be kind."}}'
curl {URL}/thread_abc123/messages
"""
AT_ONCE = {
    "method": "POST",
    "path": "/v1/threads/runs",
    "body": {
        "assistant_id": "asst_abc123",
        "instructions": "You are a tutor.\nBe kind.",
        "model": "gpt-4.1",
        "thread": {"messages": [{"role": "user", "content": "Solve 3x + 11 = 14."}]},
    },
}


@pytest.mark.parametrize("text", [QUICKSTART, json.dumps(AT_ONCE)], ids=["curl", "one call"])
def test_calls_become_one_request(text: str) -> None:
    result = call("explain", "-", input=text)
    assert result.exit_code == 0, result.stderr
    request = json.loads(result.stdout)
    assert (request["model"], request["instructions"]) == ("gpt-4.1", "You are a tutor.\nBe kind.")
    assert request["input"][0]["content"] == [{"type": "input_text", "text": "Solve 3x + 11 = 14."}]


def test_what_becomes_of_each_parameter() -> None:
    result = call("explain", "-", "--each", input=QUICKSTART)
    assert "assistant.instructions: exact. Sent with every leg of a run." in result.stderr
    assert "run.additional_instructions: " in result.stderr
    assert "OPENAI_API_KEY" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"curl {URL}/thread_abc", "none of these calls makes a Responses request"),
        ("curl https://api.openai.com/v1/chat/completions -d {}", "is no call of the Assistants API"),
        (f"curl {URL} -d []", "the body must be a JSON object"),
        ("something else", "lines of curl are taken, too"),
        ('{"object": "list", "data": []}', "with the keys object, data: none of a tape"),
    ],
)
def test_what_is_no_request(text: str, message: str) -> None:
    result = call("explain", "-", input=text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


@pytest.mark.parametrize("as_file", [True, False], ids=["file", "pipe"])
def test_every_request_of_a_recording(as_file: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = [{"call": "get_weather", "then": {"say": "Mild."}}]
    tapes.write(recorded(script, [*ask("Weather?"), POLL, SUBMIT, POLL]), Path("old.tape"))
    given = {} if as_file else {"input": Path("old.tape").read_text("utf-8")}
    result = call("explain", "old.tape" if as_file else "-", **given)
    assert result.exit_code == 0, result.stderr
    first, second = json.loads(result.stdout)
    assert first["run"] == second["run"]
    assert [item["type"] for item in first["request"]["input"]] == ["message"]
    assert [item["type"] for item in second["request"]["input"]] == ["message", "function_call", "function_call_output"]
