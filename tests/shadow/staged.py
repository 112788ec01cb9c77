"""A primary with candidates beside it: a client, a folder with a bridge.toml, and what was observed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from bridge import OpenAI
from bridge.engine.effects import Page
from bridge.records import Observed
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream

WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
RAIN = {"type": "function", "function": {"name": "get_rain", "parameters": {"type": "object"}}}
SCRIPT = [
    {"when": "weather", "call": {"name": "get_weather", "arguments": {"city": "Oslo"}}, "then": {"say": "{outputs}!"}},
    {"say": "Hello."},
]


@frozen
class Stage:
    client: OpenAI
    upstream: ScriptedUpstream
    store: MemoryStore

    def run(self, text: str, tool: Callable[..., str] = lambda **given: "14 degrees", **options: Any) -> Any:
        """A run on a new thread, its calls answered by `tool`, polled to its end."""
        threads = self.client.beta.threads
        assistant = self.client.beta.assistants.create(model="gpt-4o", tools=[WEATHER, RAIN], **options)
        thread = threads.create(messages=[{"role": "user", "content": text}])
        return self.go_on(thread.id, assistant.id, tool)

    def go_on(self, thread_id: str, assistant_id: str, tool: Callable[..., str] = lambda **given: "14 degrees") -> Any:
        threads = self.client.beta.threads
        run = threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id, poll_interval_ms=10)
        while run.status == "requires_action":
            calls = run.required_action.submit_tool_outputs.tool_calls
            outputs = [
                {"tool_call_id": call.id, "output": tool(**json.loads(call.function.arguments))} for call in calls
            ]
            run = threads.runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=thread_id, tool_outputs=outputs, poll_interval_ms=10
            )
        return run

    def observed(self, count: int = 1, seconds: float = 10.0) -> list[Observed]:
        """Once there are so many of them."""

        def found() -> list[Observed]:
            return list(self.store.page(Page(Observed, limit=100, order="asc")).records)

        until(lambda: len(found()) >= count, seconds)
        assert len(found()) == count
        return found()


def until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


@contextmanager
def stage(
    folder: Path, monkeypatch: Any, shadow: str, script: Any = SCRIPT, upstream: Any = None, **options: Any
) -> Iterator[Stage]:
    """`shadow` is what bridge.toml says below [[shadow]], table by table."""
    (folder / "bridge.toml").write_text(shadow)
    monkeypatch.setenv("BRIDGE_CONFIG", str(folder / "bridge.toml"))
    upstream = upstream or ScriptedUpstream(script)
    store = MemoryStore()
    with OpenAI(upstream=upstream, store=store, **options) as client:
        yield Stage(client, upstream, store)


def words(side: Any) -> list[str]:
    """What a side of an observation said."""
    return [part["text"]["value"] for message in side["messages"] for part in message["content"]]
