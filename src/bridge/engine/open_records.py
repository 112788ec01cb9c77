"""What of a run is open while its leg works: the message under way, its step, the step of the calls (§8).

Each method answers changes, or a piece of one; `Leg` says when (engine/leg.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve

from bridge.engine.closing import close_message, close_step
from bridge.engine.content import Content
from bridge.engine.effects import Snapshot
from bridge.engine.names import Names
from bridge.records import Amend, Change, Delta, Item, Message, Object, Put, Run, Step
from bridge.translate import facts

CHECKPOINT_SECONDS: Final = 1.0
CHECKPOINT_CHARACTERS: Final = 4096


class OpenRecords:
    """The run and what is open of it. `names` gives the ids of what is made."""

    def __init__(self, snapshot: Snapshot, names: Names) -> None:
        self.run: Run = snapshot.run
        self.has_begun = False  # whether anything came of the answer
        self._names = names
        self._message: Message | None = None
        self._content = Content()
        self._held: facts.MessageDone | None = None
        self._step: Step | None = None  # the message's or the hosted tools' step; its usage comes with the response
        self._calls: Step | None = None  # the one step of this leg's function calls
        self._call_index: dict[str, int] = {}
        self._checkpoint_at = 0.0
        self._unsaved = 0
        self._take_up(snapshot)

    # --- a background response, read before by another leg

    def _take_up(self, snapshot: Snapshot) -> None:
        """The steps that a background response had left open when it was last read (Run.cursor)."""
        open_then = (snapshot.run.cursor or {}).get("steps") or ()
        for step in (step for step in snapshot.steps if step.id in open_then and step.status == "in_progress"):
            if tool_type(step) == "function":
                self._calls = step
                self._call_index = {call["id"]: n for n, call in enumerate(step.step_details["tool_calls"])}
            else:
                self._step = step

    @property
    def call_ids(self) -> Sequence[str]:
        """Those of the calls that the response made before it was taken up."""
        return list(self._call_index)

    def cursor(self, response_id: str | None, after: int | None) -> list[Change]:
        """Where a background response can be gone on with: behind this event, with what is open now. None: nowhere."""
        steps = [step.id for step in self._open_steps()]
        cursor = None if response_id is None else {"response_id": response_id, "after": after, "steps": steps}
        self.run = evolve(self.run, cursor=cursor)
        return [Amend(Run, self.run.id, {"cursor": cursor})]

    def restart(self) -> None:
        """The response cannot be gone on with: what it had left open is gone, and the leg begins anew."""
        self._step = self._calls = None
        self._call_index = {}
        self.run = evolve(self.run, cursor=None)

    # --- the message under way

    def checkpoint(self, now: float) -> list[Change]:
        """The open message as far as it came, to be stored without telling (design §3, "One change")."""
        if self._message is None or not self._unsaved:
            return []
        if now < self._checkpoint_at and self._unsaved < CHECKPOINT_CHARACTERS:
            return []
        self._unsaved = 0
        self._checkpoint_at = now + CHECKPOINT_SECONDS
        return [Put(self._whole_message())]

    def open_messages(self) -> Sequence[Message]:
        """The message under way with what it holds by now, if there is one."""
        return [] if self._message is None else [self._whole_message()]

    @property
    def checkpoint_at(self) -> float | None:
        """When the open message should be stored at the latest; None while there is nothing to store."""
        return self._checkpoint_at if self._message is not None and self._unsaved else None

    # --- pieces

    def _close_message(self, item: Object | None, word: str, now: float, reason: str | None = None) -> list[Change]:
        message, self._message, self._held = self._whole_message(), None, None
        changes: list[Change] = [close_message(message, word, now, reason)]
        if item is not None:
            changes.append(self._item(item, message_id=message.id))
        return changes

    def _close_step(self, now: float, usage: Object | None = None) -> list[Change]:
        """The step before ends when the next begins: only the last step of a response bears its usage."""
        changes: list[Change] = []
        if self._message is not None:  # incomplete, and no word came why: a length cut is what servers do not explain
            item = self._held.item if self._held else None
            changes += self._close_message(item, "cut", now, "max_tokens")
        step, self._step = self._step, None
        return changes if step is None else [*changes, close_step(step, "complete", now, usage)]

    def _piece(self, block: Object | None, size: int) -> Delta:
        assert self._message is not None
        self._unsaved += size
        return Delta("thread.message.delta", self._message.id, {"content": [block]})

    def _step_delta(self, step: Step, call: Object) -> Delta:
        details = {"type": "tool_calls", "tool_calls": [call]}
        return Delta("thread.run.step.delta", step.id, {"step_details": details})

    def _put_run(self, run: Run, events: tuple[str, ...]) -> Put:
        self.run = evolve(run, version=run.version + 1)
        return Put(self.run, events)

    def _item(self, body: Object, *, call_id: str | None = None, message_id: str | None = None) -> Put:
        self.has_begun = True
        name = self._names.make("item")
        item = Item(name, self.run.thread_id, self.run.id, body["type"], body, call_id, message_id)
        return Put(item, is_new=True)

    def _new_step(self, type: Any, details: Object, now: float) -> Step:
        self.has_begun = True
        run, name = self.run, self._names.make("step")
        return Step(name, run.id, run.thread_id, run.assistant_id, int(now), run.expires_at, type, details)

    def _whole_message(self) -> Message:
        assert self._message is not None
        return evolve(self._message, content=self._content.blocks())

    def _open_steps(self) -> Sequence[Step]:
        return [step for step in (self._step, self._calls) if step is not None]


def with_call(step: Step, index: int, call: Object) -> Step:
    """The step with its tool call at `index` set; the step's own record is left as it was."""
    calls = list(step.step_details["tool_calls"])
    calls[index : index + 1] = [call]
    return evolve(step, step_details={"type": "tool_calls", "tool_calls": calls})


def tool_type(step: Step) -> str | None:
    calls = step.step_details.get("tool_calls") or [{}]
    kind: str | None = calls[-1].get("type")
    return kind
