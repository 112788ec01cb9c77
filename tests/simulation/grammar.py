"""The grammar of a thread.* stream (assistants-wire §8): what may follow what, and that the pieces make the whole.

    begin     [thread.created] run.created run.queued  |  step.completed+ run.queued        (§8.3, §8.5)
    work      run.in_progress, then steps; a message lives inside its step, its deltas inside the message
    settle    one of requires_action, completed, incomplete, failed, expired  |  cancelling … cancelled
    end       done after that, and nothing else; an error, or a cut, only without done       (§8.12)

Fed with the event's name and its data, as JSON or as a record (`view`).
"""

from __future__ import annotations

from typing import Any, Literal

from bridge.records import Message, Object, Record, Run, Step, Thread

TERMINAL = ("cancelled", "failed", "completed", "incomplete", "expired")
FIELDS = {
    Run: ("id", "status", "required_action"),
    Step: ("id", "status", "type", "step_details"),
    Message: ("id", "status", "content"),
    Thread: ("id",),
}


class Ungrammatical(AssertionError):
    """A stream no client of the old service was ever sent."""


def view(record: Record) -> Object:
    """What the grammar looks at."""
    return {name: getattr(record, name) for name in FIELDS[type(record)]}


def need(condition: Any, text: str, *about: Any) -> None:
    """`text` has a pair of braces for each of `about`, and is only put together where it is needed."""
    if not condition:
        raise Ungrammatical(text.format(*about))


class Grammar:
    """One stream, event by event; raises Ungrammatical at the first that is out of place."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.status: str | None = None
        self.is_settled = False
        self.end: str | None = None
        self._steps: dict[str, Object] = {}  # open ones
        self._calls: dict[str, list[Object]] = {}  # streamed, by step
        self._message: str | None = None
        self._content: list[Object] = []
        self._is_cut = False  # a budget may end a step whose last call is not whole (§8.8)
        self._expects: tuple[str, str] | None = None  # created must be followed by in_progress, at once

    def tell(self, event: str, data: Object) -> None:
        need(self.end is None, "{} after {}", event, self.end)
        need(not self.is_settled, "{} after {}", event, self.status)
        if self._expects is not None:
            need((event, data["id"]) == self._expects, "{} instead of {}", event, self._expects)
        self._expects = None
        kind, _, word = event.removeprefix("thread.").rpartition(".")
        self._handler(kind, word)(word, data)
        self.events.append(event)

    def over(self, end: Literal["done", "error", "cut"]) -> None:
        """The stream ended: with [DONE], with an error event, or because the connection went."""
        need(self.end is None, "{} after {}", end, self.end)
        need((end == "done") <= self.is_settled, "done in {}", self.status)
        need((end == "error") <= (not self.is_settled), "error after {}", self.status)
        self.end = end

    def _handler(self, kind: str, word: str) -> Any:
        handlers = {"": self._thread, "run": self._run, "run.step": self._step, "message": self._told_message}
        if word == "delta":
            return {"run.step": self._step_delta, "message": self._message_delta}[kind]
        need(kind in handlers, "no such event: thread.{}.{}", kind, word)
        return handlers[kind]

    # --- runs

    def _thread(self, word: str, data: Object) -> None:
        need(word == "created" and not self.events, "thread.{} after {}", word, self.events)

    def _run(self, word: str, data: Object) -> None:
        need(data["status"] == ("queued" if word == "created" else word), "run.{} with {}", word, data["status"])
        before = {
            "created": (None,),
            "queued": ("created", "submitted"),
            "in_progress": ("queued",),
            "requires_action": ("in_progress",),
            "cancelling": ("queued", "in_progress"),
            "cancelled": ("cancelling",),
            "completed": ("in_progress",),
            "incomplete": ("in_progress",),
            "failed": ("queued", "in_progress"),
            "expired": ("queued", "in_progress"),
        }
        need(self.status in before[word], "run.{} after {}", word, self.status)
        self.status = word
        if word == "requires_action":
            self._check_action(data)
        if word in ("requires_action", "completed"):
            need(not self._is_cut, "run.{} though a step holds less than was streamed", word)
        if word in TERMINAL:
            need(not self._steps, "run.{} with open steps", word)
        if word in (*TERMINAL, "requires_action"):
            need(self._message is None, "run.{} with an open message", word)
            self.is_settled = True

    def _check_action(self, data: Object) -> None:
        need(len(self._steps) == 1, "requires_action with open steps {}", self._steps)
        (id,) = self._steps
        asked = data["required_action"]["submit_tool_outputs"]["tool_calls"]
        told = [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in asked]
        streamed = [(call["id"], call["name"], call["pieces"]) for call in self._calls[id]]
        need(told and told == streamed, "required {}, streamed {}", told, streamed)

    # --- steps

    def _step(self, word: str, data: Object) -> None:
        need(data["status"] == ("in_progress" if word == "created" else word), "step.{} with {}", word, data["status"])
        id = data["id"]
        if word == "created":
            self._open_step(id, data)
        elif word == "in_progress":
            need(self.events[-1] == "thread.run.step.created", "step.in_progress after {}", self.events[-1])
        elif id not in self._steps:
            need(word == "completed" and self.status in (None, "submitted"), "step.{} of no open step", word)
            self.status = "submitted"
            need(all(call["function"]["output"] is not None for call in _tool_calls(data)), "an output is missing")
        else:
            self._close_step(word, data)

    def _open_step(self, id: str, data: Object) -> None:
        need(self.status == "in_progress", "a step begins in {}", self.status)
        need(self._message is None, "a step begins inside a message")
        open_now = [step for step in self._steps.values() if not _is_of_functions(self._calls[step["id"]])]
        need(not open_now, "a step begins while {} is open", open_now)
        self._steps[id] = data
        self._calls[id] = []
        self._expects = ("thread.run.step.in_progress", id)

    def _close_step(self, word: str, data: Object) -> None:
        step = self._steps.pop(data["id"])
        if step["type"] == "message_creation":
            need(self._message is None, "step.{} before its message ended", word)
            return
        streamed, final = self._calls[data["id"]], _tool_calls(data)
        need(len(final) <= len(streamed), "step.{} with calls never streamed", word)
        for told, call in zip(streamed, final, strict=False):
            need(call["id"] == told["id"], "call {} was streamed as {}", call["id"], told["id"])
            stored = _arguments(call)
            is_whole = stored == told["pieces"] or (call["type"] != "function" and not stored)
            need(is_whole, "arguments are {!r}, streamed {!r}", stored, told["pieces"])
        whole = [call["pieces"] for call in streamed] == [_arguments(call) for call in final]
        self._is_cut = self._is_cut or (word == "completed" and not whole)

    def _step_delta(self, word: str, data: Object) -> None:
        id, details = data["id"], data["delta"]["step_details"]
        need(id in self._steps, "a delta of no open step")
        need(self._message is None, "a step's delta inside a message")
        for call in details["tool_calls"]:
            calls = self._calls[id]
            if "id" in call:
                need(call["index"] == len(calls), "call {} after {} calls", call["index"], len(calls))
                calls.append({"id": call["id"], "type": call["type"], "pieces": "", "name": None})
                calls[-1]["name"] = call.get("function", {}).get("name")
            need(call["index"] == len(calls) - 1, "a delta of call {} after call {}", call["index"], len(calls) - 1)
            calls[-1]["pieces"] += _arguments(call)

    # --- messages

    def _told_message(self, word: str, data: Object) -> None:
        need(data["status"] == ("in_progress" if word == "created" else word), "message.{}: {}", word, data["status"])
        id = data["id"]
        if word == "created":
            owners = [step for step in self._steps.values() if _message_of(step) == id]
            need(len(owners) == 1 and self._message is None, "message {} begins without a step of its own", id)
            need(not data["content"], "a message begins with content")
            self._message, self._content = id, []
            self._expects = ("thread.message.in_progress", id)
            return
        need(self._message == id, "message.{} of {} while {} is open", word, id, self._message)
        if word == "in_progress":
            need(self.events[-1] == "thread.message.created", "message.in_progress after {}", self.events[-1])
            return
        final = [_piece(block) for block in data["content"]]
        need(final == self._content, "message.{} holds {}, streamed {}", word, final, self._content)
        self._message = None

    def _message_delta(self, word: str, data: Object) -> None:
        need(data["id"] == self._message, "a delta of {} while {} is open", data["id"], self._message)
        for block in data["delta"]["content"]:
            piece, index = _piece(block), block["index"]
            need(index <= len(self._content), "block {} after {} blocks", index, len(self._content))
            if index == len(self._content):
                self._content.append(piece)
            else:
                whole = self._content[index]
                need(whole["type"] == piece["type"], "a {} in a block of {}", piece["type"], whole["type"])
                self._content[index] = {"type": piece["type"], "value": whole["value"] + piece["value"]}


def _piece(block: Object) -> Object:
    kind = block["type"]
    if kind == "image_file":
        return {"type": kind, "value": block["image_file"]["file_id"]}
    return {"type": kind, "value": block["text"]["value"] if kind == "text" else block["refusal"]}


def _tool_calls(step: Object) -> list[Object]:
    calls: list[Object] = step["step_details"].get("tool_calls", [])
    return calls


def _is_of_functions(calls: list[Object]) -> bool:
    return bool(calls) and all(call["type"] == "function" for call in calls)


def _message_of(step: Object) -> str | None:
    details = step["step_details"]
    return details["message_creation"]["message_id"] if step["type"] == "message_creation" else None


def _arguments(call: Object) -> str:
    """What of a call comes in pieces."""
    pieces = {"function": "arguments", "code_interpreter": "input"}
    text: str = call[call["type"]].get(pieces.get(call["type"], ""), "")
    return text
