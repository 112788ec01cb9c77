"""A bridged program with a function tool, beside the same program written for Responses by hand: the model is asked
the same, leg by leg, and what is said otherwise has a name."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from bridge import OpenAI
from bridge.diff.compare import compare
from bridge.diff.tape import Answer, Event, Exchange, Leg, Request, Tape
from bridge.testing import ScriptedUpstream

Object = dict[str, Any]
PARAMETERS: Object = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER: Object = {"name": "get_weather", "description": "Weather of a city.", "parameters": PARAMETERS}
SCRIPT = [{"when": "Oslo", "call": {"name": "get_weather", "arguments": {"city": "Oslo"}}, "then": {"say": "14."}}]


def bridged() -> list[Leg]:
    upstream = ScriptedUpstream(SCRIPT)
    with OpenAI(upstream=upstream, store="memory") as client:
        assistant = client.beta.assistants.create(
            model="gpt-4o", instructions="Be brief.", tools=[{"type": "function", "function": WEATHER}]
        )
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "How is Oslo?"}])
        runs = client.beta.threads.runs
        run = runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert run.required_action is not None
        (call,) = run.required_action.submit_tool_outputs.tool_calls
        outputs: Any = [{"tool_call_id": call.id, "output": "14"}]
        runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=outputs)
    return [Leg(request, run.id) for request in upstream.requests]


def native(**more: Any) -> list[Leg]:
    """With the conversation kept upstream, as the SDK's examples do it."""
    asked: Object = {"model": "gpt-4o", "instructions": "Be brief.", "tools": [{"type": "function", **WEATHER, **more}]}
    call = {"id": "fc_9", "type": "function_call", "status": "completed", "call_id": "call_9", "name": "get_weather"}
    answer = {"id": "resp_1", "output": [{**call, "arguments": '{"city": "Oslo"}'}]}
    output = {"type": "function_call_output", "call_id": "call_9", "output": "14"}
    first = Leg({**asked, "input": "How is Oslo?"}, answer=answer)
    return [first, Leg({**asked, "input": [output], "previous_response_id": "resp_1"})]


def told(legs: list[Leg]) -> list[tuple[str, str, str]]:
    comparison = compare(Tape((), tuple(bridged())), Tape((), tuple(legs)))
    (observation,) = comparison.observations
    assert len(observation.legs) == 2
    return [(each.rule, each.path, each.severity) for each in observation.mismatches if not each.is_accepted]


def test_the_same_is_asked_and_every_difference_is_named() -> None:
    assert sorted(told(native())) == [
        ("leg-setting", "legs[0].store", "notice"),
        ("leg-setting", "legs[0].tools[0].strict", "notice"),
        ("leg-setting", "legs[1].store", "notice"),
        ("leg-setting", "legs[1].tools[0].strict", "notice"),
    ]


def test_a_rewrite_that_asks_something_else() -> None:
    found = told(native(strict=False, description="The weather."))
    assert [each for each in found if each[2] == "breaking"] == [
        ("leg-value", "legs[0].tools[0].description", "breaking"),
        ("leg-value", "legs[1].tools[0].description", "breaking"),
    ]


# --- as a proxy records it


def exchanges(legs: list[Leg], is_stream: bool = False) -> Tape:
    """The calls of the native program and their answers."""
    made = []
    for number, leg in enumerate(legs, 1):
        events = (Event("response.created", {"response": {"id": "resp_1", "output": []}}),
                  Event("response.completed", {"response": leg.answer}))  # fmt: skip
        answer = Answer(200, events=events) if is_stream else Answer(200, body=leg.answer)
        made.append(Exchange(number, Request("POST", "/responses", body=leg.request), answer))
    return Tape(tuple(made))


OLD = (Exchange(1, Request("POST", "/threads", body={}), Answer(200, body={"id": "thread_a", "object": "thread"})),)


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("is_control", [False, True])
def test_calls_of_a_native_program_are_legs(is_stream: bool, is_control: bool) -> None:
    sides = Tape(OLD, tuple(bridged())), exchanges(native(strict=False), is_stream)
    comparison = compare(*(sides[::-1] if is_control else sides))
    (observation,) = comparison.observations
    assert len(observation.legs) == 2
    assert {each.path for each in observation.mismatches if not each.is_accepted} == {"legs[0].store", "legs[1].store"}
    side = "candidate" if is_control else "control"
    assert comparison.notes == (
        f"{side}: its calls of the Assistants API (1) are not compared: the other side has none",
    )


def test_a_program_that_speaks_both_is_compared_in_both() -> None:
    native_too = exchanges(native())
    comparison = compare(Tape(OLD, tuple(bridged())), Tape((*OLD, *native_too.exchanges)))
    assert [each.control for each in comparison.observations] == [*OLD, None]
    assert comparison.notes == ()


def test_two_native_programs_are_compared_call_by_call() -> None:
    one, other = exchanges(native()), exchanges(native(description="The weather."))
    comparison = compare(one, other)
    assert len(comparison.observations) == 2 and not any(each.legs for each in comparison.observations)
    assert {each.rule for each in comparison.mismatches()} == {"request"}


def test_a_call_without_an_answer_is_a_leg() -> None:
    (first, second) = exchanges(native(strict=False)).exchanges
    comparison = compare(Tape((), tuple(bridged())), Tape((evolve(first, answer=None), second)))
    assert {"leg-extra"} <= {each.rule for each in comparison.mismatches()}  # nobody knows what the id stands for
