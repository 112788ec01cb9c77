"""One program against the real hands: its thread, its runs, what it was told, and whether that is what is there."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from bridge.engine import tables
from bridge.engine.effects import RunState
from bridge.engine.flows import messages, runs, threads
from bridge.errors import APIError
from bridge.hands.feeds import Feed
from bridge.records import Object, Run
from simulation.grammar import Grammar
from simulation.office import ENDS, Office, listen

PATIENCE = 30.0
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]
KINDS = ("weather", "twice", "talk", "slow", "stuck", "fail", "cut", "long", "busy", "echo", "echo")


class Case:
    """One thread with one or two runs on it. `seed` decides what it does, the machine decides when."""

    def __init__(self, office: Office, assistant_id: str, seed: int) -> None:
        self.office = office
        self.assistant_id = assistant_id
        self.random = Random(seed)
        self.seed = seed
        self.thread_id = ""
        self.said: list[str] = []  # acknowledged
        self.outputs: dict[str, str] = {}  # acknowledged
        self.cancelled = False
        self.seen: list[Any] = []  # how runs and streams ended, and which runs had lapsed

    def play(self) -> None:
        body, _ = self._ask(lambda c: threads.create(c, {}))
        self.thread_id = body["id"]
        for turn in range(self.random.choice((1, 1, 2))):
            self._say(f"hello {self.seed}.{turn}a")
            kind = self.random.choice(KINDS)
            run_id = self._run(kind, f"{kind} {self.seed}.{turn}b")
            self._check_run(kind, run_id)
        self._check_thread()

    # --- calls

    def _ask(self, make: Any, waits: float | None = None) -> tuple[Any, Feed | None]:
        if self.random.random() < 0.3:
            time.sleep(self.random.uniform(0, 0.03))
        return self.office.pick(self.random).call(make, self.random, waits)

    def _say(self, text: str) -> None:
        self._ask(lambda c: messages.create(c, self.thread_id, {"role": "user", "content": text}))
        self.said.append(text)

    def _run(self, kind: str, text: str) -> str:
        """A run with its message, followed to its end."""
        given: Object = {"assistant_id": self.assistant_id, "stream": self.random.random() < 0.6}
        given["additional_messages"] = [{"role": "user", "content": text}]
        run, feed = self._ask(lambda c: runs.create(c, self.thread_id, given, {}))
        self.said.append(text)
        self._check_busy(run["id"])
        deadline = time.monotonic() + PATIENCE
        while run["status"] not in tables.TERMINAL:
            assert time.monotonic() < deadline, f"case {self.seed}: {kind} is still {run['status']}"
            if feed is not None:
                self._listen(feed)
                feed = None
            if self.random.random() < 0.1:
                self._cancel(run["id"])
            run = self._look(run["id"])
            if run["status"] == "requires_action":
                run, feed = self._submit(run)
        return str(run["id"])

    def _look(self, run_id: str) -> Object:
        run, _ = self._ask(lambda c: runs.retrieve(c, self.thread_id, run_id), waits=0.3)
        return dict(run)

    def _listen(self, feed: Feed) -> None:
        if self.random.random() < 0.15:
            feed.close()  # the listener leaves, the run goes on
            return
        grammar: Grammar = listen(feed)
        assert (grammar.end == "done") == grammar.is_settled
        self.seen.append(grammar.end)

    def _submit(self, run: Object) -> tuple[Object, Feed | None]:
        ids = [call["id"] for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]]
        assert not self.outputs.keys() & set(ids), f"case {self.seed}: asked again for {ids}"
        outputs = {id: f"out {self.seed} {id}" for id in ids}
        sent = [{"tool_call_id": id, "output": output} for id, output in outputs.items()]
        given: Object = {"tool_outputs": sent, "stream": self.random.random() < 0.6}
        try:
            answer = self._ask(lambda c: runs.submit(c, self.thread_id, run["id"], given))
        except APIError as error:  # cancelled meanwhile
            assert self.cancelled and error.status == 400, f"case {self.seed}: {error}"
            return run, None
        self.outputs |= outputs
        if self.random.random() < 0.3:
            self._submit_again(run["id"], given)
        return answer

    def _submit_again(self, run_id: str, given: Object) -> None:
        try:
            self._ask(lambda c: runs.submit(c, self.thread_id, run_id, given))
        except APIError as error:
            assert error.status == 400, error
        else:
            raise AssertionError(f"case {self.seed}: the same outputs were accepted twice")

    def _cancel(self, run_id: str) -> None:
        try:
            answer, _ = self._ask(lambda c: runs.cancel(c, self.thread_id, run_id))
        except APIError as error:
            assert "Cannot cancel run with status" in error.message
        else:
            assert answer["status"] == "cancelling"
            self.cancelled = True

    # --- what must be true

    def _check_busy(self, run_id: str) -> None:
        """While a run is active the thread takes neither messages nor runs."""
        if self.random.random() < 0.7:
            return
        text = f"too early {self.seed}"
        try:
            self._ask(lambda c: messages.create(c, self.thread_id, {"role": "user", "content": text}))
        except APIError as error:
            assert error.message == f"Can't add messages to {self.thread_id} while a run {run_id} is active."
        else:
            self.said.append(text)  # the run was quicker

    def _check_run(self, kind: str, run_id: str) -> None:
        store = self.office.pick(self.random).store
        snapshot = store.run_state(RunState(self.thread_id, run_id))
        assert snapshot is not None
        run = snapshot.run
        self.seen += [run.status, *(["lapsed"] if run.lapses else ())]
        expected = {ENDS.get(kind, "completed")} | ({"cancelled"} if self.cancelled else set())
        lapsed = run.status == "failed" and run.lapses > 0
        assert run.status in expected or lapsed, f"case {self.seed}: {kind} ended {run.status}, {run.last_error}"
        assert not [r for r in (*snapshot.steps, *snapshot.messages) if r.status == "in_progress"]
        assert run.lease.owner is None and run.required_action is None
        outputs = [item for item in snapshot.items if item.type == "function_call_output"]
        told = {str(item.call_id): item.body["output"] for item in outputs}
        assert len(told) == len(outputs) and told.items() <= self.outputs.items()
        self._check_outputs(run, told)
        self.cancelled = False

    def _check_outputs(self, run: Run, told: dict[str, str]) -> None:
        """Acknowledged outputs are stored, and were sent upstream unless the run was stopped before."""
        if run.status == "completed":
            sent = [repr(request["input"]) for request in self.office.upstream.requests]
            assert all(any(output in one for one in sent) for output in told.values())

    def _check_thread(self) -> None:
        body, _ = self._ask(lambda c: messages.list_(c, self.thread_id, {"order": "asc", "limit": 100}))
        texts = [message["content"][0]["text"]["value"] for message in body["data"] if message["role"] == "user"]
        assert texts == self.said, f"case {self.seed}"
        ids = [message["id"] for message in body["data"]]
        assert len(set(ids)) == len(ids)
