"""Texts, annotations, errors and calls, one rule each."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bridge.diff.compare import texts
from bridge.diff.compare.exchanges import hooks
from bridge.diff.compare.fields import same
from bridge.diff.compare.folding import folded
from bridge.diff.compare.identity import Identities
from bridge.diff.compare.measures import Thresholds
from bridge.diff.compare.operations import operation
from bridge.diff.compare.values import Walk
from bridge.diff.tape import Event, Request

LONG = "The quick brown fox jumps over the lazy dog near the river bank. " * 8

TEXTS: list[tuple[str, str, str | None]] = [
    ("a", "a", None),
    ("a b\n", "a  b", "text-whitespace"),
    ("“It’s”", '"It\'s"', "text-normalised"),
    ("cafe\u0301", "café", "text-normalised"),
    ("as it is【4:0†a.txt】.", "as it is.", "text-normalised"),
    ("as it is【4:0†a.txt】", "as it is【5:1†source】", "text-normalised"),
    ("a\u200bb", "ab", "text-normalised"),
    (LONG, LONG + "The end.", "text-similar"),
    ("Yes.", "No.", "text"),
    ("", "something", "text"),
    ("\ud800", "\udfff", "text"),
    ("東京は晴れです", "大阪は雨です", "text"),
]


@pytest.mark.parametrize(("control", "candidate", "rule"), TEXTS)
def test_texts(control: str, candidate: str, rule: str | None) -> None:
    for pair in ((control, candidate), (candidate, control)):
        told = texts.rule(*pair)
        assert (told[0] if told else None) == rule


def test_similarity() -> None:
    assert texts.similarity("a b c", "a b c") == 1 and texts.similarity("", "") == 1
    assert texts.similarity("one two three", "four five six") == 0
    words = LONG.split()
    assert texts.similarity(LONG, " ".join(reversed(words))) < 0.2
    moved = " ".join([*words[50:], *words[:50]])
    assert texts.similarity(LONG, moved) > 0.9


def test_a_text_of_brackets_is_read_once() -> None:
    began = time.process_time()
    assert texts.rule("【" * 300_000, "【" * 300_001) is not None
    assert time.process_time() - began < 5


@pytest.mark.slow
def test_texts_of_five_megabytes() -> None:
    """They are sampled, and the sample tells about as much: half of the pairs of words are the same."""
    whole = " ".join(f"word{n * 7919 % 100_003}" for n in range(500_000))
    half = whole[: len(whole) // 2] + " ".join(f"else{n}" for n in range(250_000))
    told = texts.rule(whole, half)
    assert told is not None and 0.4 < told[1] < 0.6


def found(control: Any, candidate: Any, key: str = "") -> list[tuple[str, str]]:
    walk = Walk(Identities(), hooks(Thresholds()))
    walk.value(control, candidate, "$", key)
    return [(each.rule, each.path) for each in walk.found]


def part(value: str, *annotations: Any) -> dict[str, Any]:
    return {"value": value, "annotations": list(annotations)}


def cited(start: int, end: int, text: str = "【1†a】", type: str = "file_citation") -> dict[str, Any]:
    return {"type": type, "text": text, "start_index": start, "end_index": end, type: {"file_id": "file-a1"}}


PARTS: list[tuple[Any, Any, list[tuple[str, str]]]] = [
    (part("a"), part("a", cited(0, 1)), [("annotation-extra", "$.annotations[0]")]),
    (part("a", cited(0, 1)), part("a"), [("annotation-missing", "$.annotations[0]")]),
    (part("abc", cited(0, 1)), part("abc", cited(1, 2)), [("annotation-span", "$.annotations[0]")]),
    (part("a", cited(0, 1)), part("a", cited(0, 1, type="file_path")), [("annotation-kind", "$.annotations[0]")]),
    (part("abc", cited(0, 1), cited(1, 2, type="file_path")), part("abc", cited(1, 2, type="file_path"), cited(0, 1)),
     [("item-order", "$.annotations")]),
    (part("a【1†a】", cited(1, 6)), part("a【2†b】", cited(1, 6, "【2†b】")),
     [("text-normalised", "$.value"), ("text-normalised", "$.annotations[0].text")]),
    (part("x y", cited(0, 1)), part("one", cited(1, 2)), [("text", "$.value")]),
    ({"value": "a"}, part("a"), [("extra-key", "$.annotations")]),
    ({"value": 1, "annotations": []}, part("a"), [("type", "$.value")]),
]  # fmt: skip


@pytest.mark.parametrize(("control", "candidate", "expected"), PARTS)
def test_text_parts_and_annotations(control: Any, candidate: Any, expected: list[tuple[str, str]]) -> None:
    assert found(control, candidate, "text") == expected


def calls(*arguments: str) -> list[Any]:
    return [
        {"id": f"call_{n}", "type": "function", "function": {"name": "f", "arguments": each}}
        for n, each in enumerate(arguments, 1)
    ]


CALLS: list[tuple[Any, Any, list[tuple[str, str]]]] = [
    (calls('{"a": 1}'), calls('{"a":1}'), [("arguments-form", "$[0].function.arguments")]),
    (calls('{"a": 1}'), calls('{"a": 1.0}'), [("arguments-form", "$[0].function.arguments")]),
    (calls('{"id": 1}'), calls('{"id": 2}'), [("arguments", "$[0].function.arguments.id")]),
    (calls('{"order_id": "17"}'), calls('{"order_id": "18"}'), [("arguments", "$[0].function.arguments.order_id")]),
    (calls('{"a": 1}'), calls('{"a": 1'), [("arguments-json", "$[0].function.arguments")]),
    (calls('{"a'), calls('{"b'), [("arguments", "$[0].function.arguments")]),
    (calls('{"a": [1, 2]}'), calls('{"a": [2, 1]}'), [("arguments", "$[0].function.arguments.a")]),
    (calls("{}"), calls("{}", "{}"), [("extra-call", "$[1]")]),
    ([{"id": "call_1", "type": "code_interpreter", "code_interpreter": {"input": "1", "outputs": []}}],
     [{"id": "call_1", "type": "code_interpreter", "code_interpreter": {"input": "2", "outputs": []}}],
     [("tool-code", "$[0].code_interpreter.input")]),
    (calls("{}"), [{"id": "call_1", "type": "file_search", "file_search": {}}], [("function", "$[0].type")]),
    (calls("{}"), [None], [("null", "$[0]")]),
]  # fmt: skip


@pytest.mark.parametrize(("control", "candidate", "expected"), CALLS)
def test_tool_calls(control: Any, candidate: Any, expected: list[tuple[str, str]]) -> None:
    assert found(control, candidate, "tool_calls") == expected


VALUES: list[tuple[Any, Any, list[tuple[str, str]]]] = [
    ({"metadata": {"user_id": "u1"}}, {"metadata": {"user_id": "u2"}}, [("value", "$.metadata.user_id")]),
    ({"metadata": {"a": "1"}}, {"metadata": {}}, [("value", "$.metadata.a")]),
    ({"id": "run_1", "run_id": "run_1"}, {"id": "run_2", "run_id": "run_2"}, []),
    ({"id": "run_1", "run_id": "run_1"}, {"id": "run_2", "run_id": "run_3"}, [("id", "$.run_id")]),
    ({"id": "run_1", "x_id": "run_2"}, {"id": "run_3", "x_id": "run_3"}, [("id", "$.x_id")]),
    ({"id": "call_1"}, {"id": "tool-1-x"}, [("id-form", "$.id")]),
    ({"file_ids": ["file-a1", "file-b2"]}, {"file_ids": ["file-c3", "file-d4"]}, []),
    ({"deleted": True}, {"deleted": False}, [("literal", "$.deleted")]),
    ({"n": True}, {"n": 1}, [("type", "$.n")]),
    ({"object": "list", "data": []}, {"object": "page"}, [("literal", "$.object")]),
    ({"usage": {"total_tokens": 100}}, {"usage": {"total_tokens": 105}}, []),
    ({"usage": {"total_tokens": 100}}, {"usage": {}}, [("missing-key", "$.usage.total_tokens")]),
    ({"usage": {"total_tokens": 100}}, {"usage": {"total_tokens": "100"}}, [("type", "$.usage.total_tokens")]),
    ({"created_at": 1, "completed_at": 2}, {"created_at": 1, "completed_at": 1}, []),
    ([{"role": "a"}, {"role": "b"}], [{"role": "b"}, {"role": "a"}], [("item-order", "$")]),
    ({"last_error": {"code": "a", "message": "No run_1."}}, {"last_error": {"code": "b", "message": "No run_2."}},
     [("literal", "$.last_error.code")]),
]  # fmt: skip


@pytest.mark.parametrize(("control", "candidate", "expected"), VALUES)
def test_values(control: Any, candidate: Any, expected: list[tuple[str, str]]) -> None:
    assert found(control, candidate) == expected


def test_very_deep_values_are_compared_as_a_whole() -> None:
    def deep(leaf: Any) -> Any:
        for _ in range(5000):
            leaf = [leaf]
        return leaf

    assert found(deep(1), deep(1)) == []
    ((rule, path),) = found(deep(1), deep(2))
    assert rule == "value" and path.count("[0]") == 101
    assert same(deep(1), deep(1.0)) and not same(deep(1), deep(True))


def deltas(*pieces: Any) -> list[Event]:
    return [Event("thread.message.delta", {"id": "msg_1", "delta": {"content": [piece]}}) for piece in pieces]


def test_deltas_are_folded_to_what_they_add_up_to() -> None:
    text = {"index": 0, "type": "text"}
    told = folded(
        [
            *deltas({**text, "text": {"value": "a", "annotations": []}}, {**text, "text": {"value": "b"}}),
            *deltas({"index": 1, "type": "image_file", "image_file": {"file_id": "file-a"}}),
            *deltas({**text, "text": {"value": "c", "annotations": [{"index": 0, "text": "c"}]}}),
        ]
    )
    (only,) = told
    first, second = only.data["delta"]["content"]
    assert first == {**text, "text": {"value": "abc", "annotations": [{"index": 0, "text": "c"}]}}
    assert second["image_file"] == {"file_id": "file-a"}
    assert set(only.openings or {}) == {"text", "image_file"} and len(only.later) == 1


def test_deltas_of_another_object_are_another_event() -> None:
    first, second = deltas({"index": 0}, {"index": 0})
    other = Event(first.event, {**second.data, "id": "msg_2"})
    assert len(folded([first, second, other])) == 2


OPERATIONS = [
    ("POST", "/threads/runs", "threads.create_and_run", ()),
    ("GET", "/threads/thread_a", "threads.retrieve", ("thread_a",)),
    ("GET", "/threads/undefined/messages", "messages.list", ("undefined",)),
    ("post", "/threads/t/runs/r/submit_tool_outputs/", "runs.submit_tool_outputs", ("t", "r")),
    ("GET", "/threads/t/runs/r/steps/s", "steps.retrieve", ("t", "r", "s")),
    ("GET", "/batches/batch_a1/cancel", "GET /batches/{id}/cancel", ("batch_a1",)),
    ("PUT", "/threads", "PUT /threads", ()),
]


@pytest.mark.parametrize(("method", "path", "name", "ids"), OPERATIONS)
def test_operations(method: str, path: str, name: str, ids: tuple[str, ...]) -> None:
    told = operation(Request(method, path))
    assert (told.name, told.ids) == (name, ids)
