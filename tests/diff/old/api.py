"""What a server of the old API stores, and every operation on it, with the texts of its errors."""

from __future__ import annotations

from typing import Any

from diff.old import objects
from diff.old.objects import Object
from diff.old.runs import ENDED, Event, Events, Room, Script, Work

MESSAGE_BODY = frozenset(("role", "content", "attachments", "metadata"))
RUN_BODY = frozenset(
    (
        *("assistant_id", "additional_instructions", "additional_messages", "instructions", "max_completion_tokens"),
        *("max_prompt_tokens", "metadata", "model", "parallel_tool_calls", "response_format", "stream", "temperature"),
        *("thread", "tool_choice", "tools", "top_p", "truncation_strategy"),
    )
)


class Refusal(Exception):
    def __init__(self, status: int, message: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        self.status, self.body = status, {"error": error}


class OldApi:
    """Each run that is made follows the next script. An operation is given the body, or the query of a GET, and the ids
    of the path; its answer is a body, or the events of a stream, as they happen."""

    def __init__(self, scripts: list[Script]) -> None:
        self.room, self._scripts = Room(), list(scripts)
        self.assistants: dict[str, Object] = {}
        self.threads: dict[str, Object] = {}
        self.works: dict[str, Work] = {}

    # --- assistants, threads, messages

    def make_assistant(self, body: Object) -> Object:
        _need(body, "model")
        made = objects.assistant(self.room.id("asst"), self.room.tick(), body)
        self.assistants[made["id"]] = made
        return made

    def make_thread(self, body: Object) -> Object:
        made = objects.thread(self.room.id("thread"), self.room.tick(), body)
        self.threads[made["id"]], self.room.messages[made["id"]] = made, []
        for message in body.get("messages") or ():
            self.make_message(message, made["id"])
        return made

    def get_thread(self, query: Object, thread_id: str) -> Object:
        return objects.in_stream(_found(self.threads, thread_id, "thread"))

    def make_message(self, body: Object, thread_id: str) -> Object:
        _know(body, MESSAGE_BODY)
        _need(body, "role", "content")
        _found(self.threads, thread_id, "thread")
        if active := self._active(thread_id):
            raise Refusal(400, f"Can't add messages to {thread_id} while a run {active['id']} is active.")
        made = objects.message(self.room.id("msg"), self.room.tick(), thread_id, body)
        self.room.messages[thread_id].append(made)
        return objects.over_rest(made)

    def messages(self, query: Object, thread_id: str) -> Object:
        _found(self.threads, thread_id, "thread")
        wanted = query.get("run_id")
        kept = [each for each in self.room.messages[thread_id] if wanted in (None, each["run_id"])]
        return _page([objects.over_rest(each) for each in kept], query)

    # --- runs

    def make_run(self, body: Object, thread_id: str) -> Any:
        _know(body, RUN_BODY)
        _need(body, "assistant_id")
        _found(self.threads, thread_id, "thread")
        assistant = _found(self.assistants, body["assistant_id"], "assistant")
        if active := self._active(thread_id):
            raise Refusal(400, f"Thread {thread_id} already has an active run {active['id']}.")
        run = objects.run(self.room.id("run"), self.room.tick(), thread_id, body, assistant)
        self.room.steps[run["id"]] = []
        work = self.works[run["id"]] = Work(self.room, run, self._scripts.pop(0))
        made = [(f"thread.run.{word}", {**run}) for word in ("created", "queued")]
        return work.streamed(made) if body.get("stream") else run

    def make_thread_and_run(self, body: Object) -> Any:
        _need(body, "assistant_id")
        _found(self.assistants, body["assistant_id"], "assistant")
        thread = self.make_thread(body.get("thread") or {})
        answer = self.make_run({**body, "thread": None}, thread["id"])
        return _after(("thread.created", thread), answer) if body.get("stream") else answer

    def get_run(self, query: Object, thread_id: str, run_id: str) -> Object:
        """One state further than the last time, unless a stream tells its states."""
        work = self._work(run_id)
        work.poll()
        return work.run

    def runs(self, query: Object, thread_id: str) -> Object:
        return _page([work.run for work in self.works.values() if work.run["thread_id"] == thread_id], query)

    def steps(self, query: Object, thread_id: str, run_id: str) -> Object:
        return _page(self._steps(self._work(run_id)), query)

    def cancel(self, body: Object, thread_id: str, run_id: str) -> Object:
        work = self._work(run_id)
        if work.run["status"] not in ("queued", "in_progress", "requires_action"):
            raise Refusal(400, f"Cannot cancel run with status '{work.run['status']}'.")
        work.run |= {"status": "cancelling", "required_action": None}
        work.heard.set()
        return {**work.run}

    def submit(self, body: Object, thread_id: str, run_id: str) -> Any:
        _need(body, "tool_outputs")
        work = self._work(run_id)
        if work.run["status"] != "requires_action":
            raise Refusal(400, f'Runs in status "{work.run["status"]}" do not accept tool outputs.')
        calls = work.run["required_action"]["submit_tool_outputs"]["tool_calls"]
        asked, given = [each["id"] for each in calls], [each["tool_call_id"] for each in body["tool_outputs"]]
        if sorted(asked) != sorted(given):
            raise Refusal(400, f"Expected tool outputs for call_ids {asked}, got {given}")
        told = work.submit({each["tool_call_id"]: each["output"] for each in body["tool_outputs"]})
        return work.streamed(told) if body.get("stream") else work.run

    # --- what exporters wrote

    def export(self, thread_id: str) -> Object:
        """The thread as one file of an export, `assistants-thread-export/v1`, when all its runs are over."""
        works = [work for work in self.works.values() if work.run["thread_id"] == thread_id]
        return {
            "export_schema": "assistants-thread-export/v1",
            "thread_id": thread_id,
            "exported_at": "2026-08-20T10:00:00+00:00",
            "thread": self.get_thread({}, thread_id),
            "messages": self.messages({"order": "asc", "limit": 100}, thread_id)["data"],
            "runs": [{**work.run, "steps": self._steps(work)} for work in works],
            "files": [],
            "errors": [],
        }

    # --- helpers

    def _steps(self, work: Work) -> list[Object]:
        is_over = work.run["status"] in ENDED
        return [objects.over_rest(each, is_over) for each in self.room.steps[work.run["id"]]]

    def _work(self, run_id: str) -> Work:
        return _found(self.works, run_id, "run")

    def _active(self, thread_id: str) -> Object | None:
        runs = (work.run for work in self.works.values() if work.run["thread_id"] == thread_id)
        return next((run for run in runs if run["status"] not in ENDED), None)


def _after(first: Event, rest: Events) -> Events:
    yield first
    yield from rest


def _found(kept: dict[str, Any], id: str, kind: str) -> Any:
    if id not in kept:
        raise Refusal(404, f"No {kind} found with id '{id}'.")
    return kept[id]


def _need(body: Object, *names: str) -> None:
    for name in names:
        if name not in body:
            raise Refusal(400, f"Missing required parameter: '{name}'.", "missing_required_parameter", name)


def _know(body: Object, names: frozenset[str]) -> None:
    for name in body.keys() - names:
        raise Refusal(400, f"Unknown parameter: '{name}'.", "unknown_parameter", name)


def _page(data: list[Object], query: Object) -> Object:
    """Of what was made last first, unless asked otherwise."""
    ordered = data if query.get("order") == "asc" else data[::-1]
    ids = [each["id"] for each in ordered]
    rest = ordered[ids.index(query["after"]) + 1 :] if "after" in query else ordered
    limit = int(query.get("limit", 20))
    return objects.page(rest[:limit], len(rest) > limit)
