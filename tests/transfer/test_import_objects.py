"""Old ids through the real client: what was exported is answered again, and the model is sent it in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openai
import pytest
from import_help import (
    ASSISTANT,
    BEGIN,
    answer,
    bring,
    brought,
    called,
    client,
    export,
    function,
    made,
    message,
    run,
    step,
    thread,
    told,
    written,
)

from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream

SEARCHED = {
    "id": "call_fs",
    "type": "file_search",
    "file_search": {"ranking_options": {"ranker": "auto"}, "results": []},
}
CODE = {"id": "call_ci", "type": "code_interpreter", "code_interpreter": {"input": "1", "outputs": []}}
CITED = {
    "type": "text",
    "text": {
        "value": "Brown【4:0†dog.txt】",
        "annotations": [
            {
                "type": "file_citation",
                "text": "【4:0†dog.txt】",
                "start_index": 5,
                "end_index": 18,
                "file_citation": {"file_id": "file-dog"},
            }
        ],
    },
}
WHOLE = export(
    message("a", "Look", 1, metadata={"k": "v"}),
    answer("b", "1", at=1, content=[CITED, {"type": "image_file", "image_file": {"file_id": "file-cat"}}]),
    message("c", "And?", 5, attachments=[{"file_id": "file-x", "tools": [{"type": "code_interpreter"}]}]),
    answer("d", "2", at=6, content=[{"type": "refusal", "refusal": "No."}]),
    runs=[
        run(
            "1",
            1,
            [
                step("1", "1", called(function("call_1", "seen"), function("call_2", "too")), 1),
                step("2", "1", called(SEARCHED, CODE), 1),
                step("3", "1", made("b"), 1),
            ],
            metadata={"r": "1"},
            tool_choice={"type": "function", "function": {"name": "look"}},
        ),
        run("2", 5, [step("4", "2", made("d"), 6)], status="incomplete", incomplete_details={"reason": "max_tokens"}),
        run("3", 7, status="failed", failed_at=BEGIN + 8, last_error={"code": "server_error", "message": "no"}),
    ],
)

MORE = {
    "message": {"status": "completed", "incomplete_details": None, "incomplete_at": None, "completed_at": None},
    "step": {"expired_at": None, "metadata": None},
    "thread": {"tool_resources": {"code_interpreter": {"file_ids": []}}},
}
"""What is answered beyond what the old service showed (docs/conformance.md), or by another operation of it."""


def shown(answer: Any) -> Any:
    return json.loads(answer.to_json())


def test_every_object_is_answered_as_it_was_exported(tmp_path: Path) -> None:
    store, losses = brought(tmp_path, WHOLE)
    assert losses == []
    with client(store) as api:
        threads = api.beta.threads
        assert shown(api.beta.assistants.retrieve("asst_old1")) == ASSISTANT
        assert shown(threads.retrieve("thread_old1")) == {**thread(), **MORE["thread"]}
        for each in WHOLE["messages"]:
            assert shown(threads.messages.retrieve(each["id"], thread_id="thread_old1")) == {**each, **MORE["message"]}
        for each in WHOLE["runs"]:
            steps = each.pop("steps")
            assert shown(threads.runs.retrieve(each["id"], thread_id="thread_old1")) == each
            for one in steps:
                found = threads.runs.steps.retrieve(one["id"], thread_id="thread_old1", run_id=each["id"])
                assert shown(found) == {**one, **MORE["step"]}
            each["steps"] = steps
        listed = threads.messages.list("thread_old1", order="asc")
        assert [each.id for each in listed] == ["msg_a", "msg_b", "msg_c", "msg_d"]
        assert [each.id for each in threads.runs.list("thread_old1")] == ["run_3", "run_2", "run_1"]
        steps = threads.runs.steps.list(thread_id="thread_old1", run_id="run_1", order="asc")
        assert [each.id for each in steps] == ["step_1", "step_2", "step_3"]


def said(item: Any) -> str:
    if item["type"] != "message":
        return str(item["type"])
    return f"{item['role']}: " + " ".join(part.get("text") or part["type"] for part in item["content"])


def test_the_model_is_sent_the_history_in_order_with_calls_and_outputs(tmp_path: Path) -> None:
    files = tmp_path / "export" / "files"
    files.mkdir(parents=True)
    (files / "file-cat.png").write_bytes(b"\x89PNG")
    store, _ = brought(tmp_path, WHOLE)
    upstream = ScriptedUpstream([{"say": "Yes."}])
    with client(store, upstream) as api:
        api.beta.threads.messages.create("thread_old1", role="user", content="Go on")
        done = api.beta.threads.runs.create_and_poll(thread_id="thread_old1", assistant_id="asst_old1")
        assert done.status == "completed", done.last_error
    (request,) = upstream.requests
    assert [said(item) for item in request["input"]] == [
        "user: Look",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
        "assistant: Brown【4:0†dog.txt】",
        "user: input_image",
        "user: And?",
        "assistant: refusal",
        "user: Go on",
    ]


LIVING = [
    ("queued", "expired", "expired_at", "expired"),
    ("in_progress", "expired", "expired_at", "expired"),
    ("requires_action", "expired", "expired_at", "expired"),
    ("cancelling", "cancelled", "cancelled_at", "expired"),
]


@pytest.mark.parametrize(("status", "ended", "_at", "step_status"), LIVING)
def test_what_was_at_work_is_ended_and_told(
    tmp_path: Path, status: str, ended: str, _at: str, step_status: str
) -> None:
    open_step = step("1", "1", called(function("call_1", None)), status="in_progress", completed_at=None)
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [function("call_1", None)]}}
    living = run(
        "1",
        1,
        [open_step],
        status=status,
        completed_at=None,
        expires_at=BEGIN + 601,
        required_action=action,
        usage=None,
    )
    half = answer("b", "1", status="in_progress")
    store, losses = brought(tmp_path, export(message("a"), half, runs=[living]))
    assert sorted((reason, id) for reason, id, _ in losses) == [
        ("living", "msg_b"),
        ("living", "run_1"),
        ("living", "step_1"),
    ]
    with client(store) as api:
        threads = api.beta.threads
        found = threads.runs.retrieve("run_1", thread_id="thread_old1")
        assert (found.status, found.required_action, found.usage.total_tokens) == (ended, None, 0)
        (one,) = threads.runs.steps.list(thread_id="thread_old1", run_id="run_1")
        assert one.status == step_status
        assert threads.messages.retrieve("msg_b", thread_id="thread_old1").status == "incomplete"
        threads.messages.create("thread_old1", role="user", content="The thread is free")
        done = threads.runs.create_and_poll(thread_id="thread_old1", assistant_id="asst_old1")
        assert done.status == "completed", "a call without an output must not be sent"


LOSSES = [
    ("a field", export(message("a", mood="good")), ("unknown_field", "msg_a", "mood")),
    ("a part", export(message("a", content=[{"type": "hologram"}])), ("unknown_part", "msg_a", "content hologram")),
    ("a tool of a run", export(runs=[run("1", tools=[{"type": "magic"}])]), ("unknown_part", "run_1", "tool magic")),
    ("first beta", export(runs=[run("1", tools=[{"type": "retrieval"}])]), ("first_beta", "run_1", "retrieval")),
    ("files of the first beta", export(message("a", file_ids=["file-a"])), ("first_beta", "msg_a", "file_ids")),
    ("no role", export(message("a", role="x")), ("invalid", "msg_a", "role: Input should be 'user' or 'assistant'")),
    ("a foreign id", export({**message("a"), "id": "a"}), ("invalid", "a", "its id does not begin with msg_")),
    ("no date", export(message("a", created_at=None)), ("invalid", "msg_a", "it has no id, or no created_at")),
    ("a lost run", export(answer("a", "9")), ("no_run", "run_9", "")),
    ("a lost assistant", export(runs=[run("1", assistant_id="asst_9")]), ("no_assistant", "run_1", "asst_9")),
    (
        "a vector store",
        export(thread=thread(tool_resources={"file_search": {"vector_store_ids": ["vs_1"]}})),
        ("vector_store", "thread_old1", "vs_1"),
    ),
    (
        "metadata of a step",
        export(runs=[run("1", steps=[step("1", "1", made("a"), metadata={"a": "b"})])]),
        ("unknown_field", "step_1", "metadata"),
    ),
    (
        "files that the exporter could not get",
        export(errors=[{"object": "file", "id": "file-a", "error": "not_found", "detail": "404"}]),
        ("no_bytes", "file-a", "not_found, 404"),
    ),
    (
        "what the exporter could not get",
        export(errors=[{"object": "run_steps", "id": "run_1", "error": "gone"}]),
        ("export_error", "run_1", "gone"),
    ),
    ("twice", export(message("a"), message("a", "Other")), ("twice", "msg_a", "")),
    ("no thread", export(message("a"), thread=None), ("thread_made", "thread_old1", "")),
    ("metadata of files", export(files={"a": {"object": "file", "id": "file-a", "created_at": 1, "filename": "a"}}),
     ("no_bytes", "file-a", "a")),
]  # fmt: skip


@pytest.mark.parametrize(("given", "loss"), [each[1:] for each in LOSSES], ids=[each[0] for each in LOSSES])
def test_each_loss_is_told_with_its_reason(tmp_path: Path, given: Any, loss: tuple[str, str, str]) -> None:
    assert brought(tmp_path, given)[1] == [loss]


def test_a_thread_that_the_exporter_did_not_find_is_one_loss(tmp_path: Path) -> None:
    missing = export(thread=None, errors=[{"object": "thread", "id": "thread_old1", "error": "not_found_or_deleted"}])
    folder = written(tmp_path, missing)
    failed = {"threads_failed": [{"thread_id": "thread_old1", "error": "not_found_or_deleted"}]}
    (folder / "manifest.json").write_text(json.dumps({"export_schema": "x", **failed}))
    store = MemoryStore()
    counts, losses = bring(folder, store)
    assert [(reason, id) for reason, id, _ in losses] == [("export_error", "thread_old1")]
    assert told(counts) == {"assistant": "1 new"}
    with client(store) as api, pytest.raises(openai.NotFoundError):
        api.beta.threads.retrieve("thread_old1")


def test_vector_stores_under_new_ids(tmp_path: Path) -> None:
    searched = {"file_search": {"vector_store_ids": ["vs_1"]}, "code_interpreter": {"file_ids": ["file-a"]}}
    folder = written(tmp_path, export(thread=thread(tool_resources=searched)), assistants=())
    for stores, expected in (({"vs_1": "vs_9"}, ["vs_9"]), ({"vs_1": None}, []), ({}, ["vs_1"])):
        store = MemoryStore()
        _, losses = bring(folder, store, stores=stores)
        assert [reason for reason, _, _ in losses] == ([] if stores else ["vector_store"])
        with client(store) as api:
            found = api.beta.threads.retrieve("thread_old1").tool_resources
            assert found.file_search.vector_store_ids == expected
            assert found.code_interpreter.file_ids == ["file-a"]
