"""A run of the old API at work: what its script says, told as the events of a stream, in the order of the recordings.

A script is a list of legs, a leg a list of what the model does in it. A program that polls lets the same events happen
and hears none of them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from attrs import define, field, frozen

from diff.old import objects
from diff.old.objects import Object

Event = tuple[str, Object]
Events = Iterator["Event | threading.Event"]
"""An event of threading where nothing happens until it is set."""

ENDED = ("completed", "incomplete", "failed", "cancelled", "expired")


@frozen
class Say:
    text: str


@frozen
class Call:
    """Functions with their arguments as the model wrote them, side by side."""

    calls: tuple[tuple[str, str], ...]


@frozen
class Fail:
    code: str
    message: str


@frozen
class Stop:
    """The budget of tokens is used up."""


@frozen
class Wait:
    """Works until somebody cancels."""


Script = list[list[Any]]


@define
class Room:
    """What the runs of a server share: ids, the moments of a clock that never stands still, and what is stored."""

    made: int = 0
    now: int = 1_760_000_000
    messages: dict[str, list[Object]] = field(factory=dict)
    steps: dict[str, list[Object]] = field(factory=dict)

    def id(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made:024d}"

    def tick(self) -> int:
        self.now += 1
        return self.now


class Work:
    """One run at work, told as a stream or let happen by polls. `heard` is set when somebody cancels it."""

    def __init__(self, room: Room, run: Object, script: Script) -> None:
        self.run, self.heard = run, threading.Event()
        self._room, self._script = room, list(script)
        self._open: list[Object] = []  # a step, and the message it makes
        self._usages: list[Object] = []
        self._told = self._leg()
        self._is_streamed = self._waits = False

    def streamed(self, before: list[Event]) -> Events:
        self._is_streamed = True
        yield from before
        yield from self._told
        self._is_streamed = False

    def poll(self) -> None:
        """Lets happen what leads to the next state."""
        status = self.run["status"]
        if self._is_streamed:
            return
        if status == "queued":
            next(self._told)
        elif status == "in_progress" and not self._waits:
            self._waits = any(isinstance(event, threading.Event) for event in self._told)
        elif status == "cancelling":
            for _ in self._told if self._waits else self._cancelled():
                pass

    def _leg(self) -> Events:
        yield self._tell("in_progress", started_at=self._room.tick())
        pieces = self._script.pop(0)
        for piece, after in zip(pieces, [*pieces[1:], None], strict=True):
            if isinstance(piece, Say):
                yield from self._say(piece.text, is_cut=isinstance(after, (Fail, Stop, Wait)))
            else:
                yield from self._ACTS[type(piece)](self, piece)
        if isinstance(pieces[-1], Say):
            yield self._end("completed", completed_at=self._room.tick())

    def submit(self, outputs: dict[str, str]) -> list[Event]:
        """What a stream tells first when outputs come in."""
        step = self._open.pop()
        for call in step["step_details"]["tool_calls"]:
            call["function"]["output"] = outputs[call["id"]]
        done = self._close(step, "completed")
        self._told = self._leg()
        return [done, self._tell("queued", required_action=None)]

    def _cancelled(self) -> Iterator[Event]:
        """What happens when a cancel is heard."""
        yield self._tell("cancelling")
        yield from self._cut("run_cancelled", "cancelled")
        yield self._end("cancelled", cancelled_at=self._room.tick())

    # --- what a model does

    def _say(self, text: str, is_cut: bool) -> Iterator[Event]:
        body = {"role": "assistant", "content": []}
        message = objects.message(self._room.id("msg"), self._room.tick(), self.run["thread_id"], body, self.run)
        made = {"type": "message_creation", "message_creation": {"message_id": message["id"]}}
        step = self._begin_step(made)
        self._room.messages[self.run["thread_id"]].append(message)
        yield from (("thread.run.step.created", {**step}), ("thread.run.step.in_progress", {**step}))
        yield from (("thread.message.created", {**message}), ("thread.message.in_progress", {**message}))
        yield from _text_deltas(message, text)
        message["content"] = objects.content(text)
        self._open = [step, message]
        if not is_cut:
            message |= {"status": "completed", "completed_at": self._room.tick()}
            yield "thread.message.completed", {**message}
            yield self._close(step, "completed")
            self._open = []

    def _call(self, piece: Call) -> Iterator[Event]:
        step = self._begin_step({"type": "tool_calls", "tool_calls": []})
        yield from (("thread.run.step.created", _copied(step)), ("thread.run.step.in_progress", _copied(step)))
        for index, (name, arguments) in enumerate(piece.calls):
            call = objects.call(self._room.id("call"), name, arguments)
            step["step_details"]["tool_calls"].append({**call, "function": {**call["function"], "output": None}})
            yield from _call_deltas(step, index, call)
        self._open = [step]
        asked = [objects.call(each["id"], *_function(each)) for each in step["step_details"]["tool_calls"]]
        waiting = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": asked}}
        yield self._tell("requires_action", required_action=waiting)

    def _fail(self, piece: Fail) -> Iterator[Event]:
        error = {"code": piece.code, "message": piece.message}
        yield from self._cut("run_failed", "failed", last_error=error)
        yield self._end("failed", failed_at=self._room.tick(), last_error=error)

    def _stop(self, piece: Stop) -> Iterator[Event]:
        yield from self._cut("max_tokens", "completed")
        why = {"reason": "max_completion_tokens"}
        yield self._end("incomplete", completed_at=self._room.tick(), incomplete_details=why)

    def _wait(self, piece: Wait) -> Events:
        yield self.heard
        yield from self._cancelled()

    _ACTS: ClassVar[dict[type, Callable[[Any, Any], Events]]] = {Call: _call, Fail: _fail, Stop: _stop, Wait: _wait}

    # --- steps, messages, the run

    def _begin_step(self, details: Object) -> Object:
        step = objects.step(self._room.id("step"), self._room.tick(), self.run, details)
        self._room.steps[self.run["id"]].append(step)
        return step

    def _cut(self, reason: str, status: str, **more: Any) -> Iterator[Event]:
        """What is open ends with the run: the message, then its step."""
        step, *messages = self._open or [None]
        for message in messages:
            why = {"incomplete_details": {"reason": reason}, "incomplete_at": self._room.tick()}
            message |= {"status": "incomplete", **why}
            yield "thread.message.incomplete", {**message}
        if step is not None:
            yield self._close(step, status, **more)
        self._open = []

    def _close(self, step: Object, status: str, **more: Any) -> Event:
        """What a model used that was stopped half-way is not recorded: nothing, here."""
        is_stopped = status == "cancelled" and step["type"] == "message_creation"
        self._usages.append(objects.usage(0, 0) if is_stopped else objects.usage(100, 10))
        step |= {"status": status, f"{status}_at": self._room.tick(), "usage": self._usages[-1], **more}
        return f"thread.run.step.{status}", _copied(step)

    def _tell(self, status: str, **more: Any) -> Event:
        self.run |= {"status": status, **more}
        return f"thread.run.{status}", {**self.run}

    def _end(self, status: str, **more: Any) -> Event:
        gone = {"expires_at": None, "required_action": None}
        return self._tell(status, **more, **gone, usage=objects.total(self._usages))


def _function(call: Object) -> tuple[str, str]:
    return call["function"]["name"], call["function"]["arguments"]


def _copied(step: Object) -> Object:
    """As it is now: calls are added later."""
    details = step["step_details"]
    calls = {"tool_calls": list(details["tool_calls"])} if "tool_calls" in details else {}
    return {**step, "step_details": {**details, **calls}}


def _text_deltas(message: Object, text: str) -> Iterator[Event]:
    """Word by word; the first one has the annotations, of which there are none."""
    for number, word in enumerate(re.findall(r"\S+\s*", text)):
        piece = {"value": word, **({} if number else {"annotations": []})}
        delta = {"content": [{"index": 0, "type": "text", "text": piece}]}
        yield "thread.message.delta", {"id": message["id"], "object": "thread.message.delta", "delta": delta}


def _call_deltas(step: Object, index: int, call: Object) -> Iterator[Event]:
    """Id and name come once, then the arguments in pieces."""
    name, arguments = _function(call)
    yield _step_delta(step, {"index": index, **call, "function": {"name": name, "arguments": "", "output": None}})
    for part in re.findall(r".{1,9}", arguments):
        yield _step_delta(step, {"index": index, "type": "function", "function": {"arguments": part}})


def _step_delta(step: Object, call: Object) -> Event:
    delta = {"step_details": {"type": "tool_calls", "tool_calls": [call]}}
    return "thread.run.step.delta", {"id": step["id"], "object": "thread.run.step.delta", "delta": delta}
