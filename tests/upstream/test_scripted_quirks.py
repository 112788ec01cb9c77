"""Each quirk changes what its line in docs/scripted-upstream.md says, and nothing else of the answer."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_help import annotations_of, ask, calls_of, done, said, search_in, tool, types, user

from bridge.engine.effects import Send
from bridge.errors import ConfigurationError
from bridge.upstream import StreamBroken, UpstreamRefused
from bridge.upstream.scripted import ScriptedUpstream
from bridge.upstream.scripted.quirks import OF_SERVERS, QUIRKS, REFUSING
from bridge.upstream.scripted.sealed import seal

SCRIPT = [{"say": "Hello there.", "call": [{"name": "f", "arguments": {"x": "1"}}, "f"]}]
SAY = [{"say": "Hello there."}]
FOUND = {"type": "file_search_call", "id": "fs_1", "queries": ["q"], "status": "completed"}
MESSAGE = {"type": "message", "role": "assistant", "content": "a"}
NO_ITEMS = "Unsupported input item type: file_search_call."
ENCRYPTED = "Encrypted content is not supported with this model."
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
    upstream = ScriptedUpstream([{"search": SEARCH, "say": "A{cite[0]}."}], quirks=quirks)
    return list(upstream.open(ask("hi", search_in(upstream), include=["file_search_call.results"])))


@pytest.mark.parametrize(
    ("quirk", "key", "value"), [("high_scores", "score", 1.5), ("foreign_file_ids", "file_id", "doc-12345678")]
)
def test_what_a_search_found(quirk: str, key: str, value: Any) -> None:
    events = searched(quirk)
    (item,) = done(events, "file_search_call")
    assert item["results"][0][key] == value
    assert events[-1]["response"]["output"][0] == item
    assert [annotation["file_id"] for annotation in annotations_of(events)] == ["file-12345678"]


def test_internal_search() -> None:
    events = searched("internal_search")
    told = types(events)
    assert told[2:5] == ["function_call_arguments.delta", "function_call_arguments.done", "output_item.added"]
    assert events[2]["item_id"] == events[4]["item"]["id"] and events[2]["delta"] == events[3]["arguments"]


def test_long_ids() -> None:
    events = played("long_ids")
    assert len(events[0]["response"]["id"]) > 400
    assert all(len(call["id"]) > 400 and len(call["call_id"]) < 64 for call in calls_of(events))


UNSUPPORTED = "Unsupported fields in the request: {'store', 'metadata'}"
SEALED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": seal("why")}
REFUSED: list[tuple[str, dict[str, Any], int, Any]] = [
    ("no_encrypted_content", {"include": ["reasoning.encrypted_content"], "model": "gpt-5"}, 400, ENCRYPTED),
    ("no_encrypted_content", {"input": [user("a"), SEALED, MESSAGE], "model": "gpt-5"}, 400, ENCRYPTED),
    (
        "refuses_file_search_items",
        {"input": [FOUND, user("hi")]},
        400,
        "Unsupported input item type: file_search_call.",
    ),
    ("unknown_is_422", {"store": False, "metadata": {}}, 422, UNSUPPORTED),
]


@pytest.mark.parametrize(("quirk", "more", "status", "message"), REFUSED)
def test_what_some_servers_refuse(quirk: str, more: dict[str, Any], status: int, message: str) -> None:
    request = {**ask("hi"), **more}
    assert list(ScriptedUpstream(SAY).open(request))
    with pytest.raises(UpstreamRefused) as caught:
        ScriptedUpstream(SAY, quirks=[quirk]).open(request)
    assert (caught.value.refused.status, caught.value.refused.message) == (status, message)
    assert {name for name, *_ in REFUSED} == {*REFUSING}


def test_a_server_without_an_envelope() -> None:
    upstream = ScriptedUpstream(SAY, quirks=["unknown_is_422"])
    sent = upstream.send(Send("POST", "/responses", {**ask("hi"), "thread_id": "t"}))
    assert (sent.status, sent.body) == (422, {"detail": "Unexpected keys in the request: {'thread_id'}"})


@pytest.mark.parametrize("quirk", OF_SERVERS)
def test_a_rule_has_no_quirks_of_servers(quirk: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{quirk} is a quirk of a server"):
        ScriptedUpstream([{"say": "a", "quirks": [quirk]}])
    assert ScriptedUpstream({"rules": [], "quirks": [quirk]}).script.quirks == {quirk}
