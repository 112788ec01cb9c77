"""Another server that speaks Assistants (a bridge of its own, over HTTP), and a client with routes to it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import openai
from attrs import define, field

from bridge import AsyncOpenAI, OpenAI
from bridge.gateway import create_app
from bridge.service import Service
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream
from bridge.upstream import hops
from bridge.upstream.scripted.asgi import uvicorn_server

WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}


NAMED = '[[route]]\nassistants = ["ASSISTANT"]\nto = "URL"\n'


def script(name: str) -> list[Any]:
    """What the model behind a server says: who it is, and what it was asked."""
    call = {"name": "get_weather", "arguments": {"city": "Oslo"}}
    return [
        {"when": "weather", "call": call, "then": {"say": f"{name}: {{outputs}}"}},
        {"say": f"{name}: {{text}}"},
    ]


@define
class Other:
    """The other server. `seen` are the calls that reached it: method, path, headers."""

    upstream: ScriptedUpstream
    store: MemoryStore = field(factory=MemoryStore)
    clients: ExitStack = field(factory=ExitStack)
    seen: list[tuple[str, str, dict[str, str]]] = field(factory=list)
    base_url: str = ""
    own: openai.OpenAI | None = None
    queries: list[str] = field(factory=list)
    refuses: Callable[[str, str], int | None] = lambda method, path: None
    """The status of an error in place of its answer to a call."""

    def client(self) -> openai.OpenAI:
        """One that talks to it alone, as programs did before there was a bridge."""
        if self.own is None:
            self.own = self.clients.enter_context(openai.OpenAI(api_key="legacy", base_url=self.base_url))
        return self.own

    def heard(self) -> list[str]:
        """The texts of the last request that its model got."""
        return heard(self.upstream)

    def app(self, inner: Any) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                headers = {name.decode(): value.decode() for name, value in scope["headers"]}
                self.seen.append((scope["method"], scope["path"], headers))
                self.queries.append(scope["query_string"].decode())
                # In one process with the bridge before it, it would take each call for a loop.
                scope["headers"] = [pair for pair in scope["headers"] if pair[0] != hops.HEADER.encode()]
                status = self.refuses(scope["method"], scope["path"])
                if status is not None:
                    await send({"type": "http.response.start", "status": status, "headers": []})
                    await send({"type": "http.response.body", "body": b'{"error": {"message": "Refused."}}'})
                    return
            await inner(scope, receive, send)

        return answer


@contextmanager
def other(name: str = "legacy") -> Iterator[Other]:
    made = Other(ScriptedUpstream(script(name)))
    service = Service(made.store, made.upstream, on_callers_loop=True)
    server = uvicorn_server(made.app(create_app(service, upstream_base_url="http://nowhere.invalid/v1")))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=server.run, args=([listener],), name="other-server", daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.002)
        made.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        try:
            yield made
        finally:
            made.clients.close()
            server.should_exit = True
            thread.join(10)


@define(eq=False)
class Stage:
    """A program's client with routes in force. `routes` may be told anew: the program is then started again."""

    folder: Path
    other: Other
    monkeypatch: Any
    store: Any = field(factory=MemoryStore)
    upstream: ScriptedUpstream = field(factory=lambda: ScriptedUpstream(script("bridge")))
    clients: ExitStack = field(factory=ExitStack)

    def route(self, toml: str, store: Any = None) -> OpenAI:
        """Start again with this bridge.toml. URL stands for the other server's."""
        (self.folder / "bridge.toml").write_text(toml.replace("URL", self.other.base_url))
        self.monkeypatch.setenv("BRIDGE_CONFIG", str(self.folder / "bridge.toml"))
        return self.clients.enter_context(OpenAI(upstream=self.upstream, store=store or self.store, api_key="callers"))

    def async_client(self) -> AsyncOpenAI:
        return AsyncOpenAI(upstream=self.upstream, store=self.store, api_key="callers")


def go_on(client: OpenAI, thread_id: str, assistant_id: str, tool: Callable[..., str] = lambda **given: "rain") -> Any:
    """A run polled to its end, its calls answered."""
    runs = client.beta.threads.runs
    run = runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id, poll_interval_ms=5)
    while run.status == "requires_action":
        calls = run.required_action.submit_tool_outputs.tool_calls
        outputs: Any = [
            {"tool_call_id": call.id, "output": tool(**json.loads(call.function.arguments))} for call in calls
        ]
        run = runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=thread_id, tool_outputs=outputs, poll_interval_ms=5
        )
    return run


def thread_with(client: OpenAI, *texts: str) -> str:
    """The id of a new thread with these messages."""
    return client.beta.threads.create(messages=[{"role": "user", "content": each} for each in texts]).id


def ids(client: OpenAI, thread_id: str) -> list[str]:
    """Those of the thread's messages, in order."""
    return [message.id for message in client.beta.threads.messages.list(thread_id, order="asc", limit=100)]


def said(client: OpenAI, thread_id: str) -> list[str]:
    """What was said on the thread, in order."""
    return [text(message) for message in client.beta.threads.messages.list(thread_id, order="asc", limit=100)]


def heard(upstream: ScriptedUpstream) -> list[str]:
    """The texts of the last request to a model, function calls by name and outputs as they are."""
    found = []
    for item in upstream.requests[-1]["input"]:
        if item.get("type") in ("function_call", "function_call_output"):
            found.append(item.get("name") or item["output"])
        else:
            content = item["content"]
            found.append(content if isinstance(content, str) else "".join(part["text"] for part in content))
    return found


def text(message: Any) -> str:
    return "".join(block.text.value for block in message.content if block.type == "text")
