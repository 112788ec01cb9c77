"""What the real server refuses is refused, and nothing else (responses-mapping §5, §6, §11, §13, §19)."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_help import ask, call, output, tool, user

from bridge.engine.effects import Send
from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted import ScriptedUpstream
from bridge.upstream.scripted.sealed import seal

UPSTREAM = ScriptedUpstream([{"say": "Yes."}], keep_requests=False)
NESTED = {"type": "function", "function": {"name": "f", "parameters": {}}}
ASSISTANT = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": seal("why")}
SEARCH = {"type": "file_search", "vector_store_ids": ["vs_x"]}
RUN = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-x"]}}
STORE = UPSTREAM.send(Send("POST", "/vector_stores", {})).body["id"]
FILE = UPSTREAM.add_file("a.png", b"")
SCHEMA = {"name": "s", "schema": {"type": "object"}}


def given(role: str, kind: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": kind, "text": "a"}]}


def image(file_id: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "input_image", "file_id": file_id}]}


def run(container: Any) -> dict[str, Any]:
    return {"type": "code_interpreter", "container": container}


def search(**more: Any) -> dict[str, Any]:
    return {**SEARCH, "vector_store_ids": [STORE], **more}


def strict(**parameters: Any) -> dict[str, Any]:
    return {"type": "function", "name": "f", "strict": True, "parameters": {"type": "object", **parameters}}


REFUSED: list[tuple[dict[str, Any], int, str | None, str | None, str]] = [
    # the request
    ({"input": "a"}, 400, "model", "missing_required_parameter", "Missing required parameter: 'model'."),
    (ask("a", thread_id="t"), 400, "thread_id", "unknown_parameter", "Unknown parameter: 'thread_id'."),
    (ask("a", assistant_id=None), 400, "assistant_id", "unknown_parameter", "Unknown parameter: 'assistant_id'."),
    (ask(""), 400, "input", "missing_required_parameter", "must be provided."),
    (ask([]), 400, "input", "missing_required_parameter", "must be provided."),
    ({"model": "m", "instructions": "Be."}, 400, "input", "missing_required_parameter", "must be provided."),
    (ask("a", temperature="hot"), 400, "temperature", "invalid_type", "expected a decimal, but got a string instead."),
    (ask("a", store=1), 400, "store", "invalid_type", "expected a boolean, but got an integer instead."),
    (ask("a", temperature=3), 400, "temperature", "decimal_above_max_value", "Expected a value <= 2, but got 3"),
    (
        ask("a", max_output_tokens=15),
        400,
        "max_output_tokens",
        "integer_below_min_value",
        "Expected a value >= 16, but",
    ),
    (ask("a", metadata={"a": 1}), 400, "metadata.a", "invalid_type", "expected a string"),
    (ask("a", metadata=dict.fromkeys("abcdefghijklmnopq", "")), 400, "metadata", "object_above_max_properties", "17"),
    (ask("a", include=["all"]), 400, "include[0]", "invalid_value", "Invalid value: 'all'. Supported values are: '"),
    (
        ask("a", previous_response_id="resp_1"),
        400,
        "previous_response_id",
        "previous_response_not_found",
        "Previous response with id 'resp_1' not found.",
    ),
    (ask("a", conversation="conv_1"), 404, "conversation", None, "Conversation with id 'conv_1' not found."),
    (ask("a", background=True, store=False), 400, "background", "invalid_value", "requires 'store'"),
    (ask("a", SEARCH), 404, None, None, "Vector store with id [vs_x] not found."),
    (ask("a", {"type": "code_interpreter", "container": "cntr_x"}), 404, None, None, "'cntr_x' not found"),
    (ask("a", RUN), 404, "id", None, "No such File object: file-x"),
    # the model
    (
        ask("a", include=["reasoning.encrypted_content"]),
        400,
        "include",
        None,
        "Encrypted content is not supported with this model.",
    ),
    (
        ask("a", reasoning={"effort": "low"}),
        400,
        "reasoning.effort",
        "unsupported_parameter",
        "not supported with this",
    ),
    (
        ask("a", model="o3-mini", temperature=0.5),
        400,
        "temperature",
        "unsupported_parameter",
        "not supported with this",
    ),
    (ask("a", model="gpt-5", top_p=0.5), 400, "top_p", "unsupported_parameter", "Unsupported parameter: 'top_p'"),
    # formats
    (
        ask("a", text={"format": {"type": "json_schema", "json_schema": SCHEMA}}),
        400,
        "text.format.name",
        "missing_required_parameter",
        "Missing required parameter: 'text.format.name'.",
    ),
    (
        ask("a", text={"format": {"type": "xml"}}),
        400,
        "text.format.type",
        "invalid_value",
        "'text', 'json_object', and",
    ),
    (
        ask("a", text={"format": {"type": "json_object", "name": "n"}}),
        400,
        "text.format.name",
        "unknown_parameter",
        "'text.format.name'",
    ),
    # tools
    (
        ask("a", NESTED),
        400,
        "tools[0].name",
        "missing_required_parameter",
        "Missing required parameter: 'tools[0].name'.",
    ),
    (ask("a", {**NESTED, "name": "f"}), 400, "tools[0].function", "unknown_parameter", "'tools[0].function'"),
    (
        ask("a", tool("f"), tool("get weather")),
        400,
        "tools[1].name",
        "invalid_value",
        "the pattern '^[a-zA-Z0-9_-]+$'.",
    ),
    (ask("a", tool("f" * 129)), 400, "tools[0].name", "string_above_max_length", "maximum length 128"),
    (ask("a", {"name": "f"}), 400, "tools[0].type", "missing_required_parameter", "'tools[0].type'"),
    (ask("a", {"type": "retrieval"}), 400, "tools[0].type", "invalid_value", "Invalid value: 'retrieval'."),
    (ask("a", {"type": "code_interpreter"}), 400, "tools[0].container", "missing_required_parameter", "container"),
    (ask("a", {"type": "file_search"}), 400, "tools[0].vector_store_ids", "missing_required_parameter", "store_ids"),
    (
        ask(
            "a",
            {"type": "file_search", "vector_store_ids": ["vs_1"], "ranking_options": {"ranker": "default_2024_08_21"}},
        ),
        400,
        "tools[0].ranking_options.ranker",
        "invalid_value",
        "default-2024-11-15",
    ),
    (ask("a", run(5)), 400, "tools[0].container", "invalid_type", "one of an object or string, but got an integer"),
    (ask("a", run({})), 400, "tools[0].container.type", "missing_required_parameter", "container.type"),
    (ask("a", run({"type": "own"})), 400, "tools[0].container.type", "invalid_value", "Invalid value: 'own'."),
    (ask("a", run({"type": "auto", "files": []})), 400, "tools[0].container.files", "unknown_parameter", "files"),
    (
        ask("a", run({"type": "auto", "file_ids": ["f"] * 51})),
        400,
        "tools[0].container.file_ids",
        "array_above_max_length",
        "maximum length 50, but got an array with length 51",
    ),
    (ask("a", search(vector_store_ids="vs")), 400, "tools[0].vector_store_ids", "invalid_type", "an array of strings"),
    (ask("a", search(vector_store_ids=[5])), 400, "tools[0].vector_store_ids[0]", "invalid_type", "expected a string"),
    (ask("a", search(max_num_results=51)), 400, "tools[0].max_num_results", "integer_above_max_value", "<= 50"),
    (ask("a", search(max_num_results=1.5)), 400, "tools[0].max_num_results", "invalid_type", "expected an integer"),
    (
        ask("a", search(ranking_options={"score_threshold": 1.5})),
        400,
        "tools[0].ranking_options.score_threshold",
        "decimal_above_max_value",
        "Expected a value <= 1, but got 1.5",
    ),
    (
        ask("a", strict()),
        400,
        "tools[0].parameters",
        "invalid_function_parameters",
        "'additionalProperties' is required",
    ),
    (
        ask("a", strict(additionalProperties=False, properties={"x": {}})),
        400,
        "tools[0].parameters",
        "invalid_function_parameters",
        "Missing 'x'.",
    ),
    (ask("a", *[tool(f"f{n}") for n in range(129)]), 400, "tools", "array_above_max_length", "129"),
    (ask("a", tool("f"), tool_choice="maybe"), 400, "tool_choice", "invalid_value", "'none', 'auto', and 'required'."),
    (ask("a", tool_choice="required"), 400, "tool_choice", None, "must be specified with 'tools' parameter."),
    (
        ask("a", tool("f"), tool_choice={"type": "function", "name": "g"}),
        400,
        "tool_choice",
        None,
        "not found in 'tools' parameter.",
    ),
    (
        ask("a", tool("f"), tool_choice={"type": "function", "function": {"name": "f"}}),
        400,
        "tool_choice.name",
        "missing_required_parameter",
        "'tool_choice.name'",
    ),
    (ask("a", tool("f"), tool_choice={"type": "file_search"}), 400, "tool_choice", None, "'file_search' not found"),
    # items
    (ask([{"type": "text"}]), 400, "input[0].type", "invalid_value", "Invalid value: 'text'."),
    (
        ask([{**user("a"), "attachments": []}]),
        400,
        "input[0].attachments",
        "unknown_parameter",
        "'input[0].attachments'",
    ),
    (ask([image("file-x")]), 404, "id", None, "No such File object: file-x"),
    (ask([image({})]), 400, "input[0].content[0].file_id", "invalid_type", "expected a string, but got an object"),
    (ask([{"content": "a"}]), 400, "input[0].role", "missing_required_parameter", "'input[0].role'"),
    (
        ask([{"role": "tool", "content": "a"}]),
        400,
        "input[0].role",
        "invalid_value",
        "'user', 'system', 'developer', and",
    ),
    (ask([{"role": "user", "content": 5}]), 400, "input[0].content", "invalid_type", "got an integer instead"),
    (ask(["a"]), 400, "input[0]", "invalid_type", "expected an object, but got a string"),
    (ask([given("user", "text")]), 400, "input[0].content[0]", "invalid_value", "Invalid value: 'text'. Supported"),
    (
        ask([given("user", "output_text")]),
        400,
        "input[0].content[0]",
        "invalid_value",
        "Supported values are: 'input_text'",
    ),
    (
        ask([given("assistant", "input_text")]),
        400,
        "input[0].content[0]",
        "invalid_value",
        "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
    ),
    (
        ask([{**ASSISTANT, "id": "item_1"}]),
        400,
        "input[0].id",
        "invalid_value",
        "Expected an ID that begins with 'msg'.",
    ),
    (
        ask([user("a"), {**call("c", "f"), "id": "call_1"}, output("c", "")]),
        400,
        "input[1].id",
        "invalid_value",
        "Expected an ID that begins with 'fc'.",
    ),
    (
        ask([call("c" * 65, "f")]),
        400,
        "input[0].call_id",
        "string_above_max_length",
        "maximum length 64, but got a string with length 65",
    ),
    (ask([{**call("c", "f"), "arguments": {}}]), 400, "input[0].arguments", "invalid_type", "got an object instead"),
    (ask([{**output("c", ""), "output": {}}]), 400, "input[0].output", "invalid_type", "got an object instead"),
    (
        ask([{"type": "function_call_output", "call_id": "c"}]),
        400,
        "input[0].output",
        "missing_required_parameter",
        "output",
    ),
    # what belongs together
    (ask([user("a"), call("c", "f")]), 400, "input", None, "No tool output found for function call c."),
    (ask([user("a"), call("c", "f"), call("d", "f"), output("c", "")]), 400, "input", None, "for function call d."),
    (
        ask([user("a"), output("c", "")]),
        400,
        "input",
        None,
        "No tool call found for function call output with call_id c.",
    ),
    (ask([output("c", ""), call("c", "f")]), 400, "input", None, "No tool call found for function call output with"),
    (
        ask([call("c", "f"), output("c", ""), output("c", "")]),
        400,
        "input",
        None,
        "No tool call found for function call",
    ),
    (
        ask([call("c", "f"), call("c", "f"), output("c", "")]),
        400,
        "input",
        None,
        "No tool output found for function call c.",
    ),
    (
        ask([{**ASSISTANT, "id": "msg_1"}, {**ASSISTANT, "id": "msg_1"}]),
        400,
        "input",
        None,
        "Duplicate item found with id msg_1. Remove duplicate items from your input and try again.",
    ),
    (
        ask([{"type": "item_reference", "id": "msg_1"}]),
        404,
        "input",
        None,
        "Item with id 'msg_1' not found. Items are not",
    ),
    (
        ask([{"type": "reasoning", "id": "rs_1", "summary": []}, ASSISTANT], model="gpt-5"),
        404,
        "input",
        None,
        "Item with id 'rs_1' not found.",
    ),
    (
        ask([user("a"), REASONING], model="gpt-5"),
        400,
        "input",
        None,
        "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    ),
    (ask([REASONING, user("a")], model="gpt-5"), 400, "input", None, "without its required following item."),
    (
        ask([{**REASONING, "encrypted_content": "gAAAAother"}, ASSISTANT], model="gpt-5"),
        400,
        "input",
        "invalid_encrypted_content",
        "could not be verified.",
    ),
    (ask([{**REASONING, "status": None}, ASSISTANT]), 400, "input[0].status", "unknown_parameter", "'input[0].status'"),
]


@pytest.mark.parametrize(("request_", "status", "param", "code", "message"), REFUSED)
def test_refused(request_: dict[str, Any], status: int, param: str | None, code: str | None, message: str) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        UPSTREAM.open(request_)
    refused = caught.value.refused
    assert (refused.status, refused.type, refused.param, refused.code) == (status, "invalid_request_error", param, code)
    assert message in refused.message
    body = UPSTREAM.send(Send("POST", "/responses", request_)).body["error"]
    assert body == {"message": refused.message, "type": refused.type, "param": param, "code": code}
    assert list(body) == ["message", "type", "param", "code"]


ACCEPTED: list[dict[str, Any]] = [
    ask("a", temperature=None, tools=None, metadata=None, instructions=None),
    ask("a", temperature=1, top_p=0, max_output_tokens=16, truncation="auto", store=False, user="u"),
    ask("a", model="gpt-5", include=["reasoning.encrypted_content"], reasoning={"effort": "low", "summary": "auto"}),
    ask("a", model="some-local-model", temperature=0.5, include=["reasoning.encrypted_content"]),
    ask("a", model="gpt-5-chat-latest", temperature=0.5),
    ask("a", text={"format": {"type": "json_schema", **SCHEMA, "strict": False}, "verbosity": "low"}),
    ask("a", {"type": "web_search"}, {"type": "code_interpreter", "container": {"type": "auto"}}),
    ask("a", {"type": "file_search", "vector_store_ids": [STORE], "ranking_options": {"ranker": "auto"}}),
    ask("a", strict(additionalProperties=False, properties={"x": {}}, required=["x"])),
    ask("a", {"type": "function", "name": "f", "parameters": None, "strict": False}),
    ask("a", tool("f"), tool_choice={"type": "function", "name": "f"}),
    ask(
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "developer", "content": "c"}]
    ),
    ask([user("a"), {**ASSISTANT, "id": "msg_x", "status": "completed"}, user("b")]),
    ask([{"role": "user", "content": [{"type": "input_image", "file_id": FILE, "detail": "auto"}]}]),
    ask([user("a"), {**call("c", "f"), "id": "fc_x", "status": "completed"}, output("c", "1")]),
    ask([user("a"), call("c", "f"), output("c", "1"), call("c", "f"), output("c", "2")]),
    ask([user("a"), call("c", "f"), {**output("c", ""), "output": [{"type": "input_text", "text": "1"}]}]),
    ask([user("a"), REASONING, call("c", "f"), output("c", "1")], model="gpt-5"),
    ask([user("a"), REASONING, ASSISTANT, user("b")], model="gpt-5"),
]


@pytest.mark.parametrize("request_", ACCEPTED)
def test_accepted(request_: dict[str, Any]) -> None:
    assert list(UPSTREAM.open(request_))[-1]["type"] == "response.completed"


def test_token_counts_take_fewer_parameters() -> None:
    count = Send("POST", "/responses/input_tokens", {"model": "gpt-4o", "input": "Tell me a joke."})
    assert UPSTREAM.send(count).body == {"object": "response.input_tokens", "input_tokens": 7}
    refused = UPSTREAM.send(Send("POST", "/responses/input_tokens", {**ask("a"), "temperature": 1}))
    assert (refused.status, refused.body["error"]["code"]) == (400, "unknown_parameter")
