"""Flows played by hand against a store in memory: to the end, or up to some effect, so that others can act there."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, TypeVar

from bridge.engine.effects import (
    Close,
    Commit,
    Committed,
    Effect,
    Entries,
    Event,
    Flow,
    History,
    Keep,
    Kept,
    Key,
    Learn,
    Lessons,
    Load,
    Mint,
    Next,
    Now,
    Open,
    Page,
    Read,
    Refused,
    Resume,
    RunState,
    Send,
    Sent,
    Signal,
    Timeout,
    Wait,
    Warn,
)
from bridge.engine.flows import Context, Launch, assistants, runs, threads
from bridge.records import Change, Object, Run
from bridge.store.memory import MemoryStore

T = TypeVar("T")
LEASE = 15.0


class Stage:
    """`told` is what commits published, `sent` the upstream requests, `inbox` what the leg's Next is answered with.

    Other upstream calls are noted in `asked` as "METHOD path" and answered by `answers` (the last of a list for ever; a
    call without an answer is a 404), bytes by `bytes_at`; `kept` are the bytes in the store, `warned` the parameters of
    which something was lost.
    """

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.now = 1000.0
        self.told: list[Change] = []
        self.sent: list[Object] = []
        self.inbox: deque[Signal] = deque()
        self.waits: list[Wait] = []
        self.resumed: list[Resume | None] = []
        self.asked: list[str] = []
        self.calls: list[Send] = []
        self.answers: dict[str, Any] = {}
        self.bytes_at: dict[str, Any] = {}
        self.kept: dict[str, bytes] = {}
        self.warned: list[str] = []
        self.known: set[str] = set()
        self._minted: Counter[str] = Counter()

    def context(self, owner: str = "a", **given: Any) -> Context:
        return Context(owner, LEASE, "upstream", "credential", **given)

    def play(self, flow: Flow[T]) -> T:
        """The flow to its end."""
        try:
            effect = next(flow)
            while True:
                effect = flow.send(self.perform(effect))
        except StopIteration as stop:
            result: T = stop.value
            return result

    def until(self, flow: Flow[Any], kind: type[Effect], nth: int = 1) -> Flow[Any]:
        """The flow as it stands before its nth effect of this kind; `rest` plays on."""
        effect = next(flow)
        while True:
            nth -= isinstance(effect, kind)
            if not nth:
                break
            effect = flow.send(self.perform(effect))
        return self._rest(flow, effect)

    def _rest(self, flow: Flow[Any], effect: Effect) -> Flow[Any]:
        try:
            while True:
                answer = yield effect
                effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value

    def perform(self, effect: Any) -> Any:
        if isinstance(effect, Commit):
            outcome = self.store.commit(effect).result()
            self.told += outcome.changes if isinstance(outcome, Committed) else ()
            return outcome
        store = self.store
        reads = {Page: store.page, History: store.history, Entries: store.entries, RunState: store.run_state}
        if type(effect) in reads:
            return reads[type(effect)](effect)
        if isinstance(effect, Load):
            return self.store.load(effect.keys)
        if isinstance(effect, Mint):
            self._minted[effect.kind] += 1
            return f"{effect.kind}_{self._minted[effect.kind]}"
        if isinstance(effect, Next) and not self.inbox:
            self.now = max(self.now, effect.until)
        if isinstance(effect, Wait):
            self.waits.append(effect)
            self.now = effect.until
        if isinstance(effect, Open):
            self.sent.append(effect.request)
            self.resumed.append(effect.resume)
        if isinstance(effect, Warn):
            self.warned.append(effect.parameter)
        if isinstance(effect, Learn):
            self.known.add(effect.lesson)
        if isinstance(effect, (Send, Keep, Read)):
            return self._asked(effect)
        answers: dict[type, Any] = {
            Now: self.now,
            Lessons: frozenset(self.known),
            Learn: None,
            Warn: None,
            Open: None,
            Close: None,
            Wait: None,
        }
        if isinstance(effect, Next):
            return self.inbox.popleft() if self.inbox else Timeout()
        return answers[type(effect)]

    def _asked(self, effect: Send | Keep | Read) -> Any:
        if isinstance(effect, Read):
            return self.kept.get(effect.copy)
        if isinstance(effect, Keep):
            found = self.bytes_at.get(effect.path, Refused(404, "no such file"))
            if isinstance(found, Refused):
                return found
            self.kept[effect.copy] = found
            return Kept(len(found), "image/png" if effect.path.endswith("png/content") else None)
        name = f"{effect.method} {effect.path}"
        self.asked.append(name)
        self.calls.append(effect)
        answer = self.answers.get(name, Sent(404, {"error": {"message": f"there is no {effect.path}"}}))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return Sent(200, answer) if isinstance(answer, dict) else answer

    # --- the usual beginning

    def thread(self, *texts: str) -> str:
        given = {"messages": [{"role": "user", "content": text} for text in texts]} if texts else {}
        answer: str = self.play(threads.create(self.context(), given))["id"]
        return answer

    def assistant(self, *tools: Object, **given: Any) -> str:
        """With the function f where no tools are named."""
        listed = tools or ({"type": "function", "function": {"name": "f"}},)
        asked = {"model": "gpt-4o", "tools": list(listed), **given}
        answer: str = self.play(assistants.create(self.context(), asked))["id"]
        return answer

    def launch(self, owner: str = "a", *, tools: Sequence[Object] = (), **given: Any) -> Launch:
        """A run on a new thread, its leg not begun."""
        thread_id, assistant_id = self.thread("Hi"), self.assistant(*tools)
        asked = {"assistant_id": assistant_id, **given}
        return self.play(runs.create(self.context(owner), thread_id, asked, {}))

    def hear(self, *events: Object) -> None:
        self.inbox.extend(Event(event) for event in events)

    def run(self, given: Run) -> Run:
        """The run as it is stored."""
        (stored,) = self.store.load([Key(Run, given.id)])
        return stored  # type: ignore[no-any-return]


CREATED = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}
MESSAGE = {"id": "msg_up", "type": "message", "role": "assistant", "content": []}
ADDED = {"type": "response.output_item.added", "output_index": 0, "item": MESSAGE}
PART = {"type": "output_text", "text": "Hello you", "annotations": []}
DONE = {"type": "response.output_item.done", "output_index": 0, "item": {**MESSAGE, "content": [PART]}}
COMPLETED = {
    "type": "response.completed",
    "response": {"id": "resp_1", "status": "completed", "output": [DONE["item"]]},
}
CALL = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
CALLED = {"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "output": [CALL]}}


def piece(text: str) -> Object:
    at = {"item_id": "msg_up", "output_index": 0, "content_index": 0}
    return {"type": "response.output_text.delta", **at, "delta": text}
