"""What a 400 teaches, and what a request is like afterwards."""

from __future__ import annotations

import pytest

from bridge.engine.effects import Refused
from bridge.engine.lessons import ENCRYPTED, apply, lesson


@pytest.mark.parametrize(
    ("refused", "taught"),
    [
        (Refused(400, "Encrypted content is not supported with this model."), ENCRYPTED),
        (Refused(400, "no", code="unsupported_parameter", param="temperature"), "temperature"),
        (Refused(400, "Unsupported parameter: 'top_p' is not supported with this model."), "top_p"),
        (Refused(400, "Unknown parameter: 'metadata'.", code="unknown_parameter", param="metadata"), "metadata"),
        (Refused(400, "Unsupported parameter: 'store'.", code="unsupported_parameter", param="store"), None),
        (Refused(400, "Unknown parameter: 'input'.", code="unknown_parameter", param="input"), None),
        (Refused(400, "Invalid 'temperature'.", code="invalid_value", param="temperature"), None),
        (Refused(500, "Unsupported parameter: 'temperature'", param="temperature"), None),
        (Refused(0, "connection refused"), None),
    ],
)
def test_a_refusal_teaches_to_leave_out_what_can_be_left_out(refused, taught):
    assert lesson(refused) == taught


REQUEST = {"model": "m", "temperature": 0.5, "include": ["reasoning.encrypted_content", "file_search_call.results"]}


@pytest.mark.parametrize(
    ("lessons", "request_after"),
    [
        ([], REQUEST),
        (["temperature"], {"model": "m", "include": REQUEST["include"]}),
        ([ENCRYPTED], {"model": "m", "temperature": 0.5, "include": ["file_search_call.results"]}),
    ],
)
def test_a_request_after_lessons(lessons, request_after):
    assert apply(REQUEST, frozenset(lessons)) == request_after


def test_an_include_with_nothing_left_in_it_goes():
    assert apply({"include": ["reasoning.encrypted_content"]}, frozenset([ENCRYPTED])) == {}
