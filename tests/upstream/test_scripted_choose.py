"""Which answer is given: by content, with tool_choice obeyed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from scripted_help import ask, call, calls_of, output, said, tool, user

from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted import ScriptedUpstream
from bridge.upstream.scripted.samples import sample
from bridge.upstream.scripted.templates import Context, words

LOCATION = {"type": "string"}
UNIT = {"type": "string", "enum": ["Celsius", "Fahrenheit"]}
GUIDE = [
    (tool("get_current_temperature", location=LOCATION, unit=UNIT), tool("get_rain_probability", location=LOCATION)),
    (tool("getCurrentTemperature", location=LOCATION, unit=UNIT), tool("getRainProbability", location=LOCATION)),
]
QUESTION = "What's the weather in San Francisco today and the likelihood it'll rain?"


@pytest.mark.parametrize("tools", GUIDE)
def test_the_weather_assistant(tools: tuple[Any, ...]) -> None:
    calls = calls_of(ScriptedUpstream().open(ask(QUESTION, *tools)))
    assert [(each["name"], json.loads(each["arguments"])) for each in calls] == [
        (tools[0]["name"], {"location": "San Francisco, CA", "unit": "Fahrenheit"}),
        (tools[1]["name"], {"location": "San Francisco, CA"}),
    ]
    answers = [output(calls[0]["call_id"], "57"), output(calls[1]["call_id"], "0.06")]
    # another process, which never saw the first leg, goes on with it
    events = ScriptedUpstream().open(ask([user(QUESTION), *calls, *answers], *tools))
    assert said(events) == ["In San Francisco today the current temperature is 57 and the rain probability is 0.06."]


def test_the_weather_assistant_calls_only_what_there_is() -> None:
    (only,) = calls_of(ScriptedUpstream().open(ask(QUESTION, GUIDE[0][1], tool("send_mail"))))
    assert only["name"] == "get_rain_probability"
    assert said(ScriptedUpstream().open(ask(QUESTION, tool("send_mail")))) == [
        f"Hello! I am a script, not a model, and I heard: {QUESTION}"
    ]
    for other in ("Who are you?", "Use your brain!"):
        assert said(ScriptedUpstream().open(ask(other, *GUIDE[0])))[0].endswith(other)


TWO = "- {when: go, call: [{name: a, arguments: {x: '1'}}, b], then: {say: 'Done: {outputs}.'}}"
A, B = tool("a", x={"type": "string"}), tool("b")


def names(request: dict[str, Any]) -> list[str]:
    return [each["name"] for each in calls_of(ScriptedUpstream(TWO).open(request))]


@pytest.mark.parametrize(
    ("more", "called"),
    [
        ({}, ["a", "b"]),
        ({"tool_choice": "required"}, ["a", "b"]),
        ({"tool_choice": "none"}, []),
        ({"tool_choice": {"type": "function", "name": "b"}}, ["b"]),
        ({"parallel_tool_calls": False}, ["a"]),
    ],
)
def test_choice_is_obeyed(more: dict[str, Any], called: list[str]) -> None:
    assert names(ask("go", A, B, **more)) == called


def test_a_choice_left_forced_makes_the_model_loop() -> None:
    history = [user("go"), call("c", "a"), call("d", "b"), output("c", "1"), output("d", "2")]
    assert names(ask(history, A, B, tool_choice={"type": "function", "name": "a"})) == ["a"]
    assert names(ask(history, A, B, tool_choice="required")) == ["a"]
    assert said(ScriptedUpstream(TWO).open(ask(history, A, B))) == ["Done: 1 and 2."]


def test_without_parallel_calls_one_follows_the_other() -> None:
    history: list[Any] = [user("go")]
    for name, text in (("a", "1"), ("b", "2")):
        request = ask(history, A, B, parallel_tool_calls=False)
        (made,) = calls_of(ScriptedUpstream(TWO).open(request))
        assert made["name"] == name
        history += [made, output(made["call_id"], text)]
    assert said(ScriptedUpstream(TWO).open(ask(history, A, B, parallel_tool_calls=False))) == ["Done: 1 and 2."]


def test_outputs_may_stand_beside_their_calls() -> None:
    history = [user("go"), call("c", "a"), output("c", "1"), call("d", "b"), output("d", "2")]
    assert said(ScriptedUpstream(TWO).open(ask(history, A, B))) == ["Done: 1 and 2."]


def test_calls_of_no_rule_still_get_an_answer() -> None:
    history = [user("stop"), call("c", "a"), output("c", "1")]
    assert said(ScriptedUpstream(TWO).open(ask(history, A, B))) == ["I found that the a is 1."]


def test_the_calls_made_tell_which_rule_it_was() -> None:
    script = "- {times: 1, call: a, then: {say: after a}}\n- {call: b, then: {say: after b}}"
    for name in ("a", "b"):
        history = [user("go"), call("c", name), output("c", "1")]
        assert said(ScriptedUpstream(script).open(ask(history, A, B))) == [f"after {name}"]


def test_a_tool_that_is_not_sent_again_is_noticed() -> None:
    with pytest.raises(UpstreamRefused, match=r"The script calls b, the request has only the tools \['a'\]"):
        ScriptedUpstream(TWO).open(ask("go", A))


def test_an_output_that_never_came_is_noticed() -> None:
    with pytest.raises(UpstreamRefused, match=r"wants \{outputs\[rain\]\}"):
        ScriptedUpstream([{"say": "It is {outputs[rain]}."}]).open(ask("hi"))


def test_times_counts_later_answers_too() -> None:
    script = "- {when: go, call: b, then: [{times: 1, error: 500}, {say: ok}]}"
    upstream, request = ScriptedUpstream(script), ask([user("go"), call("c", "b"), output("c", "1")], B)
    with pytest.raises(UpstreamRefused) as caught:
        upstream.open(request)
    assert caught.value.refused.status == 500
    assert said(upstream.open(request)) == ["ok"]


def test_structured_answers_fit_their_schema() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    format = {"type": "json_schema", "name": "s", "schema": schema}
    (text,) = said(ScriptedUpstream().open(ask("hi", text={"format": format})))
    assert json.loads(text) == {"n": 1}
    (text,) = said(ScriptedUpstream().open(ask("hi", text={"format": {"type": "json_object"}})))
    assert json.loads(text) == {"answer": "hi"}


def test_json_in_a_template_needs_no_escapes() -> None:
    assert Context(text="a").fill('{"x": {text}, "y": {}}') == '{"x": a, "y": {}}'


@pytest.mark.parametrize(
    ("function", "expected"),
    [("getCurrentTemperature", "current temperature"), ("get_rain-probability", "rain probability"), ("get", "get")],
)
def test_words(function: str, expected: str) -> None:
    assert words(function) == expected


@pytest.mark.parametrize(
    ("hint", "choices", "chosen"),
    [("Fahrenheit", ["C", "F"], "F"), ("Fahrenheit", ["fahrenheit"], "fahrenheit"), ("Kelvin", ["x", "y"], "x")],
)
def test_hints_bend_to_the_choices(hint: str, choices: list[str], chosen: str) -> None:
    assert sample({"properties": {"unit": {"enum": choices}}}, {"unit": hint, "other": 1}) == {"unit": chosen}


leaves = st.sampled_from(
    [
        {"type": "string"},
        {"type": "integer", "minimum": 5},
        {"type": "number"},
        {"type": "boolean"},
        {"type": ["null", "string"]},
        {"enum": ["a", "b"]},
        {"const": 3},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {"$ref": "#/$defs/place"},
    ]
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items, "minItems": 2}, inner),
        st.builds(
            lambda properties: {"type": "object", "properties": properties, "required": sorted(properties)},
            st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
        ),
    ),
    max_leaves=6,
)


@given(schemas)
def test_a_sample_fits_its_schema(schema: dict[str, Any]) -> None:
    schema = {**schema, "$defs": {"place": {"type": "object", "properties": {"city": {"type": "string"}}}}}
    Draft202012Validator(schema).validate(sample(schema))
