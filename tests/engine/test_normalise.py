"""Given → kept, as pairs; and real requests made into the very bytes that the old service answered."""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.engine import normalise
from bridge.records import Assistant, Thread
from bridge.wire import render

EMPTY = {"type": "object", "properties": {}}
RANKING = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
ASSISTANT = Assistant(
    "asst_a",
    1,
    "gpt-4o",
    instructions="Be brief.",
    tools=[{"type": "code_interpreter"}],
    temperature=0.3,
    top_p=0.4,
    reasoning_effort="low",
    response_format={"type": "text"},
    tool_resources={"code_interpreter": {"file_ids": ["file_1"]}},
    metadata={"kept": "yes"},
)
THREAD = Thread("thread_t", 2, tool_resources={"code_interpreter": {"file_ids": ["file_2"]}})


def function(**given: Any) -> dict[str, Any]:
    return {"type": "function", "function": given}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, []),
        ([], []),
        ([{"type": "code_interpreter"}], [{"type": "code_interpreter"}]),
        ([function(name="f")], [function(name="f", parameters=EMPTY, strict=False)]),
        (
            [function(strict=None, parameters=None, description=None, name="f")],
            [function(name="f", description=None, parameters=EMPTY, strict=False)],
        ),
        (
            [function(strict=True, parameters={"z": 1, "a": 2}, description="d", name="f")],
            [function(name="f", description="d", parameters={"z": 1, "a": 2}, strict=True)],
        ),
        ([{"type": "file_search"}], [{"type": "file_search", "file_search": {"ranking_options": RANKING}}]),
        (
            [{"type": "file_search", "file_search": {}}],
            [{"type": "file_search", "file_search": {"ranking_options": RANKING}}],
        ),
        (
            [
                {
                    "type": "file_search",
                    "file_search": {"ranking_options": {"score_threshold": 1}, "max_num_results": 3},
                }
            ],
            [
                {
                    "type": "file_search",
                    "file_search": {
                        "max_num_results": 3,
                        "ranking_options": {**RANKING, "score_threshold": 1.0},
                    },
                }
            ],
        ),
    ],
)
def test_tools(given: Any, kept: Any) -> None:
    assert json.dumps(normalise.tools(given)) == json.dumps(kept)  # as text: the order of keys counts


@pytest.mark.parametrize(
    ("tools", "given", "kept"),
    [
        ([], None, {}),
        ([], {"code_interpreter": {"file_ids": ["file_1"]}}, {}),
        (["code_interpreter"], None, {"code_interpreter": {"file_ids": []}}),
        (["file_search"], None, {"file_search": {"vector_store_ids": []}}),
        (["file_search"], {"file_search": {}}, {"file_search": {"vector_store_ids": []}}),
        (
            ["file_search", "code_interpreter", "function"],
            {"file_search": {"vector_store_ids": ["vs_1"]}, "code_interpreter": {"file_ids": ["file_1"]}},
            {"code_interpreter": {"file_ids": ["file_1"]}, "file_search": {"vector_store_ids": ["vs_1"]}},
        ),
    ],
)
def test_tool_resources(tools: list[str], given: Any, kept: Any) -> None:
    assert normalise.tool_resources([{"type": tool} for tool in tools], given) == kept


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": {"value": value, "annotations": []}}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("hello", [text("hello")]),
        ([{"type": "text", "text": "hello"}], [text("hello")]),
        (
            [{"type": "image_url", "image_url": {"url": "https://x/a.png"}}],
            [{"type": "image_url", "image_url": {"url": "https://x/a.png", "detail": "auto"}}],
        ),
        (
            [{"type": "image_url", "image_url": {"detail": "low", "url": "https://x/a.png"}}],
            [{"type": "image_url", "image_url": {"url": "https://x/a.png", "detail": "low"}}],
        ),
        (
            [{"type": "image_file", "image_file": {"file_id": "file_1", "detail": "high"}}],
            [{"type": "image_file", "image_file": {"file_id": "file_1", "detail": "high"}}],
        ),
    ],
)
def test_content(given: Any, kept: Any) -> None:
    assert json.dumps(normalise.content(given)) == json.dumps(kept)


def test_a_client_message_belongs_to_nobody() -> None:
    message = normalise.new_message({"role": "assistant", "content": "hi"}, "msg_1", "thread_1", 5.9)
    assert (message.role, message.assistant_id, message.run_id) == ("assistant", None, None)
    assert (message.status, message.created_at, message.completed_at) == ("completed", 5, 5)
    assert (message.attachments, message.metadata) == ([], {})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, {"type": "auto", "last_messages": None}),
        ({"type": "auto"}, {"type": "auto", "last_messages": None}),
        ({"last_messages": 3, "type": "last_messages"}, {"type": "last_messages", "last_messages": 3}),
    ],
)
def test_truncation_strategy(given: Any, kept: Any) -> None:
    assert normalise.truncation_strategy(given) == kept


@pytest.mark.parametrize(
    "absent", [{}, dict.fromkeys(("model", "temperature", "tools", "instructions", "tool_choice"))]
)
def test_a_run_without_overrides_is_the_assistants(absent: dict[str, None]) -> None:
    run = normalise.new_run({"assistant_id": "asst_a", **absent}, ASSISTANT, THREAD, "run_1", 10.0)
    names = ("model", "instructions", "tools", "temperature", "top_p", "reasoning_effort", "response_format")
    assert [getattr(run, name) for name in names] == [getattr(ASSISTANT, name) for name in names]
    assert (run.created_at, run.expires_at, run.status, run.metadata) == (10, 610, "queued", {})
    assert (run.tool_choice, run.parallel_tool_calls) == ("auto", True)
    assert run.tool_resources == {"code_interpreter": {"file_ids": ["file_1", "file_2"]}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "gpt-5"),
        ("temperature", 0),
        ("top_p", 0.0),
        ("reasoning_effort", "high"),
        ("response_format", "auto"),
        ("tools", []),
        ("tool_choice", "none"),
        ("parallel_tool_calls", False),
        ("max_prompt_tokens", 256),
        ("max_completion_tokens", 256),
        ("metadata", {"a": "b"}),
    ],
)
def test_a_run_takes_what_was_given_for_it(name: str, value: Any) -> None:
    """Also what is false, zero or empty: only null and nothing mean the assistant's."""
    run = normalise.new_run({"assistant_id": "asst_a", name: value}, ASSISTANT, THREAD, "run_1", 10.0)
    assert getattr(run, name) == value


@pytest.mark.parametrize(
    ("own", "given", "expected"),
    [
        (None, {}, None),
        ("", {}, None),
        ("A", {}, "A"),
        ("A", {"instructions": "B"}, "B"),
        ("A", {"instructions": None}, "A"),
        ("A", {"instructions": ""}, None),
        ("A", {"additional_instructions": "C"}, "A\nC"),
        ("A", {"instructions": "B", "additional_instructions": "C"}, "B\nC"),
        (None, {"additional_instructions": "C"}, "C"),
    ],
)
def test_instructions(own: str | None, given: Any, expected: str | None) -> None:
    assert normalise.instructions(given, Assistant("asst_a", 1, "gpt-4o", instructions=own)) == expected


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({}, {}),
        ({"name": None}, {"name": None}),
        ({"model": None}, {}),
        ({"metadata": None}, {"metadata": {}}),
        ({"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
        ({"temperature": None}, {"temperature": 1.0}),
        ({"response_format": None}, {"response_format": "auto"}),
        ({"tools": []}, {"tools": [], "tool_resources": {}}),
        (
            {"tools": [{"type": "file_search"}, {"type": "code_interpreter"}]},
            {
                "tools": normalise.tools([{"type": "file_search"}, {"type": "code_interpreter"}]),
                "tool_resources": {
                    "code_interpreter": {"file_ids": ["file_1"]},
                    "file_search": {"vector_store_ids": []},
                },
            },
        ),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": []}}},
            {"tool_resources": {"code_interpreter": {"file_ids": []}}},
        ),
        (
            {"tool_resources": {"code_interpreter": None, "file_search": None}},
            {"tool_resources": {"code_interpreter": {"file_ids": ["file_1"]}}},
        ),
        (
            {"tool_resources": {"code_interpreter": {}}},
            {"tool_resources": {"code_interpreter": {"file_ids": ["file_1"]}}},
        ),
    ],
)
def test_modify_touches_what_was_given_only(given: Any, values: Any) -> None:
    assert normalise.amended_assistant(given, ASSISTANT) == values


@pytest.mark.parametrize(
    ("given", "file_ids"),
    [({}, ["file_2"]), (None, ["file_2"]), ({"file_ids": []}, []), ({"file_ids": ["file_3"]}, ["file_3"])],
)
def test_a_thread_keeps_the_files_of_a_tool_that_says_nothing_of_them(given: Any, file_ids: list[str]) -> None:
    values = normalise.amended_thread({"tool_resources": {"code_interpreter": given}}, THREAD)
    assert values == {"tool_resources": {"code_interpreter": {"file_ids": file_ids}}}


# --- the recordings


@functools.cache
def exchanges(shared: Path) -> list[tuple[str, Any, str]]:
    """Path, given body and answered body of the recorded POSTs."""
    return list(_read(shared))


def _read(shared: Path) -> Iterator[tuple[str, Any, str]]:
    for path in sorted((shared / "recordings/vcr").glob("*.yaml")):
        for exchange in yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))[
            "interactions"
        ]:
            request, body = exchange["request"], exchange["response"]["body"]["string"]
            plain = gzip.decompress(body).decode() if isinstance(body, bytes) else body
            if request["method"] == "POST":
                yield request["uri"].partition("/v1")[2], json.loads(request["body"]), plain


def answers(shared: Path, ending: str) -> list[tuple[Any, str]]:
    """The exchanges with whole answers of one endpoint."""
    found = exchanges(shared)
    return [(given, body) for path, given, body in found if path.endswith(ending) and not given.get("stream")]


@pytest.mark.needs("shared")
def test_recorded_assistants_to_the_byte(shared: Path) -> None:
    pairs = answers(shared, "/assistants")
    assert pairs
    for given, body in pairs:
        recorded = json.loads(body)
        made = normalise.new_assistant(given, recorded["id"], recorded["created_at"])
        assert render.encode_pretty(render.rest(made)).decode() == body.strip()


@pytest.mark.needs("shared")
def test_recorded_messages_to_the_byte_but_for_what_is_added(shared: Path) -> None:
    pairs = answers(shared, "/messages")
    assert pairs
    for given, body in pairs:
        recorded = json.loads(body)
        made = normalise.new_message(given, recorded["id"], recorded["thread_id"], recorded["created_at"])
        shown = {key: value for key, value in render.rest(made).items() if key in recorded}
        assert render.encode_pretty(shown).decode() == body.strip()


@pytest.mark.needs("shared")
def test_recorded_runs_to_the_byte(shared: Path) -> None:
    pairs = answers(shared, "/runs")
    assert pairs
    for given, body in pairs:
        recorded = json.loads(body)
        assistant = Assistant(recorded["assistant_id"], 1, "gpt-4o-mini", tools=recorded["tools"])
        made = normalise.new_run(
            given, assistant, Thread(recorded["thread_id"], 1), recorded["id"], recorded["created_at"]
        )
        assert render.encode_pretty(render.rest(made)).decode() == body.strip()
