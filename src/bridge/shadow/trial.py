"""One run tried by a candidate: on a copy of its thread in memory, with the tool outputs that the control got."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

import orjson
from attrs import evolve

from bridge.calls import Call, Credential
from bridge.candidates import Candidate
from bridge.engine import tables
from bridge.engine.effects import Commit, RunState, Snapshot
from bridge.hands.hub import Hub
from bridge.hands.runner import Runner
from bridge.hands.world import World
from bridge.records import Assistant, Change, Entry, Object, Put, Run
from bridge.service import Service
from bridge.settings import Options
from bridge.shadow.outputs import LACKING, Outputs
from bridge.store.memory import MemoryStore
from bridge.upstream import Upstream
from bridge.wire import render

HEADERS: Final = {"openai-beta": "assistants=v2", "x-stainless-poll-helper": "true"}
OWN: Final = (
    *("max_completion_tokens", "max_prompt_tokens", "truncation_strategy", "tool_choice", "parallel_tool_calls"),
    "metadata",
)
"""What a run has that its assistant has not."""

ROUNDS_MORE: Final = 3
"""Rounds of tool calls that a candidate may have beyond those of the control: then it would go on for ever."""


class Failed(Exception):
    """The candidate came to no end. Its text says why, in words for people."""


class Apart(Service):
    """A service whose runner is its own: neither other services nor the end of the process wait for it."""

    def __init__(self, upstream: Upstream, options: Options) -> None:
        super().__init__(MemoryStore(), upstream, options=options)
        self._runner = Runner(World(self.store, Hub(self.store)))

    @property
    def runner(self) -> Runner:
        return self._runner

    def close(self) -> None:
        """The upstream is somebody else's."""
        self._runner.close(0.0)
        self._runner.world.close()


class Trial:
    """`control` is the run with all that it made, `entries` the thread as it was before. After `run`, or Failed, `side`
    is what the candidate made of it."""

    def __init__(self, candidate: Candidate, service: Apart, credential: Credential, control: Snapshot) -> None:
        self._candidate, self._service, self._credential = candidate, service, credential
        self._control = control
        self._until = time.monotonic() + candidate.seconds
        self._path = f"/threads/{quote(control.thread.id, safe='')}/runs"
        self._outputs = Outputs(outputs_of(control))
        self._seconds: list[float] = []
        self._run_id: str | None = None
        self._error: Object | None = None

    def run(self, entries: Sequence[Entry]) -> None:
        """Raises Failed."""
        changes: list[Change] = [Put(each, is_new=True) for each in (self._assistant(), self._thread(), *entries)]
        self._service.store.commit(Commit(tuple(changes))).result()
        began, run = time.monotonic(), self._ask("POST", self._path, self._body(), query=self._include())
        self._run_id = run["id"]
        rounds = sum(step.type == "tool_calls" for step in self._control.steps) + ROUNDS_MORE
        for number in range(rounds + 1):
            run = self._settled(run)
            self._seconds.append(round(time.monotonic() - began, 6))
            if run["status"] != "requires_action":
                return
            if number < rounds:
                began, run = time.monotonic(), self._submit(run)
        self._cancel()
        raise Failed(f"it called tools more than {rounds} times, and was stopped")

    def side(self) -> Object:
        if self._error is not None:
            return {"error": self._error}
        if self._run_id is None:
            return {}
        found = self._service.store.run_state(RunState(self._control.thread.id, self._run_id))
        return {} if found is None else side(found, self._seconds)

    # --- the copy

    def _assistant(self) -> Assistant:
        """With what the run had, whatever the assistant is by now."""
        run = self._control.run
        names = ("instructions", "tools", "top_p", "temperature", "reasoning_effort", "tool_resources")
        kept = {name: getattr(run, name) for name in (*names, "response_format")}
        return Assistant(run.assistant_id, run.created_at, self._candidate.model or run.model, **kept)

    def _thread(self) -> Any:
        """Without its container: that is the primary's to write to. The tool resources are in the run's already."""
        return evolve(self._control.thread, active_run_id=None, container=None, tool_resources={})

    def _body(self) -> Object:
        run = self._control.run
        said = {name: getattr(run, name) for name in OWN}
        return {"assistant_id": run.assistant_id, **{name: value for name, value in said.items() if value is not None}}

    def _include(self) -> tuple[tuple[str, str], ...]:
        return tuple(("include[]", each) for each in self._control.run.include)

    # --- the run

    def _settled(self, run: Object) -> Object:
        """The run once it waits for outputs or is over."""
        while run["status"] not in tables.SETTLED:
            if time.monotonic() > self._until:
                self._cancel()
                raise Failed(f"it was still {run['status']} after {self._candidate.seconds:g} seconds, and was stopped")
            run = self._ask("GET", f"{self._path}/{run['id']}")
        return run

    def _submit(self, run: Object) -> Object:
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        given = [{"tool_call_id": call["id"], "output": self._outputs.take(call) or LACKING} for call in calls]
        return self._ask("POST", f"{self._path}/{run['id']}/submit_tool_outputs", {"tool_outputs": given})

    def _cancel(self) -> None:
        """Too late for a run that ended just now: then that is how it ended."""
        self._call("POST", f"{self._path}/{self._run_id}/cancel")

    def _ask(
        self, method: str, path: str, body: Object | None = None, query: tuple[tuple[str, str], ...] = ()
    ) -> Object:
        status, answer = self._call(method, path, body, query)
        if status >= 400:
            self._error = {"status": status, "body": answer}
            raise Failed(str(answer.get("error", {}).get("message")))
        return answer

    def _call(
        self, method: str, path: str, body: Object | None = None, query: tuple[tuple[str, str], ...] = ()
    ) -> tuple[int, Object]:
        sent = b"" if body is None else orjson.dumps(body)
        patience = max(0.1, 2 * (self._until - time.monotonic()))  # of which a poll waits the half for news
        reply = self._service.call(Call(method, path, query, HEADERS, sent, self._credential, patience))
        return reply.status, orjson.loads(reply.body)


def side(found: Snapshot, seconds: Sequence[float | None]) -> Object:
    """What a run came to, in the form of the API."""
    return {
        "run": render.rest(found.run),
        "steps": [render.rest(step) for step in found.steps],
        "messages": [render.rest(message) for message in found.messages],
        "seconds": list(seconds),
    }


def outputs_of(found: Snapshot) -> list[tuple[Object, str]]:
    """The function calls of a run with the outputs they got, in their order."""
    calls = [call for step in found.steps for call in step.step_details.get("tool_calls") or ()]
    given = [(call, (call.get("function") or {}).get("output")) for call in calls]
    return [(call, output) for call, output in given if output is not None]


def is_done(run: Run) -> bool:
    """Whether a run came to an end of its own. Cancelled and expired ones say nothing of the model."""
    return run.status in ("completed", "failed", "incomplete")
