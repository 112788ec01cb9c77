from __future__ import annotations

import pytest

from bridge.engine import lessons
from bridge.engine.effects import Refused

EFFORT = "Unsupported value: 'minimal' is not supported with the 'o3' model. Supported values are: 'low' and 'high'."


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
        (Refused(400, "x", code="unsupported_parameter", param="tools"), None),
        (Refused(500, "x", code="unsupported_parameter", param="temperature"), None),
        # how other servers say it
        (
            Refused(422, '{"detail":[{"type":"extra_forbidden","loc":["body","metadata"],"msg":"Extra inputs'),
            "metadata",
        ),
        (Refused(400, "[{'type': 'extra_forbidden', 'loc': ('body', 'top_p'), 'msg': 'Extra"), "top_p"),  # vLLM
        (Refused(400, "metadata: Extra inputs are not permitted"), "metadata"),
        (Refused(422, "body.input: Field required; body.top_p: Extra inputs are not permitted"), "top_p"),
        (Refused(422, "Unexpected keys in the request: {'store', 'metadata'}"), "metadata"),
        (Refused(422, "Unsupported fields in the request: {'store', 'text'}"), None),
        (
            Refused(400, "litellm.UnsupportedParamsError: m does not support parameters: ['temperature'], for"),
            "temperature",
        ),
        (Refused(400, "openai does not support parameters: ['reasoning_effort'], for model=m"), "reasoning.effort"),
        (Refused(400, "`temperature` is deprecated for this model."), "temperature"),
        (Refused(400, "Streaming is not supported for background responses."), "background"),
        (Refused(422, "Field required: input"), None),
        # one effort, or any
        (
            Refused(400, EFFORT, code="unsupported_value", param="reasoning.effort"),
            "reasoning.effort=minimal",
        ),
        (Refused(400, EFFORT, param="reasoning.effort"), "reasoning.effort=minimal"),
        (Refused(400, "x", code="unsupported_parameter", param="reasoning.effort"), "reasoning.effort"),
        (Refused(400, "x", code="unsupported_parameter", param="reasoning"), "reasoning.effort"),
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


@pytest.mark.parametrize(
    ("reasoning", "known", "left"),
    [
        ({"effort": "minimal"}, "reasoning.effort=minimal", None),
        ({"effort": "high"}, "reasoning.effort=minimal", {"effort": "high"}),
        ({"effort": "high"}, "reasoning.effort", None),
        ({"effort": "high", "summary": "auto"}, "reasoning.effort", {"summary": "auto"}),
    ],
)
def test_an_effort_that_was_refused_is_left_out(reasoning, known, left):
    assert lessons.apply({"reasoning": reasoning}, frozenset([known])).get("reasoning") == left
