"""What is emitted is what the API's description allows, in orders that occur in real traffic."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_help import (
    CODE,
    NO_SHARED,
    NO_SHARED_REASON,
    SHARED,
    ask,
    calls_of,
    description,
    output,
    said,
    search_in,
    tool,
    types,
    user,
    validator,
)

from bridge.engine.effects import Send
from bridge.upstream.scripted import ScriptedUpstream
from bridge.upstream.scripted.sealed import opens, seal

Test = TypeVar("Test")


def needs_shared(test: Test) -> Test:
    return pytest.mark.needs("shared")(pytest.mark.skipif(NO_SHARED, reason=NO_SHARED_REASON)(test))


SAY = {"say": "Hello there, how are you?"}
CALLS = {"call": [{"name": "f", "arguments": {"x": "a b"}}, {"name": "g"}]}
TABLE = {"name": "t.csv", "text": "1,2"}
WEB = {"type": "url_citation", "url": "https://example.com", "title": "t", "start_index": 0, "end_index": 5}
SCRIPTS: dict[str, dict[str, Any]] = {
    "text": SAY,
    "empty text": {"say": ""},
    "two messages": {"say": ["One.", "Two."]},
    "text in two parts": {"do": [{"say": "One "}, {"wait": 0}, {"say": "two."}]},
    "refusal": {"refuse": "I cannot help with that."},
    "text and refusal": {"say": "Well,", "refuse": "no."},
    "calls": CALLS,
    "text and calls": SAY | CALLS,
    "reasoning": {"reason": "Let me think."} | SAY,
    "reasoning and calls": {"reason": "Let me think."} | CALLS,
    "search": {
        "search": {"queries": ["which dog?"], "results": [{"filename": "dog.txt", "score": 0.5, "text": "A dog."}]},
        "say": "A dog{cite[0]}, I think{cite[dog.txt]}.",
    },
    "code": {
        "code": {"code": "plot(1, 2)\nsave()", "logs": "ok", "files": [{"name": "p.png", "shown": True}, TABLE]},
        "say": "See [it]({file[t.csv]}).",
    },
    "annotation": {"do": [SAY, {"annotate": WEB}]},
    "incomplete": SAY | {"incomplete": "max_output_tokens"},
    "filtered": SAY | {"incomplete": "content_filter"},
    "failed": SAY | {"fail": {"code": "rate_limit_exceeded", "message": "Slow down."}},
    "failed at once": {"fail": "No."},
}
REQUESTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "reasoning": {
        "model": "gpt-5",
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "low", "summary": "auto"},
        "store": False,
    },
    "included": {"include": ["file_search_call.results", "code_interpreter_call.outputs"]},
    "many": {
        "instructions": "Be brief.",
        "metadata": {"a": "b"},
        "temperature": 0.5,
        "tool_choice": "auto",
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}},
        "stream_options": {"include_obfuscation": False},
    },
}
TOOLS = (tool("f", x={"type": "string"}), tool("g"))


def asked(upstream: ScriptedUpstream, request: str = "plain", **more: Any) -> dict[str, Any]:
    """A request with every tool there is."""
    return ask("Hello", *TOOLS, search_in(upstream), CODE, **REQUESTS[request], **more)


def played(script: str, request: str = "plain") -> list[dict[str, Any]]:
    upstream = ScriptedUpstream([SCRIPTS[script]], clock=lambda: 1_700_000_000)
    return list(upstream.open(asked(upstream, request)))


# --- against the description of the API


@cache
def event_schemas() -> dict[str, str]:
    """Event type → the name of its schema."""
    schemas = description()["components"]["schemas"]
    names = [each["$ref"].rpartition("/")[2] for each in schemas["ResponseStreamEvent"]["anyOf"]]
    return {schemas[name]["properties"]["type"]["enum"][0]: name for name in names}


@needs_shared
@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("script", SCRIPTS)
def test_events_are_valid(script: str, request_: str) -> None:
    events = played(script, request_)
    for event in events:
        validator(event_schemas()[event["type"]]).validate(event)
    upstream = ScriptedUpstream([SCRIPTS[script]])
    whole = upstream.send(Send("POST", "/responses", {**asked(upstream, request_), "stream": False}))
    validator("Response").validate(whole.body)


@needs_shared
def test_the_validator_finds_what_is_wrong() -> None:
    event = next(event for event in played("text") if event["type"] == "response.output_text.delta")
    assert not validator(event_schemas()[event["type"]]).is_valid({**event, "output_index": "0"})


@needs_shared
def test_token_counts_and_errors_are_valid() -> None:
    upstream = ScriptedUpstream()
    count = upstream.send(Send("POST", "/responses/input_tokens", {"model": "gpt-4o", "input": "Hi"}))
    validator("TokenCountsResource").validate(count.body)


# --- against real traffic


@cache
def recorded() -> list[list[str]]:
    """The event types of every recorded stream that began at its beginning."""
    found = []
    for path in sorted((SHARED / "recordings" / "responses").glob("*.json")):
        for entry in json.loads(path.read_text(encoding="utf-8"))["Entries"]:
            if isinstance(entry["ResponseBody"], list):
                lines = "".join(entry["ResponseBody"]).splitlines()
                found.append(types({"type": line[7:].strip()} for line in lines if line.startswith("event: ")))
    return [each for each in found if each[0] == "created"]


@needs_shared
@pytest.mark.parametrize("script", ["text", "text in two parts"])
def test_text_has_an_order_that_was_recorded(script: str) -> None:
    assert types(played(script)) in recorded()


SHOWN = {"code": "plt.show()", "files": [{"name": "plot.png", "shown": True}]}
RECORDED: list[dict[str, Any]] = [
    {"search": True, "say": "Travis's favorite food is pizza{cite[0]}."},
    {"do": [{"say": "Step by step:"}, {"code": "factorial(5)"}, {"say": "It is 120."}]},
    {"do": [{"code": "data.head()"}, {"say": "The file contains"}, {"code": SHOWN}, {"say": "Here is the plot."}]},
]


@needs_shared
@pytest.mark.parametrize("rule", RECORDED, ids=["file search", "code", "code with a picture"])
def test_hosted_tools_have_an_order_that_was_recorded(rule: dict[str, Any]) -> None:
    upstream = ScriptedUpstream([rule])
    search = search_in(upstream, upstream.add_file("test_favorite_foods.txt", b"Travis's favorite food is pizza."))
    assert types(upstream.open(ask("What is Travis's favorite food?", search, CODE))) in recorded()


@needs_shared
def test_a_background_response_has_an_order_that_was_recorded() -> None:
    assert types(ScriptedUpstream([SAY]).open(ask("Hello", background=True))) in recorded()


@needs_shared
def test_one_call_has_an_order_that_was_recorded() -> None:
    upstream = ScriptedUpstream([{"call": {"name": "f", "arguments": {"x": "a"}}}])
    assert types(upstream.open(ask("Hello", *TOOLS))) in recorded()


@needs_shared
@pytest.mark.parametrize("script", sorted({*SCRIPTS} - {"failed", "failed at once", "refusal", "text and refusal"}))
def test_what_follows_what_was_recorded(script: str) -> None:
    """Longer streams are made of steps from one event to the next that occur in real ones.

    Endings but completed are not among the recorded streams, nor are empty texts; there the neighbours are left out.
    """
    real = {pair for stream in recorded() for pair in pairwise(stream)} | {("content_part.added", "output_text.done")}
    for before, after in pairwise([name for name in types(played(script)) if name != "incomplete"]):
        assert (before, after) in real


# --- by themselves


@pytest.mark.parametrize("script", SCRIPTS)
def test_numbers_items_and_the_final_response_agree(script: str) -> None:
    events = played(script, "reasoning")
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    added = [event for event in events if event["type"] == "response.output_item.added"]
    done = [event for event in events if event["type"] == "response.output_item.done"]
    assert [event["output_index"] for event in added] == list(range(len(added)))
    final = events[-1]["response"]
    assert final["output"] == [event["item"] for event in done]
    if not script.startswith("failed"):
        assert [event["item"]["id"] for event in added] == [item["id"] for item in final["output"]]
    for event in done:
        assert assembled(events, event["output_index"]) == text_of(event["item"])


def assembled(events: list[dict[str, Any]], index: int) -> str:
    """The deltas of an item, put together."""
    return "".join(event["delta"] for event in events if "delta" in event and event["output_index"] == index)


def text_of(item: dict[str, Any]) -> str:
    if item["type"] == "function_call":
        return str(item["arguments"])
    if item["type"] in ("file_search_call", "code_interpreter_call"):
        return str(item.get("code", ""))
    parts = item["content"] if item["type"] == "message" else item["summary"]
    return "".join(part.get("text") or part.get("refusal") or "" for part in parts)


@given(st.text(max_size=60))
def test_any_text_comes_out_whole(text: str) -> None:
    events = list(ScriptedUpstream([{"say": "{text}"}]).open(ask(f"a{text}")))
    assert said(events) == [f"a{text}"]
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == f"a{text}"


def test_encrypted_reasoning_may_be_replayed_from_the_done_event_only() -> None:
    events = played("reasoning and calls", "reasoning")
    added, done = (
        next(event["item"] for event in events if event["type"] == f"response.output_item.{name}")
        for name in ("added", "done")
    )
    assert added["type"] == done["type"] == "reasoning"
    assert opens(done["encrypted_content"])
    assert not opens(added["encrypted_content"])
    assert not opens(seal("a")[:-8] + seal("b")[-8:])
    calls = calls_of(events)
    history = [user("Hello"), done, *calls, *(output(call["call_id"], "1") for call in calls)]
    again = ScriptedUpstream([SAY]).open(ask(history, *TOOLS, **REQUESTS["reasoning"]))
    assert list(again)[-1]["type"] == "response.completed"


def test_models_that_do_not_reason_do_not() -> None:
    assert [item["type"] for item in played("reasoning")[-1]["response"]["output"]] == ["message"]


def test_usage_counts_deltas() -> None:
    usage = played("reasoning", "reasoning")[-1]["response"]["usage"]
    assert usage["output_tokens"] == 3 + 5
    assert usage["output_tokens_details"] == {"reasoning_tokens": 3}
    assert usage["total_tokens"] == usage["input_tokens"] + 8


@pytest.mark.parametrize("rule", [{"say": "word " * 100}, {"call": {"name": "f", "arguments": {"x": "word " * 100}}}])
def test_max_output_tokens_ends_the_response(rule: dict[str, Any]) -> None:
    events = list(ScriptedUpstream([rule]).open(ask("Hello", *TOOLS, max_output_tokens=16)))
    final = events[-1]["response"]
    assert (events[-1]["type"], final["status"]) == ("response.incomplete", "incomplete")
    assert final["incomplete_details"] == {"reason": "max_output_tokens"}
    assert final["usage"]["output_tokens"] == 16
    (item,) = final["output"]
    assert item["status"] == "incomplete"
    assert assembled(events, 0) == text_of(item)


def test_ids_are_the_same_again_and_differ_between_seeds_and_requests() -> None:
    def ids(seed: str, text: str = "Hello") -> tuple[str, str]:
        response = list(ScriptedUpstream([SAY], seed=seed).open(ask(text)))[-1]["response"]
        return response["id"], response["output"][0]["id"]

    assert ids("a") == ids("a")
    assert len({*ids("a"), *ids("b"), *ids("a", "Bye")}) == 6
    assert all(len(id.partition("_")[2]) == 48 for id in ids("a"))
