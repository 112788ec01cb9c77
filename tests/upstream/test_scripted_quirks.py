"""Each quirk changes what its line in docs/scripted-upstream.md says, and nothing else of the answer."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_help import ask, calls_of, said, tool, types, user

from bridge.engine.effects import Send
from bridge.upstream import StreamBroken, UpstreamRefused
from bridge.upstream.scripted import ScriptedUpstream
from bridge.upstream.scripted.quirks import QUIRKS, REFUSING

SCRIPT = [{"say": "Hello there.", "call": [{"name": "f", "arguments": {"x": "1"}}, "f"]}]
SAY = [{"say": "Hello there."}]
FOUND = {"type": "file_search_call", "id": "fs_1", "queries": ["q"], "status": "completed"}
TOOL = tool("f", x={"type": "string"})
ENDLESS = {"error_event", "malformed_json"}
ANSWERED = sorted({*QUIRKS} - {*REFUSING})


def played(*quirks: str) -> list[dict[str, Any]]:
    events = []
    try:
        for event in ScriptedUpstream(SCRIPT, quirks=quirks).open(ask("hi", TOOL)):
            events.append(event)
    except StreamBroken:
        assert "malformed_json" in quirks
    return events


@pytest.mark.parametrize("quirk", sorted({*ANSWERED} - ENDLESS))
def test_texts_and_calls_survive(quirk: str) -> None:
    assert said(played(quirk)) == ["Hello there."]
    assert [call["arguments"] for call in calls_of(played(quirk))] == ['{"x":"1"}', '{"x":"text"}']


@pytest.mark.parametrize("quirk", sorted({*ANSWERED} - {"no_sequence_numbers"}))
def test_numbers_go_on_without_gaps(quirk: str) -> None:
    events = played(quirk)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


def test_no_sequence_numbers() -> None:
    assert not any("sequence_number" in event for event in played("no_sequence_numbers", "empty_message"))


def test_whole_arguments() -> None:
    assert not any("arguments" in event["type"] for event in played("whole_arguments"))


def test_arguments_first() -> None:
    tail = types(played("arguments_first"))[-9:]
    assert tail == [
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.added",
        "output_item.done",
    ] * 2 + ["completed"]


def test_empty_message() -> None:
    events = played("empty_message")
    added = [event for event in events if event["type"] == "response.output_item.added"]
    assert [(event["output_index"], event["item"]["type"]) for event in added] == [
        (0, "message"),
        (1, "function_call"),
        (2, "function_call"),
        (2, "message"),
    ]
    first = events[-1]["response"]["output"][0]
    assert first["id"] == added[-1]["item"]["id"]
    assert first["content"][0]["text"] == ""


def test_no_text_done() -> None:
    assert "output_text.done" not in types(played("no_text_done"))


def test_queued_created() -> None:
    statuses = [event["response"]["status"] for event in played("queued_created") if "response" in event]
    assert statuses == ["queued", "in_progress", "completed"]


def test_usage() -> None:
    assert "usage" not in played("no_usage")[-1]["response"]
    assert played("zero_usage")[-1]["response"]["usage"]["total_tokens"] == 0


def test_dashed_ids() -> None:
    events = played("dashed_ids")
    ids = [item["id"] for item in events[-1]["response"]["output"]] + [call["call_id"] for call in calls_of(events)]
    assert [id.split("-")[0] for id in ids] == ["msg", "fc", "fc", "call", "call"]
    assert not any("_" in id for id in ids)


@pytest.mark.parametrize(("quirk", "last"), [("error_event", "error"), ("malformed_json", "output_text.delta")])
def test_streams_that_stop_after_the_first_delta(quirk: str, last: str) -> None:
    names = types(played(quirk))
    assert names[:4] == ["created", "in_progress", "output_item.added", "content_part.added"]
    assert names[-1] == last


def test_quirks_of_a_rule_and_of_a_script() -> None:
    script = {"quirks": ["no_usage"], "rules": [{"when": "a", "say": "a", "quirks": ["no_text_done"]}, {"say": "b"}]}
    for text, has_done in (("a", False), ("b", True)):
        events = list(ScriptedUpstream(script).open(ask(text)))
        assert "usage" not in events[-1]["response"]
        assert ("output_text.done" in types(events)) is has_done


SEARCH = {"queries": ["q"], "results": [{"filename": "a.txt", "file_id": "file-12345678", "score": 0.5, "text": "A."}]}


def searched(*quirks: str) -> list[dict[str, Any]]:
    upstream = ScriptedUpstream([{"search": SEARCH}], quirks=quirks)
    store = upstream.send(Send("POST", "/vector_stores", {})).body["id"]
    request = ask("hi", {"type": "file_search", "vector_store_ids": [store]}, include=["file_search_call.results"])
    return list(upstream.open(request))


@pytest.mark.parametrize(
    ("quirk", "key", "value"), [("high_scores", "score", 1.5), ("foreign_file_ids", "file_id", "doc-12345678")]
)
def test_what_a_search_found(quirk: str, key: str, value: Any) -> None:
    (item,) = [event["item"] for event in searched(quirk) if event["type"] == "response.output_item.done"]
    assert item["results"][0][key] == value


def test_internal_search() -> None:
    told = [event["type"].removeprefix("response.") for event in searched("internal_search")]
    assert told.index("function_call_arguments.done") < told.index("output_item.added")


def test_long_ids() -> None:
    events = played("long_ids")
    assert len(events[0]["response"]["id"]) > 400
    assert all(len(call["id"]) > 400 and len(call["call_id"]) < 64 for call in calls_of(events))


REFUSED = [
    ("no_encrypted_content", {"include": ["reasoning.encrypted_content"], "model": "gpt-5"}, "Encrypted content"),
    ("refuses_file_search_items", {"input": [{**FOUND}, user("hi")]}, "file_search_call"),
    ("unknown_is_422", {"store": False}, "body.store: Extra inputs"),
]


@pytest.mark.parametrize(("quirk", "more", "message"), REFUSED)
def test_what_some_servers_refuse(quirk: str, more: dict[str, Any], message: str) -> None:
    request = {**ask("hi"), **more}
    assert list(ScriptedUpstream(SAY).open(request))
    with pytest.raises(UpstreamRefused, match=message):
        ScriptedUpstream(SAY, quirks=[quirk]).open(request)
    assert {name for name, *_ in REFUSED} == {*REFUSING}
