"""response.* events to facts: the pairs, the repairs, the quirks of real servers, and what holds for any stream."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.translate import events, facts
from bridge.translate.events import Reader
from bridge.translate.facts import (
    Annotated,
    Began,
    CallArguments,
    CallDone,
    CallStarted,
    Fact,
    Finished,
    HostedDone,
    HostedInput,
    HostedStarted,
    Kept,
    MessageDone,
    MessageStarted,
    RefusalDelta,
    TextDelta,
)
from translate import fact_order
from translate.strategies import Stream, garbage, streams

Object = dict[str, Any]


def tell(*sent: Object) -> list[Fact]:
    """All facts of a stream, which ends after the last event."""
    reader = Reader()
    told = [fact for event in sent for fact in reader.receive(event)] + reader.end(None)
    fact_order.check(told)
    return told


# --- events, written short


def created(id: str | None = "resp_1") -> Object:
    return {"type": "response.created", "response": {"id": id, "status": "in_progress"}}


def added(item: Object, index: int | None = 0) -> Object:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(item: Object, index: int | None = 0) -> Object:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def about(kind: str, item_id: str | None = None, index: int | None = 0, **fields: Any) -> Object:
    return {"type": f"response.{kind}", "item_id": item_id, "output_index": index, **fields}


def text(delta: str, item_id: str | None = "m", index: int | None = 0, part: int = 0) -> Object:
    return about("output_text.delta", item_id, index, content_index=part, delta=delta)


def arguments(delta: str, item_id: str | None = "f", index: int | None = 0) -> Object:
    return about("function_call_arguments.delta", item_id, index, delta=delta)


def ended(status: str = "completed", *output: Object, **fields: Any) -> Object:
    response = {"id": "resp_1", "status": status, "output": list(output), **fields}
    return {"type": f"response.{status}", "response": response}


def message(said: str | None = None, id: str = "m", **fields: Any) -> Object:
    part = {"type": "output_text", "text": said, "annotations": [], "logprobs": []}
    content = [] if said is None else [part]
    return {"id": id, "type": "message", "role": "assistant", "status": "completed", "content": content, **fields}


def call(given: str = "", id: str = "f", call_id: str | None = "call_f", **fields: Any) -> Object:
    item = {"id": id, "type": "function_call", "status": "completed", "name": "look", "arguments": given, **fields}
    return item if call_id is None else {**item, "call_id": call_id}


CODE = {"id": "ci", "type": "code_interpreter_call", "status": "completed", "code": "1+1", "container_id": "cntr"}
SEARCH = {"id": "fs", "type": "file_search_call", "status": "completed", "queries": ["q"], "results": None}
THOUGHT = {"id": "rs", "type": "reasoning", "summary": [], "encrypted_content": "sealed"}
CITED = {"type": "file_citation", "file_id": "file-1", "filename": "a.txt", "index": 2}
LINKED = {"type": "url_citation", "url": "https://example.org", "start_index": 0, "end_index": 2}

BEGAN = Began("resp_1")
COMPLETED = Finished("completed")

# --- one stream, its facts

PLAIN: list[tuple[str, list[Object], list[Fact]]] = [
    ("nothing", [created(), ended()], [BEGAN, COMPLETED]),
    (
        "text",
        [created(), added(message()), text("He"), text("y"), done(message("Hey")), ended("completed", message("Hey"))],
        [
            BEGAN,
            MessageStarted("0"),
            TextDelta("0", 0, "He"),
            TextDelta("0", 0, "y"),
            MessageDone("0", message("Hey"), "completed"),
            COMPLETED,
        ],
    ),
    (
        "an empty message is never seen",
        [created(), added(message()), text(""), done(message("")), ended("completed", message(""))],
        [BEGAN, COMPLETED],
    ),
    (
        "refusal",
        [created(), added(message()), about("refusal.delta", "m", delta="No."), ended()],
        [
            BEGAN,
            MessageStarted("0"),
            RefusalDelta("0", 0, "No."),
            MessageDone("0", message() | {"content": [{"type": "refusal", "refusal": "No."}]}, "completed"),
            COMPLETED,
        ],
    ),
    (
        "citation",
        [
            created(),
            added(message()),
            text("It"),
            about("output_text.annotation.added", "m", annotation_index=0, annotation=CITED),
            done(message("It")),
            ended(),
        ],
        [
            BEGAN,
            MessageStarted("0"),
            TextDelta("0", 0, "It"),
            Annotated("0", 0, CITED),
            MessageDone("0", message("It"), "completed"),
            COMPLETED,
        ],
    ),
    (
        "function call",
        [created(), added(call()), arguments("{"), arguments("}"), done(call("{}")), ended("completed", call("{}"))],
        [
            BEGAN,
            CallStarted("0", "call_f", "look"),
            CallArguments("0", "{"),
            CallArguments("0", "}"),
            CallDone("0", call("{}")),
            COMPLETED,
        ],
    ),
    (
        "code interpreter",
        [
            created(),
            added(CODE | {"code": ""}),
            about("code_interpreter_call.in_progress", "ci"),
            about("code_interpreter_call_code.delta", "ci", delta="1+"),
            about("code_interpreter_call_code.done", "ci", code="1+1"),
            about("code_interpreter_call.completed", "ci"),
            done(CODE),
            ended(),
        ],
        [
            BEGAN,
            HostedStarted("0", "code_interpreter", "ci"),
            HostedInput("0", "1+"),
            HostedInput("0", "1"),
            HostedDone("0", CODE),
            COMPLETED,
        ],
    ),
    (
        "file search",
        [created(), added(SEARCH), about("file_search_call.searching", "fs"), done(SEARCH), ended()],
        [BEGAN, HostedStarted("0", "file_search", "fs"), HostedDone("0", SEARCH), COMPLETED],
    ),
    (
        "reasoning is kept as it ended, not as it began",
        [created(), added(THOUGHT | {"encrypted_content": "half"}), done(THOUGHT), ended()],
        [BEGAN, Kept("0", THOUGHT), COMPLETED],
    ),
    (
        "usage, and what it is for",
        [created(), ended("completed", usage={"input_tokens": 1})],
        [BEGAN, Finished("completed", usage={"input_tokens": 1})],
    ),
]


@pytest.mark.parametrize(("sent", "told"), [case[1:] for case in PLAIN], ids=[case[0] for case in PLAIN])
def test_streams(sent: list[Object], told: list[Fact]) -> None:
    assert tell(*sent) == told


def test_phase_and_unknown_fields_are_kept() -> None:
    item = message("Hey", phase="commentary", novelty=[1])
    assert MessageDone("0", item, "completed") in tell(created(), added(message()), text("Hey"), done(item), ended())


# --- what was left out comes from the next better source

SAID = [
    ("deltas", [text("Hey")]),
    ("output_text.done", [about("output_text.done", "m", text="Hey")]),
    ("a tail", [text("H"), about("output_text.done", "m", text="Hey")]),
    ("content_part.done", [text("H"), about("content_part.done", "m", part=message("Hey")["content"][0])]),
    ("output_item.done", [text("H"), done(message("Hey"))]),
    ("the response", [text("H"), ended("completed", message("Hey"))]),
    ("the response under another id", [text("H"), ended("completed", message("Hey", id="other"))]),
]


@pytest.mark.parametrize("sent", [case[1] for case in SAID], ids=[case[0] for case in SAID])
def test_text_is_whole_whatever_it_came_in(sent: list[Object]) -> None:
    told = tell(created(), added(message()), *sent, ended("completed", message("Hey")))
    assert _said(told) == "Hey"
    assert [type(fact) for fact in told[-2:]] == [MessageDone, Finished]


ARGUED = [
    ("deltas", [arguments("{}")]),
    ("arguments.done", [about("function_call_arguments.done", "f", arguments="{}")]),
    ("a tail", [arguments("{"), about("function_call_arguments.done", "f", arguments="{}")]),
    ("output_item.done", [done(call("{}"))]),
    ("the response", [ended("completed", call("{}"))]),
]


@pytest.mark.parametrize("sent", [case[1] for case in ARGUED], ids=[case[0] for case in ARGUED])
def test_arguments_are_whole_whatever_they_came_in(sent: list[Object]) -> None:
    told = tell(created(), added(call()), *sent, ended("completed", call("{}")))
    assert "".join(fact.text for fact in told if isinstance(fact, CallArguments)) == "{}"
    assert told[-2] == CallDone("0", call("{}"))


def test_items_that_only_the_response_tells_of() -> None:
    told = tell(created(), ended("completed", THOUGHT, message("Hey"), call("{}"), CODE))
    kinds = [Kept, MessageStarted, TextDelta, MessageDone, CallStarted, CallArguments, CallDone]
    assert [type(fact) for fact in told[1:-1]] == [*kinds, HostedStarted, HostedInput, HostedDone]


def test_read_takes_a_whole_response() -> None:
    told = events.read({"id": "resp_1", "status": "completed", "output": [message("Hey")]})
    assert told[0] == BEGAN and _said(told) == "Hey" and told[-1] == COMPLETED


def test_what_was_streamed_stands_where_the_end_says_otherwise() -> None:
    told = tell(created(), added(message()), text("Hallo"), done(message("Hello")), ended())
    assert _said(told) == "Hallo"
    told = tell(created(), added(call()), arguments("[1"), done(call("[2]")), ended())
    assert told[-2] == CallDone("0", call("[1"))


def test_annotations_are_told_once() -> None:
    whole = message("It")
    whole["content"][0]["annotations"] = [CITED, LINKED]
    seen = about("output_text.annotation.added", "m", annotation_index=0, annotation=CITED)
    told = tell(created(), added(message()), text("It"), seen, seen, done(whole), ended("completed", whole))
    assert [fact.annotation for fact in told if isinstance(fact, Annotated)] == [CITED, LINKED]


BEHIND = {**CITED, "index": 99}
NOWHERE = {**CITED, "index": None}
PLACES: list[tuple[list[Object], list[Object], list[str | Object]]] = [
    ([], [CITED], ["It", CITED, " is."]),
    ([], [BEHIND, CITED, NOWHERE], ["It", CITED, " is.", BEHIND, NOWHERE]),
    ([], [{**CITED, "index": -1}], [{**CITED, "index": -1}, "It is."]),
    ([], [LINKED], ["It is.", LINKED]),
    ([text("It i")], [CITED], ["It i", CITED, "s."]),
    ([text("It is.")], [CITED], ["It is.", CITED]),
    ([text("Not")], [CITED], ["Not", CITED]),
]


@pytest.mark.parametrize(("streamed", "annotations", "meant"), PLACES)
def test_annotations_that_only_the_end_knows_come_at_their_index(
    streamed: list[Object], annotations: list[Object], meant: list[str | Object]
) -> None:
    whole = message("It is.")
    whole["content"][0]["annotations"] = annotations
    told = tell(created(), added(message()), *streamed, done(whole), ended("completed", whole))
    seen = [fact for fact in told if isinstance(fact, (TextDelta, Annotated))]
    assert [fact.text if isinstance(fact, TextDelta) else fact.annotation for fact in seen] == meant


def test_repeated_events_change_nothing() -> None:
    once = [created(), added(message()), text("Hey"), done(message("Hey")), ended("completed", message("Hey"))]
    twice = [created(), created(), once[1], once[1], once[2], once[3], once[3], once[4], once[4], text("!")]
    assert tell(*twice) == tell(*once)


def test_function_call_without_call_id_goes_by_its_item_id() -> None:
    told = tell(created(), added(call("{}", call_id=None)), ended())
    assert told[1] == CallStarted("0", "f", "look")
    assert told[-2] == CallDone("0", call(call_id="f"))


def test_calls_with_one_call_id_get_two() -> None:
    sent = [added(call(id=id), index) for index, id in enumerate("fg")]
    told = tell(created(), *sent, ended())
    assert [fact.call_id for fact in told if isinstance(fact, CallStarted)] == ["call_f", "call_f_1"]
    assert [fact.item["call_id"] for fact in told if isinstance(fact, CallDone)] == ["call_f", "call_f_1"]


def test_a_call_without_a_name_is_none() -> None:
    nameless = {"id": "f", "type": "function_call", "call_id": "call_f"}
    assert tell(created(), added(nameless), arguments("{}"), done(nameless), ended()) == [BEGAN, COMPLETED]


def test_a_name_that_comes_late() -> None:
    nameless = {"id": "f", "type": "function_call", "call_id": "call_f"}
    told = tell(created(), added(nameless), arguments("{}"), done(call("{}")), ended())
    assert told[1:3] == [CallStarted("0", "call_f", "look"), CallArguments("0", "{}")]


# --- order

FIRST, SECOND = message(id="m"), message(id="n")


def test_a_second_item_waits_until_the_first_is_done() -> None:
    reader = Reader()
    for event in (created(), added(FIRST, 0), added(SECOND, 1), text("a", "m", 0)):
        reader.receive(event)
    assert reader.receive(text("x", "n", 1)) == []
    assert reader.receive(text("b", "m", 0)) == [TextDelta("0", 0, "b")]
    assert reader.receive(done(message("x", id="n"), 1)) == []
    assert [type(fact) for fact in reader.receive(done(message("ab", id="m"), 0))] == [
        MessageDone,
        MessageStarted,
        TextDelta,
        MessageDone,
    ]


def test_parallel_calls_stream_one_after_the_other() -> None:
    f, g = call(id="f", call_id="call_f"), call(id="g", call_id="call_g")
    sent = [added(f, 0), added(g, 1), arguments("1", "g", 1), arguments("2", "f", 0), arguments("3", "g", 1)]
    told = tell(created(), *sent, done(g | {"arguments": "13"}, 1), done(f | {"arguments": "2"}, 0), ended())
    assert [fact.text for fact in told if isinstance(fact, CallArguments)] == ["2", "1", "3"]
    assert [fact.call_id for fact in told if isinstance(fact, CallStarted)] == ["call_f", "call_g"]


def test_an_empty_message_holds_nothing_back() -> None:
    reader = Reader()
    for event in (created(), added(message(), 0)):
        reader.receive(event)
    assert reader.receive(added(call(), 1)) == [CallStarted("1", "call_f", "look")]


# --- endings

PARTIAL = [created(), added(message()), text("He")]
ENDINGS: list[tuple[str, Object, Finished]] = [
    (
        "failed",
        ended("failed", error={"code": "rate_limit_exceeded", "message": "Slow down."}, usage={"input_tokens": 1}),
        Finished("failed", usage={"input_tokens": 1}, error={"code": "rate_limit_exceeded", "message": "Slow down."}),
    ),
    ("failed without a word", ended("failed", error=None), Finished("failed", error={"code": None, "message": None})),
    ("cancelled", ended("cancelled"), Finished("cancelled")),
    (
        "error event",
        {"type": "error", "code": "server_error", "message": "Oops.", "param": None},
        Finished("failed", error={"code": "server_error", "message": "Oops."}),
    ),
    (
        "nested error event",
        {"type": "error", "error": {"type": "invalid_request_error", "code": None, "message": "Oops."}},
        Finished("failed", error={"code": "invalid_request_error", "message": "Oops."}),
    ),
    (
        "completed by name, failed by status",
        {"type": "response.completed", "response": {"status": "failed", "error": {"code": "x", "message": "y"}}},
        Finished("failed", error={"code": "x", "message": "y"}),
    ),
]


@pytest.mark.parametrize(("last", "told"), [case[1:] for case in ENDINGS], ids=[case[0] for case in ENDINGS])
def test_endings_leave_open_what_is_open(last: Object, told: Finished) -> None:
    assert tell(*PARTIAL, last) == [BEGAN, MessageStarted("0"), TextDelta("0", 0, "He"), told]


@pytest.mark.parametrize(("error", "message"), [("reset by peer", "reset by peer"), (None, events.CUT_SHORT)])
def test_a_cut_stream_fails(error: str | None, message: str) -> None:
    reader = Reader()
    for event in PARTIAL:
        reader.receive(event)
    assert reader.end(error) == [Finished("failed", error={"code": "server_error", "message": message})]
    assert reader.end(error) == []
    assert reader.receive(ended()) == []


def test_incomplete_marks_the_open_message() -> None:
    told = tell(*PARTIAL, ended("incomplete", incomplete_details={"reason": "max_output_tokens"}))
    assert isinstance(told[-2], MessageDone) and told[-2].status == "incomplete"
    assert told[-2].item["content"][0]["text"] == "He"
    assert told[-1] == Finished("incomplete", reason="max_output_tokens")


def test_incomplete_does_not_finish_a_call() -> None:
    cut = call("{", status="incomplete")
    for end in ([done(cut)], []):
        told = tell(created(), added(call()), arguments("{"), *end, ended("incomplete", cut))
        assert told[1:] == [CallStarted("0", "call_f", "look"), CallArguments("0", "{"), Finished("incomplete")]


def test_incomplete_keeps_the_calls_that_are_whole() -> None:
    whole, cut = call("{}", id="f"), call("{", id="g", call_id="call_g", status="incomplete")
    told = tell(created(), added(call(), 0), added(cut, 1), ended("incomplete", whole, cut))
    assert [type(fact) for fact in told[1:]] == [
        CallStarted,
        CallArguments,
        CallDone,
        CallStarted,
        CallArguments,
        Finished,
    ]


# --- quirks of real servers (upstreams.md)


def test_quirk_status_queued_in_created() -> None:
    assert tell({"type": "response.created", "response": {"id": "r", "status": "queued"}}, ended())[0] == Began("r")


def test_quirk_whole_call_then_empty_message_at_the_same_index() -> None:
    """transformers serve: arguments without deltas, the message's index taken already, the final order another one."""
    name = "uuid_tool_call_0"
    made = call("{}", id=name, call_id=name)
    empty = message(id="msg_x")
    told = tell(
        created(), added(made, 0), done(made, 0), added(empty, 0), done(empty, 0), ended("completed", empty, made)
    )
    assert told == [
        BEGAN,
        CallStarted("0", name, "look"),
        CallArguments("0", "{}"),
        CallDone("0", made),
        COMPLETED,
    ]


def test_quirk_arguments_before_their_item() -> None:
    told = tell(created(), arguments("{"), arguments("}"), added(call()), done(call("{}")), ended())
    assert told[1:4] == [CallStarted("0", "call_f", "look"), CallArguments("0", "{"), CallArguments("0", "}")]


def test_quirk_arguments_of_a_hidden_search() -> None:
    """OGX: the model's call of its internal search streams arguments under the id of the later file_search_call."""
    told = tell(created(), arguments('{"query"', "fs"), added(SEARCH), done(SEARCH), ended())
    assert told == [BEGAN, HostedStarted("0", "file_search", "fs"), HostedDone("0", SEARCH), COMPLETED]


def live(sent: list[Object], last: Object) -> list[Fact]:
    """What `last` alone tells, after the others."""
    reader = Reader()
    for event in sent:
        reader.receive(event)
    return reader.receive(last)


def test_quirk_a_message_id_that_changes_on_the_way() -> None:
    sent = [created(), added(message(id="a"))]
    assert live(sent, text("Hey", "b")) == [MessageStarted("0"), TextDelta("0", 0, "Hey")]
    told = tell(*sent, text("Hey", "b"), done(message("Hey", id="c")), ended())
    assert [type(fact) for fact in told] == [Began, MessageStarted, TextDelta, MessageDone, Finished]


def test_quirk_ids_repeat() -> None:
    sent = [created(), added(message(), 0), text("a", "m", 0), done(message("a"), 0), added(message(), 1)]
    assert live(sent, text("b", "m", 1)) == [MessageStarted("1"), TextDelta("1", 0, "b")]
    told = tell(*sent, text("b", "m", 1), done(message("b"), 1), ended("completed", message("a"), message("b")))
    assert [fact.item for fact in told if isinstance(fact, MessageDone)] == [message("a"), message("b")]


def test_quirk_ids_repeat_among_open_items() -> None:
    sent = [created(), added(message(), 0), added(message(), 1), text("b", "m", 1), text("a", "m", 0)]
    told = tell(*sent, done(message("a"), 0), done(message("b"), 1), ended())
    assert [fact.text for fact in told if isinstance(fact, TextDelta)] == ["b", "a"]
    assert [fact.item for fact in told if isinstance(fact, MessageDone)] == [message("b"), message("a")]


def test_quirk_code_that_came_in_deltas_only() -> None:
    bare = {"id": "ci", "type": "code_interpreter_call", "code": None}
    told = tell(
        created(), added(bare), about("code_interpreter_call_code.delta", "ci", delta="1+1"), done(bare), ended()
    )
    assert told[-2] == HostedDone("0", bare | {"code": "1+1"})


def test_quirk_no_ids_at_all() -> None:
    nameless = {"type": "message", "content": []}
    told = tell(created(None), added(nameless), text("Hey", None), done(nameless), ended())
    assert told[0] == Began(None) and _said(told) == "Hey"


def test_quirk_cut_after_in_progress() -> None:
    """aimock truncates there."""
    told = tell(created(), {"type": "response.in_progress", "response": {"id": "resp_1"}})
    assert told == [BEGAN, Finished("failed", error={"code": "server_error", "message": events.CUT_SHORT})]


def test_quirk_nothing_but_the_end() -> None:
    assert tell(ended("completed", message("Hey")))[0] == BEGAN


def test_unknown_items_and_events() -> None:
    unknown = {"id": "x", "type": "teleport_call", "where": "Bern"}
    told = tell(created(), {"type": "keepalive"}, added(unknown), about("teleport.delta", "x"), done(unknown), ended())
    assert told == [BEGAN, Kept("0", unknown), COMPLETED]


def test_events_of_unknown_items_are_ignored() -> None:
    assert tell(created(), text("lost", "nobody", 7), arguments("{", "nobody", 7), ended()) == [BEGAN, COMPLETED]


# --- any stream

ENDS = ("completed", "incomplete", "failed", "cancelled")


@given(st.one_of(streams(statuses=ENDS), streams(interleaved=True, statuses=ENDS)))
def test_facts_of_any_stream_are_in_order(stream: Stream) -> None:
    told = tell(*stream.events)
    assert isinstance(told[-1], Finished) and told[-1].status == stream.status


@given(streams(interleaved=True, statuses=("completed", "incomplete")))
def test_what_was_told_is_what_the_server_ended_with(stream: Stream) -> None:
    told = tell(*stream.events)
    done = {fact.item["id"]: fact for fact in told if isinstance(fact, (MessageDone, CallDone, HostedDone, Kept))}
    behind_a_cut_call = len(done)
    for item in stream.output:
        fact = done.get(item["id"])
        if fact is None:
            is_empty = item["type"] == "message" and not item["content"]
            assert is_empty or stream.status == "incomplete", item
            continue
        behind_a_cut_call -= 1
        assert fact.item == item
        assert _pieces(told, fact.key) == _content(item)
    assert behind_a_cut_call == 0


@given(streams(), st.data())
def test_a_cut_anywhere_is_a_failure_with_order(stream: Stream, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, len(stream.events) - 1))
    told = tell(*stream.events[:kept])
    assert isinstance(told[-1], Finished) and told[-1].status == "failed"


@given(st.lists(garbage, max_size=12))
def test_garbage_never_raises_and_keeps_order(sent: list[Any]) -> None:
    tell(*sent)


@given(streams(interleaved=True), st.data())
def test_garbage_within_a_stream_breaks_no_order(stream: Stream, data: st.DataObject) -> None:
    sent: list[Any] = list(stream.events)
    for spoiled in data.draw(st.lists(garbage, max_size=4)):
        sent.insert(data.draw(st.integers(0, len(sent))), spoiled)
    tell(*sent)


def _said(told: list[Fact]) -> str:
    return "".join(fact.text for fact in told if isinstance(fact, TextDelta))


def _pieces(told: list[Fact], key: str) -> dict[Any, str]:
    """What was streamed of an item: part → text."""
    pieces: dict[Any, str] = {}
    for fact in told:
        if isinstance(fact, (TextDelta, RefusalDelta, CallArguments, HostedInput)) and fact.key == key:
            part = (type(fact), fact.part) if isinstance(fact, (TextDelta, RefusalDelta)) else type(fact)
            pieces[part] = pieces.get(part, "") + fact.text
    return pieces


def _content(item: Object) -> dict[Any, str]:
    if item["type"] == "message":
        kinds = {"output_text": (facts.TextDelta, "text"), "refusal": (facts.RefusalDelta, "refusal")}
        parts = [(kinds[part["type"]], index, part) for index, part in enumerate(item["content"])]
        return {(kind, index): part[key] for (kind, key), index, part in parts}
    if item["type"] == "function_call":
        return {facts.CallArguments: item["arguments"]}
    return {facts.HostedInput: item["code"]} if "code" in item else {}
