"""Runs to requests, responses to runs: one row per parameter."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.engine.effects import Refused
from bridge.records import Entry
from bridge.translate import Untranslatable, history, runs, usage
from bridge.upstream.scripted.checks import check_request
from translate.made import call, item, message, output, raw, run, said, thought

Object = dict[str, Any]

BARE: Object = {"model": "gpt-4o", "input": [said("Hello")], "store": False, "stream": True}
HELLO: list[Entry] = [message("m1", "Hello")]
FUNCTION = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}, "strict": False}}
FLAT = {"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": False}
FORCED = {"type": "function", "function": {"name": "look"}}
STORE = {"file_search": {"vector_store_ids": ["vs_1"]}}
SEARCH = {"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 20}
CODE = {"type": "code_interpreter", "container": {"type": "auto"}}
SPENT = {**usage.NO_USAGE, "prompt_tokens": 100, "completion_tokens": 300}

PARAMETERS: list[tuple[Object, Object]] = [
    ({}, {}),
    ({"instructions": "Be brief."}, {"instructions": "Be brief."}),
    ({"instructions": None}, {}),
    ({"temperature": 0.2}, {"temperature": 0.2}),
    ({"temperature": 0.0, "top_p": 0.5}, {"temperature": 0.0, "top_p": 0.5}),
    ({"temperature": 1.0, "top_p": 1.0}, {}),
    ({"temperature": None, "top_p": None}, {}),
    ({"model": "o3-mini", "reasoning_effort": "low"}, {"model": "o3-mini", "reasoning": {"effort": "low"}}),
    ({"metadata": {"k": "v"}}, {"metadata": {"k": "v"}}),
    ({"metadata": {}}, {}),
    ({"response_format": {"type": "json_object"}}, {"text": {"format": {"type": "json_object"}}}),
    ({"response_format": "auto"}, {}),
    ({"tools": [FUNCTION]}, {"tools": [FLAT]}),
    ({"tools": [FUNCTION], "parallel_tool_calls": False}, {"tools": [FLAT], "parallel_tool_calls": False}),
    ({"tools": [], "parallel_tool_calls": False, "tool_choice": "none"}, {}),
    ({"tools": [FUNCTION], "tool_choice": "none"}, {"tools": [FLAT], "tool_choice": "none"}),
    ({"tools": [FUNCTION], "tool_choice": "auto"}, {"tools": [FLAT]}),
    ({"tools": [FUNCTION], "tool_choice": "required"}, {"tools": [FLAT], "tool_choice": "required"}),
    (
        {"tools": [FUNCTION], "tool_choice": FORCED},
        {"tools": [FLAT], "tool_choice": {"type": "function", "name": "look"}},
    ),
    (
        {"tools": [{"type": "file_search"}], "tool_resources": STORE, "tool_choice": {"type": "file_search"}},
        {"tools": [SEARCH], "tool_choice": {"type": "file_search"}, "include": ["file_search_call.results"]},
    ),
    ({"tools": [{"type": "file_search"}], "tool_choice": {"type": "file_search"}}, {}),
    ({"tools": [FUNCTION, {"type": "file_search"}], "tool_choice": {"type": "file_search"}}, {"tools": [FLAT]}),
    (
        {"tools": [{"type": "code_interpreter"}]},
        {"tools": [CODE], "include": ["code_interpreter_call.outputs"]},
    ),
    ({"max_completion_tokens": 500}, {"max_output_tokens": 500}),
    ({"max_completion_tokens": 500, "usage": SPENT}, {"max_output_tokens": 200}),
    ({"max_completion_tokens": 305, "usage": SPENT}, {"max_output_tokens": 16}),
]


@pytest.mark.parametrize(("given", "sent"), PARAMETERS)
def test_parameters(given: Object, sent: Object) -> None:
    request = runs.to_responses(run(**given), HELLO, first_leg=True, include_reasoning=False)
    assert request == BARE | sent
    check_request(request)  # as strict as the real server


@pytest.mark.parametrize(("choice", "sent"), [("required", None), (FORCED, None), ("none", "none"), ("auto", None)])
def test_a_forced_choice_holds_for_one_leg(choice: Any, sent: Any) -> None:
    request = runs.to_responses(
        run(tools=[FUNCTION], tool_choice=choice), HELLO, first_leg=False, include_reasoning=False
    )
    assert request.get("tool_choice") == sent


def test_reasoning_is_asked_for_and_sent_back_only_if_included() -> None:
    entries = [*HELLO, item(thought()), item(call("a", id="fc_1")), item(output("a"))]
    request = runs.to_responses(run(), entries, first_leg=False, include_reasoning=True)
    assert request["include"] == ["reasoning.encrypted_content"]
    assert request["input"] == [said("Hello"), thought(), call("a", id="fc_1"), output("a")]
    request = runs.to_responses(run(), entries, first_leg=False, include_reasoning=False)
    assert "include" not in request
    assert request["input"] == [said("Hello"), call("a"), output("a")]


def test_an_empty_thread_still_says_something() -> None:
    request = runs.to_responses(run(instructions="Greet."), [], first_leg=True, include_reasoning=False)
    assert request["input"] == [history.PLACEHOLDER]


LONG: list[Entry] = [message(f"m{number}", str(number) * 1000) for number in range(5)]


def sent_messages(**given: Any) -> list[str]:
    characters = given.pop("characters", None)
    request = runs.to_responses(run(**given), LONG, first_leg=True, include_reasoning=False, characters=characters)
    return [entry["content"][0]["text"][0] for entry in request["input"]]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, "01234"),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": 2}}, "34"),
        ({"truncation_strategy": {"type": "auto", "last_messages": None}}, "01234"),
        ({"characters": 3300}, "034"),
        ({"max_prompt_tokens": 900}, "034"),
        ({"max_prompt_tokens": 1000, "usage": SPENT}, "034"),
        ({"max_prompt_tokens": 900, "instructions": "x" * 1000}, "04"),
        ({"max_prompt_tokens": 900, "characters": 100_000}, "034"),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": 3}, "max_prompt_tokens": 600}, "24"),
    ],
)
def test_truncation(given: Object, sent: str) -> None:
    assert sent_messages(**given) == list(sent)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, None),
        ({"max_completion_tokens": 500}, None),
        ({"max_completion_tokens": 500, "usage": SPENT}, None),
        ({"max_completion_tokens": 315, "usage": SPENT}, "max_completion_tokens"),
        ({"max_prompt_tokens": 256, "usage": SPENT}, None),
        ({"max_prompt_tokens": 100, "usage": SPENT}, "max_prompt_tokens"),
    ],
)
def test_exhausted(given: Object, reason: str | None) -> None:
    assert runs.exhausted(run(**given)) == reason


def test_request_shares_nothing_with_the_run() -> None:
    given = run(metadata={"k": "v"}, tools=[FUNCTION])
    request = runs.to_responses(given, HELLO, first_leg=True, include_reasoning=False)
    request["metadata"]["k"] = request["tools"][0]["name"] = "changed"
    assert given.metadata == {"k": "v"} and FUNCTION["function"]["name"] == "look"  # type: ignore[index]


# --- responses


def told(status: str, **fields: Any) -> Object:
    nothing = {"required_action": None, "last_error": None, "incomplete_details": None, "usage": usage.NO_USAGE}
    return {"status": status, **nothing, **fields}


ASKED = {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}}
RESPONSES: list[tuple[Object, Object]] = [
    ({"status": "queued"}, told("queued")),
    ({"status": "in_progress"}, told("in_progress")),
    ({"status": "cancelled"}, told("cancelled")),
    ({"status": "completed", "output": [raw("Hi")]}, told("completed")),
    (
        {"status": "completed", "output": [raw("Hi"), call("a")]},
        told(
            "requires_action",
            required_action={"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [ASKED]}},
        ),
    ),
    (
        {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
        told("incomplete", incomplete_details={"reason": "max_completion_tokens"}),
    ),
    (
        {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
        told("incomplete", incomplete_details={"reason": None}),
    ),
    (
        {"status": "incomplete", "incomplete_details": {"reason": "steered"}},
        told("failed", last_error={"code": "server_error", "message": "The response is incomplete: steered"}),
    ),
    (
        {"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "Slow down."}},
        told("failed", last_error={"code": "rate_limit_exceeded", "message": "Slow down."}),
    ),
    (
        {"status": "failed"},
        told("failed", last_error={"code": "server_error", "message": "Sorry, something went wrong."}),
    ),
]


@pytest.mark.parametrize(("response", "said"), RESPONSES)
def test_to_assistants(response: Object, said: Object) -> None:
    assert runs.to_assistants(response) == said


# --- usage

FULL = {
    "input_tokens": 260,
    "input_tokens_details": {"cached_tokens": 128},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 7},
    "total_tokens": 272,
}
TRANSLATED = {
    "prompt_tokens": 260,
    "completion_tokens": 12,
    "total_tokens": 272,
    "prompt_token_details": {"cached_tokens": 128},
    "completion_tokens_details": {"reasoning_tokens": 7},
}
USAGES: list[tuple[Any, Object]] = [
    (FULL, TRANSLATED),
    (None, usage.NO_USAGE),
    ({}, usage.NO_USAGE),
    ({"input_tokens": "many", "output_tokens": None, "input_tokens_details": 3}, usage.NO_USAGE),
    (
        {"input_tokens": 2, "output_tokens": 3},
        {**usage.NO_USAGE, "prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5},
    ),
]


@pytest.mark.parametrize(("given", "translated"), USAGES)
def test_usage(given: Any, translated: Object) -> None:
    assert runs.usage_to_assistants(given) == translated
    assert list(runs.usage_to_assistants(given)) == list(usage.NO_USAGE)


def test_usages_add_up() -> None:
    assert runs.add_usage(None, TRANSLATED) == TRANSLATED
    twice = runs.add_usage(TRANSLATED, TRANSLATED)
    assert twice["total_tokens"] == 544 and twice["prompt_token_details"] == {"cached_tokens": 256}
    old = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}  # an imported run of 2024 has no details
    assert runs.add_usage(old, TRANSLATED)["completion_tokens_details"] == {"reasoning_tokens": 7}
    assert usage.NO_USAGE["prompt_token_details"] == {"cached_tokens": 0}


# --- errors

ERRORS: list[tuple[Any, str]] = [
    (None, "server_error"),
    ({"code": "server_error"}, "server_error"),
    ({"code": "rate_limit_exceeded"}, "rate_limit_exceeded"),
    ({"code": "insufficient_quota"}, "rate_limit_exceeded"),
    ({"code": None, "type": "insufficient_quota"}, "rate_limit_exceeded"),
    ({"code": "context_length_exceeded"}, "invalid_prompt"),
    ({"code": "bio_policy"}, "invalid_prompt"),
    ({"code": "image_too_large"}, "invalid_prompt"),
    ({"code": "invalid_image_url"}, "invalid_image_url"),
    ({"code": "vector_store_timeout"}, "server_error"),
    ({"code": "never heard of"}, "server_error"),
    ({"code": 7, "message": ["?"]}, "server_error"),
    ({"type": "invalid_request_error"}, "invalid_prompt"),
    (Refused(429, "Slow down."), "rate_limit_exceeded"),
    (Refused(429, "No money.", code="insufficient_quota"), "rate_limit_exceeded"),
    (Refused(400, "Bad."), "invalid_prompt"),
    (Refused(400, "Bad.", type="invalid_request_error", param="input"), "invalid_prompt"),
    (Refused(400, "Too long.", code="context_length_exceeded"), "invalid_prompt"),
    (Refused(400, "Unsupported parameter: 'temperature'", code="unsupported_parameter"), "server_error"),
    (Refused(400, "No tool output found for function call call_1."), "server_error"),
    (Refused(400, "Container is expired."), "server_error"),
    (Refused(401, "Who are you?", code="invalid_api_key", type="invalid_request_error"), "server_error"),
    (Refused(403, "No."), "server_error"),
    (Refused(404, "No such model.", code="model_not_found", type="invalid_request_error"), "server_error"),
    (Refused(408, "Late."), "server_error"),
    (Refused(500, "Oops.", type="server_error"), "server_error"),
    (Refused(0, "Connection refused"), "server_error"),
]


@pytest.mark.parametrize(("source", "code"), ERRORS)
def test_last_error(source: Any, code: str) -> None:
    error = runs.last_error(source)
    assert list(error) == ["code", "message"]
    assert error["code"] == code
    assert error["message"] == (getattr(source, "message", None) or "Sorry, something went wrong.")


def test_last_error_keeps_what_the_upstream_said() -> None:
    assert runs.last_error({"code": "invalid_prompt", "message": "Policy."})["message"] == "Policy."


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(Untranslatable, match="retrieval"):
        runs.to_responses(run(tools=[{"type": "retrieval"}]), HELLO, first_leg=True, include_reasoning=False)
