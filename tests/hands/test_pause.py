"""A process that is stopped (SIGSTOP: a laptop that sleeps, a container that is paused) and goes on later."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.testing import serve_scripted

PROGRAM = """
import json, sys
from bridge.hands import leases, runner
leases.LEASE_SECONDS = 1.0
runner.Runner.__init__.__kwdefaults__["lease_seconds"] = 1.0
from bridge import OpenAI

client = OpenAI(base_url=sys.argv[1], api_key="sk-test", store=sys.argv[2], max_retries=0)
assistant = client.beta.assistants.create(model="gpt-4o")
thread = client.beta.threads.create(messages=[{"role": "user", "content": "slow once"}])
try:
    for event in client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True):
        print(json.dumps([event.event, event.data.id, thread.id]), flush=True)
    print(json.dumps(["the end"]), flush=True)
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]), flush=True)
"""
SCRIPT: Any = [
    {"when": "slow once", "times": 1, "do": [{"say": "One,"}, {"wait": 60}, {"say": " two."}]},
    {"when": "slow once", "say": "Quick this time."},
]


@pytest.fixture
def upstream() -> Iterator[Any]:
    with serve_scripted(SCRIPT) as served:
        yield served


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped here")
def test_a_process_that_was_stopped_finds_its_run_done_by_another(
    upstream: Any, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bridge import OpenAI

    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, upstream.url, str(store_path)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("BRIDGE_", "OPENAI_"))}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=store_path.parent)
    assert process.stdout is not None
    told: list[list[str]] = []
    try:
        while not told or told[-1][0] != "thread.message.delta":
            told.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGSTOP)
        _, run_id, thread_id = told[0]
        monkeypatch.setattr("bridge.hands.leases.HEARTBEAT_SECONDS", 0.2)
        with OpenAI(base_url=upstream.url, api_key="sk-test", store=store_path, max_retries=0) as client:
            run = client.beta.threads.runs.poll(run_id, thread_id=thread_id)
            assert run.status == "completed"
            process.send_signal(signal.SIGCONT)
            rest = [json.loads(line) for line in process.stdout]
            assert process.wait(10) == 0
            (message, _) = client.beta.threads.messages.list(thread_id).data
        assert message.content[0].text.value == "Quick this time."  # type: ignore[union-attr]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert rest[-1][0] == "APIError" and "had an error processing your request" in rest[-1][1]
    assert "thread.run.completed" not in [line[0] for line in rest]
    assert len(upstream.scripted.requests) == 2
