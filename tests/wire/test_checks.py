"""Path ids, the beta header, formats beside tools: exact errors (assistants-wire §9.2-§9.4)."""

from __future__ import annotations

from typing import Any

import pytest

from bridge import errors, ids
from bridge.wire.checks import check_beta, check_format, check_id

IDS: list[tuple[str, ids.Kind, str, str]] = [
    ("thread_id", "thread", "undefined", "Invalid 'thread_id': 'undefined'. Expected an ID that begins with 'thread'."),
    ("assistant_id", "assistant", "wf_1", "Invalid 'assistant_id': 'wf_1'. Expected an ID that begins with 'asst'."),
    ("run_id", "run", "x", "Invalid 'run_id': 'x'. Expected an ID that begins with 'run'."),
    ("message_id", "message", "x", "Invalid 'message_id': 'x'. Expected an ID that begins with 'msg'."),
    ("step_id", "step", "x", "Invalid 'step_id': 'x'. Expected an ID that begins with 'step'."),
]


@pytest.mark.parametrize(("param", "kind", "value", "message"), IDS)
def test_ids(param: str, kind: ids.Kind, value: str, message: str) -> None:
    with pytest.raises(errors.APIError) as caught:
        check_id(param, kind, value)
    assert caught.value.body()["error"] == {
        "message": message,
        "type": "invalid_request_error",
        "param": param,
        "code": "invalid_value",
    }
    check_id(param, kind, ids.make(kind, 1))


NO_BETA = (
    "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting the header "
    "'OpenAI-Beta: assistants=v2'."
)
BETAS: list[tuple[str | None, str]] = [
    (None, NO_BETA),
    ("", NO_BETA),
    (" ", NO_BETA),
    (
        "assistants",
        "Invalid beta header provided: 'assistants'. "
        "The header should be in the format 'OpenAI-Beta: example_beta=v1'.",
    ),
    (
        "assistants=v2;x",
        "Invalid beta header provided: 'assistants=v2;x'. "
        "The header should be in the format 'OpenAI-Beta: example_beta=v1'.",
    ),
    ("assistants=v3", "Unknown beta requested: 'assistants=v3'."),
    ("realtime=v1", "Unknown beta requested: 'realtime=v1'."),
    (
        "assistants=v1",
        "The v1 Assistants API has been deprecated. See the migration guide for more information: "
        "https://platform.openai.com/docs/assistants/migration. Please try again by setting the header "
        "'OpenAI-Beta: assistants=v2'.",
    ),
]


@pytest.mark.parametrize(("value", "message"), BETAS)
def test_beta_is_refused(value: str | None, message: str) -> None:
    with pytest.raises(errors.APIError) as caught:
        check_beta(value)
    assert caught.value.body()["error"] == {
        "message": message,
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_beta",
    }


def test_the_first_beta_will_do_where_it_is_converted() -> None:
    check_beta("realtime=v1, assistants=v1", takes_first=True)
    for value in ("assistants=v3", "assistants", ""):
        with pytest.raises(errors.APIError):
            check_beta(value, takes_first=True)


@pytest.mark.parametrize("value", ["assistants=v2", "assistants=v2,realtime=v1", "assistants=v1, assistants=v2"])
def test_beta_is_taken(value: str) -> None:
    check_beta(value)


FUNCTION: dict[str, Any] = {"type": "function", "function": {"name": "f"}}
CODE: dict[str, Any] = {"type": "code_interpreter"}


@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_json_is_for_functions_only(kind: str) -> None:
    with pytest.raises(errors.APIError) as caught:
        check_format([FUNCTION, CODE], {"type": kind})
    assert caught.value.body()["error"] == {
        "message": f"Invalid tools: all tools must be of type `function` when `response_format` is of type `{kind}`.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


@pytest.mark.parametrize(
    ("tools", "format"),
    [
        ([FUNCTION], {"type": "json_object"}),
        ([], {"type": "json_schema"}),
        (None, {"type": "json_schema"}),
        ([CODE], {"type": "text"}),
        ([CODE], "auto"),
        ([CODE], None),
    ],
)
def test_formats_that_pass(tools: Any, format: Any) -> None:
    check_format(tools, format)
