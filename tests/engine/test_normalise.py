"""What was given and what is kept of it: assistants-wire §2.1, §2.2, §4.3, §5.2 as pairs."""

from __future__ import annotations

import pytest

from bridge.engine import normalise
from bridge.records import Assistant, Thread

NOW = 1_700_000_000.7
RANKING = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
EMPTY = {"type": "object", "properties": {}}
CODE = {"type": "code_interpreter"}
SEARCH = {"type": "file_search", "file_search": {"ranking_options": RANKING}}


def function(**values):
    return {"type": "function", "function": {"name": "f", **values}}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, []),
        ([function()], [function(parameters=EMPTY, strict=False)]),
        ([function(strict=None, parameters=None)], [function(parameters=EMPTY, strict=False)]),
        ([function(description="d", strict=True)], [function(description="d", parameters=EMPTY, strict=True)]),
        ([CODE], [CODE]),
        ([{"type": "file_search"}], [SEARCH]),
        ([{"type": "file_search", "file_search": {}}], [SEARCH]),
        (
            [{"type": "file_search", "file_search": {"max_num_results": 5, "ranking_options": {"score_threshold": 1}}}],
            [
                {
                    "type": "file_search",
                    "file_search": {"max_num_results": 5, "ranking_options": {**RANKING, "score_threshold": 1.0}},
                }
            ],
        ),
    ],
)
def test_tools(given, kept):
    assert normalise.tools(given) == kept
    assert normalise.tools(kept) == kept


def test_the_keys_of_a_function_stand_as_on_the_wire():
    (tool,) = normalise.tools([function(strict=True, parameters={"b": 1, "a": 2}, description="d")])
    assert list(tool["function"]) == ["name", "description", "parameters", "strict"]
    assert list(tool["function"]["parameters"]) == ["b", "a"]


@pytest.mark.parametrize(
    ("tools", "given", "kept"),
    [
        ([], None, {}),
        ([], {"code_interpreter": {"file_ids": ["file-1"]}}, {}),
        ([CODE], None, {"code_interpreter": {"file_ids": []}}),
        ([CODE], {"code_interpreter": {"file_ids": ["file-1"]}}, {"code_interpreter": {"file_ids": ["file-1"]}}),
        ([SEARCH], {"file_search": None}, {"file_search": {"vector_store_ids": []}}),
    ],
)
def test_tool_resources_hold_the_keys_of_enabled_tools(tools, given, kept):
    assert normalise.tool_resources(tools, given) == kept


TEXT = {"type": "text", "text": {"value": "hi", "annotations": []}}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("hi", [TEXT]),
        ([{"type": "text", "text": "hi"}], [TEXT]),
        (
            [{"type": "image_url", "image_url": {"url": "https://x/a.png"}}],
            [{"type": "image_url", "image_url": {"url": "https://x/a.png", "detail": "auto"}}],
        ),
        (
            [{"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}}],
            [{"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}}],
        ),
    ],
)
def test_content(given, kept):
    assert normalise.content(given) == kept


def test_a_new_assistant_has_the_defaults_of_the_wire():
    assert normalise.new_assistant({"model": "gpt-4o"}, "asst_a", NOW) == Assistant(
        "asst_a", 1_700_000_000, "gpt-4o", tools=[]
    )
    nulls = dict.fromkeys(("name", "tools", "top_p", "temperature", "metadata", "response_format", "tool_resources"))
    assert normalise.new_assistant({"model": "gpt-4o", **nulls}, "asst_a", NOW) == Assistant(
        "asst_a", 1_700_000_000, "gpt-4o", tools=[]
    )


BEFORE = Assistant(
    "asst_a",
    1,
    "gpt-4o",
    name="Ada",
    tools=[CODE],
    metadata={"k": "v"},
    temperature=0.3,
    tool_resources={"code_interpreter": {"file_ids": ["file-1"]}},
)


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({}, {}),
        ({"name": None}, {"name": None}),
        ({"model": "gpt-5"}, {"model": "gpt-5"}),
        ({"temperature": None}, {"temperature": 1.0}),
        ({"metadata": {"n": "w"}}, {"metadata": {"n": "w"}}),
        ({"metadata": None}, {"metadata": {}}),
        ({"tools": []}, {"tools": [], "tool_resources": {}}),
        (
            {"tools": [CODE, {"type": "file_search"}]},
            {
                "tools": [CODE, SEARCH],
                "tool_resources": {
                    "code_interpreter": {"file_ids": ["file-1"]},
                    "file_search": {"vector_store_ids": []},
                },
            },
        ),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": ["file-2"]}}},
            {"tool_resources": {"code_interpreter": {"file_ids": ["file-2"]}}},
        ),
    ],
)
def test_a_modify_call_sets_what_it_names(given, values):
    assert normalise.amended_assistant(given, BEFORE) == values


THREAD = Thread("thread_a", 1, tool_resources={"code_interpreter": {"file_ids": ["file-9"]}})


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({}, "model", "gpt-4o"),
        ({"model": "gpt-5"}, "model", "gpt-5"),
        ({"model": None}, "model", "gpt-4o"),
        ({}, "temperature", 0.3),
        ({"temperature": 0}, "temperature", 0),
        ({}, "tools", [CODE]),
        ({"tools": []}, "tools", []),
        ({"tools": None}, "tools", [CODE]),
        ({}, "metadata", {}),
        ({}, "expires_at", 1_700_000_600),
        ({}, "truncation_strategy", {"type": "auto", "last_messages": None}),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": 3}}, "truncation_strategy",
         {"type": "last_messages", "last_messages": 3}),
        ({"parallel_tool_calls": False}, "parallel_tool_calls", False),
        ({}, "tool_choice", "auto"),
        ({}, "tool_resources", {"code_interpreter": {"file_ids": ["file-1", "file-9"]}}),
        ({"max_prompt_tokens": 256}, "max_prompt_tokens", 256),
    ],
)  # fmt: skip
def test_a_run_has_its_own_settings_or_the_assistants(given, field, value):
    run = normalise.new_run({"assistant_id": "asst_a", **given}, BEFORE, THREAD, "run_a", NOW)
    assert getattr(run, field) == value


@pytest.mark.parametrize(
    ("own", "given", "kept"),
    [
        (None, {}, None),
        ("", {}, None),
        ("a", {}, "a"),
        ("a", {"instructions": "b"}, "b"),
        ("a", {"instructions": None}, "a"),
        ("a", {"additional_instructions": "c"}, "a\nc"),
        ("a", {"instructions": "b", "additional_instructions": "c"}, "b\nc"),
        (None, {"additional_instructions": "c"}, "c"),
    ],
)
def test_instructions(own, given, kept):
    assistant = Assistant("asst_a", 1, "gpt-4o", instructions=own)
    assert normalise.instructions(given, assistant) == kept


def test_a_clients_message_belongs_to_no_run_whatever_its_role():
    message = normalise.new_message({"role": "assistant", "content": "hi"}, "msg_a", "thread_a", NOW)
    assert (message.assistant_id, message.run_id, message.status, message.attachments) == (None, None, "completed", [])
