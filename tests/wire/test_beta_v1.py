"""Bodies of the first beta → those of the second: what is converted, what is left alone, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from bridge import errors, parity
from bridge.routes import ROUTES
from bridge.wire import assistants as wire
from bridge.wire.beta_v1 import CONVERTERS, Converted, answer, convert, is_refusal, is_searched, narrowed, resources
from bridge.wire.checks import is_first_beta

CODE, SEARCH, RETRIEVAL = {"type": "code_interpreter"}, {"type": "file_search"}, {"type": "retrieval"}
FUNCTION = {"type": "function", "function": {"name": "retrieval"}}


def attached(*ids: str, only: Any = None) -> list[dict[str, Any]]:
    return [{"file_id": id, "tools": only or [CODE, SEARCH]} for id in ids]


UNTOUCHED: list[tuple[Any, dict[str, Any]]] = [
    (wire.CreateAssistant, {}),
    (wire.CreateAssistant, {"model": "m", "tools": [CODE, SEARCH, FUNCTION], "tool_resources": {"file_search": {}}}),
    (wire.CreateAssistant, {"tools": "retrieval", "description": "retrieval"}),
    (wire.CreateAssistant, {"tools": [None, "retrieval", {"type": ["retrieval"]}]}),
    (wire.CreateMessage, {"role": "user", "content": "file_ids", "attachments": attached("file-a")}),
    (wire.CreateMessage, {"metadata": {"file_ids": "file-a"}}),
    (wire.CreateThread, {"messages": "none"}),
    (wire.CreateRun, {"response_format": {"type": "none"}, "tool_choice": "none"}),
    (wire.CreateThread, {"messages": [None, ["file_ids"]], "file_ids": ["file-a"]}),
    (wire.CreateRun, {"additional_messages": {"file_ids": []}, "file_ids": ["file-a"]}),
    (wire.CreateThreadAndRun, {"thread": [], "messages": [{"file_ids": []}]}),
    (wire.ModifyMessage, {"file_ids": ["file-a"]}),
    (wire.ModifyThread, {"file_ids": ["file-a"]}),
    (wire.SubmitToolOutputs, {"tools": [RETRIEVAL]}),
]


@pytest.mark.parametrize(("shape", "body"), UNTOUCHED)
def test_what_is_no_word_of_the_first_beta_is_left_to_the_checks(shape: Any, body: dict[str, Any]) -> None:
    assert convert(shape, body) == Converted(body)
    assert convert(shape, body).is_settled


MESSAGE = {"role": "user", "content": "Look.", "file_ids": ["file-a", "file-b"]}
LOOKS = {"role": "user", "content": "Look.", "attachments": attached("file-a", "file-b")}
BOTH_FILES = frozenset(("file-a", "file-b"))
CONVERTED: list[tuple[Any, dict[str, Any], Converted]] = [
    (wire.CreateAssistant, {"tools": [RETRIEVAL, FUNCTION]}, Converted({"tools": [SEARCH, FUNCTION]})),
    (wire.ModifyAssistant, {"tools": [RETRIEVAL]}, Converted({"tools": [SEARCH]})),
    (wire.CreateRun, {"tools": [RETRIEVAL]}, Converted({"tools": [SEARCH]})),
    (wire.CreateThreadAndRun, {"tools": [RETRIEVAL]}, Converted({"tools": [SEARCH]})),
    (wire.CreateAssistant, {"model": "m", "file_ids": ["file-a"]}, Converted({"model": "m"}, ("file-a",))),
    (wire.CreateAssistant, {"response_format": "none"}, Converted({"response_format": "auto"})),
    (wire.CreateRun, {"response_format": "none"}, Converted({"response_format": "auto"})),
    (wire.CreateThreadAndRun, {"response_format": "none"}, Converted({"response_format": "auto"})),
    (wire.CreateAssistant, {"file_ids": []}, Converted({}, ())),
    (wire.ModifyAssistant, {"file_ids": ["file-a", "assistant-b", "file-a"]}, Converted({}, ("file-a", "assistant-b"))),
    (
        wire.ModifyAssistant,
        {"file_ids": ["file-a"], "tool_resources": {}},
        Converted({"tool_resources": {}}, ("file-a",)),
    ),
    (wire.CreateMessage, MESSAGE, Converted(LOOKS, attached=BOTH_FILES)),
    (wire.CreateMessage, {"file_ids": [], "attachments": []}, Converted({"attachments": []})),
    (wire.CreateThread, {"messages": [{}, MESSAGE]}, Converted({"messages": [{}, LOOKS]}, attached=BOTH_FILES)),
    (
        wire.CreateRun,
        {"assistant_id": "asst_a", "additional_messages": [MESSAGE]},
        Converted({"assistant_id": "asst_a", "additional_messages": [LOOKS]}, attached=BOTH_FILES),
    ),
    (
        wire.CreateThreadAndRun,
        {"thread": {"metadata": {}, "messages": [MESSAGE]}},
        Converted({"thread": {"metadata": {}, "messages": [LOOKS]}}, attached=BOTH_FILES),
    ),
]


@pytest.mark.parametrize(("shape", "body", "expected"), CONVERTED)
def test_words_of_the_first_beta_become_those_of_the_second(
    shape: Any, body: dict[str, Any], expected: Converted
) -> None:
    before = repr(body)
    assert convert(shape, body) == expected
    assert repr(body) == before, "what came is not changed"


MANY = [f"file-{number}" for number in range(21)]
REFUSED: list[tuple[Any, dict[str, Any], str, str]] = [
    (
        wire.CreateAssistant,
        {"file_ids": "file-a"},
        "file_ids",
        "Invalid type for 'file_ids': expected an array of strings, but got a string instead.",
    ),
    (
        wire.CreateAssistant,
        {"file_ids": None},
        "file_ids",
        "Invalid type for 'file_ids': expected an array of strings, but got null instead.",
    ),
    (
        wire.ModifyAssistant,
        {"file_ids": ["file-a", 1]},
        "file_ids[1]",
        "Invalid type for 'file_ids[1]': expected a string, but got an integer instead.",
    ),
    (
        wire.CreateThread,
        {"messages": [{}, {"file_ids": ["fil"]}]},
        "messages[1].file_ids[0]",
        "Invalid 'messages[1].file_ids[0]': 'fil'. Expected an ID that begins with 'file'.",
    ),
    (
        wire.CreateAssistant,
        {"file_ids": MANY},
        "file_ids",
        "Invalid 'file_ids': array too long. Expected an array with maximum length 20, but got an array with length 21 "
        "instead.",
    ),
    (
        wire.CreateThreadAndRun,
        {"thread": {"messages": [{"file_ids": MANY[:11]}]}},
        "thread.messages[0].file_ids",
        "Invalid 'thread.messages[0].file_ids': array too long. Expected an array with maximum length 10, but got an "
        "array with length 11 instead.",
    ),
    (
        wire.CreateAssistant,
        {"file_ids": ["file-a"], "tool_resources": {"code_interpreter": {"file_ids": ["file-b"]}}},
        "file_ids",
        "Mutually exclusive parameters: 'file_ids' and 'tool_resources'. Ensure you are only providing one of: "
        "'file_ids' or 'tool_resources'.",
    ),
    (
        wire.CreateRun,
        {"additional_messages": [{"file_ids": ["file-a"], "attachments": attached("file-a")}]},
        "additional_messages[0].file_ids",
        "Mutually exclusive parameters: 'additional_messages[0].file_ids' and 'additional_messages[0].attachments'. "
        "Ensure you are only providing one of: 'additional_messages[0].file_ids' or "
        "'additional_messages[0].attachments'.",
    ),
]


@pytest.mark.parametrize(("shape", "body", "param", "message"), REFUSED)
def test_file_ids_that_are_none_are_refused(shape: Any, body: dict[str, Any], param: str, message: str) -> None:
    with pytest.raises(errors.APIError) as caught:
        convert(shape, body)
    assert (caught.value.status, caught.value.param, caught.value.message) == (400, param, message)


STORE = {"vector_stores": [{"file_ids": ["file-a", "file-b"]}]}
FILES = {"file_ids": ["file-a", "file-b"]}
RESOURCES: list[tuple[list[dict[str, Any]], tuple[str, ...], set[str], dict[str, Any]]] = [
    # tools, files, those that cannot be searched => tool_resources
    ([CODE], ("file-a", "file-b"), set(), {"code_interpreter": FILES}),
    ([SEARCH], ("file-a", "file-b"), set(), {"file_search": STORE}),
    ([SEARCH], ("file-a", "file-b"), {"file-a"}, {"file_search": STORE}),
    ([FUNCTION, CODE, SEARCH], ("file-a", "file-b"), set(), {"code_interpreter": FILES, "file_search": STORE}),
    (
        [CODE, SEARCH],
        ("file-a", "file-b"),
        {"file-b"},
        {"code_interpreter": FILES, "file_search": {"vector_stores": [{"file_ids": ["file-a"]}]}},
    ),
    (
        [CODE, SEARCH],
        ("file-a",),
        {"file-a"},
        {"code_interpreter": {"file_ids": ["file-a"]}, "file_search": {"vector_store_ids": []}},
    ),
    ([CODE, SEARCH], (), set(), {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}),
    ([FUNCTION], ("file-a",), set(), {}),
]


@pytest.mark.parametrize(("tools", "files", "unsearchable", "expected"), RESOURCES)
def test_files_of_an_assistant_go_to_the_tools_it_has(
    tools: list[dict[str, Any]], files: tuple[str, ...], unsearchable: set[str], expected: dict[str, Any]
) -> None:
    assert resources(tools, files, frozenset(unsearchable)) == expected


def test_only_what_cannot_be_searched_is_narrowed() -> None:
    own = {"file_id": "file-c", "tools": [SEARCH]}
    message = {"content": "x", "attachments": [*attached("file-a", "file-b"), own]}
    expected = [*attached("file-a", only=[CODE]), *attached("file-b"), own]
    assert narrowed(message, BOTH_FILES, frozenset(("file-a", "file-c"))) == {"content": "x", "attachments": expected}
    assert narrowed({"content": "x"}, BOTH_FILES, BOTH_FILES) == {"content": "x"}


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("a.pdf", True),
        ("A.PDF", True),
        ("notes.v2.txt", True),
        ("a.csv", False),
        ("a.png", False),
        ("a.pdf.zip", False),
        ("pdf", False),
        ("/mnt/data/a.md", True),
        ("", False),
    ],
)
def test_what_is_searched_is_told_by_its_ending(filename: str, expected: bool) -> None:
    assert is_searched(filename) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.old_beta(), True),
        (errors.unknown("messages[0].file_ids"), True),
        (errors.unsupported("tools[0].type", "retrieval", ["function"]), True),
        (errors.unknown("colour"), False),
        (errors.unsupported("tools[0].type", "web_search", ["function"]), False),
        (errors.no_beta(), False),
    ],
)
def test_refusals_of_the_first_beta_are_known(error: errors.APIError, expected: bool) -> None:
    assert is_refusal(error) is expected


CITED = {
    "type": "file_citation",
    "text": "【0:0†a】",
    "start_index": 0,
    "end_index": 7,
    "file_citation": {"file_id": "file-a"},
}
LINKED = {"type": "file_path", "text": "sandbox:/a", "file_path": {"file_id": "file-a"}}
IMAGE = {"type": "image_file", "image_file": {"file_id": "file-a"}}


def test_file_citations_of_answers_have_a_quote() -> None:
    text = {"type": "text", "text": {"value": "【0:0†a】", "annotations": [CITED, LINKED]}}
    message = {
        "id": "msg_a",
        "object": "thread.message",
        "content": [IMAGE, text, {"type": "refusal", "refusal": "No."}],
    }
    before = repr(message)
    found = answer({"object": "list", "data": [message]})["data"][0]
    assert found["content"][1]["text"]["annotations"] == [
        {**CITED, "file_citation": {"file_id": "file-a", "quote": ""}},
        LINKED,
    ]
    assert [found["content"][0], found["content"][2]] == [IMAGE, {"type": "refusal", "refusal": "No."}]
    assert repr(message) == before, "what is kept is not changed"
    assert answer({"object": "thread.run", "id": "run_a"}) == {"object": "thread.run", "id": "run_a"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("assistants=v1", True),
        ("realtime=v1, assistants=v1", True),
        ("assistants=v1,assistants=v2", False),
        (None, False),
    ],
)
def test_who_asks_for_the_first_beta(header: str | None, expected: bool) -> None:
    assert is_first_beta(header) is expected


def test_the_table_of_parity_tells_of_every_call_that_is_converted() -> None:
    shapes = {(route.method, route.path): route.body for route in ROUTES}
    told = {shapes[call.method, call.path] for name, call in parity.ENDPOINTS.items() if name in parity.BETA_V1}
    assert told == set(CONVERTERS)


@pytest.mark.parametrize("call", parity.BETA_V1)
def test_what_the_table_of_parity_tells_is_converted(call: str) -> None:
    endpoint = parity.ENDPOINTS[call]
    (route,) = (route for route in ROUTES if (route.method, route.path) == (endpoint.method, endpoint.path))
    for each in parity.BETA_V1[call]:
        body: Any = {"tools": [RETRIEVAL]}
        if each.name.endswith("file_ids"):
            body = {"file_ids": ["file-a"]}
            for part in reversed(each.name.split(".")[:-1]):
                body = {part.removesuffix("[]"): [body] if part.endswith("[]") else body}
        assert convert(route.body, body) != Converted(body), each.name
