"""Processes that are killed, and processes that share one store (issue 2, "Done when"; design §1.4).

The upstream runs in this process and outlives them all, so a test sees what was asked of it, how often, and whether its
generation was stopped. `times: 1` lets it be slow for the first who asks and quick for whoever asks again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest

from bridge.testing import serve_scripted
from doors.served import clean_environment, gateway

pytestmark = pytest.mark.slow
PROGRAMS = Path(__file__).with_name("crash_programs.py")
SECONDS = 30.0
SCRIPT: Any = [
    {"when": "first slow", "times": 1, "do": [{"say": "One, two,"}, {"wait": 60}, {"say": " three."}]},
    {"when": "first slow", "say": "Quick this time."},
    {"when": "kept", "do": [{"say": "One, two,"}, {"wait": 3}, {"say": " three."}]},
    {"when": "slow", "do": [{"say": "One, two,"}, {"wait": 60}, {"say": " three."}]},
    {"when": "a moment", "do": [{"say": "Wait,"}, {"wait": 0.5}, {"say": " here."}]},
    {"when": "temperature", "call": {"name": "get_temperature"}, "then": {"say": "It is {outputs}."}},
    {"when": "always", "say": "You said: {text}"},
]


class Program:
    """A program under way: what it said so far, and ways to wait for more."""

    def __init__(self, name: str, store: Path, url: str, *args: str, flags: tuple[str, ...] = ()) -> None:
        command = [sys.executable, *flags, str(PROGRAMS), name, str(store), url, *args]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(),
            cwd=store.parent,
        )
        self.said: list[dict[str, Any]] = []
        self.errors = ""
        self._news = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._moan, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def until(self, **facts: Any) -> dict[str, Any]:
        """The first line that holds these facts (None: whatever their value)."""

        def found() -> dict[str, Any] | None:
            for line in self.said:
                if all(name in line and want in (None, line[name]) for name, want in facts.items()):
                    return line
            return None

        with self._news:
            assert self._news.wait_for(lambda: found() or self.process.poll() is not None, SECONDS), self.said
        line = found()
        assert line is not None, f"{self.said}\n{self.errors}"
        return line

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.end()

    def end(self, seconds: float = SECONDS) -> int:
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.said.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def _moan(self) -> None:
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Any]:
    with serve_scripted(SCRIPT) as served:
        yield served


@pytest.fixture
def start(upstream: Any, store_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts a program on this test's store; whatever still runs at the end is killed."""
    started: list[Program] = []

    def start(name: str, *args: str, flags: tuple[str, ...] = ()) -> Program:
        started.append(Program(name, store_path, upstream.url, *args, flags=flags))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.kill()


@pytest.fixture
def client(upstream: Any, store_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Another process's view: a drop-in in this one, on the same store, with the same key."""
    import bridge

    monkeypatch.setenv("BRIDGE_STORE", str(store_path))
    with bridge.OpenAI(api_key="sk-test", base_url=upstream.url, max_retries=0) as client:
        yield client


def texts(client: Any, thread_id: str) -> list[str]:
    """What was said on the thread; a message cut off before its first word has no content."""
    messages = client.beta.threads.messages.list(thread_id, order="asc")
    return [message.content[0].text.value for message in messages if message.content]


def goes_on(client: Any, thread_id: str, assistant_id: str) -> None:
    """The thread takes a message and a run like any other."""
    client.beta.threads.messages.create(thread_id, role="user", content="Still there?")
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    assert run.status == "completed"
    assert texts(client, thread_id)[-2:] == ["Still there?", "You said: Still there?"]


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


# --- killed


@pytest.mark.parametrize("kind", ["stream", "astream"])
def test_killed_during_a_leg(kind: str, start: Any, upstream: Any, request: pytest.FixtureRequest) -> None:
    text = f"first slow {kind}"
    upstream.scripted._turns._fired.clear()
    before = upstream.scripted.closed_early
    program = start(kind, text)
    made = program.until(thread=None)
    run_id = program.until(event="thread.run.created")["id"]
    program.until(event="thread.message.delta")
    program.kill()
    assert eventually(lambda: upstream.scripted.closed_early == before + 1), "generation went on"

    client = request.getfixturevalue("client")
    run = client.beta.threads.runs.poll(run_id, thread_id=made["thread"])
    assert run.status == "completed", run
    assert texts(client, made["thread"]) == [text, "Quick this time."]
    (step,) = client.beta.threads.runs.steps.list(run_id, thread_id=made["thread"]).data
    assert step.status == "completed"
    asked = [r for r in upstream.scripted.requests if text in json.dumps(r["input"])]
    assert len(asked) == 2, "once, and repeated once"
    goes_on(client, made["thread"], made["assistant"])


def test_killed_during_a_background_leg(start: Any, upstream: Any, request: pytest.FixtureRequest) -> None:
    program = start("background", "kept upstream")
    made = program.until(thread=None)
    run_id = program.until(event="thread.run.created")["id"]
    program.until(event="thread.message.delta")
    program.kill()

    client = request.getfixturevalue("client")
    run = client.beta.threads.runs.poll(run_id, thread_id=made["thread"])
    assert run.status == "completed", run
    assert texts(client, made["thread"]) == ["kept upstream", "One, two, three."]
    asked = [each for each in upstream.scripted.requests if "kept upstream" in json.dumps(each["input"])]
    assert [each["background"] for each in asked] == [True], "asked once, and gone on with"
    assert run.usage.total_tokens > 0
    goes_on(client, made["thread"], made["assistant"])


def test_a_leg_that_dies_twice_fails_its_run(start: Any, request: pytest.FixtureRequest) -> None:
    program = start("stream", "always slow")
    made = program.until(thread=None)
    run_id = program.until(event="thread.run.created")["id"]
    program.until(event="thread.message.delta")
    program.kill()
    # The next process takes it over, and dies as well.
    second = start("wait_for", run_id, made["thread"])
    second.until(taken=run_id)
    second.kill()
    client = request.getfixturevalue("client")
    run = client.beta.threads.runs.poll(run_id, thread_id=made["thread"])
    assert (run.status, run.last_error.code) == ("failed", "server_error")
    goes_on(client, made["thread"], made["assistant"])


def test_killed_during_requires_action(start: Any, request: pytest.FixtureRequest) -> None:
    program = start("require_action", "What is the temperature?")
    made, asked = program.until(thread=None), program.until(run=None)
    program.kill()

    client = request.getfixturevalue("client")
    run = client.beta.threads.runs.retrieve(asked["run"], thread_id=made["thread"])
    calls = run.required_action.submit_tool_outputs.tool_calls
    assert (run.status, [call.id for call in calls]) == ("requires_action", asked["calls"])
    outputs = [{"tool_call_id": call.id, "output": "57"} for call in calls]
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs
    )
    assert run.status == "completed"
    assert texts(client, made["thread"]) == ["What is the temperature?", "It is 57."]
    goes_on(client, made["thread"], made["assistant"])


def test_killed_between_the_commit_of_a_message_and_its_reply(start: Any, request: pytest.FixtureRequest) -> None:
    program = start("stop_after_commit", "message", "Hello")
    made = program.until(thread=None)
    program.until(committed=True)
    program.kill()
    client = request.getfixturevalue("client")
    assert texts(client, made["thread"]) == ["Hello", "Kept?"]
    goes_on(client, made["thread"], made["assistant"])


def test_killed_between_the_commit_of_a_run_and_its_reply(start: Any, request: pytest.FixtureRequest) -> None:
    program = start("stop_after_commit", "run", "Hello")
    made = program.until(thread=None)
    program.until(committed=True)
    program.kill()
    client = request.getfixturevalue("client")
    (run,) = client.beta.threads.runs.list(made["thread"]).data
    assert client.beta.threads.runs.poll(run.id, thread_id=run.thread_id).status == "completed"
    assert texts(client, made["thread"]) == ["Hello", "You said: Hello"]
    goes_on(client, made["thread"], made["assistant"])


def test_killed_between_the_commit_of_outputs_and_its_reply(start: Any, request: pytest.FixtureRequest) -> None:
    program = start("stop_after_commit", "submit", "What is the temperature?")
    made, asked = program.until(thread=None), program.until(run=None)
    program.until(committed=True)
    program.kill()
    client = request.getfixturevalue("client")
    run = client.beta.threads.runs.poll(asked["run"], thread_id=made["thread"])
    assert run.status == "completed", "the outputs were taken, nobody is asked for them again"
    assert texts(client, made["thread"]) == ["What is the temperature?", "It is 57."]
    goes_on(client, made["thread"], made["assistant"])


def test_a_gateway_is_killed_and_the_next_one_goes_on(upstream: Any, store_path: Path) -> None:
    text = "first slow gateway"
    upstream.scripted._turns._fired.clear()
    with (
        gateway(upstream.url, store_path, killed=True) as url,
        openai.OpenAI(api_key="sk-test", base_url=url) as client,
    ):
        assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
        thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
        stream = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True)
        first = next(iter(stream))
        assert eventually(lambda: len(client.beta.threads.messages.list(thread.id).data) == 2)
        stream.close()
    with gateway(upstream.url, store_path) as url, openai.OpenAI(api_key="sk-test", base_url=url) as client:
        run = client.beta.threads.runs.poll(first.data.id, thread_id=thread.id)
        assert run.status == "completed"
        assert texts(client, thread.id) == [text, "Quick this time."]
        goes_on(client, thread.id, assistant.id)


# --- two processes, one store


@pytest.mark.parametrize("kind", ["stream", "astream"])
def test_a_run_streamed_here_is_cancelled_there(kind: str, start: Any, upstream: Any, client: Any) -> None:
    before = upstream.scripted.closed_early
    program = start(kind, "slow")
    thread_id = program.until(thread=None)["thread"]
    run_id = program.until(event="thread.run.created")["id"]
    program.until(event="thread.message.delta")
    assert client.beta.threads.runs.retrieve(run_id, thread_id=thread_id).status == "in_progress"
    begin = time.monotonic()
    assert client.beta.threads.runs.cancel(run_id, thread_id=thread_id).status == "cancelling"
    assert client.beta.threads.runs.poll(run_id, thread_id=thread_id).status == "cancelled"
    assert time.monotonic() - begin < 1.0
    assert eventually(lambda: upstream.scripted.closed_early == before + 1, 1.0), "generation went on"
    program.until(ended=True)
    assert program.end() == 0
    events = [line["event"] for line in program.said if "event" in line]
    assert events[-4:] == [
        "thread.run.cancelling",
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
    ]


@pytest.mark.parametrize("kind", ["stream", "astream"])
def test_a_run_of_another_process_is_polled_to_its_end(kind: str, start: Any, client: Any) -> None:
    program = start(kind, "a moment")
    thread_id = program.until(thread=None)["thread"]
    run_id = program.until(event="thread.run.created")["id"]
    assert client.beta.threads.runs.poll(run_id, thread_id=thread_id).status == "completed"
    assert texts(client, thread_id) == ["a moment", "Wait, here."]
    assert program.end() == 0


# --- leaving early

DEPRECATED = ("ignore:The Assistants API is deprecated:DeprecationWarning", "ignore:deprecated:DeprecationWarning")
STRICT = ("-W", "error", "-W", DEPRECATED[0], "-W", DEPRECATED[1])


def ends_clean(program: Program, seconds: float) -> None:
    begin = time.monotonic()
    assert program.end(SECONDS) == 0, program.errors
    assert time.monotonic() - begin < seconds
    assert program.errors == ""


@pytest.mark.parametrize("kind", ["drop_stream", "adrop_stream"])
def test_a_stream_dropped_unread_does_not_stop_its_run(kind: str, start: Any) -> None:
    program = start(kind, "a moment", flags=STRICT)
    assert program.until(status=None)["status"] == "completed"
    ends_clean(program, 5)


def test_event_loops_come_and_go_while_a_run_works(start: Any) -> None:
    program = start("many_loops", "a moment", flags=STRICT)
    assert program.until(status=None) == {"status": "completed", "text": "Wait, here."}
    ends_clean(program, 5)


@pytest.mark.parametrize("kind", ["exit_early", "aexit_early"])
def test_a_process_ends_while_its_run_works(kind: str, start: Any, request: pytest.FixtureRequest) -> None:
    text = f"first slow {kind}"
    request.getfixturevalue("upstream").scripted._turns._fired.clear()
    program = start(kind, text, flags=STRICT)
    made, run_id = program.until(thread=None), program.until(run=None)["run"]
    ends_clean(program, 9)
    client = request.getfixturevalue("client")
    run = client.beta.threads.runs.poll(run_id, thread_id=made["thread"])
    assert run.status == "completed", "the next process took it up"
    assert texts(client, made["thread"]) == [text, "Quick this time."]


def test_a_short_run_is_finished_before_the_process_ends(start: Any, request: pytest.FixtureRequest) -> None:
    program = start("exit_early", "a moment", flags=STRICT)
    made, run_id = program.until(thread=None), program.until(run=None)["run"]
    ends_clean(program, 5)
    client = request.getfixturevalue("client")
    assert client.beta.threads.runs.retrieve(run_id, thread_id=made["thread"]).status == "completed"


# --- many at once


def test_twenty_threads_share_a_client(client: Any) -> None:
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")

    def converse(number: int) -> list[str]:
        thread = client.beta.threads.create(messages=[{"role": "user", "content": f"Number {number}"}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert run.status == "completed", run
        return texts(client, thread.id)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(converse, range(60)))
    assert answers == [[f"Number {n}", f"You said: Number {n}"] for n in range(60)]
