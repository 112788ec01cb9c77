"""`bridge doctor --probe`: what answers mean, and what is asked of servers of several kinds."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from cli_help import call

from bridge.cli import judging, probing
from bridge.cli.judging import UNKNOWN_CONTAINER, UNKNOWN_CONVERSATION, Heard
from bridge.profiles import AZURE, GENERIC, LITELLM, OGX, OPENAI, PROFILES, SCRIPTED, TRANSFORMERS, VLLM, Profile
from bridge.testing import serve_scripted
from upstream.raw_server import raw_server

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("BRIDGE_STORE", "BRIDGE_UPSTREAM", "BRIDGE_PROFILE", "BRIDGE_CONFIG", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")


# --- what answers mean


def response(*output: dict[str, Any]) -> Heard:
    return Heard(200, body={"object": "response", "output": list(output)})


def refused(status: int, said: str = "") -> Heard:
    return Heard(status, said)


STREAM = Heard(200, is_stream=True, events=("response.created", "response.completed"))
CUT = Heard(200, is_stream=True, events=("response.created",))
SAID, CALLED = {"type": "message"}, {"type": "function_call"}
LISTED = Heard(200, body={"object": "list", "data": []})

JUDGED = [
    ("streams_unasked", STREAM, True),
    ("streams_unasked", response(SAID), False),
    ("streams_unasked", refused(400), None),
    ("tool_choice", response(CALLED), True),
    ("tool_choice", response(SAID), False),
    ("tool_choice", refused(400), None),
    ("previous_ids", response(SAID), False),
    ("previous_ids", refused(404), None),
    ("encrypted_reasoning", response({"type": "reasoning", "encrypted_content": "x"}, SAID), True),
    ("encrypted_reasoning", response(SAID), None),
    ("encrypted_reasoning", refused(400, "Encrypted content is not supported."), False),
    ("encrypted_reasoning", refused(400, "Encrypted content is not supported with this model."), None),
    ("encrypted_reasoning", refused(500), None),
    ("input_tokens", Heard(200, body={"input_tokens": 5}), True),
    ("input_tokens", refused(404), False),
    ("input_tokens", refused(401), None),
    ("conversations", refused(404, f"Conversation with id '{UNKNOWN_CONVERSATION}' not found."), True),
    ("conversations", refused(404, "Not Found"), False),
    ("conversations", refused(404, f"Invalid URL (GET /v1/conversations/{UNKNOWN_CONVERSATION})"), False),
    ("conversations", refused(403), None),
    ("containers", refused(404, f"Container with id '{UNKNOWN_CONTAINER}' not found."), True),
    ("containers", refused(405), False),
    ("vector_stores", LISTED, True),
    ("files", refused(404), False),
    ("files", refused(0, f"no answer from {UNKNOWN_CONTAINER}"), None),
]


@pytest.mark.parametrize(("name", "heard", "ability"), JUDGED)
def test_what_an_answer_settles(name: str, heard: Heard, ability: bool | None) -> None:
    assert judging.profile({name: heard}) == evolve(Profile("probed"), **{name: ability})


def test_what_has_to_work() -> None:
    assert [judging.works(heard) for heard in (response(SAID), STREAM, refused(404), LISTED)] == [True, *[False] * 3]
    assert [judging.streams(heard) for heard in (STREAM, CUT, response(SAID))] == [True, False, False]


ASKED = set(judging.JUDGES)
NEAREST = [
    *((profile, profile) for profile in (OPENAI, VLLM, LITELLM, TRANSFORMERS)),
    (evolve(OGX, containers=False), OGX),
    (evolve(OPENAI, previous_ids=None, encrypted_reasoning=None), OPENAI),
    (evolve(OPENAI, containers=False), OPENAI),
    (GENERIC, GENERIC),
    (Profile("probed", streams_unasked=False, tool_choice=True, conversations=False, vector_stores=False), VLLM),
    (Profile("probed", streams_unasked=False, tool_choice=True, conversations=False, previous_ids=False), LITELLM),
    (Profile("probed", streams_unasked=True), TRANSFORMERS),
    (evolve(SCRIPTED, previous_ids=None), OPENAI),
]


@pytest.mark.parametrize(("server", "nearest"), NEAREST, ids=lambda profile: profile.name)
def test_the_profile_that_fits_best(server: Profile, nearest: Profile) -> None:
    known = {name: value for name, value in server.abilities().items() if name in ASKED}
    assert judging.nearest(Profile("probed", **known)) is nearest


def test_differences_are_between_what_both_know() -> None:
    assert judging.differences(evolve(AZURE, conversations=False), OPENAI) == ["conversations"]
    assert [judging.differences(each, GENERIC) for each in PROFILES.values()] == [[]] * len(PROFILES)
    assert judging.differences(SCRIPTED, OPENAI) == ["previous_ids"]


# --- what is asked


def lines(*arguments: str) -> tuple[int, list[str]]:
    result = call("doctor", "--probe", "--store", "memory", *arguments)
    return result.exit_code, [" ".join(line.split()) for line in result.stdout.splitlines()]


def test_a_server_that_can_do_everything() -> None:
    with serve_scripted() as served:
        code, shown = lines("--upstream", served.url)
        asked = served.scripted.requests
    assert code == 0
    for line in (
        "ok its profile generic guessed from the base URL",
        "ok responses whole asked gpt-4o",
        "ok responses streamed asked gpt-4o",
        "ok streams_unasked no generic says: tried",
        "ok tool_choice yes generic says: tried",
        "ok input_tokens yes generic says: tried",
        "ok vector_stores yes generic says: tried",
    ):
        assert line in shown
    assert len(asked) == 6
    assert [request.get("stream") for request in asked] == [False, True, None, False, False, False]
    assert not any(request["store"] for request in asked), "nothing is kept upstream"


@pytest.mark.slow
def test_a_profile_that_says_otherwise_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_PROFILE", "transformers")
    with serve_scripted() as served:
        code, shown = lines("--upstream", served.url, "--model", "gpt-4.1")
    assert code == 0
    assert "note tool_choice yes transformers says: no" in shown
    assert "note streams_unasked no transformers says: yes" in shown
    assert "ok responses whole asked gpt-4.1" in shown


def test_a_server_that_refuses_unknown_fields_is_asked_without() -> None:
    with serve_scripted(quirks=["unknown_is_422"]) as served:
        code, _ = lines("--upstream", served.url)
        asked = served.scripted.requests
    assert code == 0
    assert ["store" in request for request in asked] == [True, *[False] * 6]


PAGE = b"<html>Welcome to nginx!</html>"
WELCOME = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n%b" % (len(PAGE), PAGE)


def test_a_server_that_is_no_responses_server() -> None:
    with raw_server(WELCOME, then_close=True) as server:
        code, shown = lines("--upstream", server.url, "--model", "m")
    assert code == 1
    assert "wrong responses whole: HTTP 200 <html>Welcome to nginx!</html>" in shown
    assert not any(line.startswith(("ok tool_choice", "ok nearest")) for line in shown)
    assert len(server.requests) == 1, "what follows is not asked"


def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, shown = lines("--upstream", f"http://127.0.0.1:{port}/v1", "--model", "m")
    assert code == 1
    assert any(line.startswith("wrong responses whole: no answer") for line in shown)


PROBED = [
    ((), 0, "ok containers yes generic says: tried"),
    (("no_containers",), 0, "ok containers no generic says: tried"),
    (("malformed_json",), 1, "wrong responses whole:"),
    (("error_event",), 1, "wrong responses whole:"),
]


@pytest.mark.parametrize(("quirks", "code", "line"), PROBED)
def test_quirks_are_seen(quirks: tuple[str, ...], code: int, line: str) -> None:
    with serve_scripted(quirks=quirks) as served:
        found, shown = lines("--upstream", served.url)
    assert found == code
    assert any(each.startswith(line) for each in shown), shown


def test_a_server_without_a_list_of_models_needs_a_name() -> None:
    with raw_server(WELCOME, then_close=True) as server:
        code, shown = lines("--upstream", server.url)
    assert code == 1
    assert "wrong probe not asked the upstream lists no models: name one with --model" in shown


def test_the_offline_upstream_is_not_asked() -> None:
    code, shown = lines("--upstream", "scripted")
    assert code == 0
    assert "note probe not asked the offline upstream is in this process" in shown


def test_a_wrong_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with serve_scripted() as served:
        code, shown = lines("--upstream", served.url, "--model", "gpt-4o")
    assert code == 1
    assert any(line.startswith("wrong responses whole: HTTP 401") for line in shown)


@pytest.fixture
def _hurry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(probing, "SECONDS", 0.2)
    monkeypatch.setattr(probing, "LONGEST", 0.3)
    yield


@pytest.mark.usefixtures("_hurry")
def test_time_is_bounded() -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"
    with raw_server(answer) as server:
        code, shown = lines("--upstream", server.url, "--model", "m")
    assert code == 1
    assert any("no answer" in line for line in shown)


def test_the_table_fits_a_terminal_of_eighty_columns() -> None:
    from typer.testing import CliRunner

    from bridge.cli.app import app

    with serve_scripted() as served:
        arguments = ["doctor", "--probe", "--store", "memory", "--upstream", served.url]
        shown = CliRunner(env={"COLUMNS": "80"}).invoke(app, arguments).stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "nearest profile" in shown


def test_events_without_names_are_read() -> None:
    text = "data: " + json.dumps({"type": "response.completed"}) + "\n\ndata: [DONE]\n\n"
    assert list(probing._events(text)) == ["response.completed"]
