"""The quirks of real Responses servers (upstreams.md): each in, a correct run out, through the drop-in client.

Every quirk that the offline upstream can play is tried, polled and streamed, against what the same run comes to without
it; a table holds what may differ. What it cannot play is written byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openai
import pytest
from attrs import evolve

from bridge.client.dropin import OpenAI
from bridge.engine.effects import Send
from bridge.profiles import GENERIC, TRANSFORMERS, Profile
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream, serve_scripted
from bridge.upstream.openai import OpenAIUpstream
from bridge.upstream.scripted.quirks import QUIRKS
from upstream.raw_server import SSE, chunk, raw_server

pytestmark = pytest.mark.filterwarnings("ignore:The Assistants API is deprecated:DeprecationWarning")

RESULTS = [{"filename": "dog.txt", "score": 0.8, "text": "The dog is brown."}]
WALK = {"call": {"name": "walk", "arguments": {"far": 2}}, "then": {"say": "Walked: {outputs}."}}
SCRIPT: Any = [
    {
        "when": "everything",
        "reason": "First look, then count, then walk.",
        "search": {"queries": ["dog"], "results": RESULTS},
        "code": {"code": "count()", "logs": "3", "files": [{"name": "dogs.csv", "text": "1,2,3"}]},
        "say": "It is brown{cite[0]}, see {file[dogs.csv]} for more.",
        **WALK,
    },
    {"when": "functions", "say": "I shall walk.", **WALK},
]
FUNCTION = {"name": "walk", "parameters": {"type": "object", "properties": {"far": {"type": "integer"}}}}
MODEL = "gpt-5"

BEGUN = [("message_creation", "completed")]
SHOWN = [("file_search", "completed"), ("code_interpreter", "completed"), *BEGUN]
WALKED = [("function", "completed"), *BEGUN]
EVERYTHING = {
    "status": "completed",
    "error": None,
    "steps": [*SHOWN, *WALKED],
    "texts": ["It is brown【0:0†dog.txt】, see sandbox:/mnt/data/dogs.csv for more.", "Walked: 2 miles."],
    "cited": ["file_citation", "file_path"],
    "calls": [("walk", '{"far":2}', "2 miles")],
    "is_counted": True,
}
FUNCTIONS = {
    **EVERYTHING,
    "steps": [*BEGUN, *WALKED],
    "texts": ["I shall walk.", "Walked: 2 miles."],
    "cited": [],
}
BROKEN = {"status": "failed", "error": "server_error", "calls": [], "cited": []}

DIFFERS: dict[str, dict[str, Any]] = {
    "no_usage": {"is_counted": False},
    "zero_usage": {"is_counted": False},
    "error_event": BROKEN,
    "malformed_json": BROKEN,
}
"""What a run comes to with a quirk that cannot be made good."""

PROFILES: dict[str, Profile] = {
    "unknown_is_422": TRANSFORMERS,
    "refuses_file_search_items": evolve(GENERIC, name="searching", file_search_items=False),
}
"""Quirks that need the setting `profile`; with the others nobody has to know what the server is."""


@contextmanager
def over_http(scripted: ScriptedUpstream) -> Iterator[Any]:
    with serve_scripted(scripted) as served, client_of(served.url, scripted.profile) as client:
        yield client


@contextmanager
def in_process(scripted: ScriptedUpstream) -> Iterator[Any]:
    with OpenAI(upstream=scripted, store=MemoryStore()) as client:
        yield client


@contextmanager
def client_of(url: str, profile: Profile = GENERIC, retries: int = 0) -> Iterator[Any]:
    """A drop-in client on a store of its own, before a server that is taken for this profile."""
    made: dict[str, Any] = {"api_key": "sk-1", "base_url": url, "max_retries": retries}
    upstream = OpenAIUpstream(url, lambda: openai.OpenAI(**made), lambda: openai.AsyncOpenAI(**made), profile=profile)
    with OpenAI(upstream=upstream, store=MemoryStore(), **made) as client:
        yield client
    upstream.close()


def asked(client: Any, question: str, store_id: str | None = None) -> dict[str, str]:
    """What names a run that is to be made: a thread with this question, and an assistant that can answer it."""
    tools: list[Any] = [{"type": "function", "function": FUNCTION}]
    given: dict[str, Any] = {}
    if store_id is not None:
        tools += [{"type": "file_search"}, {"type": "code_interpreter"}]
        given["tool_resources"] = {"file_search": {"vector_store_ids": [store_id]}}
    assistant = client.beta.assistants.create(model=MODEL, tools=tools, **given)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    return {"thread_id": thread.id, "assistant_id": assistant.id}


def polled_run(client: Any, names: dict[str, str]) -> Any:
    runs = client.beta.threads.runs
    run = runs.create_and_poll(**names)
    while run.status == "requires_action":
        run = runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run))
    return run


def streamed_run(client: Any, names: dict[str, str]) -> Any:
    runs = client.beta.threads.runs
    run = streamed(runs.stream(**names))
    while run.status == "requires_action":
        given = {"thread_id": run.thread_id, "run_id": run.id, "tool_outputs": outputs(run)}
        run = streamed(runs.submit_tool_outputs_stream(**given))
    return run


def outputs(run: Any) -> list[Any]:
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": "2 miles"} for call in calls]


def streamed(manager: Any) -> Any:
    with manager as stream:
        for _ in stream:
            pass
        return stream.current_run


def told(client: Any, run: Any) -> dict[str, Any]:
    """What a program sees of a run that has ended."""
    steps = list(client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc"))
    messages = list(client.beta.threads.messages.list(run.thread_id, order="asc", run_id=run.id))
    calls = [call for step in steps for call in getattr(step.step_details, "tool_calls", ())]
    texts = [block.text for message in messages for block in message.content if block.type == "text"]
    functions = [call.function for call in calls if call.type == "function"]
    return {
        "status": run.status,
        "error": run.last_error and run.last_error.code,
        "steps": [(kind_of(step), step.status) for step in steps],
        "texts": [text.value for text in texts],
        "cited": [mark.type for text in texts for mark in text.annotations],
        "calls": [(each.name, each.arguments, each.output) for each in functions],
        "is_counted": bool(run.usage and run.usage.total_tokens),
    }


def kind_of(step: Any) -> str:
    calls = getattr(step.step_details, "tool_calls", ())
    return str(calls[0].type if calls else step.type)


WAYS = {"polled": polled_run, "streamed": streamed_run}
OF_HTTP = (None, "no_event_lines", "malformed_json", "unknown_is_422", "long_ids")
"""Quirks that are in the bytes, or in statuses and addresses."""


@pytest.mark.parametrize("way", ["polled", pytest.param("streamed", marks=pytest.mark.slow)])
@pytest.mark.parametrize("quirk", [None, *QUIRKS])
def test_a_quirk_in_a_correct_run_out(quirk: str | None, way: str) -> None:
    scripted = ScriptedUpstream(SCRIPT, quirks=[quirk] if quirk else [], profile=PROFILES.get(quirk or "", GENERIC))
    question, expected, store_id = "functions", FUNCTIONS, None
    if scripted.profile.code_interpreter is not False:
        question, expected, store_id = "everything", EVERYTHING, vector_store(scripted)
    with (over_http if quirk in OF_HTTP else in_process)(scripted) as client:
        found = told(client, WAYS[way](client, asked(client, question, store_id)))
    differs = DIFFERS.get(quirk or "", {})
    assert found.items() >= {**({} if differs is BROKEN else expected), **differs}.items()


def vector_store(scripted: ScriptedUpstream) -> str:
    file_id = scripted.add_file("dog.txt", b"The dog is brown.")
    made = scripted.send(Send("POST", "/vector_stores", {"file_ids": [file_id]}))
    return str(made.body["id"])


# --- what the offline upstream cannot play


def stream(*events: dict[str, Any]) -> bytes:
    """An answer that is a stream of these events, without `event:` lines."""
    return SSE + b"".join(chunk(b"data: " + json.dumps(event).encode() + b"\n\n") for event in events) + chunk(b"")


def refusal(status: int, message: str, **fields: Any) -> bytes:
    """An answer that says nothing of the socket's being closed after it, as transformers serve does."""
    body = json.dumps({"error": {"message": message, **fields}}).encode()
    head = f"HTTP/1.1 {status} No\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def message(text: str, id: str = "msg_1") -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": id, "role": "assistant", "status": "completed", "content": content}


def said(text: str, index: int = 0, id: str = "msg_1", at_last: str = "msg_1") -> list[dict[str, Any]]:
    """The events of a message; `at_last` is the id it has when it is done."""
    place = {"output_index": index, "content_index": 0}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": {**message(text, id), "content": []}},
        {"type": "response.output_text.delta", **place, "item_id": id, "delta": text},
        {"type": "response.output_text.done", **place, "item_id": at_last, "text": text},
        {"type": "response.output_item.done", "output_index": index, "item": message(text, at_last)},
    ]


def completed(*output: dict[str, Any], id: str = "resp_1", **given: Any) -> dict[str, Any]:
    response = {"id": id, "object": "response", "status": "completed", "output": list(output), **given}
    return {"type": "response.completed", "response": response}


CREATED = {"type": "response.created", "response": {"id": "resp_1", "status": "queued", "output": []}}
CALL = {"type": "function_call", "id": "x_tool_call_0", "call_id": "x_tool_call_0", "name": "walk", "arguments": "{}"}
CALLED = [
    {"type": "response.output_item.added", "output_index": 0, "item": CALL},
    {"type": "response.output_item.done", "output_index": 0, "item": CALL},
]
HELLO = stream(CREATED, *said("Hello"), completed(message("Hello")))
GREETED = {"status": "completed", "error": None, "texts": ["Hello"], "steps": BEGUN}
FAILED = {"status": "failed", "texts": [], "steps": []}

RAW: dict[str, tuple[list[bytes], dict[str, Any]]] = {
    "a 500 closes the keep-alive socket": ([refusal(500, "Oops"), HELLO], GREETED),
    "an upstream's 429 becomes a 500": ([refusal(500, "Rate limit")], {**FAILED, "error": "server_error"}),
    "a 429 of a cooldown": ([refusal(429, "No deployments available")], {**FAILED, "error": "rate_limit_exceeded"}),
    "the final output has the message first": (
        [stream(CREATED, *CALLED, *said("Walking.", 1), completed(message("Walking."), CALL)), HELLO],
        {
            "status": "completed",
            "texts": ["Walking.", "Hello"],
            "steps": [("function", "completed"), *BEGUN, *BEGUN],
            "calls": [("walk", "{}", "2 miles")],
        },
    ),
    "a length cut is reported as completed": (
        [stream(CREATED, *said("Hel"), completed(message("Hel"), usage=None))],
        {**GREETED, "texts": ["Hel"]},
    ),
    "ids change under way": (
        [
            stream(
                CREATED, *said("Hello", id="msg_a", at_last="msg_b"), completed(message("Hello", "msg_c"), id="resp_9")
            )
        ],
        GREETED,
    ),
    "the stream ends without a terminal event": (
        [stream(CREATED, {"type": "response.in_progress", "response": CREATED["response"]})],
        {**FAILED, "error": "server_error"},
    ),
}


@pytest.mark.parametrize("quirk", RAW)
def test_what_only_other_servers_do(quirk: str) -> None:
    answers, expected = RAW[quirk]
    with raw_server(*answers, then_close=True) as server, client_of(server.url, retries=len(answers) - 1) as client:
        found = told(client, polled_run(client, asked(client, "Hi")))
    assert found.items() >= expected.items()
