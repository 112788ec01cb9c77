from __future__ import annotations

import pytest

from bridge.engine import lessons
from bridge.engine.effects import Refused


@pytest.mark.parametrize(
    ("refused", "lesson"),
    [
        (Refused(400, "x", code="unsupported_parameter", param="temperature"), "temperature"),
        (Refused(400, "x", code="unsupported_value", param="top_p"), "top_p"),
        (Refused(400, "x", code="unknown_parameter", param="metadata"), "metadata"),
        (Refused(400, "Unsupported parameter: 'top_p' is not there"), "top_p"),  # in words, without a code
        (Refused(400, "x", code="unknown_parameter", param="store"), None),  # a promise (design §1.3)
        (Refused(400, "Encrypted content is not supported with this model."), lessons.ENCRYPTED),
        (Refused(400, "x", code="unsupported_parameter", param="input"), None),  # nothing to ask without
        (Refused(400, "x", code="invalid_prompt"), None),
        (Refused(500, "x", code="unsupported_parameter", param="temperature"), None),
        (Refused(0, "connection refused"), None),
    ],
)
def test_what_a_refusal_teaches(refused, lesson):
    assert lessons.lesson(refused) == lesson


REQUEST = {"model": "m", "temperature": 0.5, "include": ["reasoning.encrypted_content", "file_search_call.results"]}


@pytest.mark.parametrize(
    ("known", "left"),
    [
        ((), REQUEST),
        (("temperature",), {"model": "m", "include": REQUEST["include"]}),
        ((lessons.ENCRYPTED,), {**REQUEST, "include": ["file_search_call.results"]}),
        (("top_p",), REQUEST),
    ],
)
def test_a_request_without_what_was_refused(known, left):
    assert lessons.apply(dict(REQUEST), frozenset(known)) == left


def test_an_empty_include_is_left_out():
    request = {"model": "m", "include": ["reasoning.encrypted_content"]}
    assert lessons.apply(request, frozenset([lessons.ENCRYPTED])) == {"model": "m"}
