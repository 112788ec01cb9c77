"""One leg of a run: what the facts of one Responses call make of its run, steps and messages.

    begin()    the run is in_progress
    keep()     files that a container holds, for citations; draw() those of the hosted call that is received next
    receive()  one fact → changes, told in the order of assistants-wire §8
    end()      the run ended from outside (stop, expire, fail): everything open is closed

A Leg keeps the open records and decides; it stores and sends nothing. Each call answers the changes to commit, the
caller commits them before the next call (engine/flows/legs.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatchmethod
from typing import Any, Final

from attrs import evolve

from bridge.engine import tables
from bridge.engine.closing import close_all, close_run, close_step
from bridge.engine.content import Content, is_image
from bridge.engine.effects import Snapshot
from bridge.engine.names import Names
from bridge.engine.open_records import CHECKPOINT_SECONDS, OpenRecords, tool_type, with_call
from bridge.records import Change, File, Message, Object, Put, Release, Run, Step
from bridge.translate import facts, loose, runs, steps

OPENING: Final = ("thread.run.step.created", "thread.run.step.in_progress")


class Leg(OpenRecords):
    """One leg, from its snapshot. `names` gives the ids of what it makes."""

    def __init__(self, snapshot: Snapshot, names: Names) -> None:
        super().__init__(snapshot, names)
        self._searches = sum(1 for step in snapshot.steps if _is_search(step))
        self._files: dict[str, File] = {}  # by their ids in the container
        self._drawn: list[str] = []  # images of the call that ends next
        self._unshown = _unshown(snapshot)  # images that lead the next message
        self.finished = False

    # --- the life of the leg

    def begin(self, now: float) -> list[Change]:
        """The run works. A leg taken over tells nothing: its run was in_progress before."""
        events = () if self.run.status == "in_progress" else ("thread.run.in_progress",)
        status = tables.move(tables.RUN, self.run.status, "start")
        started_at = int(now) if events else self.run.started_at
        return [self._put_run(evolve(self.run, status=status, started_at=started_at), events)]

    def keep(self, found: Sequence[File], new: Sequence[File]) -> list[Change]:
        """Files of the code interpreter's container: all that were found, and those of them that are new."""
        self._files.update({file.source_id: file for file in found})
        return [Put(file, is_new=True) for file in new]

    def draw(self, new: Sequence[File]) -> None:
        """New files that the call made which is received next: its images are outputs, and lead the next message."""
        self._drawn = [file.id for file in new if is_image(file)]
        self._unshown += self._drawn

    def has_file(self, annotation: Object) -> bool:
        """Whether the file that an annotation cites was kept by this leg."""
        return loose.text(annotation, "file_id") in self._files

    def receive(self, fact: facts.Fact, now: float) -> list[Change]:
        """What this fact changes; nothing after the leg has finished."""
        return [] if self.finished else self._receive(fact, now)

    def end(self, word: str, now: float, error: Object | None = None) -> list[Change]:
        """Everything open closed by `word` (stop, expire, fail), and the run with it."""
        self.finished = True
        return list(
            close_all(self.run, self.open_messages(), self._open_steps(), word, now, error=error),
        )

    def exhaust(self, reason: str, now: float) -> list[Change]:
        """The budget of the whole run is spent before this leg could ask for anything."""
        self.finished = True
        return list(close_run(self.run, "cut", now, incomplete_details={"reason": reason}))

    # --- one fact each

    @singledispatchmethod
    def _receive(self, fact: Any, now: float) -> list[Change]:
        raise TypeError(f"no such fact: {fact!r}")

    @_receive.register
    def _began(self, fact: facts.Began, now: float) -> list[Change]:
        self.run = evolve(self.run, response_id=fact.response_id)
        return []

    @_receive.register
    def _message_started(self, fact: facts.MessageStarted, now: float) -> list[Change]:
        changes = self._close_step(now)
        self._message = Message(
            id=self._names.make("message"),
            thread_id=self.run.thread_id,
            created_at=int(now),
            role="assistant",
            status="in_progress",
            assistant_id=self.run.assistant_id,
            run_id=self.run.id,
        )
        self._content = Content()
        self._checkpoint_at, self._unsaved = now + CHECKPOINT_SECONDS, 0
        details = {"type": "message_creation", "message_creation": {"message_id": self._message.id}}
        self._step = self._new_step("message_creation", details, now)
        opening = ("thread.message.created", "thread.message.in_progress")
        changes += [Put(self._step, OPENING, is_new=True), Put(self._message, opening, is_new=True)]
        shown, self._unshown = self._unshown, []
        return [*changes, *(self._piece(self._content.add_image(file_id), 1) for file_id in shown)]

    @_receive.register
    def _text(self, fact: facts.TextDelta, now: float) -> list[Change]:
        return [self._piece(self._content.add_text(fact.part, fact.text), len(fact.text))]

    @_receive.register
    def _refusal(self, fact: facts.RefusalDelta, now: float) -> list[Change]:
        return [self._piece(self._content.add_refusal(fact.part, fact.text), len(fact.text))]

    @_receive.register
    def _annotated(self, fact: facts.Annotated, now: float) -> list[Change]:
        file = self._files.get(loose.text(fact.annotation, "file_id") or "")
        block = self._content.add_annotation(fact.part, fact.annotation, self._searches, file)
        return [self._piece(block, 1)] if block else []

    @_receive.register
    def _message_done(self, fact: facts.MessageDone, now: float) -> list[Change]:
        if fact.status == "incomplete":
            self._held = fact  # why it is incomplete, the response says at its end
            return []
        linked = [self._piece(block, 1) for block in self._content.link(self._files.values())]
        return [*linked, *self._close_message(fact.item, "complete", now)]

    @_receive.register
    def _call_started(self, fact: facts.CallStarted, now: float) -> list[Change]:
        changes = self._close_step(now)
        if self._calls is None:
            self._calls = self._new_step("tool_calls", {"type": "tool_calls", "tool_calls": []}, now)
            changes.append(Put(self._calls, OPENING, is_new=True))
        index = self._call_index[fact.key] = len(self._call_index)
        function = {"name": fact.name, "arguments": "", "output": None}
        call = {"index": index, "id": fact.call_id, "type": "function", "function": function}
        return [*changes, self._step_delta(self._calls, call)]

    @_receive.register
    def _call_arguments(self, fact: facts.CallArguments, now: float) -> list[Change]:
        assert self._calls is not None
        call = {"index": self._call_index[fact.key], "type": "function", "function": {"arguments": fact.text}}
        return [self._step_delta(self._calls, call)]

    @_receive.register
    def _call_done(self, fact: facts.CallDone, now: float) -> list[Change]:
        assert self._calls is not None
        self._calls = with_call(self._calls, self._call_index[fact.key], steps.to_assistants(fact.item))
        return [Put(self._calls), self._item(fact.item, call_id=fact.item["call_id"])]

    @_receive.register
    def _hosted_started(self, fact: facts.HostedStarted, now: float) -> list[Change]:
        changes: list[Change] = []
        if self._step is None or tool_type(self._step) != fact.type:
            changes = self._close_step(now)
            self._step = self._new_step("tool_calls", {"type": "tool_calls", "tool_calls": []}, now)
            changes.append(Put(self._step, OPENING, is_new=True))
        self._searches += fact.type == "file_search"
        index = len(self._step.step_details["tool_calls"])
        call = steps.hosted_call(fact.type, fact.id, ranking_options=_ranking(self.run))
        self._step = with_call(self._step, index, call)
        return [*changes, self._step_delta(self._step, {"index": index, **call})]

    @_receive.register
    def _hosted_input(self, fact: facts.HostedInput, now: float) -> list[Change]:
        assert self._step is not None
        index = len(self._step.step_details["tool_calls"]) - 1
        piece = {"index": index, "type": "code_interpreter", "code_interpreter": {"input": fact.text}}
        return [self._step_delta(self._step, piece)]

    @_receive.register
    def _hosted_done(self, fact: facts.HostedDone, now: float) -> list[Change]:
        assert self._step is not None
        index = len(self._step.step_details["tool_calls"]) - 1
        call = steps.to_assistants(fact.item, ranking_options=_ranking(self.run), images=self._drawn)
        self._drawn = []
        self._step = with_call(self._step, index, call)
        changes: list[Change] = []
        for number, output in enumerate(call.get("code_interpreter", {}).get("outputs", [])):
            piece = {"outputs": [{"index": number, **output}]}
            delta = {"index": index, "type": "code_interpreter", "code_interpreter": piece}
            changes.append(self._step_delta(self._step, delta))
        return [*changes, Put(self._step), self._item(fact.item)]

    @_receive.register
    def _kept(self, fact: facts.Kept, now: float) -> list[Change]:
        return [self._item(fact.item)]

    @_receive.register
    def _finished(self, fact: facts.Finished, now: float) -> list[Change]:
        self.finished = True
        usage = runs.usage_to_assistants(fact.usage)
        self.run = evolve(self.run, usage=runs.add_usage(self.run.usage, usage))
        if fact.status == "completed" and self._calls is not None:
            return self._require_action(usage, now)
        if fact.status == "completed":
            return [*self._close_step(now, usage), *close_run(self.run, "complete", now)]
        if fact.status == "incomplete" and fact.reason in ("max_output_tokens", "content_filter"):
            return self._cut(fact.reason, usage, now)
        if fact.status == "cancelled":
            status = tables.move(tables.RUN, self.run.status, "cancel")
            told = self._put_run(evolve(self.run, status=status), ("thread.run.cancelling",))
            return [told, *self._close_all("stop", usage, now)]
        return self._close_all("fail", usage, now, runs.last_error(fact.error))

    # --- endings

    def _require_action(self, usage: Object, now: float) -> list[Change]:
        """The calls wait for their outputs. Their step stays open and takes the usage, shown when it completes."""
        assert self._calls is not None
        changes = self._close_step(now)
        self._calls = evolve(self._calls, usage=usage)
        asked = [steps.asked(call) for call in self._calls.step_details["tool_calls"]]
        action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": asked}}
        status = tables.move(tables.RUN, self.run.status, "require")
        run = evolve(self.run, status=status, required_action=action, cursor=None)
        told = self._put_run(run, ("thread.run.requires_action",))
        return [*changes, Put(self._calls), told, Release(run.id)]

    def _cut(self, reason: str, usage: Object, now: float) -> list[Change]:
        """A budget or the content filter stopped the response (§8.8): what came of it stays, marked incomplete."""
        changes: list[Change] = []
        if self._message is not None:
            item = self._held.item if self._held else None
            why = "content_filter" if reason == "content_filter" else "max_tokens"
            changes += self._close_message(item, "cut", now, why)
        for step in self._open_steps():
            changes.append(close_step(step, "cut", now, usage))
            usage = dict(runs.NO_USAGE)
        # The run's enum has no content filter, only the message's has (§5.1).
        details = {"reason": None if reason == "content_filter" else "max_completion_tokens"}
        return [*changes, *close_run(self.run, "cut", now, incomplete_details=details)]

    def _close_all(self, word: str, usage: Object, now: float, error: Object | None = None) -> list[Change]:
        messages, steps = self.open_messages(), self._open_steps()
        return list(close_all(self.run, messages, steps, word, now, usage=usage, error=error))


def _ranking(run: Run) -> Object | None:
    """How the run's file search was told to rank, as its steps show it (§7.2)."""
    for tool in run.tools:
        if tool.get("type") == "file_search":
            given = (tool.get("file_search") or {}).get("ranking_options") or {}
            return {name: given[name] for name in steps.RANKING if given.get(name) is not None} or None
    return None


def _unshown(snapshot: Snapshot) -> list[str]:
    """Images that the run's code drew and none of its messages shows yet."""
    shown = {
        block["image_file"]["file_id"]
        for message in snapshot.messages
        for block in message.content
        if block["type"] == "image_file"
    }
    calls = [call for step in snapshot.steps for call in step.step_details.get("tool_calls") or ()]
    outputs = [output for call in calls for output in call.get("code_interpreter", {}).get("outputs") or ()]
    drawn = [output["image"]["file_id"] for output in outputs if output["type"] == "image"]
    return [file_id for file_id in dict.fromkeys(drawn) if file_id not in shown]


def _is_search(step: Step) -> bool:
    return step.type == "tool_calls" and tool_type(step) == "file_search"
