"""What bridge made itself, exported and imported: every answer is the same, and so is what the model is sent."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from import_help import bring, client, told

from bridge.calls import Call
from bridge.service import Service
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream
from bridge.transfer.leaving.exported import HEADERS, exported

SCRIPT: list[Any] = [
    {
        "when": "tools",
        "call": [{"name": "look", "arguments": {"at": "a"}}, {"name": "look", "arguments": {"at": "b"}}],
        "then": {"call": {"name": "look"}, "then": {"say": "I saw {outputs}."}},
    },
    {"when": "break", "error": {"status": 400, "message": "no"}},
    {"when": "code", "code": {"code": "1+1", "logs": "2"}, "say": "Two."},
    {"when": "bomb", "refuse": "No."},
    {"when": "always", "say": "You said: {text}"},
]
TOOLS: list[Any] = [{"type": "code_interpreter"}, {"type": "function", "function": {"name": "look"}}]
TURNS = st.sampled_from(["hello", "tools", "break", "code", "bomb", "cancel tools", "note", "answer"])
METADATA = st.dictionaries(st.text("ab", min_size=1, max_size=3), st.text(max_size=5), max_size=2)


def talk(api: Any, turns: list[tuple[str, dict[str, str]]]) -> str:
    assistant = api.beta.assistants.create(model="gpt-4o", instructions="Be kind.", tools=TOOLS)
    thread = api.beta.threads.create(metadata=turns[0][1] if turns else {})
    for text, metadata in turns:
        role = "assistant" if text == "answer" else "user"
        api.beta.threads.messages.create(thread.id, role=role, content=text, metadata=metadata)
        if text in ("note", "answer"):
            continue
        run = api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, metadata=metadata)
        while run.status == "requires_action":
            if text == "cancel tools":
                run = api.beta.threads.runs.cancel(run.id, thread_id=thread.id)
                break
            calls = run.required_action.submit_tool_outputs.tool_calls
            outputs: Any = [{"tool_call_id": call.id, "output": f"seen {n}"} for n, call in enumerate(calls)]
            run = api.beta.threads.runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=thread.id, tool_outputs=outputs
            )
    return str(thread.id)


def answers(service: Service, export: Any) -> Any:
    """All that can be asked of the thread, but for when it was asked."""
    found = {name: value for name, value in exported(service, export["thread_id"]).items() if name != "exported_at"}
    pages = (("order", "desc"), ("limit", "2")), (("order", "asc"), ("limit", "3"))
    for query in pages:
        reply = service.call(Call("GET", f"/threads/{export['thread_id']}/messages", query, HEADERS))
        found[str(query)] = json.loads(reply.body)
    return found


def sent(service: Service, upstream: ScriptedUpstream, export: Any) -> Any:
    """The history as the next run sends it."""
    with client(service.store, upstream) as api:
        api.beta.threads.messages.create(export["thread_id"], role="user", content="and now?")
        assistant = export["assistants"][0]["id"] if export["assistants"] else api.beta.assistants.create(model="m").id
        run = api.beta.threads.runs.create_and_poll(thread_id=export["thread_id"], assistant_id=assistant)
        assert run.status == "completed", run.last_error
    return upstream.requests[-1]["input"]


TALKS = st.lists(st.tuples(TURNS, METADATA), max_size=6)


@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(turns=TALKS)
def test_exported_and_imported_every_answer_is_the_same(turns: list[tuple[str, dict[str, str]]]) -> None:
    check(turns)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(turns=TALKS)
def test_so_it_is_with_many_conversations(turns: list[tuple[str, dict[str, str]]]) -> None:
    check(turns)


def check(turns: list[tuple[str, dict[str, str]]]) -> None:
    store, upstream = MemoryStore(), ScriptedUpstream(SCRIPT)
    with client(store, upstream) as api:
        thread_id = talk(api, turns)
    before = Service(store, upstream)
    export = exported(before, thread_id)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.json"
        path.write_text(json.dumps(export))
        other = MemoryStore()
        _, losses = bring(path, other)
        assert {*told(bring(path, store)[0]).values()} <= {f"{n} same" for n in range(99)}, "where it came from, too"
    assert losses == []
    after = Service(other, ScriptedUpstream(SCRIPT))
    assert answers(after, export) == answers(before, export)
    assert sent(after, ScriptedUpstream(SCRIPT), export) == sent(before, upstream, export)
