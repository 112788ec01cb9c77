"""Two legs against the offline upstream, with each oddity of real servers: what is told stays the same."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any

import pytest

from bridge.records import Entry
from bridge.translate import facts, runs, steps
from bridge.translate.events import Reader
from bridge.translate.facts import Fact
from bridge.upstream import StreamBroken
from bridge.upstream.scripted import ScriptedUpstream
from bridge.upstream.scripted.quirks import QUIRKS, REFUSING
from translate import fact_order
from translate.made import item, message, run

Object = dict[str, Any]

PARAMETERS = {"type": "object", "properties": {"location": {"type": "string"}, "unit": {"type": "string"}}}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": PARAMETERS}}
    for name in ("get_current_temperature", "get_rain_probability")
]
ASKED = message("m1", "What's the weather in San Francisco today and the likelihood it'll rain?")


def leg(upstream: ScriptedUpstream, entries: list[Entry], number: int) -> list[Fact]:
    weather = run(instructions="You are a weather bot.", tools=TOOLS)
    request = runs.to_responses(weather, entries, first_leg=number == 0, include_reasoning=False)
    reader = Reader()
    told: list[Fact] = []
    try:
        for event in upstream.open(request):
            told += reader.receive(event)
    except StreamBroken as broken:
        told += reader.end(str(broken))
    told += reader.end(None)
    fact_order.check(told)
    return told


def both_legs(quirks: tuple[str, ...]) -> tuple[list[tuple[str, str]], str]:
    """The calls asked for in the first leg, and the text of the second."""
    upstream = ScriptedUpstream(quirks=quirks)
    calls = [fact.item for fact in leg(upstream, [ASKED], 0) if isinstance(fact, facts.CallDone)]
    outputs = [
        {"tool_call_id": call["call_id"], "output": value} for call, value in zip(calls, ("57", "0.06"), strict=True)
    ]
    answered = [item(body) for body in (*calls, *steps.outputs_to_responses(outputs))]
    told = leg(upstream, [ASKED, *answered], 1)
    assert isinstance(told[-1], facts.Finished) and told[-1].status == "completed"
    text = "".join(fact.text for fact in told if isinstance(fact, facts.TextDelta))
    return [(call["name"], call["arguments"]) for call in calls], text


BREAKING = ("error_event", "malformed_json")
HARMLESS = [name for name in QUIRKS if name not in (*BREAKING, *REFUSING)]
PLAIN = both_legs(())
PAIRS = [(), tuple(HARMLESS), *chain(combinations(HARMLESS, 1), combinations(HARMLESS, 2))]


@pytest.mark.parametrize("quirks", PAIRS, ids="+".join)
def test_the_weather_is_the_same(quirks: tuple[str, ...]) -> None:
    assert both_legs(quirks) == PLAIN
    assert "57" in PLAIN[1]


@pytest.mark.parametrize("quirk", BREAKING)
def test_what_breaks_the_stream_fails_the_leg(quirk: str) -> None:
    last = leg(ScriptedUpstream(quirks=[quirk]), [ASKED], 0)[-1]
    assert isinstance(last, facts.Finished) and last.status == "failed"
    assert runs.last_error(last.error)["code"] == "server_error"
