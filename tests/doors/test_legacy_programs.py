"""Short programs in the style of what people really run, unchanged but for the import, or not changed at all.

They lie in tests/seeds/python/legacy. Each runs once through the drop-in and once against the gateway, before the same
script; what they print must be the same, and so must be what went upstream.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.testing import ScriptedUpstream, serve_scripted
from doors.served import clean_environment, gateway

pytestmark = pytest.mark.slow
Object = dict[str, Any]
PROGRAMS = Path(__file__).parents[1] / "seeds" / "python" / "legacy"
SECONDS = 60
IMPORT = re.compile(r"^from openai import (OpenAI|AsyncOpenAI)$", re.MULTILINE)

SCRIPT: list[dict[str, Any]] = [
    {
        "when": "quota",
        "error": {"status": 429, "code": "insufficient_quota", "message": "You exceeded your current quota."},
    },
    {"when": "too long", "error": {"status": 400, "code": "context_length_exceeded", "message": "Too many tokens."}},
    {"when": "crash", "say": "Let me", "fail": {"code": "server_error", "message": "The model crashed."}},
    {"when": "refused", "refuse": "I cannot help with that."},
    {"when": "sometimes busy", "times": 1, "error": {"status": 429, "retry_after": 0.1}},
    {"when": "sometimes busy", "say": "Now I have time."},
    {
        "when": "weather",
        "call": [{"like": "temperature", "arguments": {"city": "Ulm"}}, {"like": "rain", "arguments": {"city": "Ulm"}}],
        "then": {"say": "The tools say {outputs}."},
    },
    {"when": "instructions", "say": "{model}: {instructions}"},
    {"when": "Good morning", "say": "Good morning to you!"},
    {"when": "always", "say": 'You said "{text}".'},
]


class Door:
    """A way in, with a scripted server behind it. `ran` is what a program printed; `requests` what it sent upstream."""

    def __init__(self, folder: Path, scripted: ScriptedUpstream, url: str, base_url: str | None) -> None:
        self.folder, self.scripted, self.url, self.base_url = folder, scripted, url, base_url

    def run(self, name: str) -> tuple[list[str], list[Any]]:
        before = len(self.scripted.requests)
        source = (PROGRAMS / f"{name}.py").read_text()
        changed = source if self.base_url else IMPORT.sub(r"from bridge import \1", source)
        assert (changed == source) == bool(self.base_url)
        program = self.folder / f"{name}.py"
        program.write_text(changed)
        lines = self._said(program)
        return lines, self.scripted.requests[before:]

    def _said(self, program: Path) -> list[str]:
        environment = clean_environment(
            OPENAI_API_KEY="sk-test",
            OPENAI_BASE_URL=self.base_url or self.url,
            BRIDGE_STORE=str(self.folder / f"{program.stem}.db"),
            BRIDGE_BETA_V1="refuse",  # as the gateway does by itself: both doors are to say the same
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore::DeprecationWarning", str(program)],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout.splitlines()


@pytest.fixture(scope="module", params=["dropin", "gateway"])
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp(request.param)
    with serve_scripted(SCRIPT) as served:
        if request.param == "dropin":
            yield Door(folder, served.scripted, served.url, None)
        else:
            with gateway(served.url, folder / "bridge.db") as base_url:
                yield Door(folder, served.scripted, served.url, base_url)


@pytest.mark.parametrize("name", sorted(path.stem for path in PROGRAMS.glob("*.py")))
def test_prints_what_it_always_printed(door: Door, name: str) -> None:
    printed, requests = door.run(name)
    assert printed == (PROGRAMS / f"{name}.txt").read_text().splitlines()
    SENT.get(name, lambda _: None)(requests)


# --- what went upstream


def said(request: Object) -> list[str]:
    """The input of a request in a word and its text each."""
    return [_said(item) for item in request["input"]]


def _said(item: Object) -> str:
    if item["type"] == "function_call":
        return f"call {item['name']}"
    if item["type"] == "function_call_output":
        return f"output {item['output']}"
    (part,) = item["content"]
    return f"{item['role']} {part.get('text') or part['refusal']}"


def the_whole_history_each_turn(requests: list[Object]) -> None:
    """Messages, calls and outputs of all turns before, in order, and nothing else."""
    expected: list[str] = []
    left = iter(requests)
    for turn in range(1, 21):
        asks = turn % 5 == 0
        expected.append(f"user Turn {turn}: the weather?" if asks else f"user Turn {turn}")
        assert said(next(left)) == expected
        if asks:
            expected += ["call get_rain", f"output rain {turn}"]
            assert said(next(left)) == expected
        expected.append(f"assistant The tools say rain {turn}." if asks else f'assistant You said "Turn {turn}".')
    assert list(left) == []
    assert {request["instructions"] for request in requests} == {"Remember everything."}
    assert all(request["tools"] and request["store"] is False for request in requests)


def a_cancelled_call_is_left_out(requests: list[Object]) -> None:
    assert [said(request) for request in requests] == [
        ["user How is the weather?"],
        ["user How is the weather?", "user Never mind. Good morning!"],
    ]


def instructions_as_they_were(requests: list[Object]) -> None:
    assert [(request.get("instructions"), request["model"], request["temperature"]) for request in requests] == [
        ("Speak French.", "gpt-4o", 0.2),
        ("Speak German.", "gpt-4.1", 0.2),
        (None, "gpt-4o", 0.2),
    ]


def retried_only_where_it_helps(requests: list[Object]) -> None:
    asked = Counter(said(request)[-1].removeprefix("user ") for request in requests)
    assert asked["too long"] == asked["crash"] == asked["refused"] == 1
    assert asked["sometimes busy"] == 2
    assert said(requests[-1]) == [
        "user quota",
        "user too long",
        "user crash",
        "assistant Let me",
        "user refused",
        "assistant I cannot help with that.",
        "user sometimes busy",
    ]


SENT = {
    "long_chat": the_whole_history_each_turn,
    "impatient": a_cancelled_call_is_left_out,
    "editing": instructions_as_they_were,
    "errors": retried_only_where_it_helps,
    "gather": lambda requests: pytest.fail(f"{len(requests)} requests") if len(requests) != 30 else None,
}
