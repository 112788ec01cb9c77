"""Every request that is sent upstream is one the API's own description allows, in the eyes of a foreign validator.

`make test-all` notes what all other tests send (`notes/noting.py`); the programs of `corpus.py` are judged in any case.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from openai.types import VectorStoreCreateParams
from openai.types.vector_stores import FileBatchCreateParams, FileCreateParams
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from bridge import OpenAI
from bridge.engine.effects import Send
from bridge.service import Service
from bridge.settings import Options
from bridge.testing import MemoryStore, ScriptedUpstream
from judges.corpus import PROGRAMS, SCRIPT, Program
from judges.notes import noting
from judges.steady import Judge, judging

pytestmark = [pytest.mark.slow, pytest.mark.needs("node", "shared")]

Noted = list[dict[str, Any]]
NOT_OURS = ("/chat/", "/embeddings", "/models")
"""Calls that pass through as the caller made them."""

TYPED: list[tuple[str, Any]] = [
    (r"/vector_stores", VectorStoreCreateParams),
    (r"/vector_stores/[^/]+/files", FileCreateParams),
    (r"/vector_stores/[^/]+/file_batches", FileBatchCreateParams),
]
"""Calls, of ours and of frameworks, that the extract does not have: the SDK's own types judge their bodies."""


@pytest.fixture(scope="module")
def judge(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with judging(shared / "reference" / "openapi-responses.json", tmp_path_factory.mktemp("steady")) as judge:
        yield judge


def noted_in(file: Path) -> Noted:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


OTHERS: Final = ("tests/upstream/", "tests/diff/test_chain_native.py")
"""Tests of the scripted upstream itself, and of programs as their authors write them, send what no bridge would send:
a tool without `strict`, say, which the description requires and the server does not."""


def is_judged(entry: dict[str, Any]) -> bool:
    return not entry["test"].startswith(OTHERS) and not entry["path"].startswith(NOT_OURS)


def found(judge: Judge, noted: Noted) -> list[str]:
    """What the judge has to say, each with the test that sent the request."""
    told = []
    for entry in filter(is_judged, noted):
        if entry["path"].startswith(("/files", "/vector_stores")):
            findings = typed_findings(entry)
        else:
            assert judge.knows(entry["path"]), entry
            findings = judge.findings(entry["method"], entry["path"], entry["query"], entry["body"])
        told += [f"{entry['test']}: {entry['method']} {entry['path']} {finding}" for finding in findings]
    return told


def typed_findings(entry: dict[str, Any]) -> list[str]:
    if entry["method"] != "POST":
        return []
    (kind,) = [kind for pattern, kind in TYPED if re.fullmatch(pattern, entry["path"])]
    try:
        TypeAdapter(with_config(ConfigDict(extra="forbid"))(kind)).validate_python(entry["body"])
    except ValidationError as error:
        return [f"{each['loc']}: {each['msg']}" for each in error.errors()]
    return []


# --- the judge can find something


GOOD: dict[str, Any] = {
    "model": "gpt-4o",
    "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}],
    "stream": True,
    "store": False,
}
NESTED = {"type": "function", "function": {"name": "f", "parameters": {}}}
SPOILT: list[tuple[str, dict[str, Any]]] = [
    ("body.tools.0", {"tools": [NESTED]}),
    ("body.tools.0", {"tools": [{"type": "code_interpreter"}]}),
    ("body.tools.0", {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"], "ranker": "auto"}]}),
    ("body.tool_choice", {"tool_choice": {"type": "function", "function": {"name": "f"}}}),
    ("body.text.format", {"text": {"format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}}}),
    ("body.input.0", {"input": [{"type": "message", "role": "user", "content": [{"type": "text", "text": "Hi"}]}]}),
    ("body.input.0", {"input": [{"type": "function_call_output", "call_id": "c", "output": "a", "tool": "f"}]}),
    ("body.temperature", {"temperature": 3}),
    ("body.reasoning.effort", {"reasoning": {"effort": "huge"}}),
    ("body.include.0", {"include": ["step_details"]}),
    ("body.truncation", {"truncation": "last_messages"}),
    ("body.metadata.a", {"metadata": {"a": 1}}),
]


def test_a_good_request_has_no_findings(judge: Judge) -> None:
    assert judge.findings("POST", "/responses", {}, GOOD) == []


@pytest.mark.parametrize(("place", "change"), SPOILT)
def test_what_is_broken_is_found(judge: Judge, place: str, change: dict[str, Any]) -> None:
    findings = judge.findings("POST", "/responses", {}, {**GOOD, **change})
    assert [finding for finding in findings if finding.startswith(place)], findings


def test_a_wrong_query_is_found(judge: Judge) -> None:
    assert judge.findings("GET", "/containers/cntr_1/files", {"order": "newest"}, None)


TYPES_SPOILT = [{"name": 5}, {"file_ids": "file-1"}, {"names": []}, {"expires_after": {"days": 7}}]


@pytest.mark.parametrize("body", TYPES_SPOILT)
def test_what_is_broken_in_a_vector_store_is_found(body: dict[str, Any]) -> None:
    assert typed_findings({"method": "POST", "path": "/vector_stores", "body": body})


# --- the judge is no stricter than the server


def test_what_the_real_server_took_is_allowed(judge: Judge, shared: Path) -> None:
    """But for one message, which lacks fields that stricter servers need and bridge sends."""
    recorded = sorted((shared / "recordings" / "responses").glob("*.json"))
    assert [file.stem for file in recorded if recorded_findings(judge, file)] == ["MessageHistoryWorks"]


def recorded_findings(judge: Judge, recording: Path) -> list[str]:
    """About the requests that were answered with 200."""
    told = []
    for entry in json.loads(recording.read_text("utf-8"))["Entries"]:
        url = urlsplit(entry["RequestUri"])
        path, query = url.path.removeprefix("/v1"), dict(parse_qsl(url.query))
        if entry["StatusCode"] == 200 and judge.knows(path):
            told += judge.findings(entry["RequestMethod"], path, query, entry.get("RequestBody"))
    return told


# --- what bridge sends


@pytest.mark.parametrize("background", [False, True])
def test_the_programs_send_what_is_allowed(judge: Judge, noted_here: Path, background: bool) -> None:
    upstream = ScriptedUpstream(SCRIPT)
    service = Service(MemoryStore(), upstream, options=Options(background=background))
    with OpenAI(api_key="sk-test", bridge=service) as client:
        for program in PROGRAMS:
            play(client, upstream, program)
    noted = noted_in(noted_here)
    assert found(judge, noted) == []
    paths = {re.sub(r"_[0-9a-z]{9,}", "_1", entry["path"]) for entry in noted}
    assert paths >= {"/responses", "/responses/input_tokens", "/containers/cntr_1/files", "/vector_stores"}
    assert {bool(entry["body"].get("background")) for entry in noted if entry["path"] == "/responses"} == {background}


def play(client: OpenAI, upstream: ScriptedUpstream, program: Program) -> None:
    """All of a program's runs, each to its end."""
    file_id = upstream.add_file("dog.txt", b"The dog is brown.")
    store_id = upstream.send(Send("POST", "/vector_stores", {"file_ids": [file_id]})).body["id"]

    def given(value: Any) -> Any:
        return json.loads(json.dumps(value).replace("FILE", file_id).replace("STORE", store_id))

    beta = client.beta
    assistant = beta.assistants.create(**{"model": "gpt-4o", **given(program.assistant)})
    thread = beta.threads.create(messages=given(program.messages), **given(program.thread))
    for following in [None, *program.again]:
        if following is not None:
            beta.threads.messages.create(thread.id, **given(following))
        run = beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **given(program.run))
        while run.status == "requires_action":
            calls = run.required_action.submit_tool_outputs.tool_calls
            outputs: Any = [{"tool_call_id": call.id, "output": program.output} for call in calls]
            run = beta.threads.runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=thread.id, tool_outputs=outputs
            )
        assert run.status in ("completed", "incomplete"), (program.name, run.last_error)


@pytest.mark.matrix
def test_all_other_tests_sent_what_is_allowed(judge: Judge) -> None:
    """Comes last (tests/conftest.py), and takes what this very session noted."""
    file = os.environ.get(noting.VARIABLE)
    if not file:
        pytest.skip(f"{noting.VARIABLE} names no file; `make test-all` sets it")
    noted = noted_in(Path(file))
    assert noted, "no test sent anything"
    assert found(judge, noted) == []
