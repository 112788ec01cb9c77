"""Threads on their way out: every form of them, and a program without bridge that goes on with one."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("typer", reason="the extra `tools` is missing")

from typer.testing import CliRunner

import bridge
from bridge.calls import Credential
from bridge.cli.app import app
from bridge.diff.readers import read_any
from bridge.engine.effects import Commit
from bridge.profiles import VLLM
from bridge.records import File, Item, Message, Put, Thread
from bridge.service import Service
from bridge.store.memory import MemoryStore
from bridge.store.sql import SqlStore
from bridge.store.sqlite import SqliteDialect
from bridge.testing import ScriptedUpstream, serve_scripted
from bridge.transfer.leaving import conversations, exported, folders, items, lines, markdown
from bridge.upstream.scripted.check_items import check_input

Object = dict[str, Any]

RULES: Any = [
    {"when": "weather", "call": {"name": "look", "arguments": {"city": "Bonn"}}, "then": [{"say": "It rains."}]},
    {
        "when": "dog",
        "search": {"results": [{"filename": "dog.txt", "score": 0.8, "text": "The dog is brown."}]},
        "say": "It is brown{cite[0]}.",
    },
    {
        "when": "plot",
        "code": {"code": "plot()", "files": [{"name": "plot.png", "shown": True}, {"name": "t.csv", "text": "1,2"}]},
        "say": "Here: {file[t.csv]}",
    },
    {"say": "You said: {text}"},
]
TOOLS: Any = [
    {"type": "function", "function": {"name": "look"}},
    {"type": "file_search"},
    {"type": "code_interpreter"},
]


def talked(client: Any, *texts: str) -> str:
    """The id of a thread in which an assistant with tools was asked these, one after the other."""
    store = client.vector_stores.create()
    resources: Any = {"file_search": {"vector_store_ids": [store.id]}}
    assistant = client.beta.assistants.create(model="gpt-4o", tools=TOOLS, tool_resources=resources)
    thread_id = str(client.beta.threads.create(metadata={"user": "7"}).id)
    for text in texts:
        client.beta.threads.messages.create(thread_id, role="user", content=text)
        run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant.id)
        if run.required_action:
            calls = run.required_action.submit_tool_outputs.tool_calls
            outputs: Any = [{"tool_call_id": call.id, "output": "rain"} for call in calls]
            run = client.beta.threads.runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=thread_id, tool_outputs=outputs
            )
        assert run.status == "completed", run.last_error
    return thread_id


SAID = ["What is the weather?", "It rains.", "Which dog?", "It is brown【0:0†dog.txt】.", "Hi", "You said: Hi"]


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[Service, str]]:
    """A thread with function calls, citations and files, in memory."""
    store, upstream = MemoryStore(), ScriptedUpstream(RULES)
    with bridge.OpenAI(upstream=upstream, store=store) as client:
        thread_id = talked(client, "What is the weather?", "Which dog?", "Please plot it")
    yield Service(store, upstream), thread_id


# --- input items


def test_input_items_are_what_the_server_takes(told: tuple[Service, str]) -> None:
    service, thread_id = told
    found = json.loads("".join(items.document(service.store, thread_id)))
    check_input(found)
    kinds = [item["type"] if item["type"] != "message" else item["role"] for item in found]
    assert kinds == [
        "user", "function_call", "function_call_output", "assistant",
        "user", "assistant", "user", "assistant", "user",
    ]  # fmt: skip
    assert [item for item in found if "id" in item] == []
    assert found[-1]["content"][0]["type"] == "input_image"  # the picture, which an assistant's item may not hold


def test_an_empty_thread_is_an_empty_list() -> None:
    store = stored(Thread("thread_a", 1))
    assert "".join(items.document(store, "thread_a")) == "[]\n"


def stored(*records: Any, store: Any = None) -> Any:
    store = MemoryStore() if store is None else store
    store.commit(Commit(tuple(Put(record, is_new=True) for record in records))).result()
    return store


# --- the format of exports


def test_an_export_has_the_fields_of_the_format(told: tuple[Service, str]) -> None:
    service, thread_id = told
    named: dict[str, None] = {}
    document = json.loads("".join(exported.document(service, thread_id, named)))
    assert list(document) == [
        "export_schema", "thread_id", "exported_at", "thread", "messages", "runs", "assistants", "files", "errors",
    ]  # fmt: skip
    assert (document["export_schema"], document["thread"]["id"]) == ("assistants-thread-export/v1", thread_id)
    assert [run["status"] for run in document["runs"]] == ["completed"] * 3
    assert [step["type"] for step in document["runs"][0]["steps"]] == ["tool_calls", "message_creation"]
    endings = sorted(file["filename"].rpartition(".")[2] for file in document["files"].values())
    assert endings == ["csv", "png"]
    cited = next(id for id in named if id not in document["files"])
    detail = "its bytes are not in the store"
    assert document["errors"] == [{"object": "file", "id": cited, "error": "not_kept", "detail": detail}]
    whole = exported.exported(service, thread_id)
    assert {**whole, "exported_at": ""} == {
        **{name: document[name] for name in whole}, "exported_at": "", "errors": [],
    }  # fmt: skip


def test_native_calls_have_no_place_there_and_that_is_told() -> None:
    body = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    store = stored(Thread("thread_a", 1), Item("item_a", "thread_a", "", "function_call", body, "c"))
    document = json.loads("".join(exported.document(Service(store, ScriptedUpstream()), "thread_a", {})))
    assert [(error["id"], error["error"]) for error in document["errors"]] == [("item_a", "no_place")]


def test_a_folder_can_be_read_again(told: tuple[Service, str], tmp_path: Path) -> None:
    service, thread_id = told
    folder = folders.Folder(tmp_path, "export", service)
    folder.add(thread_id)
    folder.close()
    assert (folder.threads, folder.files, len(folder.unkept)) == (1, 2, 1)
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    files = {f"files/{id}" for id in files_of(service, thread_id) if id not in folder.unkept}
    assert found == {"manifest.json", "assistants.json", f"threads/{thread_id}.json", *files}
    assert sorted((tmp_path / name).read_bytes()[:4] for name in files) == [b"1,2", b"\x89PNG"]
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    assert (manifest["threads_exported"], manifest["files_exported"]) == (1, 2)
    tape = read_any(tmp_path)
    asked = [exchange.request.path for exchange in tape.exchanges if exchange.request.method == "POST"]
    assert asked.count(f"/threads/{thread_id}/runs") == 3


def files_of(service: Service, thread_id: str) -> list[str]:
    named: dict[str, None] = {}
    list(folders.text(service, thread_id, "export", named))
    return list(named)


HOSTILE = ["../../etc/passwd", "thread_..", "a/b", "CON", "über\n", "."]


@pytest.mark.parametrize("id", HOSTILE)
def test_no_id_leads_out_of_the_folder(id: str, tmp_path: Path) -> None:
    content = [{"type": "image_file", "image_file": {"file_id": id}}]
    file = File(id, "", "", 1, "x", "", "", copy=f"{id}.try")
    store = stored(Thread(id, 1), Message("msg_a", id, 1, "user", content=content), file)
    store.write_piece(f"{id}.try", 0, b"bytes").result()
    folder = folders.Folder(tmp_path / "out", "markdown", Service(store, ScriptedUpstream()))
    folder.add(id)
    found = sorted(path.relative_to(tmp_path).parts[:2] for path in tmp_path.rglob("*") if path.is_file())
    assert found == [("out", "files"), ("out", "threads")]


def test_what_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise OSError("no space")

    (tmp_path / "a").write_bytes(b"before")
    with pytest.raises(OSError, match="no space"):
        folders.write(tmp_path / "a", pieces())
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"before")]


# --- lines


def test_lines_tell_of_everything_in_order(told: tuple[Service, str]) -> None:
    service, thread_id = told
    found = [json.loads(line) for line in lines.document(service.store, thread_id)]
    assert {line["thread_id"] for line in found} == {thread_id}
    assert [line["object"] for line in found] == [
        "thread", "thread.message", "thread.item", "thread.item", *["thread.message"] * 5
    ]  # fmt: skip
    assert [line["item"]["type"] for line in found if "item" in line] == ["function_call", "function_call_output"]
    assert found[0]["metadata"] == {"user": "7"}


# --- Markdown


def tokens(text: str) -> list[Any]:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").parse(text)


def inline(text: str) -> set[str]:
    """Kinds of inline tokens, whatever they stand in."""
    return {child.type for token in tokens(text) for child in token.children or ()}


KINDS = {
    "heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close", "fence",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
}  # fmt: skip
EVIL = [
    "```\n# Heading\n",
    "````````\n<script>alert(1)</script>\n~~~\n```",
    "![x](https://evil.example/a.png)",
    "\r```\r\n# a\x0b```\x0c# b\u2028# c\u2029```\x85",
    "> quote\n\n---\n\n| a |\n|---|",
    "\x1b[31mred\x1b[0m \u202eturned",
    "    ```\n\t```\n",
    "`",
    "",
    " ",
    "``` `` ` ```` ",
]


def evil_thread(text: str) -> Any:
    """A thread in which every place that somebody may fill holds this text."""
    annotation = {"type": "file_citation", "text": text, "file_citation": {"file_id": text}}
    blocks: list[Object] = [
        {"type": "text", "text": {"value": text, "annotations": [annotation]}},
        {"type": "refusal", "refusal": text},
        {"type": "image_url", "image_url": {"url": text}},
        {"type": "image_file", "image_file": {"file_id": text}},
        {"type": text, "odd": text},
    ]
    call = {"type": "function_call", "call_id": text, "name": text, "arguments": text}
    output = {"type": "function_call_output", "call_id": text, "output": text}
    attachments = [{"file_id": text, "tools": []}]
    return stored(
        Thread("thread_a", 10**12, metadata={text: text}),
        Message("msg_a", "thread_a", 1, "user", content=blocks, attachments=attachments, metadata={"a": text}),
        Item("item_a", "thread_a", "run_a", "function_call", call, text),
        Item("item_b", "thread_a", "run_a", "function_call_output", output, text),
    )


def check_markdown(text: str) -> None:
    document = "".join(markdown.document(evil_thread(text), "thread_a"))
    found = tokens(document)
    assert {token.type for token in found} <= KINDS
    assert inline(document) <= {"text", "code_inline", "softbreak"}
    headings = [found[place + 1] for place, token in enumerate(found) if token.type == "heading_open"]
    assert [heading.content.split(" ")[0] for heading in headings] == ["Thread", "user", "call", "output"]
    fences = [token.content.removesuffix("\n") for token in found if token.type == "fence"]
    safe = "\n".join(markdown.STEERING.sub(markdown.SIGN, line) for line in markdown.BREAKS.split(text))
    assert fences.count(safe) >= 4
    assert markdown.STEERING.search(document) is None


@pytest.mark.parametrize("text", EVIL)
def test_nothing_breaks_out_of_its_place(text: str) -> None:
    check_markdown(text)


@settings(max_examples=30)
@given(st.text(st.sampled_from("`~#>-*_[]()!<>&\\ \t\r\n\x0b\x1b\u2028ab1.")))
def test_no_text_breaks_out_of_its_place(text: str) -> None:
    check_markdown(text)


# --- conversations


def test_threads_become_conversations_once() -> None:
    upstream = ScriptedUpstream(RULES)
    with bridge.OpenAI(upstream=upstream, store=MemoryStore()) as client:
        ids = [talked(client, "What is the weather?"), talked(client, "Hi")]
        service = client._client.door.service
        first = list(conversations.move(service, ids, Credential()))
        assert [(moved.thread_id, moved.sent) for moved in first] == [(ids[0], 4), (ids[1], 2)]
        again = list(conversations.move(service, ids, Credential()))
        assert [(moved.conversation_id, moved.sent) for moved in again] == [
            (moved.conversation_id, 0) for moved in first
        ]  # fmt: skip
        assert len(upstream.conversations.all) == 2


def test_a_thread_that_fails_does_not_keep_the_others_back() -> None:
    upstream = ScriptedUpstream(RULES)
    with bridge.OpenAI(upstream=upstream, store=MemoryStore()) as client:
        thread_id, service = talked(client, "Hi"), client._client.door.service
        moved = list(conversations.move(service, ["thread_x", thread_id], Credential()))
        assert [(each.conversation_id is None, each.reason) for each in moved] == [
            (True, "No thread found with id 'thread_x'."), (False, "")
        ]  # fmt: skip


def test_what_holds_for_all_threads_is_told_once() -> None:
    upstream = ScriptedUpstream(profile=VLLM)
    store = stored(Thread("thread_a", 1), Thread("thread_b", 1))
    moved = list(conversations.move(Service(store, upstream), ["thread_a", "thread_b"], Credential()))
    assert [(each.thread_id, each.is_last) for each in moved] == [("thread_a", True)]
    assert "has no conversations" in moved[0].reason


# --- long threads


@pytest.mark.slow
@pytest.mark.parametrize("form", folders.FORMS)
def test_a_long_thread_takes_no_more_memory(form: str, tmp_path: Path) -> None:
    """Bytes at the peak for a thread ten times as long: 1.0 to 1.1 of the short one's, when it was measured."""
    peaks = []
    for count in (500, 5000):
        store = SqlStore(SqliteDialect(tmp_path / f"{count}.db"))
        stored(Thread("thread_a", 1), store=store)
        content = [{"type": "text", "text": {"value": "x" * 1000, "annotations": []}}]
        for start in range(0, count, 500):
            numbers = range(start, start + 500)
            stored(*(Message(f"msg_{n}", "thread_a", 1, "user", content=content) for n in numbers), store=store)
        folder = folders.Folder(tmp_path / str(count), form, Service(store, ScriptedUpstream()))
        tracemalloc.start()
        folder.add("thread_a")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        store.close()
    assert peaks[1] < 1.5 * peaks[0]


# --- the last rung


NATIVE = """
import json, sys
sys.modules["bridge"] = None  # it is not installed any more
from openai import OpenAI

url, source = sys.argv[1:]
client = OpenAI(base_url=url, api_key="sk-test")
asked = {"role": "user", "content": "And now?"}
if source.startswith("conv_"):
    response = client.responses.create(model="gpt-4o", conversation=source, input=[asked])
else:
    with open(source) as file:
        response = client.responses.create(model="gpt-4o", input=[*json.load(file), asked], store=False)
print(response.output_text)
"""


@pytest.mark.slow
def test_a_program_without_bridge_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRIDGE_STORE", str(tmp_path / "bridge.db"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with serve_scripted(RULES) as served:
        monkeypatch.setenv("OPENAI_BASE_URL", served.url)
        with bridge.OpenAI() as client:
            thread_id = talked(client, "What is the weather?", "Which dog?", "Hi")
        out = CliRunner().invoke(app, ["export", thread_id, "--as", "items"])
        assert out.exit_code == 0, out.output
        Path("input.json").write_text(out.stdout, "utf-8")
        moved = CliRunner().invoke(app, ["export", "--all", "--conversations"])
        assert moved.exit_code == 0, moved.output
        conversation_id = json.loads(moved.stdout)["conversation_id"]
        Path("bridge.db").unlink()
        for source in ("input.json", conversation_id):
            command = [sys.executable, "-W", "error", "-c", NATIVE, served.url, source]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
            assert (done.stdout, done.stderr) == ("You said: And now?\n", "")
        asked = served.scripted.requests[-2]["input"]
        assert [text for item in asked for text in texts(item)] == [*SAID, "And now?"]
        kept = served.scripted.conversations.all[conversation_id].items
        assert [text for item in kept for text in texts(item)] == [*SAID, "And now?", "You said: And now?"]
        assert [item["type"] for item in kept if item["type"] != "message"] == ["function_call", "function_call_output"]


def texts(item: Object) -> list[str]:
    content = item.get("content", [])
    return [content] if isinstance(content, str) else [part["text"] for part in content]
