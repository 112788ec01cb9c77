"""`bridge export` out of one store, `bridge import` into another: threads, assistants, files with their bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from import_help import bring, client, told
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.service import Service
from bridge.store.open import open_store
from bridge.testing import ScriptedUpstream
from bridge.transfer.leaving.exported import exported

SCRIPT: list[Any] = [
    {
        "when": "plot",
        "code": {"code": "plot()", "logs": "drawn", "files": [{"name": "table.csv", "text": "x,y\n1,2\n"}]},
        "say": "Here is the [table]({file[table.csv]}).",
    },
    {"when": "look", "call": {"name": "look"}, "then": {"say": "Seen."}},
]
TOOLS: Any = [{"type": "code_interpreter"}, {"type": "function", "function": {"name": "look"}}]


def talk(api: Any) -> str:
    assistant = api.beta.assistants.create(model="gpt-4o", tools=TOOLS)
    thread = api.beta.threads.create(messages=[{"role": "user", "content": "plot"}])
    api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    api.beta.threads.messages.create(thread.id, role="user", content="look")
    run = api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    outputs: Any = [{"tool_call_id": call.id, "output": "all"}]
    run = api.beta.threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=outputs)
    assert run.status == "completed"
    return str(thread.id)


def shown(store: Any, thread_id: str) -> Any:
    found = exported(Service(store, ScriptedUpstream()), thread_id)
    return {name: value for name, value in found.items() if name != "exported_at"}


@pytest.mark.slow
def test_what_is_exported_can_be_imported(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "one.db"))
    with client(store, ScriptedUpstream(SCRIPT)) as api:
        thread_id = talk(api)
        before = shown(store, thread_id)
    folder = tmp_path / "export"
    done = CliRunner().invoke(app, ["export", "--all", "--to", str(folder), "--store", str(tmp_path / "one.db")])
    assert done.exit_code == 0, done.output
    other = open_store(str(tmp_path / "other.db"))
    counts, losses = bring(folder, other)
    assert losses == []
    assert told(counts) == {
        "assistant": "1 new", "thread": "1 new", "message": "4 new", "run": "2 new", "step": "4 new", "file": "1 new",
    }  # fmt: skip
    assert shown(other, thread_id) == before
    (file_id,) = [path.name.partition(".")[0] for path in folder.glob("**/files/*")]
    with client(other) as api:
        assert api.files.content(file_id).content == b"x,y\n1,2\n"
    other.close()
    store.close()
