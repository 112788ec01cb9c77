"""The order in which a thread tells what another server lists apart."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from bridge.records import Item, Message, Run, Step
from bridge.routing import story
from bridge.translate import steps


def message(name: str, at: int = 5, run: str | None = None) -> Message:
    return Message(name, "thread_a", at, "assistant" if run else "user", run_id=run)


def run(name: str, at: int = 5) -> Run:
    return Run(name, "thread_a", "asst_a", at, at + 600, "gpt-4o")


def creation(name: str, of: str, made: str) -> Step:
    details = {"type": "message_creation", "message_creation": {"message_id": made}}
    return Step(name, of, "thread_a", "asst_a", 5, 605, "message_creation", details)


def calls(name: str, of: str, output: str | None = "rain") -> Step:
    function = {"name": "get_weather", "arguments": "{}", "output": output}
    details = {"type": "tool_calls", "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    return Step(name, of, "thread_a", "asst_a", 5, 605, "tool_calls", details)


M1, A1, M2, A2 = message("m1"), message("a1", run="r1"), message("m2"), message("a2", run="r2")
R1, R2 = run("r1"), run("r2")

STORIES = [
    ("nothing", [], [], []),
    ("turns within one second", [M1, A1, M2, A2], [(R1, []), (R2, [])], ["m1", "r1", "a1", "m2", "r2", "a2"]),
    (
        "calls before the answer",
        [M1, A1],
        [(R1, [calls("s1", "r1"), creation("s2", "r1", "a1")])],
        ["m1", "r1", "s1", "s1.0", "s1.1", "s2", "a1"],
    ),
    (
        "a word before the calls",
        [M1, A1, message("b1", run="r1"), M2],
        [(R1, [creation("s1", "r1", "a1"), calls("s2", "r1"), creation("s3", "r1", "b1")])],
        ["m1", "r1", "s1", "a1", "s2", "s2.0", "s2.1", "s3", "b1", "m2"],
    ),
    (
        "calls after the last word",
        [M1, A1, M2],
        [(R1, [creation("s1", "r1", "a1"), calls("s2", "r1", output=None)])],
        ["m1", "r1", "s1", "a1", "s2", "s2.0", "m2"],
    ),
    (
        "a run that said nothing",
        [M1, message("m2", at=9)],
        [(run("r1", at=7), [calls("s1", "r1")])],
        ["m1", "r1", "s1", "s1.0", "s1.1", "m2"],
    ),
    ("a run that said nothing, the last one", [M1], [(R1, [])], ["m1", "r1"]),
    ("a message that was deleted", [M1], [(R1, [creation("s1", "r1", "gone")])], ["m1", "r1", "s1"]),
]


@pytest.mark.parametrize(("messages", "runs", "order"), [each[1:] for each in STORIES], ids=[s[0] for s in STORIES])
def test_stories(messages, runs, order):
    assert [record.id for record in story.told(messages, runs)] == order


def test_the_items_of_a_step_are_its_calls_and_their_outputs():
    call, output = steps.items(calls("s1", "r1"))
    assert call == Item(
        *("s1.0", "thread_a", "r1", "function_call"),
        {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": "{}"},
        call_id="call_1",
    )
    assert (output.id, output.body) == (
        "s1.1",
        {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
    )


def function(id: Any, **said: Any) -> Any:
    return {"id": id, "type": "function", "function": said}


WHOLE = {"name": "look", "arguments": "{}"}
SAID: list[tuple[Any, list[tuple[str, str]]]] = [
    ([function("c1", **WHOLE, output="a"), function("c2", **WHOLE, output="b")],
     [*(("function_call", each) for each in ("c1", "c2")), *(("function_call_output", each) for each in ("c1", "c2"))]),
    ([function("c1", name="look"), function(None, **WHOLE), {"id": "c2", "type": "function"}, "x", {}], []),
    ([{"id": "c1", "type": "web_search"}], []),
    (None, []),
]  # fmt: skip
"""Tool calls as other servers write them."""


@pytest.mark.parametrize(("given", "items"), SAID)
def test_calls_stand_before_their_outputs_and_what_says_too_little_is_no_call(given, items):
    step = evolve(calls("s1", "r1"), step_details={"type": "tool_calls", "tool_calls": given})
    assert [(item.type, item.call_id) for item in steps.items(step)] == items
    assert [record.id for record in story.told([A1], [(R1, [step])])][:2] == ["r1", "s1"]


@pytest.mark.parametrize("made", [None, "m", {}, {"message_id": ["a1"]}])
def test_a_step_that_names_no_message(made):
    step = evolve(creation("s1", "r1", "a1"), step_details={"type": "message_creation", "message_creation": made})
    assert [record.id for record in story.told([M1, A1], [(R1, [step])])] == ["m1", "r1", "s1", "a1"]
