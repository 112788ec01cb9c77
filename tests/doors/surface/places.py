"""Where the surface suite runs: each door, with a scripted upstream over HTTP behind it and a SQLite store.

The drop-in is a `bridge.OpenAI` in this process, `azure` its twin for Azure; `installed` and `wrapped` are clients of
the SDK's own classes, bridged by `bridge.install` (as under `bridge run`) and by `bridge.wrap`; the gateway is `python
-m bridge serve` in another process, with the SDK's own client before it. All send what they send to the same kind of
offline server, whose requests the tests can look at.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Final, Literal

import openai
import pytest
from attrs import evolve, field, frozen

from bridge.engine.effects import Commit, Committed, Key
from bridge.records import Change, Claim, Guard, Lock, Put, Run, Unlock
from bridge.store.open import open_store
from bridge.testing import ScriptedUpstream
from doors.surface.colours import Client, LoopThread

DoorName = Literal["dropin", "installed", "wrapped", "azure", "gateway"]
Colour = Literal["sync", "async"]
KEY: Final = "sk-test"
ELSEWHERE: Final = "elsewhere.example:1:0000"
"""The owner of leases that no process of this machine holds."""


@frozen
class Door:
    """A way in. `base_url` is what its clients are given; `settings` are variables of its environment."""

    name: DoorName
    base_url: str
    store_path: Path
    scripted: ScriptedUpstream
    called: set[str] = field(factory=set)
    settings: dict[str, str] = field(factory=dict)
    _clients: dict[Colour, Client] = field(factory=dict)

    def client(self, colour: Colour, loop: LoopThread) -> Client:
        """The one client of this door in this colour."""
        if colour not in self._clients:
            options: dict[str, Any] = {"api_key": KEY, "base_url": self.base_url, "max_retries": 0}
            self._clients[colour] = Client(self._make(colour, options), loop, self.called)
        return self._clients[colour]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _make(self, colour: Colour, options: dict[str, Any]) -> Any:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in self.settings.items():
                environment.setenv(name, value)
            return self._bridged(colour, options)

    def _bridged(self, colour: Colour, options: dict[str, Any]) -> Any:
        import bridge

        sdk = openai.OpenAI if colour == "sync" else openai.AsyncOpenAI
        store = str(self.store_path)
        if self.name == "gateway":
            return sdk(**options)
        if self.name == "wrapped":
            return bridge.wrap(sdk(**options), store=store)
        if self.name == "installed":
            bridge.install(store=store)
            try:
                return sdk(**options)
            finally:
                bridge.uninstall()
        if self.name == "azure":
            base_url = self.base_url.removesuffix("/v1") + "/openai"
            azure = bridge.AzureOpenAI if colour == "sync" else bridge.AsyncAzureOpenAI
            return azure(**{**options, "base_url": base_url}, api_version="2024-05-01-preview", store=store)
        return (bridge.OpenAI if colour == "sync" else bridge.AsyncOpenAI)(**options, store=store)


@frozen
class Place:
    """One door seen by one client."""

    door: Door
    client: Client

    @property
    def beta(self) -> Any:
        return self.client.beta

    @property
    def scripted(self) -> ScriptedUpstream:
        return self.door.scripted

    # --- conversations

    def assistant(self, **given: Any) -> Any:
        return self.beta.assistants.create(**{"model": "gpt-4o", "instructions": "Be brief.", **given})

    def thread(self, *texts: str) -> Any:
        return self.beta.threads.create(messages=[{"role": "user", "content": text} for text in texts])

    def run(self, text: str, **given: Any) -> Any:
        """A run that has settled, on a new thread that asks `text`."""
        assistant_id = self.assistant(**given).id
        return self.beta.threads.runs.create_and_poll(thread_id=self.thread(text).id, assistant_id=assistant_id)

    def asking(self, text: str = "What is the weather?") -> Any:
        """A run in requires_action, with two calls."""
        run = self.run(text, tools=TOOLS)
        assert run.status == "requires_action", run
        return run

    # --- the store, as another process would write it

    def stored(self, run_id: str, thread_id: str) -> Run:
        store = open_store(str(self.door.store_path))
        (run,) = store.load((Key(Run, run_id, thread_id),))
        assert isinstance(run, Run)
        return run

    def put(self, run: Run, *others: Change) -> None:
        """The run as given, one version on."""
        self.commit(Put(evolve(run, version=run.version + 1)), *others)

    def commit(self, *changes: Change, guards: tuple[Guard, ...] = ()) -> None:
        store = open_store(str(self.door.store_path))
        outcome = store.commit(Commit(changes, guards)).result(timeout=10)
        assert isinstance(outcome, Committed), outcome

    def run_in(self, status: str, **fields: Any) -> Run:
        """A run of this status, made by hand; while it is not terminal, a process elsewhere works on it."""
        assistant, thread = self.assistant(), self.thread("Hello")
        now = time.time()
        run = Run(
            id=f"run_{os.urandom(12).hex()}",
            thread_id=thread.id,
            assistant_id=assistant.id,
            created_at=int(now),
            expires_at=int(now) + 600,
            model="gpt-4o",
            upstream="nowhere",
        )
        self.commit(Lock(thread.id, run.id), Put(run, is_new=True), Claim(run.id, ELSEWHERE, now, now + 600))
        terminal = status in ("cancelled", "failed", "completed", "incomplete", "expired")
        changed: Any = evolve(run, status=status, **fields)
        self.put(changed, *([Unlock(thread.id, run.id)] if terminal else []))
        return self.stored(run.id, thread.id)


TOOLS: Final[list[dict[str, Any]]] = [
    {
        "type": "function",
        "function": {
            "name": "get_temperature",
            "description": "The temperature at a place",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    },
    {"type": "function", "function": {"name": "get_rain", "parameters": {"type": "object", "properties": {}}}},
]


def outputs(run: Any, **values: str) -> list[dict[str, str]]:
    """What a program submits: an output for each call the run asks for."""
    calls = run.required_action.submit_tool_outputs.tool_calls
    known = {"get_temperature": "57", "get_rain": "0.06", **values}
    return [{"tool_call_id": call.id, "output": known[call.function.name]} for call in calls]
