"""Threads as tapes: what a program must have asked for, made of what its threads hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import bridge
import bridge.store.open
from bridge.diff import tape
from bridge.diff.compare import compare
from bridge.diff.readers import parsed, read_any, stored
from bridge.diff.replay import conversation
from bridge.diff.replay.player import replay
from bridge.diff.replay.targets import ServiceTarget
from bridge.diff.replay.upstream import TapeUpstream
from bridge.diff.tape import Exchange, Tape
from bridge.errors import ConfigurationError
from bridge.service import Service
from bridge.testing import MemoryStore, ScriptedUpstream

SCRIPT: list[Any] = [
    {
        "when": "both",
        "call": [
            {"name": "look", "arguments": {"at": "a"}, "call_id": "call_a"},
            {"name": "look", "arguments": {"at": "b"}, "call_id": "call_b"},
        ],
        "then": {
            "call": {"name": "look", "arguments": {"at": "c"}, "call_id": "call_c"},
            "then": {"say": "I have seen {outputs}."},
        },
    },
    {"when": "stop", "call": {"name": "look", "arguments": {}, "call_id": "call_d"}},
    {"when": "break", "error": {"status": 400, "message": "no"}},
    {"say": "Good day."},
]
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A thread of five turns: the store that holds it, and its id."""
    path = tmp_path_factory.mktemp("threads") / "bridge.db"
    with bridge.OpenAI(upstream=ScriptedUpstream(SCRIPT), store=str(path)) as client:
        assistant = client.beta.assistants.create(
            model="gpt-4o", instructions="Be kind.", tools=[LOOK], name="Looker", temperature=0.5
        )
        thread = client.beta.threads.create(metadata={"user": "u1"})

        def turn(text: str, **more: Any) -> Any:
            client.beta.threads.messages.create(thread.id, role="user", content=text)
            return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **more)

        turn("Hello", instructions="Be brief.", max_completion_tokens=500)
        run = turn("Look at both")
        for outputs in ({"call_a": "A", "call_b": "B"}, {"call_c": "C"}):
            given: Any = [{"tool_call_id": id, "output": output} for id, output in outputs.items()]
            run = client.beta.threads.runs.submit_tool_outputs_and_poll(
                thread_id=thread.id, run_id=run.id, tool_outputs=given
            )
        assert run.status == "completed"
        run = turn("stop that")
        client.beta.threads.runs.cancel(run.id, thread_id=thread.id)
        assert turn("break").status == "failed"
        assert turn("Bye", tool_choice="none").status == "completed"
    return path, thread.id


@pytest.fixture(scope="module")
def export(store: tuple[Path, str]) -> dict[str, Any]:
    path, thread_id = store
    service = Service(bridge.store.open.open_store(str(path)), ScriptedUpstream())
    return spread(stored.exported(service, thread_id))


def spread(export: dict[str, Any]) -> dict[str, Any]:
    """The times as of a program that is slower than a test: a turn every ten seconds, an answer after five."""
    asked = [message for message in export["messages"] if message["run_id"] is None]
    for turn, (message, run) in enumerate(zip(asked, export["runs"], strict=True), 1):
        start = export["thread"]["created_at"] + 10 * turn
        message["created_at"], run["created_at"] = start, start + 1
        made = [each for each in export["messages"] if each["run_id"] == run["id"]]
        for number, each in enumerate([*run["steps"], *made]):
            each["created_at"] = start + 2 + number
    return export


PREFIXES = ("asst_", "thread_", "msg_", "run_", "step_")


def told(found: Tape) -> list[str]:
    """Each call in short, ids by their kind."""
    return [_short(each) for each in found.exchanges]


def _short(exchange: Exchange) -> str:
    parts = exchange.request.path.strip("/").split("/")
    path = "/".join(part.partition("_")[0] if part.startswith(PREFIXES) else part for part in parts)
    body: Any = exchange.answer and exchange.answer.body
    status = f" {body['status']}" if body.get("object") == "thread.run" else ""
    return f"{exchange.request.method} {path}{status}"


MESSAGE = "POST threads/thread/messages"
RUN = "POST threads/thread/runs queued"
OUTPUTS = "POST threads/thread/runs/run/submit_tool_outputs queued"
ASKED = "GET threads/thread/runs/run requires_action"


def end(status: str) -> list[str]:
    return [f"GET threads/thread/runs/run {status}", "GET threads/thread/runs/run/steps", "GET threads/thread/messages"]


EXPECTED = [
    *("POST assistants", "POST threads"),
    *(MESSAGE, RUN, *end("completed")),
    *(MESSAGE, RUN, ASKED, OUTPUTS, ASKED, OUTPUTS, *end("completed")),
    *(MESSAGE, RUN, ASKED, "POST threads/thread/runs/run/cancel cancelling", *end("cancelled")),
    *(MESSAGE, RUN, *end("failed")),
    *(MESSAGE, RUN, *end("completed")),
]


FAILED = EXPECTED.index("GET threads/thread/runs/run failed")
EXPECTED_OF_PAGES = [*EXPECTED[: FAILED + 1], *EXPECTED[FAILED + 2 :]]
"""Pages do not say that a run had no steps: so the steps of the one that had none are not asked for."""


def test_a_thread_of_a_store(store: tuple[Path, str]) -> None:
    found = stored.read(str(store[0]), [store[1]])
    assert told(found) == EXPECTED
    assert [each.number for each in found.exchanges] == list(range(1, len(EXPECTED) + 1))
    assert found.source == "threads of a store" and found.made is not None


def bodies(found: Tape, path: str) -> list[Any]:
    return [each.request.body for each in found.exchanges if each.request.path.endswith(path)]


def test_what_was_asked(export: dict[str, Any]) -> None:
    found = parsed(json.dumps(export).encode(), "x")
    assistant = export["assistants"][0]
    assert bodies(found, "/assistants") == [
        {
            "model": "gpt-4o",
            "name": "Looker",
            "instructions": "Be kind.",
            "tools": assistant["tools"],
            "temperature": 0.5,
        }
    ]
    assert bodies(found, "/threads") == [{"metadata": {"user": "u1"}}]
    assert bodies(found, "/messages")[0] == {"role": "user", "content": "Hello"}
    own = {"assistant_id": assistant["id"]}
    assert bodies(found, "/runs") == [
        {**own, "instructions": "Be brief.", "max_completion_tokens": 500},
        *([own] * 3),
        {**own, "tool_choice": "none"},
    ]
    assert bodies(found, "/submit_tool_outputs") == [
        {"tool_outputs": [{"tool_call_id": "call_a", "output": "A"}, {"tool_call_id": "call_b", "output": "B"}]},
        {"tool_outputs": [{"tool_call_id": "call_c", "output": "C"}]},
    ]


def test_answers_are_the_objects_that_are_known(export: dict[str, Any]) -> None:
    found = parsed(json.dumps(export).encode(), "x")
    answers = [each.answer.body for each in found.exchanges if each.answer is not None]
    runs = [{name: value for name, value in run.items() if name != "steps"} for run in export["runs"]]
    assert all(run in answers for run in runs)
    assert all(message in answers for message in export["messages"] if message["role"] == "user")
    steps = [page["data"] for page in answers if page["object"] == "list" and page["data"]]
    assert all(run["steps"] in steps for run in export["runs"] if run["steps"])


def test_a_run_on_its_way_shows_nothing_of_its_end(export: dict[str, Any]) -> None:
    found = parsed(json.dumps(export).encode(), "x")
    runs: list[Any] = [each.answer.body for each in found.exchanges if each.answer and "usage" in each.answer.body]
    for run in runs:
        if run["status"] in ("queued", "requires_action", "cancelling"):
            names = ("usage", "completed_at", "failed_at", "cancelled_at", "last_error")
            assert [run[name] for name in names] == [None] * 5
    action = next(run["required_action"] for run in runs if run["status"] == "requires_action")
    assert action["type"] == "submit_tool_outputs"
    first, second = action["submit_tool_outputs"]["tool_calls"]
    assert (first["id"], second["id"]) == ("call_a", "call_b")
    assert set(first["function"]) == {"name", "arguments"}


FORMS = ("folder", "file", "without assistants", "pages", "one array")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_export(form: str, export: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "export"
    write(path, form, export)
    found = read_any(path)
    assert told(found) == (EXPECTED_OF_PAGES if form in ("pages", "one array") else EXPECTED)
    is_guessed = any("it is made of what its first run had" in note for note in found.notes)
    assert is_guessed == (form == "without assistants")


def write(path: Path, form: str, export: dict[str, Any]) -> None:
    alone = {name: value for name, value in export.items() if name != "assistants"}
    if form == "file":
        path.write_text(json.dumps(export))
    elif form == "without assistants":
        path.write_text(json.dumps({**alone, "runs": export["runs"][1:] + export["runs"][:1]}))
    elif form == "folder":
        (path / "threads").mkdir(parents=True)
        (path / "manifest.json").write_text(json.dumps({"export_schema": "assistants-export-manifest/v1"}))
        (path / "assistants.json").write_text(json.dumps(export["assistants"]))
        (path / "threads" / f"{export['thread_id']}.json").write_text(json.dumps(alone))
    else:
        runs = [{name: value for name, value in run.items() if name != "steps"} for run in export["runs"]]
        steps = [step for run in export["runs"] for step in run["steps"]]
        lists = [export["messages"][::-1], runs[::-1], steps[::-1], export["assistants"]]
        pages = [{"object": "list", "data": data, "has_more": False} for data in lists]
        values: list[Any] = [export["thread"], *pages]
        if form == "one array":
            path.write_text(json.dumps(values))
        else:
            path.mkdir()
            for number, value in enumerate(values):
                (path / f"{number}.json").write_text(json.dumps(value))


def test_messages_alone(export: dict[str, Any]) -> None:
    """As where runs were not exported: those that answered are made of their messages."""
    alone = {**export, "runs": []}
    found = parsed(json.dumps(alone).encode(), "x")
    ends = [each for each in end("completed") if not each.endswith("steps")]
    assert told(found) == [
        *("POST assistants", "POST threads"),
        *(MESSAGE, RUN, *ends),
        *(MESSAGE, RUN, *ends),
        *(MESSAGE, MESSAGE, MESSAGE, RUN, *ends),
    ]
    assert sum("itself is not there: it is made of its message" in note for note in found.notes) == 3
    run: Any = next(each.answer.body for each in found.exchanges if each.request.path.endswith("/runs") and each.answer)
    assert list(run) == [name for name in export["runs"][0] if name not in ("steps", "usage")]
    assert differences(found) == [("extra-key", "$.usage")] * 6


def test_what_an_export_could_not_get_is_told(export: dict[str, Any], tmp_path: Path) -> None:
    broken = {
        **export,
        "errors": [{"object": "run_steps", "id": "run_1", "error": "not_found_or_expired"}],
        "messages": [*export["messages"], {"object": "thread.message", "id": "msg_x"}],
    }
    write(tmp_path / "export", "folder", broken)
    manifest = {"threads_failed": [{"thread_id": "thread_gone", "error": "not_found_or_deleted"}]}
    (tmp_path / "export" / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "export" / "threads" / "half.json").write_text('{"thread": {')
    notes = "\n".join(read_any(tmp_path / "export").notes)
    assert "manifest.json: not exported: thread_gone, not_found_or_deleted" in notes
    assert "the export says of run_steps, run_1, not_found_or_expired" in notes
    assert "a thread.message without an id or a date was left out" in notes
    assert "half.json could not be read" in notes


def test_a_call_without_its_output(export: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(export))
    calls = [step for run in changed["runs"] for step in run["steps"] if step["type"] == "tool_calls"]
    calls[0]["step_details"]["tool_calls"][1]["function"]["output"] = None
    found = parsed(json.dumps(changed).encode(), "x")
    assert bodies(found, "/submit_tool_outputs")[0] == {"tool_outputs": [{"tool_call_id": "call_a", "output": "A"}]}
    assert any("1 of 2 outputs are not in the step" in note for note in found.notes)


def test_many_messages_are_listed_page_by_page() -> None:
    run_message = {"object": "thread.message", "role": "assistant", "thread_id": "thread_1", "run_id": "run_1"}
    many = [{**run_message, "id": f"msg_{number}", "created_at": number} for number in range(250)]
    found = parsed(json.dumps({"object": "list", "data": many}).encode(), "x")
    pages = [each for each in found.exchanges if each.request.path.endswith("/messages")]
    assert [len(each.answer.body["data"]) for each in pages if each.answer] == [100, 100, 50]
    assert [each.answer.body["has_more"] for each in pages if each.answer] == [True, True, False]
    assert dict(pages[1].request.query) == {"run_id": "run_1", "limit": "100", "order": "asc", "after": "msg_99"}


@pytest.mark.parametrize("source", ["store", "export"])
def test_a_thread_that_is_asked_again_is_the_same(source: str, store: tuple[Path, str], export: dict[str, Any]) -> None:
    """Upstream `tape`: what differs is the reconstruction's fault, or the adapter's."""
    control = stored.read(str(store[0]), [store[1]]) if source == "store" else parsed(json.dumps(export).encode(), "x")
    assert differences(control) == []


def differences(control: Tape) -> list[tuple[str, str]]:
    """Rule and path of what differs when the tape is asked again, with the tape as upstream."""
    upstream = TapeUpstream(conversation.read(control))
    candidate = replay(control, ServiceTarget(Service(MemoryStore(), upstream)), upstream, patience=10)
    assert candidate.notes == ()
    found = compare(control, candidate).mismatches()
    return [(each.rule, each.path) for each in found if each.kind != "latency" and not each.is_accepted]


def test_a_thread_tape_can_be_written_and_read(export: dict[str, Any], tmp_path: Path) -> None:
    found = parsed(json.dumps(export).encode(), "x")
    tape.write(found, tmp_path / "a.tape")
    assert read_any(tmp_path / "a.tape") == found


def test_what_is_not_in_the_store(store: tuple[Path, str]) -> None:
    with pytest.raises(ConfigurationError, match="No thread found with id 'thread_nonesuch"):
        stored.read(str(store[0]), ["thread_nonesuch0000000000000"])
    with pytest.raises(ConfigurationError, match=r"There is no store /nowhere/bridge\.db"):
        stored.read("sqlite:////nowhere/bridge.db", ["thread_a"])
    assert not Path("/nowhere").exists()


def test_an_export_without_messages() -> None:
    thread = {"id": "thread_1", "object": "thread", "created_at": 1}
    with pytest.raises(ConfigurationError, match=r"x \(threads\) holds no message and no run of a thread"):
        parsed(json.dumps(thread).encode(), "x")
