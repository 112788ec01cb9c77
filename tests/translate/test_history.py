"""A thread's entries to the input of a call: pairs by rule (responses-mapping §13), and what holds for any thread."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.records import Entry, Item, Message
from bridge.translate import context, history
from bridge.upstream.scripted.check_items import check_input
from translate.made import answer, call, item, message, output, raw, said, thought

Object = dict[str, Any]

HELLO, ASKED = message("m1", "Hello"), said("Hello")
OLD = "run_0"

CASES: list[tuple[str, list[Entry], list[Object]]] = [
    ("an empty thread", [], [history.PLACEHOLDER]),
    ("only what is left out", [item(call("a"))], [history.PLACEHOLDER]),
    ("messages", [HELLO, answer("m2", "Hi", run_id=OLD)], [ASKED, said("Hi", "assistant")]),
    (
        "calls and outputs of old runs, without what only their run needed",
        [
            HELLO,
            item(thought(), OLD),
            item(call("a", id="fc_1", status="completed"), OLD),
            item(output("a"), OLD),
            answer("m2", "Hi", run_id=OLD),
            item(raw("Hi"), OLD, "m2"),
        ],
        [ASKED, call("a"), output("a"), said("Hi", "assistant")],
    ),
    (
        "hosted calls of old runs are left out",
        [HELLO, item({"type": "file_search_call", "id": "fs_1"}, OLD), item({"type": "web_search_call"}, OLD)],
        [ASKED],
    ),
    (
        "everything of the current run, whole and in order",
        [
            HELLO,
            item(thought()),
            item({"type": "file_search_call", "id": "fs_1"}),
            answer("m2", "Wait"),
            item(raw("Wait", phase="commentary", novelty=1), message_id="m2"),
            item(call("a", id="fc_1")),
            item(call("b", id="fc_2")),
            item(output("a")),
            item(output("b")),
        ],
        [
            ASKED,
            thought(),
            {"type": "file_search_call", "id": "fs_1"},
            raw("Wait", phase="commentary", novelty=1),
            call("a", id="fc_1"),
            call("b", id="fc_2"),
            output("a"),
            output("b"),
        ],
    ),
    ("a message of the current run without its item", [HELLO, answer("m2", "Hi")], [ASKED, said("Hi", "assistant")]),
    ("the item of a deleted message", [HELLO, item(raw("Hi"), message_id="m2")], [ASKED]),
    ("a call without an output", [HELLO, item(call("a"), OLD), message("m3", "So?")], [ASKED, said("So?")]),
    ("an output without a call", [HELLO, item(output("a"))], [ASKED]),
    ("an output before its call", [HELLO, item(output("a")), item(call("a"))], [ASKED]),
    (
        "the same call id in two runs",
        [item(call("a"), OLD), item(call("a")), item(output("a"))],
        [call("a"), output("a")],
    ),
    (
        "the same call id twice in one run",
        [item(call("a", n=1)), item(output("a", "1")), item(call("a", n=2)), item(output("a", "2"))],
        [call("a", n=1), output("a", "1"), call("a", n=2), output("a", "2")],
    ),
    (
        "two outputs of one call",
        [item(call("a")), item(output("a", "1")), item(output("a", "2"))],
        [call("a"), output("a", "1")],
    ),
    ("reasoning at the end", [HELLO, item(thought())], [ASKED]),
    ("reasoning before a call that is cut", [HELLO, item(thought()), item(call("a"))], [ASKED]),
    (
        "reasoning before a message of the user",
        [HELLO, item(thought()), message("m3", "So?")],
        [ASKED, said("So?")],
    ),
    (
        "reasoning that is not encrypted stays, and the ids of what it led to",
        [
            item(thought(encrypted_content=None)),
            item(call("a", id="fc_1")),
            item(call("b", id="fc_2")),
            item(output("a")),
            item(output("b")),
            item(thought()),
            item(call("c", id="fc_3")),
            item(output("c")),
        ],
        [
            call("a"),
            call("b"),
            output("a"),
            output("b"),
            thought(),
            call("c", id="fc_3"),
            output("c"),
        ],
    ),
    (
        "the status of reasoning",
        [item(thought(status="completed")), item(call("a")), item(output("a"))],
        [thought(), call("a"), output("a")],
    ),
    (
        "several reasoning items in a row",
        [item(thought(id="rs_1")), item(thought(id="rs_2")), item(call("a")), item(output("a"))],
        [thought(id="rs_1"), thought(id="rs_2"), call("a"), output("a")],
    ),
]


@pytest.mark.parametrize(("entries", "sent"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_to_responses(entries: list[Entry], sent: list[Object]) -> None:
    assert history.to_responses("run_1", entries) == sent


def test_reasoning_is_not_sent_to_who_does_not_take_it() -> None:
    entries = [HELLO, item(thought()), item(call("a", id="fc_1")), item(output("a"))]
    assert history.to_responses("run_1", entries, include_reasoning=False) == [ASKED, call("a"), output("a")]


# --- what holds for any thread

RUNS = ("run_0", "run_1")


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """A thread as runs leave it: rounds in order, some messages deleted, some calls unanswered."""
    made: list[Entry] = []
    for run_id in draw(st.lists(st.sampled_from(RUNS[:1]), max_size=2)) + draw(st.sampled_from([[], [RUNS[1]]])):
        made.append(message(f"m{len(made)}", draw(st.sampled_from(["", "Hello", "x" * 40]))))
        for _ in range(draw(st.integers(0, 3))):
            made += draw(rounds(run_id, len(made)))
    return made


@st.composite
def rounds(draw: st.DrawFn, run_id: str, start: int) -> list[Entry]:
    made: list[Entry] = []
    if draw(st.booleans()):
        made.append(item(thought(encrypted_content=draw(st.sampled_from(["sealed", None]))), run_id))
    if draw(st.booleans()):
        name = f"m{start}a"
        made += [answer(name, "Hi", run_id=run_id)] if draw(st.booleans()) else []
        made.append(item(raw("Hi", id=f"msg_{start}"), run_id, name))
    calls = draw(st.lists(st.sampled_from("abc"), max_size=3, unique=True))
    made += [item(call(name, id=f"fc_{start}{name}"), run_id) for name in calls]
    answered = draw(st.booleans())
    return [*made, *(item(output(name), run_id) for name in calls if answered)]


def check(sent: list[Object], include_reasoning: bool) -> None:
    """The rules whose breach is a 400."""
    assert sent
    waiting: list[str] = []
    for place, one in enumerate(sent):
        if one["type"] == "function_call":
            waiting.append(one["call_id"])
        elif one["type"] == "function_call_output":
            waiting.remove(one["call_id"])
        elif one["type"] == "reasoning":
            assert include_reasoning and one["encrypted_content"]
            assert place + 1 < len(sent)
            assert sent[place + 1].get("role") != "user" and sent[place + 1]["type"] != "function_call_output"
        elif one["type"] == "message":
            assert one["content"]
    assert not waiting


@given(entries(), st.booleans())
def test_input_is_never_refused(made: list[Entry], include_reasoning: bool) -> None:
    check(history.to_responses("run_1", made, include_reasoning=include_reasoning), include_reasoning)


@given(entries())
def test_input_is_taken_by_a_strict_server(made: list[Entry]) -> None:
    check_input(history.to_responses("run_1", made, include_reasoning=False))


@given(entries(), st.integers(0, 1500))
def test_trimmed_input_is_never_refused(made: list[Entry], characters: int) -> None:
    check(history.to_responses("run_1", context.trim(made, characters, "run_1")), True)


@given(entries(), st.integers(0, 1500))
def test_trim_parts_nothing_that_belongs_together(made: list[Entry], characters: int) -> None:
    kept = context.trim(made, characters)
    assert kept == [entry for entry in made if entry in kept]
    places = [place for place, entry in enumerate(made) if any(entry is one for one in kept)]
    whole = [one for one in history.to_responses("run_1", made) if one["type"].startswith("function_call")]
    parts = [one for one in history.to_responses("run_1", kept) if one["type"].startswith("function_call")]
    dropped = [entry for place, entry in enumerate(made) if place not in places]
    dropped_calls = sum(1 for entry in dropped if isinstance(entry, Item) and entry.call_id)
    assert len(whole) - len(parts) <= dropped_calls
    users = [entry for entry in made if isinstance(entry, Message) and entry.role == "user"]
    assert all(entry in kept for entry in (*users[:1], *users[-1:], *made[-1:]))
