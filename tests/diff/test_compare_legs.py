"""Upstream diff: the requests of a bridged program beside those of the same program written for Responses by hand."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from stories import Object, Side, leg, tape

from bridge.diff.compare import compare
from bridge.diff.compare.identity import Identities
from bridge.diff.compare.legs import requests
from bridge.diff.compare.meanings import MEANINGS
from bridge.diff.observations import MISSING, Mismatch
from bridge.diff.tape import Leg, Tape

HELLO: Object = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
CALL: Object = {
    "type": "function_call",
    "call_id": "call_a1",
    "name": "weather",
    "arguments": '{"city": "Oslo", "id": 1}',
}
OUTPUT: Object = {"type": "function_call_output", "call_id": "call_a1", "output": "14"}


def found(control: Leg, candidate: Leg) -> list[Mismatch]:
    return requests(control.request, candidate.request, "legs[0]", Identities())


def told(control: Leg, candidate: Leg) -> list[tuple[str, str, str]]:
    return [(each.rule, each.path, each.severity) for each in found(control, candidate) if not each.is_accepted]


SAME: list[tuple[str, Object, Object]] = [
    # what is said in two ways, and how it is said on either side; ... is not said
    ("A plain text", {}, {"input": "Hello"}),
    ("A message may leave out", {}, {"input": [{"role": "user", "content": "Hello"}]}),
    ("Where none is given, `tool_choice` is auto", {}, {"tool_choice": ...}),
    ("Where none is given, the temperature is 1", {}, {"temperature": ...}),
    ("Where none is given, `top_p` is 1", {"top_p": 1.0}, {}),
    ("Where none is given, calls may be parallel", {"parallel_tool_calls": True}, {}),
    ("Where none is given, the format is text", {"text": {"format": {"type": "text"}}}, {}),
    ("Where none is given, truncation is disabled", {"truncation": "disabled"}, {}),
    ("Whether the answer comes as a stream", {}, {"stream": ...}),
    ("No metadata", {"metadata": {}}, {}),
    ("What is included has no order", {"include": ["b", "a"]}, {"include": ["a", "b"]}),
    ("Where nothing is said, an answer is stored", {"store": True}, {"store": ...}),
    ("`instructions` that is null", {"instructions": ...}, {"instructions": None}),
    ("No tools", {"tools": []}, {"tools": ...}),
    ("Keys of tools that are null", {"tools": [{"type": "function", "name": "x", "parameters": None, "strict": True}]},
     {"tools": [{"type": "function", "name": "x", "description": None, "strict": True}]}),
    ("Ids and statuses", {"input": [HELLO, {**CALL, "id": "fc_1", "status": "completed"}]}, {"input": [HELLO, CALL]}),
    ("The same arguments", {"input": [CALL]}, {"input": [{**CALL, "arguments": '{"id":1,"city":"Oslo"}'}]}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "control", "candidate"), SAME, ids=[each[0] for each in SAME])
def test_what_means_the_same_is_named(sentence: str, control: Object, candidate: Object) -> None:
    mismatches = found(leg(**control), leg(**candidate))
    assert mismatches and all(str(each.note).startswith("means the same: ") for each in mismatches)
    assert any(str(each.note).startswith(f"means the same: {sentence}") for each in mismatches)


def strict(value: Any, parameters: Any = None) -> list[Object]:
    (tool,) = leg().request["tools"]
    changed = {**tool, "strict": value, "parameters": parameters or tool["parameters"]}
    return [{name: each for name, each in changed.items() if each is not ...}]


CITY: Object = {"type": "object", "properties": {"city": {"type": "string"}}}
NEEDED: Object = {**CITY, "required": ["city"]}
NESTED: Object = {**NEEDED, "properties": {"city": {"type": "array", "items": CITY}}}


def text(words: str, role: str = "user") -> Object:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": words}]}


DIFFERENT: list[tuple[Object, Object, list[tuple[str, str, str]]]] = [
    ({}, {"model": "gpt-5"}, [("leg-value", "legs[0].model", "breaking")]),
    ({}, {"instructions": ...}, [("leg-missing", "legs[0].instructions", "breaking")]),
    ({}, {"instructions": "Be rude."}, [("leg-value", "legs[0].instructions", "breaking")]),
    ({}, {"temperature": 0.5}, [("leg-value", "legs[0].temperature", "breaking")]),
    ({}, {"tool_choice": "required"}, [("leg-value", "legs[0].tool_choice", "breaking")]),
    ({}, {"tool_choice": {"type": "function", "name": "x"}}, [("leg-value", "legs[0].tool_choice", "breaking")]),
    ({}, {"tools": ...}, [("leg-missing", "legs[0].tools", "breaking")]),
    ({}, {"tools": strict(True)}, [("leg-value", "legs[0].tools[0].strict", "breaking")]),
    ({}, {"tools": strict(...)}, [("leg-setting", "legs[0].tools[0].strict", "notice")]),
    ({"tools": strict(False, NEEDED)}, {"tools": strict(..., NEEDED)},
     [("leg-setting", "legs[0].tools[0].strict", "notice")]),
    ({"tools": strict(True, NEEDED)}, {"tools": strict(..., NEEDED)},
     [("leg-setting", "legs[0].tools[0].strict", "notice")]),
    ({"tools": strict(False, CITY)}, {"tools": strict(..., CITY)},
     [("leg-value", "legs[0].tools[0].strict", "breaking")]),
    ({"tools": strict(..., NESTED)}, {"tools": strict(False, NESTED)},
     [("leg-value", "legs[0].tools[0].strict", "breaking")]),
    ({}, {"text": {"format": {"type": "json_object"}}}, [("leg-value", "legs[0].text.format.type", "breaking")]),
    ({}, {"store": ...}, [("leg-setting", "legs[0].store", "notice")]),
    ({}, {"metadata": {"a": "b"}}, [("leg-setting", "legs[0].metadata", "notice")]),
    ({}, {"include": ["x"]}, [("leg-setting", "legs[0].include", "notice")]),
    ({}, {"reasoning": {"effort": "low"}}, [("leg-extra", "legs[0].reasoning", "breaking")]),
    ({}, {"input": [HELLO, text("More")]}, [("leg-extra", "legs[0].input[1]", "breaking")]),
    ({}, {"input": "Hi"}, [("leg-value", "legs[0].input[0].content[0].text", "breaking")]),
    ({"input": [text("a"), HELLO]}, {"input": [HELLO, text("a")]}, [("leg-value", "legs[0].input", "breaking")]),
    ({"input": [CALL]}, {"input": [{**CALL, "arguments": '{"city": "Oslo", "id": 2}'}]},
     [("leg-value", "legs[0].input[0].arguments.id", "breaking")]),
    ({"input": [CALL, OUTPUT]}, {"input": [CALL, {**OUTPUT, "call_id": "call_b2"}]},
     [("leg-value", "legs[0].input[1].call_id", "breaking")]),
]  # fmt: skip


@pytest.mark.parametrize(("control", "candidate", "expected"), DIFFERENT)
def test_what_differs_is_told(control: Object, candidate: Object, expected: list[tuple[str, str, str]]) -> None:
    assert told(leg(**control), leg(**candidate)) == expected


def test_ids_of_calls_are_mapped() -> None:
    others = [{**CALL, "call_id": "call_z9"}, {**OUTPUT, "call_id": "call_z9"}]
    assert found(leg(input=[CALL, OUTPUT]), leg(input=others)) == []


def test_tools_in_another_order() -> None:
    tools = [{"type": "function", "name": name, "parameters": {}, "strict": False} for name in ("a", "b")]
    assert told(leg(tools=tools), leg(tools=tools[::-1])) == [("leg-order", "legs[0].tools", "notice")]


def test_a_native_program_beside_a_bridged_one() -> None:
    """The native side tells of no runs and keeps state upstream; what its requests stand for is the same."""
    bridged = [leg("run_a", input=[HELLO]), leg("run_a", input=[HELLO, CALL, OUTPUT])]
    first = {"id": "resp_1", "output": [{**CALL, "id": "fc_1", "status": "completed"}]}
    native = [
        evolve(leg(input="Hello", stream=...), answer=first),
        leg(input=[OUTPUT], previous_response_id="resp_1", stream=...),
    ]
    comparison = compare(Tape((), tuple(bridged)), Tape((), tuple(native)))
    (observation,) = comparison.observations
    assert (observation.control, observation.candidate, len(observation.legs)) == (None, None, 2)
    assert [each.path for each in observation.mismatches if not each.is_accepted] == []
    assert {each.path for each in observation.mismatches} == {
        "legs[0].stream",
        "legs[0].input",
        "legs[1].stream",
        "legs[1].input",
    }


def test_previous_responses_that_the_tape_does_not_have_are_a_difference() -> None:
    control, candidate = leg(input=[HELLO, OUTPUT]), leg(input=[HELLO, OUTPUT], previous_response_id="resp_9")
    comparison = compare(Tape((), (control,)), Tape((), (candidate,)))
    (told,) = comparison.mismatches()
    assert (told.rule, told.path, told.control) == ("leg-extra", "legs[0].previous_response_id", MISSING)


def test_a_leg_more_and_a_leg_less() -> None:
    whole = [leg("run_a"), leg("run_a", input=[HELLO, CALL, OUTPUT]), leg("run_a", input=[text("Bye")])]
    less = [evolve(each, run="run_b") for each in (whole[0], whole[2])]
    (there,) = compare(Tape((), tuple(whole)), Tape((), tuple(less))).mismatches()
    (back,) = compare(Tape((), tuple(less)), Tape((), tuple(whole))).mismatches()
    assert (there.rule, there.path, back.rule, back.path) == ("missing-leg", "legs[1]", "extra-leg", "legs[1]")


def test_legs_stand_by_the_run_they_belong_to() -> None:
    """Runs are paired by the exchanges, in whatever order their legs were noted."""
    one, other = Side(1), Side(2)
    names = ("run:said0", "run:tools0")
    control = evolve(tape(one), legs=tuple(leg(one.id(name), instructions=name) for name in names))
    candidate = evolve(tape(other), legs=tuple(leg(other.id(name), instructions=name) for name in reversed(names)))
    comparison = compare(control, candidate)
    assert comparison.mismatches() == ()
    with_legs = [each for each in comparison.observations if each.legs]
    assert [each.legs[0][0].request["instructions"] for each in with_legs if each.legs[0][0]] == [
        "run:tools0",
        "run:said0",
    ]


def test_legs_of_one_side_only_are_remarked() -> None:
    comparison = compare(Tape((), (leg(),)), Tape(()))
    assert comparison.notes == ("Only the control shows its Responses requests: they are not compared.",)


def test_every_meaning_has_an_example() -> None:
    named = {sentence for sentence, _, _ in SAME}
    fields = {meaning.key for meaning in MEANINGS if any(meaning.sentence.startswith(name) for name in named)}
    assert fields >= {"input", "tools", "tool_choice", "text", "metadata", "include", "store", "stream", "temperature"}
    assert all(meaning.sentence.endswith(".") for meaning in MEANINGS)
