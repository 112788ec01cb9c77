"""What is noted of the requests of tests: each shape once, nothing refused, child processes too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.engine.effects import Send
from bridge.testing import ScriptedUpstream
from bridge.upstream import UpstreamRefused
from doors.served import clean_environment
from judges.notes import noting

SAME: list[tuple[Any, Any]] = [
    ({"text": "a"}, {"text": "b"}),
    ([{"type": "x"}, {"type": "x"}], [{"type": "x"}]),
    ({"id": "msg_1", "type": "message"}, {"type": "message", "id": "msg_2"}),
    ({"parameters": {"a": 1}}, {"parameters": {"a": 2}}),
]
OTHER: list[tuple[Any, Any]] = [
    ({"text": "a"}, {"text": ""}),
    ({"text": "a"}, {"text": None}),
    ({"role": "user"}, {"role": "assistant"}),
    ({"temperature": 1}, {"temperature": 2}),
    ([{"type": "x"}], [{"type": "x"}, {"type": "y"}]),
    ({"parameters": {"a": 1}}, {"parameters": {"b": 1}}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_the_callers_own_makes_no_other_shape(one: Any, other: Any) -> None:
    assert noting.shape(one) == noting.shape(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_a_description_judges_does(one: Any, other: Any) -> None:
    assert noting.shape(one) != noting.shape(other)


def test_what_is_taken_is_noted_once_and_what_is_refused_not_at_all(noted_here: Path) -> None:
    upstream = ScriptedUpstream([{"say": "Yes."}])
    for text in ("a", "b"):
        upstream.open({"model": "gpt-4o", "input": "Hi", "instructions": text}).close()
    with pytest.raises(UpstreamRefused):
        upstream.open({"model": "gpt-4o", "input": "a", "nonsense": 1})
    upstream.send(Send("GET", "/files", query={"limit": "1"}))
    upstream.send(Send("GET", "/nowhere"))
    noted = [json.loads(line) for line in noted_here.read_text().splitlines()]
    assert [(entry["method"], entry["path"], entry["query"]) for entry in noted] == [
        ("POST", "/responses", {}),
        ("GET", "/files", {"limit": "1"}),
    ]
    assert noted[0]["body"] == {"model": "gpt-4o", "input": "Hi", "instructions": "a"}
    assert noted[0]["test"].startswith("tests/judges/test_noting.py::test_what_is_taken")


@pytest.mark.slow
def test_child_processes_note_too(tmp_path: Path) -> None:
    file = tmp_path / "noted.jsonl"
    here = str(Path(noting.__file__).parent)
    environment = clean_environment(NOTED_REQUESTS=str(file), PYTHONPATH=here)
    command = [sys.executable, "-m", "bridge", "demo"]
    subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert {json.loads(line)["path"] for line in file.read_text().splitlines()} == {"/responses"}
