"""A bridged program with a function tool, beside the same program written for Responses by hand: the model is asked
the same, leg by leg, and what is said otherwise has a name."""

from __future__ import annotations

from typing import Any

from bridge import OpenAI
from bridge.diff.compare import compare
from bridge.diff.tape import Leg, Tape
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
