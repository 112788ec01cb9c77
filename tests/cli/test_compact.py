"""JSON in few columns."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.cli.compact import lines

TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}

SHOWN: list[tuple[dict[str, Any], int, list[str]]] = [
    ({}, 20, ["{}"]),
    ({"a": 1, "b": [1, 2]}, 20, ['{"a": 1,', ' "b": [1, 2]}']),
    ({"a": 1, "b": [1, 2]}, 21, ['{"a": 1, "b": [1, 2]}']),
    ({"text": "as long as it takes"}, 20, ['{"text": "as long…"}']),
    (
        {"tools": [TOOL]},
        60,
        ['{"tools": [', '  {"type": "function", "name": "f", "parameters": {…},', '   "strict": false}]}'],
    ),
    ({"id": "call_0123456789abcdef0123"}, 40, ['{"id": "call_…0123"}']),
    ({"name": "get_current_temperature"}, 40, ['{"name": "get_current_temperature"}']),
]


@pytest.mark.parametrize(("request_", "width", "expected"), SHOWN)
def test_lines(request_: dict[str, Any], width: int, expected: list[str]) -> None:
    assert lines(request_, width) == expected


def test_what_was_said_before_is_not_said_again() -> None:
    request = {"model": "m", "tools": [TOOL]}
    assert lines(request, 80, request) == ['{"model": "m", "tools": [… as before]}']
    assert "as before" not in "".join(lines(request, 80, {"tools": []}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=5), st.integers(20, 160))
def test_no_line_is_too_long(request: dict[str, Any], width: int) -> None:
    assert all(len(line) <= width for line in lines(request, width))


@given(st.dictionaries(st.sampled_from("abc"), JSON, max_size=3))
@example({"a": {"schema": True, "parameters": [1]}})
@example({"a": {"schema": {"type": "object"}}})
def test_what_fits_is_whole(request: dict[str, Any]) -> None:
    shown = "\n".join(lines(request, 10_000))
    if not re.search("(call|fc|msg|rs|resp)_|{…}", shown):
        assert json.loads(shown) == request
