"""What is measured. Each case answers Results: the bridge against the plain SDK on the same server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai

import bridge
from benchmarks.measure import Result, cpu, take_turns, wall
from benchmarks.server import WORD, base_url

WORDS = 500
SHORT = 10
KEY: dict[str, Any] = {"api_key": "sk-benchmark", "max_retries": 0}


@contextmanager
def clients(url: str, store: Path) -> Iterator[tuple[Any, Any]]:
    """The drop-in on a SQLite file, and the plain SDK, of one server."""
    with bridge.OpenAI(base_url=url, store=store, **KEY) as ours, openai.OpenAI(base_url=url, **KEY) as plain:
        yield ours, plain


def prepared(client: Any) -> Callable[[], dict[str, str]]:
    """Makes a new thread to run on."""
    assistant = client.beta.assistants.create(model="gpt-4o")

    def prepare() -> dict[str, str]:
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Go."}])
        return {"thread_id": thread.id, "assistant_id": assistant.id}

    return prepare


def deltas(stream: Any) -> int:
    """Reads a stream of thread.* events to its end. How many deltas there were; their text must be whole."""
    pieces = [event.data.delta.content[0].text.value for event in stream if event.event == "thread.message.delta"]
    assert "".join(pieces).split() == WORD.split() * (len("".join(pieces)) // len(WORD))
    return len(pieces)


# --- (a) a streamed run


def streamed_run(root: str, store: Path, rounds: int) -> list[Result]:
    """500 deltas through the drop-in, against the SDK that reads the thread.* bytes ready-made from the server."""
    results = []
    for milliseconds, clock, what in ((0.0, wall, "as fast as can be"), (1.0, cpu, "1 ms apart, processor time")):
        with clients(base_url(root, WORDS, milliseconds), store) as (ours, plain):
            prepare = prepared(ours)

            def through_bridge(ours: Any = ours, prepare: Any = prepare, clock: Any = clock) -> float:
                given = prepare()
                seconds: float = clock(lambda: deltas(ours.beta.threads.runs.create(stream=True, **given)))
                return seconds

            def ready_made(plain: Any = plain, clock: Any = clock) -> float:
                given = {"thread_id": "thread_1", "assistant_id": "asst_1"}
                seconds: float = clock(lambda: deltas(plain.beta.threads.runs.create(stream=True, **given)))
                return seconds

            side, reference = take_turns([through_bridge, ready_made], rounds)
        name = f"streamed run of {WORDS} deltas, {what}"
        results.append(Result(name, "SDK on ready-made bytes", side, reference, WORDS, "delta"))
    return results


def deltas_heard(root: str, store: Path) -> dict[str, int]:
    """How many of the 500 deltas a caller hears: those that wait too long are joined."""
    heard = {}
    for milliseconds in (0.0, 1.0):
        with clients(base_url(root, WORDS, milliseconds), store) as (ours, _):
            given = prepared(ours)()
            heard[f"{milliseconds:g} ms apart"] = deltas(ours.beta.threads.runs.create(stream=True, **given))
    return heard


# --- (b) a polled run


def polled_run(root: str, store: Path, rounds: int) -> list[Result]:
    """create_and_poll, against one responses.create of the same answer."""
    with clients(base_url(root, SHORT), store) as (ours, plain):
        prepare = prepared(ours)

        def through_bridge() -> float:
            given = prepare()
            return wall(lambda: ours.beta.threads.runs.create_and_poll(**given))

        def directly() -> float:
            return wall(lambda: plain.responses.create(model="gpt-4o", input="Go."))

        side, reference = take_turns([through_bridge, directly], rounds)
    return [Result("create_and_poll", "one responses.create", side, reference)]


# --- (c) the first token


def first_token(root: str, store: Path, rounds: int) -> list[Result]:
    """From the call to the first delta, against the same of responses.create(stream=True)."""
    with clients(base_url(root, SHORT, 5.0), store) as (ours, plain):
        prepare = prepared(ours)

        def through_bridge() -> float:
            given = prepare()
            began = time.perf_counter()
            return _first(began, ours.beta.threads.runs.create(stream=True, **given), "event", "thread.message.delta")

        def directly() -> float:
            began = time.perf_counter()
            stream = plain.responses.create(model="gpt-4o", input="Go.", stream=True)
            return _first(began, stream, "type", "response.output_text.delta")

        side, reference = take_turns([through_bridge, directly], rounds)
    return [Result("time to the first delta", "responses.create(stream=True)", side, reference)]


def _first(began: float, stream: Any, attribute: str, name: str) -> float:
    """Seconds until the first event of this name; the rest is read, so that the connection can be used again."""
    seconds = None
    for event in stream:
        if seconds is None and getattr(event, attribute) == name:
            seconds = time.perf_counter() - began
    assert seconds is not None
    return seconds


# --- (f) beside a shadow


def shadowed_runs(root: str, folder: Path, rounds: int) -> list[Result]:
    """Runs of eight threads at once beside a candidate that never answers, against the same without a candidate."""
    results = []
    with silent_server() as silent:
        (folder / "bridge.toml").write_text(f'[[shadow]]\nname = "silent"\nupstream = "{silent}"\n')
        for what, play in (("streamed", _streamed), ("polled", _polled)):
            with (
                _configured(folder / "bridge.toml", root, folder / f"{what}-shadow.db") as shadowed,
                _configured(None, root, folder / f"{what}.db") as alone,
                ThreadPoolExecutor(8) as pool,
            ):
                sides = [_at_once(pool, play, client) for client in (shadowed, alone)]
                side, reference = take_turns(sides, rounds)
            results.append(Result(f"32 {what} runs beside a hanging candidate", "no candidate", side, reference, 32))
    return results


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


@contextmanager
def _configured(config: Path | None, root: str, store: Path) -> Iterator[Any]:
    if config is not None:
        os.environ["BRIDGE_CONFIG"] = str(config)
    try:
        client = bridge.OpenAI(base_url=base_url(root, SHORT), store=store, **KEY)
    finally:
        os.environ.pop("BRIDGE_CONFIG", None)
    with client:
        yield client


def _streamed(client: Any, given: dict[str, str]) -> None:
    for _ in client.beta.threads.runs.create(stream=True, **given):
        pass


def _polled(client: Any, given: dict[str, str]) -> None:
    assert client.beta.threads.runs.create_and_poll(**given).status == "completed"


def _at_once(pool: ThreadPoolExecutor, play: Callable[[Any, dict[str, str]], None], client: Any) -> Callable[[], float]:
    prepare = prepared(client)

    def batch() -> float:
        given = [prepare() for _ in range(32)]
        return wall(lambda: list(pool.map(lambda each: play(client, each), given)))

    return batch


# --- (d) imports


def imports(rounds: int) -> list[Result]:
    """A new interpreter that imports, against one that imports openai."""

    def starting(statement: str) -> Callable[[], float]:
        return lambda: wall(lambda: subprocess.run([sys.executable, "-c", statement], check=True))

    statements = ("import bridge", "from bridge import OpenAI", "pass", "import openai")
    *sides, reference = take_turns([starting(each) for each in statements], rounds)
    pairs = zip(statements, sides, strict=False)
    return [Result(f"python -c '{name}'", "python -c 'import openai'", side, reference) for name, side in pairs]


# --- (e) upstream calls


def upstream_calls(store: Path) -> dict[str, int]:
    """How many Responses calls a run makes: one for each turn of the model, no matter how often it is polled."""
    from bridge.testing import ScriptedUpstream

    script: Any = [{"when": "tool", "call": {"name": "f"}, "then": {"say": "Done."}}, {"say": "Hello."}]
    tools: Any = [{"type": "function", "function": {"name": "f"}}]
    counted = {}
    for text, name in (("hello", "without tools"), ("tool", "with one round of tool outputs")):
        upstream = ScriptedUpstream(script)
        with bridge.OpenAI(upstream=upstream, store=store, api_key="sk-benchmark") as client:
            assistant = client.beta.assistants.create(model="gpt-4o", tools=tools)
            thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
            run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
            while run.status == "requires_action" and run.required_action is not None:
                calls = run.required_action.submit_tool_outputs.tool_calls
                outputs: Any = [{"tool_call_id": call.id, "output": "1"} for call in calls]
                run = client.beta.threads.runs.submit_tool_outputs_and_poll(
                    run_id=run.id, thread_id=thread.id, tool_outputs=outputs
                )
            assert run.status == "completed", run
        counted[name] = len(upstream.requests)
    return counted
