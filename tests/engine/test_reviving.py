"""What a hook answers → what is stored for the id."""

from __future__ import annotations

from typing import Any

import pytest

from bridge import errors
from bridge.engine import reviving
from bridge.records import Assistant, Message, Thread

HELLO = {"role": "user", "content": "Hello"}
TEXT = [{"type": "text", "text": {"value": "Hello", "annotations": []}}]


def made(told: Any, kind: Any = "thread") -> list[Any]:
    counted = iter(range(9))
    puts = reviving.changes(kind, f"{kind}_x", told, lambda of: f"msg_{next(counted)}", 100.5)
    assert all(put.is_new for put in puts)
    return [put.record for put in puts]


def message(number: Any, at: int = 100, **more: Any) -> Message:
    given: Any = {"role": "user", "content": TEXT, "attachments": [], "completed_at": at, **more}
    return Message(f"msg_{number}", "thread_x", at, **given)


TOLD: list[tuple[Any, list[Any]]] = [
    (None, [Thread("thread_x", 100)]),
    ({}, [Thread("thread_x", 100)]),
    ([], [Thread("thread_x", 100)]),
    ([HELLO], [Thread("thread_x", 100), message(0)]),
    ((each for each in [HELLO]), [Thread("thread_x", 100), message(0)]),
    ({"messages": [HELLO]}, [Thread("thread_x", 100), message(0)]),
    (
        {"messages": [HELLO, {**HELLO, "created_at": 7, "metadata": {"k": "v"}}], "metadata": {"a": "b"}},
        [Thread("thread_x", 7, metadata={"a": "b"}), message(1, 7, metadata={"k": "v"}), message(0)],
    ),
    ({"created_at": 5, "messages": [{**HELLO, "id": "msg_old"}]}, [Thread("thread_x", 5), message("old")]),
    (
        {"tool_resources": {"code_interpreter": {"file_ids": ["file-a"]}}},
        [Thread("thread_x", 100, tool_resources={"code_interpreter": {"file_ids": ["file-a"]}})],
    ),
]


@pytest.mark.parametrize(("told", "records"), TOLD)
def test_a_thread(told: Any, records: list[Any]) -> None:
    assert made(told) == records


def test_an_assistant() -> None:
    (found,) = made({"model": "gpt-4o", "name": "Old", "created_at": 7}, "assistant")
    assert found == Assistant("assistant_x", 7, "gpt-4o", "Old", tools=[])


WRONG: list[tuple[str, Any, type[Exception], str]] = [
    ("thread", 5, TypeError, "the thread must be a mapping, not int"),
    ("thread", "text", TypeError, "messages must be a list, not str"),
    ("thread", {"messages": "Hello"}, TypeError, "messages must be a list, not str"),
    ("thread", {"messages": {"role": "user"}}, TypeError, "messages must be a list, not dict"),
    ("thread", ["Hello"], TypeError, "the message must be a mapping, not str"),
    ("thread", {"name": "x"}, ValueError, "'name' is none of messages, metadata"),
    ("thread", [{"role": "system", "content": "x"}], errors.APIError, "Invalid value: 'system'"),
    ("thread", [{**HELLO, "id": "x"}], ValueError, "'x' is no id of a message"),
    ("thread", [{**HELLO, "created_at": "now"}], ValueError, "created_at of a message must be Unix seconds, not 'now'"),
    (
        "thread",
        [{**HELLO, "attachments": [{"file_id": "file-a"}]}],
        ValueError,
        "attachments of messages are not taken",
    ),
    ("thread", {"metadata": {"k": 1}}, errors.APIError, "Invalid type for 'metadata.k'"),
    ("thread", {"created_at": True}, ValueError, "created_at must be Unix seconds"),
    ("assistant", ["x"], TypeError, "the assistant must be a mapping, not list"),
    ("assistant", {"name": "x"}, errors.APIError, "Missing required parameter: 'model'"),
    (
        "assistant",
        {"model": "m", "tool_resources": {"file_search": {"vector_stores": [{}]}}},
        ValueError,
        "must name vector stores by their ids",
    ),
]


@pytest.mark.parametrize(("kind", "told", "error", "said"), WRONG)
def test_what_is_none_is_said(kind: str, told: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        made(told, kind)


IDS = [
    ("thread_abcDEF0123456789abcDEF01", True),
    ("thread_abcDEF0123456789abcDEF0", False),
    ("thread_abcDEF0123456789abcDEF01x", False),
    ("thread_undefined", False),
    ("thread_abcDEF-123456789abcDEF01", False),
    ("threadxabcDEF0123456789abcDEF01", False),
    ("thread_abcDEF0123456789abcDEF01\n", False),
]


@pytest.mark.parametrize(("id", "is_whole"), IDS)
def test_which_ids_may_be_made_a_thread_of(id: str, is_whole: bool) -> None:
    assert reviving.is_whole(id) is is_whole
