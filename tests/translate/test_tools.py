"""tools, tool_choice, tool_resources and response_format: pairs run forwards and backwards."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.translate import Untranslatable, formats, tools

Object = dict[str, Any]

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
NOTHING = {"type": "object", "properties": {}}
FUNCTION = {"name": "look", "description": "Looks.", "parameters": SCHEMA, "strict": False}
RANKING = {"ranker": "auto", "score_threshold": 0.5}

# (tools, tool_resources) in the Assistants form, tools in the Responses form; exact both ways
EXACT: list[tuple[list[Object], Object, list[Object]]] = [
    ([], {}, []),
    ([{"type": "function", "function": FUNCTION}], {}, [{"type": "function", **FUNCTION}]),
    (
        [{"type": "function", "function": {"name": "go", "parameters": SCHEMA, "strict": True}}],
        {},
        [{"type": "function", "name": "go", "parameters": SCHEMA, "strict": True}],
    ),
    (
        [{"type": "code_interpreter"}],
        {"code_interpreter": {"file_ids": ["file-1", "file-2"]}},
        [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-1", "file-2"]}}],
    ),
    (
        [{"type": "code_interpreter"}],
        {"code_interpreter": {"file_ids": []}},
        [{"type": "code_interpreter", "container": {"type": "auto"}}],
    ),
    (
        [{"type": "file_search", "file_search": {"max_num_results": 7, "ranking_options": RANKING}}],
        {"file_search": {"vector_store_ids": ["vs_1"]}},
        [{"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 7, "ranking_options": RANKING}],
    ),
]

# What Responses wants said, and the Assistants API left to its defaults
FORWARDS: list[tuple[Object, Object, list[Object]]] = [
    (
        {"type": "function", "function": {"name": "go"}},
        {},
        [{"type": "function", "name": "go", "parameters": NOTHING, "strict": False}],
    ),
    (
        {"type": "function", "function": {"name": "go", "description": None, "parameters": None, "strict": None}},
        {},
        [{"type": "function", "name": "go", "description": None, "parameters": NOTHING, "strict": False}],
    ),
    (
        {"type": "function", "function": {"name": "go", "strict": True}},
        {},
        [
            {
                "type": "function",
                "name": "go",
                "parameters": {**NOTHING, "required": [], "additionalProperties": False},
                "strict": True,
            }
        ],
    ),
    ({"type": "code_interpreter"}, {}, [{"type": "code_interpreter", "container": {"type": "auto"}}]),
    (
        {"type": "file_search"},
        {"file_search": {"vector_store_ids": ["vs_1", "vs_2"]}},
        [{"type": "file_search", "vector_store_ids": ["vs_1", "vs_2"], "max_num_results": 20}],
    ),
    (
        {
            "type": "file_search",
            "file_search": {
                "ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
            },
        },
        {"file_search": {"vector_store_ids": ["vs_1"]}},
        [
            {
                "type": "file_search",
                "vector_store_ids": ["vs_1"],
                "max_num_results": 20,
                "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
            }
        ],
    ),
    ({"type": "file_search"}, {"file_search": {"vector_store_ids": []}}, []),
    ({"type": "file_search"}, {}, []),
]

CHOICES: list[tuple[str | Object, str | Object]] = [
    ("none", "none"),
    ("auto", "auto"),
    ("required", "required"),
    ({"type": "function", "function": {"name": "go"}}, {"type": "function", "name": "go"}),
    ({"type": "file_search"}, {"type": "file_search"}),
    ({"type": "code_interpreter"}, {"type": "code_interpreter"}),
]

NAMED = {"name": "weather", "description": "The weather.", "schema": SCHEMA, "strict": True}
FORMATS: list[tuple[str | Object, Object | None]] = [
    ("auto", None),
    ({"type": "json_object"}, {"type": "json_object"}),
    ({"type": "json_schema", "json_schema": NAMED}, {"type": "json_schema", **NAMED}),
    (
        {"type": "json_schema", "json_schema": {"name": "weather", "schema": SCHEMA, "strict": None}},
        {"type": "json_schema", "name": "weather", "schema": SCHEMA, "strict": None},
    ),
]


@pytest.mark.parametrize(("given_tools", "resources", "sent"), EXACT)
def test_tools_both_ways(given_tools: list[Object], resources: Object, sent: list[Object]) -> None:
    assert tools.to_responses(given_tools, resources) == sent
    assert tools.to_assistants(sent) == (given_tools, resources)


@pytest.mark.parametrize(("tool", "resources", "sent"), FORWARDS)
def test_tools_forwards(tool: Object, resources: Object, sent: list[Object]) -> None:
    assert tools.to_responses([tool], resources) == sent


def test_tools_share_nothing() -> None:
    first, second = (tools.to_responses([{"type": "function", "function": {"name": "go"}}]) for _ in range(2))
    first[0]["parameters"]["properties"]["x"] = 1
    assert second[0]["parameters"] == NOTHING


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "web_search"},
        {"type": "code_interpreter", "container": "cntr_1"},
        {"type": "file_search", "vector_store_ids": ["vs_1"], "filters": {"type": "eq", "key": "a", "value": "b"}},
    ],
)
def test_tools_without_an_assistants_form_are_refused_by_name(tool: Object) -> None:
    with pytest.raises(Untranslatable, match=r"web_search|cntr_1|'key': 'a'"):
        tools.to_assistants([tool])


def test_tools_without_a_responses_form_are_refused_by_name() -> None:
    with pytest.raises(Untranslatable, match="retrieval"):
        tools.to_responses([{"type": "retrieval"}])


@pytest.mark.parametrize(("choice", "sent"), CHOICES)
def test_choice_both_ways(choice: str | Object, sent: str | Object) -> None:
    assert tools.choice_to_responses(choice) == sent
    assert tools.choice_to_assistants(sent) == choice


@pytest.mark.parametrize("choice", ["any", {"type": "allowed_tools", "mode": "auto", "tools": []}])
def test_other_choices_are_refused(choice: str | Object) -> None:
    for translate in (tools.choice_to_responses, tools.choice_to_assistants):
        with pytest.raises(Untranslatable, match=r"any|allowed_tools"):
            translate(choice)


MERGED: list[tuple[list[Object | None], Object]] = [
    ([], {}),
    ([None, {}], {}),
    ([{"code_interpreter": {"file_ids": []}}], {"code_interpreter": {"file_ids": []}}),
    (
        [{"code_interpreter": {"file_ids": ["a", "b"]}}, {"code_interpreter": {"file_ids": ["b", "c"]}}],
        {"code_interpreter": {"file_ids": ["a", "b", "c"]}},
    ),
    (
        [{"file_search": {"vector_store_ids": ["vs_1"]}}, {"file_search": None}, {"code_interpreter": {}}],
        {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": ["vs_1"]}},
    ),
]


@pytest.mark.parametrize(("several", "one"), MERGED)
def test_merge(several: list[Object | None], one: Object) -> None:
    assert tools.merge(*several) == one


@pytest.mark.parametrize(("response_format", "sent"), FORMATS)
def test_format_both_ways(response_format: str | Object, sent: Object | None) -> None:
    assert formats.to_responses(response_format) == sent
    assert formats.to_assistants(sent) == response_format


def test_format_text_is_the_default() -> None:
    assert formats.to_responses({"type": "text"}) is None
    assert formats.to_responses(None) is None
    assert formats.to_assistants({"type": "text"}) == "auto"


def test_format_without_a_schema_gets_an_empty_one() -> None:
    sent = formats.to_responses({"type": "json_schema", "json_schema": {"name": "any"}})
    assert sent == {"type": "json_schema", "name": "any", "schema": {}}


@pytest.mark.parametrize("format", ["json", {"type": "grammar"}])
def test_other_formats_are_refused(format: Any) -> None:
    with pytest.raises(Untranslatable):
        formats.to_responses(format)
    with pytest.raises(Untranslatable):
        formats.to_assistants({"type": "grammar"})


# --- round trips

names = st.text("abcXYZ_-09", min_size=1, max_size=64)
values = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
functions = st.fixed_dictionaries(
    {
        "name": names,
        "parameters": st.dictionaries(names, values, min_size=1, max_size=3),
        "strict": st.booleans(),
    },
    optional={"description": st.text(max_size=9)},
)
searches = st.fixed_dictionaries(
    {"max_num_results": st.integers(1, 50)},
    optional={
        "ranking_options": st.fixed_dictionaries({"ranker": st.just("auto"), "score_threshold": st.floats(0, 1)})
    },
)


@given(
    st.lists(functions, max_size=4),
    st.none() | searches,
    st.none() | st.lists(names, max_size=3),
    st.lists(names, min_size=1, max_size=2),
)
def test_round_trip(
    given_functions: list[Object], search: Object | None, file_ids: list[str] | None, stores: list[str]
) -> None:
    given_tools: list[Object] = [{"type": "function", "function": function} for function in given_functions]
    resources: Object = {}
    if file_ids is not None:
        given_tools.append({"type": "code_interpreter"})
        resources["code_interpreter"] = {"file_ids": file_ids}
    if search is not None:
        given_tools.append({"type": "file_search", "file_search": search})
        resources["file_search"] = {"vector_store_ids": stores}
    assert tools.to_assistants(tools.to_responses(given_tools, resources)) == (given_tools, resources)
