"""Every constructor of an error: status, type and code as the table says, texts as in assistants-wire §9.2 and §9.4."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from bridge import errors

SAMPLES: dict[str, tuple[Any, ...]] = {
    "not_found": ("thread", "thread_X"),
    "wrong_prefix": ("thread_id", "thread", "undefined"),
    "no_such_file": ("file-X",),
    "file_not_kept": ("file-X", "cntr_Y", "Container is expired."),
    "no_vector_store": ("vs_X",),
    "files_not_found": (["file-X", "file-Y"],),
    "missing": ("model",),
    "unknown": ("modell", "model"),
    "invalid_type": ("name", "a string", 1),
    "unsupported": ("role", "system", ["user", "assistant"]),
    "no_match": ("name", "^x$"),
    "no_url": ("url",),
    "string_too_long": ("name", 256, 257),
    "string_empty": ("name",),
    "array_too_long": ("tools", 128, 129),
    "array_empty": ("content",),
    "too_many_properties": ("metadata", 16, 17),
    "key_too_long": ("metadata", "k" * 65, 64),
    "above_maximum": ("limit", 100, 101),
    "below_minimum": ("limit", 1, 0),
    "exclusive": ("a", "b"),
    "no_json": (),
    "too_deep": (200,),
    "thread_busy": ("thread_X", "run_Y"),
    "thread_locked": ("thread_X", "run_Y"),
    "no_tool_outputs_accepted": ("in_progress",),
    "wrong_tool_outputs": (["call_a", "call_b"], ["call_a"]),
    "cannot_cancel": ("completed",),
    "cannot_update": ("in_progress",),
    "hook_failed": ("thread", "thread_X", "KeyError: 'x'"),
    "run_ended": ("run_X", "failed", "server_error", "The model crashed."),
    "nothing_to_answer": (),
    "json_needs_functions": ("json_schema",),
    "unknown_model": ("M",),
    "unsupported_model": ("M",),
    "unsupported_parameter": ("temperature",),
    "unsupported_effort": ("max", "M", ["low", "high"]),
    "unsupported_file": (".csv",),
    "store_expired": ("vs_X",),
    "not_yet": ("x", "Do without."),
    "tool_not_there": ("tools[0].type", "code_interpreter", "vllm"),
    "images_not_taken": ("thread_id", "vllm"),
    "upstream_refused": (400, {"message": "No such File object: file-X", "param": "id"}),
    "upstream_silent": ("nobody there",),
    "server_silent": ("https://legacy.example/v1", "nobody there"),
    "mirror_lost": ("conv_1",),
    "no_key": (),
    "wrong_key": ("sk-proj-0123456789abcdef",),
    "no_beta": (),
    "malformed_beta": ("x",),
    "unknown_beta": ("x=v1",),
    "old_beta": (),
    "unknown_url": ("PUT", "/threads"),
    "no_beta_files": ("GET", "/assistants/asst_X/files"),
    "session_key_needed": ("GET", "/threads"),
    "server_error": ("req_1",),
    "rate_limited": ("Rate limit reached.", 0.2),
    "quota_exceeded": (),
    "overloaded": (2.5,),
}


def test_the_table_names_every_constructor() -> None:
    made = {
        name
        for name, function in inspect.getmembers(errors, inspect.isfunction)
        if inspect.get_annotations(function).get("return") == "APIError" and not name.startswith("_")
    }
    assert made == set(errors.TABLE) == set(SAMPLES)


@pytest.mark.parametrize("name", errors.TABLE)
def test_constructors_are_as_the_table_says(name: str) -> None:
    error = getattr(errors, name)(*SAMPLES[name])
    assert (error.status, error.type, error.code) == errors.TABLE[name]
    assert list(error.body()["error"]) == ["message", "type", "param", "code"]
    assert str(error) == error.message


TEXTS: list[tuple[str, str | None, str]] = [
    ("not_found", None, "No thread found with id 'thread_X'."),
    ("no_vector_store", None, "No vector store found with id 'vs_X'."),
    ("files_not_found", None, "The following files were not found: file-X, file-Y."),
    ("thread_locked", None, "Can't add messages to thread_X while a run run_Y is active."),
    ("thread_busy", None, "Thread thread_X already has an active run run_Y."),
    ("no_tool_outputs_accepted", None, 'Runs in status "in_progress" do not accept tool outputs.'),
    ("wrong_tool_outputs", None, "Expected tool outputs for call_ids ['call_a', 'call_b'], got ['call_a']"),
    ("cannot_cancel", None, "Cannot cancel run with status 'completed'."),
    ("cannot_update", None, "Cannot update run with status 'in_progress'."),
    (
        "nothing_to_answer",
        None,
        "Run creation requires a Thread with a user message or an assistant with instructions.",
    ),
    ("unsupported_model", "model", "The requested model 'M' cannot be used with the Assistants API."),
    ("unknown_model", "model", "The requested model 'M' does not exist."),
    ("unsupported_parameter", "temperature", "Unsupported parameter: 'temperature' is not supported with this model."),
    (
        "unsupported_effort",
        "reasoning_effort",
        "Unsupported value: 'max' is not supported with the 'M' model. Supported values are: 'low' and 'high'.",
    ),
    (
        "unsupported_file",
        "file_ids",
        "Files with extensions [.csv] are not supported for retrieval. "
        "See https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
    ),
    (
        "tool_not_there",
        "tools[0].type",
        "The tool 'code_interpreter' does not exist on this upstream (profile 'vllm'). Take it out of the tools, use "
        "an upstream that has it, or set BRIDGE_PROFILE=generic if this one does.",
    ),
    ("store_expired", None, "Vector store vs_X is expired"),
    ("unknown_url", None, "Invalid URL (PUT /v1/threads)"),
    (
        "session_key_needed",
        None,
        "Your request to GET /v1/threads must be made with a session key (that is, it can only be made from the "
        "browser). You made it with the following key type: secret.",
    ),
    (
        "wrong_key",
        None,
        "Incorrect API key provided: sk-proj-************cdef. "
        "You can find your API key at https://platform.openai.com/account/api-keys.",
    ),
    (
        "server_error",
        None,
        "The server had an error processing your request. Sorry about that! You can retry your request, or contact us "
        "through our help center at help.openai.com if you keep seeing this error. "
        "(Please include the request ID req_1 in your email.)",
    ),
    ("overloaded", None, "The server had an error while processing your request. Sorry about that!"),
]


@pytest.mark.parametrize(("name", "param", "message"), TEXTS)
def test_texts(name: str, param: str | None, message: str) -> None:
    error = getattr(errors, name)(*SAMPLES[name])
    assert (error.message, error.param) == (message, param)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("assistant", "No assistant found with id 'x'."),
        ("thread", "No thread found with id 'x'."),
        ("message", "No message found with id 'x'."),
        ("run", "No run found with id 'x'."),
        ("step", "No run step found with id 'x'."),
        ("file", "No file found with id 'x'."),
    ],
)
def test_what_is_not_found(kind: Any, message: str) -> None:
    assert errors.not_found(kind, "x").message == message


def test_clients_match_the_texts() -> None:
    """The patterns of assistants-wire §10.3."""
    for name, pattern in [
        ("thread_locked", r"Can't add messages to thread_([a-zA-Z0-9]+) while a run run_([a-zA-Z0-9]+) is active\."),
        ("thread_locked", r".*(thread_[\w]+) while a run (run_[\w]+) is active.*"),
        ("thread_busy", r"Thread (\w+) already has an active run (\w+)"),
        ("cannot_cancel", r"Cannot cancel run with status"),
        ("server_error", r"The server had an error processing your request"),
        ("files_not_found", r".*were not found"),
    ]:
        assert re.match(pattern, getattr(errors, name)(*SAMPLES[name]).message), pattern
    assert errors.cannot_cancel("cancelling").message == "Cannot cancel run with status 'cancelling'."


@pytest.mark.parametrize(("seconds", "told"), [(0, "1"), (0.2, "1"), (1, "1"), (2.5, "3")])
def test_retry_after_is_a_whole_number_of_seconds(seconds: float, told: str) -> None:
    assert errors.rate_limited("Slow down.", seconds).headers == {"retry-after": told}
    assert errors.overloaded(seconds).headers == {"retry-after": told}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1, "an integer"),
        (1.0, "a decimal"),
        ("", "a string"),
        ({}, "an object"),
        ([], "an array"),
    ],
)
def test_values_have_names(value: Any, name: str) -> None:
    assert errors.type_name(value) == name


def test_short_keys_are_masked_whole() -> None:
    assert "sk-short" not in errors.wrong_key("sk-short").message
