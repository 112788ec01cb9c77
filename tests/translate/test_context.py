"""What of a history is sent: cases by length."""

from __future__ import annotations

import pytest

from bridge.records import Entry
from bridge.translate import context
from translate.made import answer, call, item, message, output, raw, thought

A, B, C, D = (message(name, name * 100) for name in "abcd")
OLD = "run_0"
ANSWER, ITEM = answer("m", "x" * 100, run_id=OLD), item(raw("x" * 100), OLD, "m")
CALLS = [
    item(thought(), OLD),
    item(call("f"), OLD),
    item(call("g"), OLD),
    item(output("f"), OLD),
    item(output("g"), OLD),
]
WORK = [item(call("h")), item(output("h", "y" * 500))]
ONE = context.size(A.content)


def names(entries: list[Entry]) -> list[str]:
    return [entry.id for entry in entries]


TRIM: list[tuple[str, list[Entry], int, list[Entry]]] = [
    ("all fits", [A, B, C, D], 4 * ONE, [A, B, C, D]),
    ("the middle goes, the oldest of it first", [A, B, C, D], 3 * ONE, [A, C, D]),
    ("what is kept in any case", [A, B, C, D], 0, [A, D]),
    ("the first user message, not the first", [ANSWER, A, B, C], 3 * ONE, [A, B, C]),
    ("nothing older than what does not fit", [A, B, *CALLS, C], 3 * ONE, [A, C]),
    ("a message with its item", [A, B, ANSWER, ITEM, C], 4 * ONE, [A, C]),
    ("the newest entry, even if it is an answer", [A, B, ANSWER, ITEM], 0, [A, B, ANSWER, ITEM]),
    ("calls with their outputs", [A, B, *CALLS, C], 0, [A, C]),
    ("the current run and the question it answers", [A, B, C, *WORK], 0, [A, C, *WORK]),
    ("nothing", [], 0, []),
]


@pytest.mark.parametrize(("entries", "characters", "kept"), [case[1:] for case in TRIM], ids=[case[0] for case in TRIM])
def test_trim(entries: list[Entry], characters: int, kept: list[Entry]) -> None:
    assert names(context.trim(entries, characters, "run_1")) == names(kept)


LAST: list[tuple[list[Entry], int, list[Entry]]] = [
    ([A, B, C], 2, [B, C]),
    ([A, B, C], 3, [A, B, C]),
    ([A, B, C], 9, [A, B, C]),
    ([A, *CALLS, ANSWER, ITEM, C], 2, [ANSWER, ITEM, C]),
    ([A, B, *WORK, answer("n", "so")], 1, [B, *WORK, answer("n", "so")]),
    ([*WORK], 1, [*WORK]),
]


@pytest.mark.parametrize(("entries", "count", "kept"), LAST)
def test_last_messages(entries: list[Entry], count: int, kept: list[Entry]) -> None:
    assert names(context.last_messages(entries, count, "run_1")) == names(kept)


def test_size_is_about_that_of_json() -> None:
    import json

    for value in (A.content, {"a": [1, None, True, {"b": "c" * 50}]}, [], "x"):
        assert len(json.dumps(value)) * 0.7 <= context.size(value) <= len(json.dumps(value)) * 1.5 + 5


def test_an_image_counts_the_same_however_long_its_data_is() -> None:
    assert context.size("data:image/png;base64," + "A" * 10**6) == context.IMAGE
