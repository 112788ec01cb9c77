"""Exports as others write them, and imports of them."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import bridge
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream
from bridge.transfer.importing import Wishes, imported, of_path
from bridge.transfer.report import Counts

BEGIN = 1_700_000_000
ASSISTANT = {
    "id": "asst_old1",
    "object": "assistant",
    "created_at": BEGIN,
    "name": "Old",
    "description": None,
    "model": "gpt-4o",
    "instructions": "Be kind.",
    "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}],
    "top_p": 1.0,
    "temperature": 0.5,
    "reasoning_effort": None,
    "tool_resources": {},
    "metadata": {"team": "a"},
    "response_format": "auto",
}


def thread(id: str = "thread_old1", **more: Any) -> Any:
    return {"id": id, "object": "thread", "created_at": BEGIN, "metadata": {}, "tool_resources": {}, **more}


def message(id: str, text: str = "Hello", at: int = 1, **more: Any) -> Any:
    shown = {
        "id": f"msg_{id}",
        "object": "thread.message",
        "created_at": BEGIN + at,
        "assistant_id": None,
        "thread_id": "thread_old1",
        "run_id": None,
        "role": "user",
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "attachments": [],
        "metadata": {},
    }
    return {**shown, **more}


def answer(id: str, run_id: str, text: str = "Good day", at: int = 2, **more: Any) -> Any:
    made = {"role": "assistant", "assistant_id": "asst_old1", "run_id": f"run_{run_id}"}
    return message(id, text, at, **{**made, **more})


def run(id: str, at: int = 1, steps: Any = (), **more: Any) -> Any:
    shown = {
        "id": f"run_{id}",
        "object": "thread.run",
        "created_at": BEGIN + at,
        "assistant_id": "asst_old1",
        "thread_id": "thread_old1",
        "status": "completed",
        "started_at": BEGIN + at,
        "expires_at": None,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": BEGIN + at + 1,
        "required_action": None,
        "last_error": None,
        "model": "gpt-4o",
        "instructions": "Be kind.",
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 0.5,
        "top_p": 1.0,
        "reasoning_effort": None,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "incomplete_details": None,
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "steps": list(steps),
    }
    return {**shown, **more}


def step(id: str, run_id: str, details: Any, at: int = 1, **more: Any) -> Any:
    shown = {
        "id": f"step_{id}",
        "object": "thread.run.step",
        "created_at": BEGIN + at,
        "run_id": f"run_{run_id}",
        "assistant_id": "asst_old1",
        "thread_id": "thread_old1",
        "type": details["type"],
        "status": "completed",
        "cancelled_at": None,
        "completed_at": BEGIN + at,
        "expires_at": None,
        "failed_at": None,
        "last_error": None,
        "step_details": details,
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    return {**shown, **more}


def made(message_id: str) -> Any:
    return {"type": "message_creation", "message_creation": {"message_id": f"msg_{message_id}"}}


def called(*calls: Any) -> Any:
    return {"type": "tool_calls", "tool_calls": list(calls)}


def function(id: str, output: str | None, name: str = "look") -> Any:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": "{}", "output": output}}


def export(*messages: Any, runs: Any = (), **more: Any) -> Any:
    """A thread as the exporter writes it."""
    return {
        "export_schema": "assistants-thread-export/v1",
        "thread_id": "thread_old1",
        "exported_at": "2026-08-20T00:00:00+00:00",
        "thread": thread(),
        "messages": list(messages),
        "runs": list(runs),
        "files": {},
        "errors": [],
        **more,
    }


def written(folder: Path, *exports: Any, assistants: Any = (ASSISTANT,)) -> Path:
    """A folder as the exporter leaves it."""
    (folder / "threads").mkdir(parents=True, exist_ok=True)
    manifest = {"export_schema": "assistants-export-manifest/v1", "threads_failed": [], "notes": ["…"]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "assistants.json").write_text(json.dumps(list(assistants)))
    for each in exports:
        (folder / "threads" / f"{each['thread_id']}.json").write_text(json.dumps(each))
    return folder


def bring(path: Path, store: Any, **wishes: Any) -> tuple[Counts, list[tuple[str, str, str]]]:
    """What became of the objects, and the losses: (reason, id, detail)."""
    with imported([of_path(path)], store, Wishes(**wishes)) as done:
        losses = [(loss.reason, loss.id, loss.detail) for loss in done.staging.losses()]
        return done.tally.counts(), losses


def told(counts: Counts) -> dict[str, str]:
    """What is not zero: {"message": "2 new, 1 same"}."""
    shown = {kind: [f"{n} {what}" for what, n in each.items() if n] for kind, each in counts.items()}
    return {kind: ", ".join(each) for kind, each in shown.items() if each}


def client(store: Any, upstream: ScriptedUpstream | None = None) -> Any:
    return closing(bridge.OpenAI(store=store, upstream=upstream or ScriptedUpstream([{"say": "Yes."}])))


def brought(tmp_path: Path, *exports: Any, **more: Any) -> tuple[MemoryStore, list[tuple[str, str, str]]]:
    store = MemoryStore()
    return store, bring(written(tmp_path / "export", *exports, **more), store)[1]
