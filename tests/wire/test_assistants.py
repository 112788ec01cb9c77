"""Requests of the old API: each row of assistants-wire §9.3 as (shape, body) → the exact error, and what passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bridge import errors
from bridge.engine import normalise
from bridge.routes import ROUTES, match
from bridge.wire import assistants as wire
from bridge.wire.validate import spell

MESSAGE = {"role": "user", "content": "Hello"}
RUN = {"assistant_id": "asst_1"}


def refusal(shape: type[wire.Shape], body: Any) -> errors.APIError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(errors.APIError) as caught:
        wire.parse_body(shape, raw)
    return caught.value


def refuses(shape: type[wire.Shape], body: Any, code: str | None, param: str | None, message: str) -> None:
    assert refusal(shape, body).body() == {
        "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    }


def asks(**given: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", **given}


def function(**given: Any) -> dict[str, Any]:
    return asks(tools=[{"type": "function", "function": given}])


def message(**given: Any) -> dict[str, Any]:
    return {**MESSAGE, **given}


def run(**given: Any) -> dict[str, Any]:
    return {**RUN, **given}


def stores(**given: Any) -> dict[str, Any]:
    return {"tool_resources": {"file_search": given}}


# --- keys

MISSING: list[tuple[type[wire.Shape], Any, str]] = [
    (wire.CreateAssistant, {}, "model"),
    (wire.CreateAssistant, b"", "model"),
    (wire.CreateAssistant, asks(tools=[{}]), "tools[0].type"),
    (wire.CreateAssistant, asks(tools=[{"type": "function"}]), "tools[0].function"),
    (wire.CreateAssistant, function(), "tools[0].function.name"),
    (
        wire.CreateAssistant,
        asks(tools=[{"type": "file_search", "file_search": {"ranking_options": {}}}]),
        "tools[0].file_search.ranking_options.score_threshold",
    ),
    (wire.CreateAssistant, asks(response_format={}), "response_format.type"),
    (wire.CreateAssistant, asks(response_format={"type": "json_schema"}), "response_format.json_schema"),
    (
        wire.CreateAssistant,
        asks(response_format={"type": "json_schema", "json_schema": {}}),
        "response_format.json_schema.name",
    ),
    (
        wire.CreateThread,
        stores(vector_stores=[{"chunking_strategy": {"type": "static"}}]),
        "tool_resources.file_search.vector_stores[0].chunking_strategy.static",
    ),
    (wire.CreateThread, {"messages": [MESSAGE, {"role": "user"}]}, "messages[1].content"),
    (wire.CreateMessage, {}, "role"),
    (wire.CreateMessage, {"role": "user"}, "content"),
    (wire.CreateMessage, message(content=[{}]), "content[0].type"),
    (wire.CreateMessage, message(content=[{"type": "text"}]), "content[0].text"),
    (wire.CreateMessage, message(content=[{"type": "image_url"}]), "content[0].image_url"),
    (wire.CreateMessage, message(content=[{"type": "image_file", "image_file": {}}]), "content[0].image_file.file_id"),
    (wire.CreateMessage, message(attachments=[{"file_id": "file-1"}]), "attachments[0].tools"),
    (wire.CreateMessage, message(attachments=[{"tools": []}]), "attachments[0].file_id"),
    (wire.CreateRun, {}, "assistant_id"),
    (wire.CreateRun, run(additional_messages=[{"content": "x"}]), "additional_messages[0].role"),
    (wire.CreateRun, run(truncation_strategy={}), "truncation_strategy.type"),
    (wire.CreateRun, run(truncation_strategy={"type": "last_messages"}), "truncation_strategy.last_messages"),
    (wire.CreateRun, run(tool_choice={"type": "function"}), "tool_choice.function"),
    (wire.CreateThreadAndRun, {"thread": {}}, "assistant_id"),
    (wire.CreateThreadAndRun, run(thread={"messages": [{"role": "user"}]}), "thread.messages[0].content"),
    (wire.SubmitToolOutputs, {}, "tool_outputs"),
]


@pytest.mark.parametrize(("shape", "body", "param"), MISSING)
def test_missing(shape: type[wire.Shape], body: Any, param: str) -> None:
    refuses(shape, body, "missing_required_parameter", param, f"Missing required parameter: '{param}'.")


UNKNOWN: list[tuple[type[wire.Shape], Any, str, str]] = [
    (wire.CreateAssistant, asks(file_ids=[]), "file_ids", ""),
    (wire.CreateAssistant, asks(modell="x"), "modell", "model"),
    (wire.CreateAssistant, asks(tool=[]), "tool", "tools"),
    (wire.CreateAssistant, function(name="f", paramaters={}), "tools[0].function.paramaters", "parameters"),
    (wire.CreateAssistant, asks(tools=[{"type": "code_interpreter", "files": []}]), "tools[0].files", ""),
    (wire.ModifyAssistant, stores(vector_stores=[]), "tool_resources.file_search.vector_stores", ""),
    (
        wire.CreateAssistant,
        asks(response_format={"type": "json_schema", "json_schema": {"name": "n", "shema": {}}}),
        "response_format.json_schema.shema",
        "schema",
    ),
    (wire.CreateMessage, message(file_ids=["file-1"]), "file_ids", ""),
    (wire.CreateThread, {"message": []}, "message", "messages"),
    (wire.CreateRun, run(thread_id="thread_1"), "thread_id", ""),
    (wire.CreateRun, run(tool_resources={}), "tool_resources", ""),
    (wire.CreateThreadAndRun, run(additional_instructions="x"), "additional_instructions", ""),
    (wire.CreateThreadAndRun, run(additional_messages=[]), "additional_messages", ""),
    (wire.CreateThreadAndRun, run(reasoning_effort="low"), "reasoning_effort", ""),
    (wire.ModifyRun, {"metdata": {}}, "metdata", "metadata"),
    (wire.ModifyMessage, {"content": "x"}, "content", ""),
    (wire.SubmitToolOutputs, {"tool_outputs": [{"call_id": "x"}]}, "tool_outputs[0].call_id", ""),
]


@pytest.mark.parametrize(("shape", "body", "param", "near"), UNKNOWN)
def test_unknown(shape: type[wire.Shape], body: Any, param: str, near: str) -> None:
    hint = f" Did you mean '{spell([param.rpartition('.')[0], near]) if '.' in param else near}'?" if near else ""
    refuses(shape, body, "unknown_parameter", param, f"Unknown parameter: '{param}'.{hint}")


# --- types

A_STRING, AN_OBJECT, AN_INTEGER, A_DECIMAL, A_BOOLEAN = "a string", "an object", "an integer", "a decimal", "a boolean"
WEIGHED = {"score_threshold": 0.5, "hybrid_search": {}}
OBJECTS, STRINGS, EITHER = "an array of objects", "an array of strings", "one of a string or array of objects"

TYPES: list[tuple[type[wire.Shape], Any, str, str, str]] = [
    (wire.CreateAssistant, {"model": 1}, "model", A_STRING, AN_INTEGER),
    (wire.CreateAssistant, {"model": None}, "model", A_STRING, "null"),
    (wire.CreateAssistant, asks(name=1.5), "name", A_STRING, A_DECIMAL),
    (wire.CreateAssistant, asks(tools={}), "tools", OBJECTS, AN_OBJECT),
    (wire.CreateAssistant, asks(tools=None), "tools", OBJECTS, "null"),
    (wire.CreateAssistant, asks(tools=["function"]), "tools[0]", AN_OBJECT, A_STRING),
    (wire.CreateAssistant, asks(tools=[{"type": 1}]), "tools[0].type", A_STRING, AN_INTEGER),
    (wire.CreateAssistant, asks(temperature="1"), "temperature", A_DECIMAL, A_STRING),
    (wire.CreateAssistant, asks(temperature=True), "temperature", A_DECIMAL, A_BOOLEAN),
    (wire.CreateAssistant, asks(metadata="x"), "metadata", "a metadata object", A_STRING),
    (wire.CreateAssistant, asks(metadata=[]), "metadata", "a metadata object", "an array"),
    (wire.CreateAssistant, asks(metadata={"modified": True}), "metadata.modified", A_STRING, A_BOOLEAN),
    (wire.CreateAssistant, asks(metadata={"k": None}), "metadata.k", A_STRING, "null"),
    (wire.CreateAssistant, asks(response_format=1), "response_format", "one of a string or object", AN_INTEGER),
    (wire.CreateAssistant, asks(tool_resources=[]), "tool_resources", AN_OBJECT, "an array"),
    (wire.CreateAssistant, stores(vector_store_ids="vs_1") | asks(), "tool_resources.file_search.vector_store_ids",
     STRINGS, A_STRING),
    (wire.CreateAssistant, stores(vector_store_ids=[1]) | asks(), "tool_resources.file_search.vector_store_ids[0]",
     A_STRING, AN_INTEGER),
    (
        wire.CreateAssistant,
        asks(tools=[{"type": "file_search", "file_search": {"ranking_options": WEIGHED}}]),
        "tools[0].file_search.ranking_options.hybrid_search",
        "null",
        AN_OBJECT,
    ),
    (wire.CreateAssistant, function(name="f", strict="yes"), "tools[0].function.strict", A_BOOLEAN, A_STRING),
    (wire.CreateAssistant, function(name="f", parameters=[]), "tools[0].function.parameters", AN_OBJECT, "an array"),
    (wire.CreateThread, {"messages": None}, "messages", OBJECTS, "null"),
    (wire.CreateThread, {"messages": ["x"]}, "messages[0]", AN_OBJECT, A_STRING),
    (wire.CreateMessage, message(role=1), "role", A_STRING, AN_INTEGER),
    (wire.CreateMessage, message(content=1), "content", EITHER, AN_INTEGER),
    (wire.CreateMessage, message(content=None), "content", EITHER, "null"),
    (wire.CreateMessage, message(content={}), "content", EITHER, AN_OBJECT),
    (wire.CreateMessage, message(content=["x"]), "content[0]", AN_OBJECT, A_STRING),
    (wire.CreateMessage, message(content=[{"type": "text", "text": {"value": "x"}}]), "content[0].text", A_STRING,
     AN_OBJECT),
    (wire.CreateMessage, message(attachments={}), "attachments", OBJECTS, AN_OBJECT),
    (wire.CreateRun, run(assistant_id=None), "assistant_id", A_STRING, "null"),
    (wire.CreateRun, run(max_prompt_tokens="many"), "max_prompt_tokens", AN_INTEGER, A_STRING),
    (wire.CreateRun, run(max_prompt_tokens=256.0), "max_prompt_tokens", AN_INTEGER, A_DECIMAL),
    (wire.CreateRun, run(max_prompt_tokens=True), "max_prompt_tokens", AN_INTEGER, A_BOOLEAN),
    (wire.CreateRun, run(stream="true"), "stream", A_BOOLEAN, A_STRING),
    (wire.CreateRun, run(stream=1), "stream", A_BOOLEAN, AN_INTEGER),
    (wire.CreateRun, run(parallel_tool_calls=None), "parallel_tool_calls", A_BOOLEAN, "null"),
    (wire.CreateRun, run(tool_choice=[]), "tool_choice", "one of a string or object", "an array"),
    (wire.CreateThreadAndRun, run(thread=None), "thread", AN_OBJECT, "null"),
    (wire.SubmitToolOutputs, {"tool_outputs": [{"output": {"t": 57}}]}, "tool_outputs[0].output", A_STRING, AN_OBJECT),
    (wire.SubmitToolOutputs, {"tool_outputs": [{"output": 57}]}, "tool_outputs[0].output", A_STRING, AN_INTEGER),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "body", "param", "expected", "got"), TYPES)
def test_types(shape: type[wire.Shape], body: Any, param: str, expected: str, got: str) -> None:
    text = f"Invalid type for '{param}': expected {expected}, but got {got} instead."
    refuses(shape, body, "invalid_type", param, text)


def test_a_body_that_is_no_object() -> None:
    message = "Invalid type: expected an object, but got an array instead."
    refuses(wire.CreateThread, [], "invalid_type", None, message)


WORDS: list[tuple[type[wire.Shape], Any, str, str, str]] = [
    (wire.CreateMessage, message(role="system"), "role", "system", "'user' and 'assistant'"),
    (
        wire.CreateAssistant,
        asks(tools=[{"type": "retrieval"}]),
        "tools[0].type",
        "retrieval",
        "'code_interpreter', 'function', and 'file_search'",
    ),
    (wire.CreateRun, run(tool_choice="bogus"), "tool_choice", "bogus", "'none', 'auto', and 'required'"),
    (
        wire.CreateRun,
        run(tool_choice={"type": "web_search"}),
        "tool_choice.type",
        "web_search",
        "'function', 'code_interpreter', and 'file_search'",
    ),
    (wire.CreateRun, run(response_format="json"), "response_format", "json", "'auto'"),
    (
        wire.CreateRun,
        run(response_format={"type": "xml"}),
        "response_format.type",
        "xml",
        "'json_object', 'json_schema', and 'text'",
    ),
    (
        wire.CreateRun,
        run(reasoning_effort="much"),
        "reasoning_effort",
        "much",
        "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'",
    ),
    (
        wire.CreateRun,
        run(truncation_strategy={"type": "none"}),
        "truncation_strategy.type",
        "none",
        "'auto' and 'last_messages'",
    ),
    (
        wire.CreateMessage,
        message(content=[{"type": "refusal", "refusal": "no"}]),
        "content[0].type",
        "refusal",
        "'text', 'image_url', and 'image_file'",
    ),
    (
        wire.CreateMessage,
        message(content=[{"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "max"}}]),
        "content[0].image_url.detail",
        "max",
        "'auto', 'low', and 'high'",
    ),
    (
        wire.CreateMessage,
        message(attachments=[{"file_id": "file-1", "tools": [{"type": "function"}]}]),
        "attachments[0].tools[0].type",
        "function",
        "'code_interpreter' and 'file_search'",
    ),
    (
        wire.CreateThread,
        stores(vector_stores=[{"chunking_strategy": {"type": "big"}}]),
        "tool_resources.file_search.vector_stores[0].chunking_strategy.type",
        "big",
        "'auto' and 'static'",
    ),
]


@pytest.mark.parametrize(("shape", "body", "param", "value", "supported"), WORDS)
def test_words(shape: type[wire.Shape], body: Any, param: str, value: str, supported: str) -> None:
    refuses(shape, body, "invalid_value", param, f"Invalid value: '{value}'. Supported values are: {supported}.")


# --- limits

TEXTS: list[tuple[type[wire.Shape], Any, str, int, int]] = [
    (wire.CreateAssistant, asks(name="n" * 257), "name", 256, 257),
    (wire.CreateAssistant, asks(description="n" * 513), "description", 512, 513),
    (wire.CreateAssistant, asks(instructions="n" * 256_001), "instructions", 256_000, 256_001),
    (wire.CreateAssistant, function(name="f" * 65), "tools[0].function.name", 64, 65),
    (
        wire.CreateAssistant,
        asks(response_format={"type": "json_schema", "json_schema": {"name": "n" * 65}}),
        "response_format.json_schema.name",
        64,
        65,
    ),
    (wire.CreateMessage, message(content="n" * 300_000), "content", 256_000, 300_000),
    (wire.CreateMessage, message(content=[{"type": "text", "text": "n" * 256_001}]), "content[0].text", 256_000,
     256_001),
    (wire.CreateRun, run(additional_instructions="n" * 256_001), "additional_instructions", 256_000, 256_001),
    (wire.ModifyThread, {"metadata": {"k": "v" * 513}}, "metadata.k", 512, 513),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "body", "param", "maximum", "length"), TEXTS)
def test_texts_that_are_too_long(shape: type[wire.Shape], body: Any, param: str, maximum: int, length: int) -> None:
    text = (
        f"Invalid '{param}': string too long. Expected a string with maximum length {maximum}, "
        f"but got a string with length {length} instead."
    )
    refuses(shape, body, "string_above_max_length", param, text)


def test_length_is_counted_in_characters() -> None:
    assert wire.parse_body(wire.CreateAssistant, json.dumps(asks(name="🦜" * 256)).encode()).given()["name"]


NUMBERS: list[tuple[type[wire.Shape], Any, str, str, str, str]] = [
    (wire.CreateAssistant, asks(temperature=3), "temperature", "decimal_above_max_value", "<= 2", "3.0"),
    (wire.CreateAssistant, asks(temperature=-0.5), "temperature", "decimal_below_min_value", ">= 0", "-0.5"),
    (wire.CreateAssistant, asks(top_p=1.1), "top_p", "decimal_above_max_value", "<= 1", "1.1"),
    (wire.CreateRun, run(max_prompt_tokens=255), "max_prompt_tokens", "integer_below_min_value", ">= 256", "255"),
    (wire.CreateRun, run(max_completion_tokens=0), "max_completion_tokens", "integer_below_min_value", ">= 256", "0"),
    (
        wire.CreateRun,
        run(truncation_strategy={"type": "last_messages", "last_messages": 0}),
        "truncation_strategy.last_messages",
        "integer_below_min_value",
        ">= 1",
        "0",
    ),
    (
        wire.CreateAssistant,
        asks(tools=[{"type": "file_search", "file_search": {"max_num_results": 51}}]),
        "tools[0].file_search.max_num_results",
        "integer_above_max_value",
        "<= 50",
        "51",
    ),
    (
        wire.CreateAssistant,
        asks(tools=[{"type": "file_search", "file_search": {"ranking_options": {"score_threshold": 2}}}]),
        "tools[0].file_search.ranking_options.score_threshold",
        "decimal_above_max_value",
        "<= 1",
        "2.0",
    ),
    (
        wire.CreateThread,
        stores(
            vector_stores=[
                {
                    "chunking_strategy": {
                        "type": "static",
                        "static": {"max_chunk_size_tokens": 101, "chunk_overlap_tokens": 51},
                    }
                }
            ]
        ),
        "tool_resources.file_search.vector_stores[0].chunking_strategy.static.chunk_overlap_tokens",
        "integer_above_max_value",
        "<= 50",
        "51",
    ),
]


@pytest.mark.parametrize(("shape", "body", "param", "code", "bound", "got"), NUMBERS)
def test_numbers_out_of_range(shape: type[wire.Shape], body: Any, param: str, code: str, bound: str, got: str) -> None:
    kind, side, end, _ = code.split("_")
    words = f"{kind} {side} {end}imum value. Expected a value {bound}, but got {got} instead."
    refuses(shape, body, code, param, f"Invalid '{param}': {words}")


CODE_FILES = {"tool_resources": {"code_interpreter": {"file_ids": [f"file-{n}" for n in range(21)]}}}

ARRAYS: list[tuple[type[wire.Shape], Any, str, int, int]] = [
    (wire.CreateAssistant, asks(tools=[{"type": "code_interpreter"}] * 129), "tools", 128, 129),
    (wire.ModifyThread, stores(vector_store_ids=["vs_1", "vs_2"]), "tool_resources.file_search.vector_store_ids", 1, 2),
    (wire.CreateThread, stores(vector_stores=[{}, {}]), "tool_resources.file_search.vector_stores", 1, 2),
    (wire.ModifyThread, CODE_FILES, "tool_resources.code_interpreter.file_ids", 20, 21),
]


@pytest.mark.parametrize(("shape", "body", "param", "maximum", "length"), ARRAYS)
def test_arrays_that_are_too_long(shape: type[wire.Shape], body: Any, param: str, maximum: int, length: int) -> None:
    text = (
        f"Invalid '{param}': array too long. Expected an array with maximum length {maximum}, "
        f"but got an array with length {length} instead."
    )
    refuses(shape, body, "array_above_max_length", param, text)


OTHERS: list[tuple[type[wire.Shape], Any, str | None, str | None, str]] = [
    (
        wire.CreateMessage,
        message(content=""),
        "empty_string",
        "content",
        "Invalid 'content': empty string. Expected a string with minimum length 1, but got an empty string instead.",
    ),
    (
        wire.CreateMessage,
        message(content=[]),
        "empty_array",
        "content",
        "Invalid 'content': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ),
    (
        wire.CreateAssistant,
        {"model": ""},
        "empty_string",
        "model",
        "Invalid 'model': empty string. Expected a string with minimum length 1, but got an empty string instead.",
    ),
    (
        wire.ModifyThread,
        {"metadata": {f"k{n}": "v" for n in range(17)}},
        "object_above_max_properties",
        "metadata",
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object "
        "with 17 properties instead.",
    ),
    (
        wire.ModifyThread,
        {"metadata": {"k" * 65: "v"}},
        "string_above_max_length",
        f"metadata.{'k' * 65}",
        f"Invalid property name in 'metadata': '{'k' * 65}' is too long. Expected a string with maximum length 64, "
        "but got a string with length 65 instead.",
    ),
    (
        wire.CreateAssistant,
        function(name="get weather"),
        "invalid_value",
        "tools[0].function.name",
        "Invalid 'tools[0].function.name': string does not match pattern. "
        "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
    ),
    (
        wire.CreateAssistant,
        function(name="f\n"),
        "invalid_value",
        "tools[0].function.name",
        "Invalid 'tools[0].function.name': string does not match pattern. "
        "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
    ),
    (
        wire.CreateRun,
        run(assistant_id="wf_1"),
        "invalid_value",
        "assistant_id",
        "Invalid 'assistant_id': 'wf_1'. Expected an ID that begins with 'asst'.",
    ),
    (
        wire.CreateMessage,
        message(attachments=[{"file_id": "x", "tools": []}]),
        "invalid_value",
        "attachments[0].file_id",
        "Invalid 'attachments[0].file_id': 'x'. Expected an ID that begins with 'file'.",
    ),
    (
        wire.CreateMessage,
        message(
            content=[
                {"type": "text", "text": "Look"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            ]
        ),
        "invalid_value",
        "content[1].image_url.url",
        "Invalid 'content[1].image_url.url'. Expected a valid URL, but got a value with an invalid format.",
    ),
    (
        wire.CreateThread,
        stores(vector_store_ids=["vs_1"], vector_stores=[{}]),
        "mutually_exclusive_parameters",
        "tool_resources.file_search.vector_store_ids",
        "Mutually exclusive parameters: 'tool_resources.file_search.vector_store_ids' and "
        "'tool_resources.file_search.vector_stores'. Ensure you are only providing one of: "
        "'tool_resources.file_search.vector_store_ids' or 'tool_resources.file_search.vector_stores'.",
    ),
]


@pytest.mark.parametrize(("shape", "body", "code", "param", "text"), OTHERS)
def test_other_limits(shape: type[wire.Shape], body: Any, code: str | None, param: str | None, text: str) -> None:
    refuses(shape, body, code, param, text)


@pytest.mark.parametrize("url", ["", "x.png", "https://", "http://[::1", "ftp://x/y.png", "https://x/a b.png"])
def test_what_is_no_url(url: str) -> None:
    body = message(content=[{"type": "image_url", "image_url": {"url": url}}])
    assert refusal(wire.CreateMessage, body).param == "content[0].image_url.url"


@pytest.mark.parametrize("raw", [b"{", b"nope", b'{"metadata": NaN}', b'{"x": 1e999}', b"\xff", b'{"a": 1,}'])
def test_what_is_no_json(raw: bytes) -> None:
    error = refusal(wire.CreateThread, raw)
    assert error.message.startswith("We could not parse the JSON body of your request. (HINT: ")
    assert (error.status, error.param, error.code) == (400, None, None)


# --- which of several is told

ORDER: list[tuple[type[wire.Shape], str, str]] = [
    # Keys and types come before limits, wherever they stand.
    (wire.CreateAssistant, '{"model": "m", "temperature": 3, "bogus": 1}', "bogus"),
    (wire.CreateAssistant, '{"model": "m", "name": "%s", "tools": [{"type": "x"}]}' % ("n" * 300), "tools[0].type"),
    (wire.CreateThread, '{"metadata": {"k": "%s", "l": 1}}' % ("v" * 600), "metadata.l"),
    # Among equals the order of the body counts.
    (wire.CreateAssistant, '{"model": "m", "top_p": 3, "temperature": 3}', "top_p"),
    (wire.CreateAssistant, '{"model": "m", "temperature": 3, "top_p": 3}', "temperature"),
    (wire.CreateAssistant, '{"bogus": 1, "model": 2}', "bogus"),
    (wire.CreateAssistant, '{"model": 2, "bogus": 1}', "model"),
    (wire.CreateThread, '{"messages": [{"role": "x", "content": 1}, {"role": 1, "content": 1}]}', "messages[0].role"),
    # What is missing comes before what its object has.
    (wire.CreateAssistant, '{"bogus": 1}', "model"),
    (wire.CreateAssistant, '{"model": "m", "tools": [{"type": "function", "name": "f"}]}', "tools[0].function"),
    (wire.CreateMessage, '{"content": 1}', "role"),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "raw", "param"), ORDER)
def test_one_is_told(shape: type[wire.Shape], raw: str, param: str) -> None:
    assert refusal(shape, raw.encode()).param == param


# --- what passes

NO_RESOURCES: dict[str, Any] = {"tool_resources": {"code_interpreter": None, "file_search": None}}
AS_SHOWN: dict[str, Any] = {"tools": normalise.tools([{"type": "file_search", "file_search": {"max_num_results": 5}}])}
GIVEN: list[tuple[type[wire.Shape], str, dict[str, Any]]] = [
    (wire.CreateThread, "", {}),
    (wire.CreateThread, '""', {}),
    (wire.CreateThread, " ", {}),
    (wire.CreateThread, "{}", {}),
    (wire.CreateThread, '{"messages": []}', {"messages": []}),
    (wire.ModifyAssistant, '{"name": null}', {"name": None}),
    (wire.ModifyAssistant, "{}", {}),
    (wire.CreateAssistant, '{"model": "m", "metadata": null}', {"model": "m", "metadata": None}),
    (wire.CreateMessage, '{"role": "user", "content": " "}', {"role": "user", "content": " "}),
    (wire.CreateRun, '{"assistant_id": "asst", "stream": null}', {"assistant_id": "asst", "stream": None}),
    (wire.SubmitToolOutputs, '{"tool_outputs": [{}]}', {"tool_outputs": [{}]}),
    *(
        (shape, json.dumps(NO_RESOURCES | more), NO_RESOURCES | more)
        for shape, more in [
            (wire.CreateAssistant, {"model": "m"}),
            (wire.ModifyAssistant, {}),
            (wire.CreateThread, {}),
            (wire.ModifyThread, {}),
            (wire.CreateThreadAndRun, {"assistant_id": "asst"}),
        ]
    ),
    (wire.ModifyAssistant, json.dumps(AS_SHOWN), AS_SHOWN),
]


@pytest.mark.parametrize(("shape", "raw", "given"), GIVEN)
def test_omitted_is_not_null(shape: type[wire.Shape], raw: str, given: dict[str, Any]) -> None:
    assert wire.parse_body(shape, raw.encode()).given() == given


def test_decimals_are_decimals() -> None:
    given = wire.parse_body(wire.CreateAssistant, b'{"model": "m", "temperature": 1, "top_p": 0}').given()
    assert [repr(given[name]) for name in ("temperature", "top_p")] == ["1.0", "0.0"]


def test_schemas_keep_the_order_of_their_keys() -> None:
    schema = {"z": 1, "a": {"y": None, "b": [1, 2.5]}}
    given = wire.parse_body(wire.CreateAssistant, json.dumps(function(name="f", parameters=schema)).encode()).given()
    assert json.dumps(given["tools"][0]["function"]["parameters"]) == json.dumps(schema)


def test_files_of_azure_have_a_prefix_of_their_own() -> None:
    body = message(attachments=[{"file_id": "assistant-1", "tools": []}])
    assert wire.parse_body(wire.CreateMessage, json.dumps(body).encode()).given() == body


def test_very_many_mistakes_are_found_soon() -> None:
    body = {f"k{n}": n for n in range(5_000)}
    assert refusal(wire.CreateThread, body).param == "k0"


# --- queries

CONTENT = "step_details.tool_calls[*].file_search.results[*].content"
QUERIES: list[tuple[type[wire.Shape], list[tuple[str, str]], dict[str, Any]]] = [
    (wire.ListQuery, [], {}),
    (wire.ListQuery, [("limit", "100"), ("order", "asc")], {"limit": 100, "order": "asc"}),
    (wire.ListQuery, [("after", "asst_1"), ("before", "asst_2")], {"after": "asst_1", "before": "asst_2"}),
    (wire.ListQuery, [("after", ""), ("api-version", "2024-05-01-preview")], {}),
    (wire.ListMessagesQuery, [("run_id", "run_1")], {"run_id": "run_1"}),
    (wire.ListStepsQuery, [("include[]", CONTENT)], {"include": [CONTENT]}),
    (wire.StepQuery, [("include%5B%5D", CONTENT)], {"include": [CONTENT]}),
    (wire.RunQuery, [("include", CONTENT)], {"include": [CONTENT]}),
    (wire.RunQuery, [("include[0]", CONTENT), ("include[1]", CONTENT)], {"include": [CONTENT, CONTENT]}),
]


@pytest.mark.parametrize(("shape", "pairs", "given"), QUERIES)
def test_queries(shape: type[wire.Shape], pairs: list[tuple[str, str]], given: dict[str, Any]) -> None:
    assert wire.parse_query(shape, pairs).given() == given


BAD_QUERIES: list[tuple[type[wire.Shape], list[tuple[str, str]], str, str, str]] = [
    (
        wire.ListQuery,
        [("limit", "101")],
        "integer_above_max_value",
        "limit",
        "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
    ),
    (
        wire.ListQuery,
        [("limit", "0")],
        "integer_below_min_value",
        "limit",
        "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ),
    (
        wire.ListQuery,
        [("limit", "ten")],
        "invalid_type",
        "limit",
        "Invalid type for 'limit': expected an integer, but got a string instead.",
    ),
    (wire.ListQuery, [("order", "up")], "invalid_value", "order",
     "Invalid value: 'up'. Supported values are: 'asc' and 'desc'."),
    (wire.ListQuery, [("limits", "1")], "unknown_parameter", "limits",
     "Unknown parameter: 'limits'. Did you mean 'limit'?"),
    (wire.ListQuery, [("run_id", "run_1")], "unknown_parameter", "run_id", "Unknown parameter: 'run_id'."),
    (
        wire.ListMessagesQuery,
        [("run_id", "x")],
        "invalid_value",
        "run_id",
        "Invalid 'run_id': 'x'. Expected an ID that begins with 'run'.",
    ),
    (
        wire.StepQuery,
        [("include[]", "all")],
        "invalid_value",
        "include[0]",
        f"Invalid value: 'all'. Supported values are: '{CONTENT}'.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "pairs", "code", "param", "message"), BAD_QUERIES)
def test_bad_queries(
    shape: type[wire.Shape], pairs: list[tuple[str, str]], code: str, param: str, message: str
) -> None:
    with pytest.raises(errors.APIError) as caught:
        wire.parse_query(shape, pairs)
    assert (caught.value.code, caught.value.param, caught.value.message) == (code, param, message)


@given(
    st.lists(st.tuples(st.sampled_from(["limit", "order", "after", "include", "include[]", "x", "", "["]), st.text()))
)
def test_any_query_is_taken_or_refused(pairs: list[tuple[str, str]]) -> None:
    try:
        wire.parse_query(wire.ListStepsQuery, pairs)
    except errors.APIError as error:
        assert error.status == 400


# --- the specification

OPERATIONS: dict[str, type[wire.Shape]] = {
    "CreateAssistantRequest": wire.CreateAssistant,
    "ModifyAssistantRequest": wire.ModifyAssistant,
    "CreateThreadRequest": wire.CreateThread,
    "ModifyThreadRequest": wire.ModifyThread,
    "CreateMessageRequest": wire.CreateMessage,
    "ModifyMessageRequest": wire.ModifyMessage,
    "CreateRunRequest": wire.CreateRun,
    "ModifyRunRequest": wire.ModifyRun,
    "CreateThreadAndRunRequest": wire.CreateThreadAndRun,
    "SubmitToolOutputsRunRequest": wire.SubmitToolOutputs,
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_keys_are_those_of_the_schema(name: str, shared: Path) -> None:
    schema = _schemas(shared)[name]
    fields = OPERATIONS[name].model_fields
    assert set(fields) == set(schema["properties"])
    assert {key for key, field in fields.items() if field.is_required()} == set(schema.get("required", ()))


@pytest.mark.parametrize("name", OPERATIONS)
def test_null_is_taken_where_the_schema_takes_it(name: str, shared: Path) -> None:
    schemas = _schemas(shared)
    for key, schema in schemas[name]["properties"].items():
        body = {key: None, **{other: "asst_1" for other in schemas[name].get("required", ()) if other != key}}
        try:
            wire.parse_body(OPERATIONS[name], json.dumps(body).encode())
            told = None
        except errors.APIError as error:
            told = error.param if error.code == "invalid_type" and "but got null" in error.message else None
        assert (told != key) == _nullable(schema, schemas), key


def test_published_examples_pass(shared: Path) -> None:
    text = (shared / "reference" / "assistants-examples.json").read_text()
    shapes = {(route.method, route.path): route.body for route in ROUTES}
    seen = 0
    for operation in json.loads(text)["operations"].values():
        for body in [example["request_body"] for example in operation["examples"] if example.get("request_body")]:
            shape = shapes[operation["method"], operation["path"]]
            assert wire.parse_body(shape, json.dumps(body).encode()).given() == body
            seen += 1
    assert seen > 10


@pytest.mark.parametrize("name", ["test_new_assistant_with_polling", "test_streaming_new_assistant"])
def test_recorded_requests_pass(name: str, shared: Path) -> None:
    """Real traffic, recorded from an old program."""
    seen = 0
    for entry in yaml.safe_load((shared / "recordings" / "vcr" / f"{name}.yaml").read_text())["interactions"]:
        request = entry["request"]
        found = match(request["method"], urlsplit(request["uri"]).path.removeprefix("/v1"))
        assert found is not None
        if found[0].body is not None and request.get("body"):
            body = json.loads(request["body"])
            assert wire.parse_body(found[0].body, json.dumps(body).encode()).given() == body
            seen += 1
    assert seen


def _schemas(shared: Path) -> dict[str, Any]:
    text = (shared / "reference" / "openapi-assistants.json").read_text()
    schemas: dict[str, Any] = json.loads(text)["components"]["schemas"]
    return schemas


def _nullable(schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    if "$ref" in schema and _nullable(schemas[schema["$ref"].rpartition("/")[2]], schemas):
        return True
    parts = [*schema.get("anyOf", ()), *schema.get("allOf", ())]
    return (
        bool(schema.get("nullable")) or schema.get("type") == "null" or any(_nullable(part, schemas) for part in parts)
    )
