"""Tapes asked again, of a service whose upstream plays the very tape: what differs then is bridge's doing alone."""

from __future__ import annotations

import contextlib
import copy
import gzip
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
import yaml
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from bridge.calls import Credential
from bridge.diff.replay import conversation, outputs, plan
from bridge.diff.replay.player import replay
from bridge.diff.replay.targets import ServerTarget, ServiceTarget
from bridge.diff.replay.upstream import RUN_HEADER, TapeUpstream
from bridge.diff.tape import Answer, Event, Exchange, Request, Tape, header, line_of, parsed
from bridge.engine.effects import Send
from bridge.errors import ConfigurationError
from bridge.service import Service
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream, serve_scripted
from bridge.upstream import UpstreamRefused
from bridge.wire import sse
from doors.served import gateway

pytestmark = pytest.mark.slow

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "vcr"
ID = re.compile(r"\b(asst|thread|msg|run|step)_[A-Za-z0-9]{24}\b")
FUNCTION = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}
OTHER = {"type": "function", "function": {"name": "get_rain", "parameters": {}}}


def again(tape: Tape) -> Tape:
    """The candidate's tape, with the tape itself as the upstream."""
    upstream = TapeUpstream(conversation.read(tape))
    target = ServiceTarget(Service(MemoryStore(), upstream))
    try:
        return replay(tape, target, upstream, patience=10)
    finally:
        target.close()


def recorded(script: Any, asks: list[tuple[str, str, Any]], **options: Any) -> Tape:
    """A tape made by asking a scripted service: `{assistant}`, `{thread}` and `{run}` are what came before."""
    service = Service(MemoryStore(), ScriptedUpstream(script, **options))
    target, exchanges, known = ServiceTarget(service), [], dict[str, Any]()
    for number, (method, path, body) in enumerate(asks, 1):
        if isinstance(body, str):
            given = [{"tool_call_id": id, "output": f"of {name}"} for id, name in known["calls"]]
            body = {"tool_outputs": given, "stream": body == "outputs, streamed"}
        elif isinstance(body, dict):
            body = {key: value.format(**known) if isinstance(value, str) else value for key, value in body.items()}
        request = Request(method, path.format(**known), body=body)
        answer = target.ask(request)
        while (
            method == "GET" and isinstance(answer.body, dict) and answer.body.get("status") in ("queued", "in_progress")
        ):
            answer = target.ask(request)
        exchanges.append(Exchange(number, request, answer, float(number)))
        _remember(answer, known)
    target.close()
    return Tape(tuple(exchanges))


def _remember(answer: Answer, known: dict[str, Any]) -> None:
    for body in [answer.body] if answer.events is None else [event.data for event in answer.events]:
        if not isinstance(body, dict) or "object" not in body:
            continue
        kind = body["object"].rpartition(".")[2]
        known[kind] = body.get("id")
        known["thread"] = body.get("thread_id", known.get("thread"))
        if kind == "run" and body.get("required_action"):
            calls = body["required_action"]["submit_tool_outputs"]["tool_calls"]
            known["calls"] = [(call["id"], call["function"]["name"]) for call in calls]


def blurred(value: Any, ids: dict[str, str]) -> Any:
    """Ids by their order of appearance, moments as such."""
    if isinstance(value, dict):
        return {
            key: "moment" if key.endswith("_at") and each is not None else blurred(each, ids)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [blurred(each, ids) for each in value]
    if isinstance(value, str):
        return ID.sub(lambda found: ids.setdefault(found.group(), f"id {len(ids)}"), value)
    return value


def shown(tape: Tape) -> list[Any]:
    """What both tapes must have in common: answers and events, without tokens and the cut of deltas."""
    ids: dict[str, str] = {}
    found = []
    for exchange in tape.exchanges:
        answer = exchange.answer
        assert answer is not None
        told = answer.body if answer.events is None else [[each.event, each.data] for each in answer.events]
        found.append((exchange.request.method, answer.status, blurred(told, ids)))
    return found


def ask(text: str, **more: Any) -> list[tuple[str, str, Any]]:
    return [
        ("POST", "/assistants", {"model": "gpt-4o", "tools": [FUNCTION, OTHER]}),
        ("POST", "/threads", {}),
        ("POST", "/threads/{thread}/messages", {"role": "user", "content": text}),
        ("POST", "/threads/{thread}/runs", {"assistant_id": "{assistant}", **more}),
    ]


POLL = ("GET", "/threads/{thread}/runs/{run}", None)
MESSAGES = ("GET", "/threads/{thread}/messages", None)
STEPS = ("GET", "/threads/{thread}/runs/{run}/steps", None)
SUBMIT = ("POST", "/threads/{thread}/runs/{run}/submit_tool_outputs", "outputs")
PARALLEL = {"call": [{"name": "get_weather", "arguments": {"city": "Bonn"}}, {"name": "get_rain"}]}
TAPES: dict[str, tuple[Any, list[tuple[str, str, Any]]]] = {
    "a poll": ([{"say": "Hello, you."}], [*ask("Hi"), POLL, MESSAGES, STEPS]),
    "a stream": ([{"say": "Hello, you."}], [*ask("Hi", stream=True), MESSAGES]),
    "parallel calls, polled": (
        [{**PARALLEL, "then": {"say": "Sun, then rain."}}],
        [*ask("Weather?"), POLL, SUBMIT, POLL, MESSAGES, STEPS],
    ),
    "parallel calls, streamed": (
        [{**PARALLEL, "then": {"say": "Sun, then rain."}}],
        [*ask("Weather?", stream=True), SUBMIT, POLL, MESSAGES],
    ),
    "two rounds": (
        [{"call": {"name": "get_weather"}, "then": {"call": {"name": "get_rain"}, "then": {"say": "Done."}}}],
        [*ask("Weather?"), POLL, SUBMIT, POLL, SUBMIT, POLL, MESSAGES, STEPS],
    ),
    "a failure": ([{"fail": {"code": "rate_limit_exceeded", "message": "Too fast."}}], [*ask("Hi"), POLL, MESSAGES]),
    "cut short": ([{"say": "Once upon", "incomplete": "max_output_tokens"}], [*ask("Hi"), POLL, MESSAGES]),
    "a 400": (
        [{"say": "Hello."}],
        [
            *ask("Hi"),
            POLL,
            ("POST", "/threads/{thread}/runs", {"assistant_id": "{assistant}", "nonsense": 1}),
            MESSAGES,
        ],
    ),
    "a message while a run is active": (
        [{"call": {"name": "get_weather"}, "then": {"say": "Sun."}}],
        [*ask("Hi"), POLL, ("POST", "/threads/{thread}/messages", {"role": "user", "content": "And?"}), SUBMIT, POLL],
    ),
    "cancelled while it asks": (
        [{"call": {"name": "get_weather"}}],
        [*ask("Hi"), POLL, ("POST", "/threads/{thread}/runs/{run}/cancel", {}), POLL],
    ),
    "two turns": ([{"say": "Yes."}], [*ask("Hi"), POLL, *ask("And?")[2:], POLL, MESSAGES]),
}


def without_usage(value: Any) -> Any:
    """Steps of several legs share one usage on a tape, so only runs can agree in theirs."""
    if isinstance(value, dict):
        is_step = value.get("object") == "thread.run.step"
        return {key: without_usage(each) for key, each in value.items() if not (is_step and key == "usage")}
    return [without_usage(each) for each in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize(("script", "asks"), TAPES.values(), ids=TAPES)
def test_a_tape_comes_back(script: Any, asks: list[tuple[str, str, Any]]) -> None:
    tape = recorded(script, asks)
    candidate = again(tape)
    assert without_usage(shown(candidate)) == without_usage(shown(tape))
    assert candidate.notes == ()
    runs = conversation.read(tape).runs
    assert [leg.run for leg in candidate.legs] == [run for run, legs in runs.items() for _ in legs]


def test_what_was_there_before_the_tape_is_assumed_and_noted() -> None:
    whole = recorded([{"say": "Hello."}], [*ask("Hi"), POLL, MESSAGES])
    tape = Tape(whole.exchanges[2:])
    candidate = again(tape)
    assert [note.partition(" ")[2] for note in candidate.notes] == [
        "was made as the tape shows it",
        "was there before the tape: it begins empty",
    ]
    assert without_usage(shown(candidate)) == without_usage(shown(tape))


def begun(stream: bool) -> list[tuple[str, str, Any]]:
    """A thread and its run in one call, and what it came to."""
    thread = {"messages": [{"role": "user", "content": "Hi"}]}
    body = {"assistant_id": "{assistant}", "thread": thread, "stream": stream}
    return [("POST", "/assistants", {"model": "gpt-4o"}), ("POST", "/threads/runs", body)]


CHANGES = [
    ("POST", "/threads/{thread}", {"metadata": {"a": "b"}}),
    ("POST", "/assistants/{assistant}", {"name": "Ada"}),
    ("GET", "/threads/{thread}", None),
    ("GET", "/assistants/{assistant}", None),
]
BEFORE: dict[str, tuple[list[tuple[str, str, Any]], int, int]] = {
    # what is asked, how much of it was before the tape, how many things that were there are assumed
    "an assistant that streams show": ([*ask("Hi", stream=True), MESSAGES], 1, 1),
    "an assistant that polls show": ([*ask("Hi"), POLL, MESSAGES], 1, 1),
    "a thread made with its run": ([*begun(False), POLL, MESSAGES], 0, 0),
    "a thread made with its stream": ([*begun(True), MESSAGES], 0, 0),
    "what is changed first": ([*ask("Hi")[:2], *CHANGES], 2, 2),
}


@pytest.mark.parametrize(("asks", "first", "assumed"), BEFORE.values(), ids=BEFORE)
def test_what_there_was_before_is_there_again(asks: list[tuple[str, str, Any]], first: int, assumed: int) -> None:
    tape = Tape(recorded([{"say": "Hello."}], asks).exchanges[first:])
    candidate = again(tape)
    assert [each.answer and each.answer.status for each in candidate.exchanges] == [200] * len(tape.exchanges)
    assert without_usage(shown(candidate)) == without_usage(shown(tape))
    assert len(candidate.notes) == assumed


class Asked:
    """A server that notes what it is asked, and says yes."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, request: Request, *told: Any) -> Answer:
        self.asked.append(f"{request.method} {request.path}")
        return Answer(200, body={"id": "asst_new" if request.path == "/assistants" else "thread_new"})

    def close(self) -> None:
        """Nothing is open."""


def test_nothing_of_a_real_server_is_changed_that_the_tape_does_not_show() -> None:
    deleted = Answer(200, body={"id": "asst_live", "object": "assistant.deleted", "deleted": True})
    unknown = Answer(404, body={"error": {"message": "No assistant found."}})
    asks = [
        ("DELETE", "/assistants/asst_live", deleted),
        ("DELETE", "/assistants/asst_none", unknown),
        ("POST", "/threads/../files", deleted),
        ("POST", "/threadsmore", deleted),
        ("DELETE", "/threads/thread_live", deleted),
    ]
    target = Asked()
    tape = Tape(tuple(Exchange(n, Request(*each[:2]), each[2]) for n, each in enumerate(asks, 1)))
    notes = replay(tape, target).notes
    assert target.asked == ["POST /threads", "DELETE /assistants/asst_none", "DELETE /threads/thread_new"]
    assert notes[1:] == (
        "DELETE /assistants/asst_live is about an assistant that the tape does not show: it was not asked again",
        "POST /threads/../files is no Assistants call",
        "POST /threadsmore is no Assistants call",
    )


@pytest.mark.parametrize("body", ["half \ud83d", {"metadata": {"a": "half \ud83d"}}, {"x": 2**70}])
def test_what_orjson_refuses_is_asked_all_the_same(body: Any) -> None:
    tape = Tape((Exchange(1, Request("POST", "/threads", body=body), Answer(400)),))
    answer = again(tape).exchanges[0].answer
    assert answer is not None and answer.status == 400


def test_a_tool_is_never_executed_twice_and_its_outputs_are_found_by_name() -> None:
    """Another model asks for the same functions the other way round."""
    tape = recorded([{**PARALLEL, "then": {"say": "x"}}], [*ask("Weather?"), POLL, SUBMIT, POLL])
    turned = {"call": [{"name": "get_rain"}, {"name": "get_weather", "arguments": {"city": "Bonn"}}]}
    upstream = ScriptedUpstream([{**turned, "then": {"say": "First {outputs[0]}, then {outputs[1]}."}}])
    target = ServiceTarget(Service(MemoryStore(), upstream))
    candidate = replay(tape, target, patience=10)
    sent = [item["output"] for item in upstream.requests[-1]["input"] if item["type"] == "function_call_output"]
    assert (sent, candidate.notes) == (["of get_rain", "of get_weather"], ())


A, B, C = ({"id": f"call_{name}", "function": {"name": name, "arguments": "{}"}} for name in "abc")
WAYS: list[tuple[list[Any], list[Any], list[Any], list[Any]]] = [
    # calls of the control, the order it answers them in, calls of the candidate, the order they are answered in
    ([A, B], [A, B], [A, B], [A, B]),
    ([A, B], [B, A], [A, B], [B, A]),
    ([A, B], [A, B], [B, A], [B, A]),
    ([A, B, C], [C, A, B], [A, B, C], [C, A, B]),
    ([B, A], [A, B], [A, B, C], [B, A, C]),
    ([A, B], [B, A], [A], [A]),
]


@pytest.mark.parametrize(("control", "answered", "candidate", "expected"), WAYS)
def test_outputs_come_in_the_order_of_the_program(
    control: list[Any], answered: list[Any], candidate: list[Any], expected: list[Any]
) -> None:
    body = {"tool_outputs": [{"tool_call_id": call["id"], "output": call["id"]} for call in answered]}
    sent = outputs.matched(body, control, candidate)[0]["tool_outputs"]
    assert [each["tool_call_id"] for each in sent] == [call["id"] for call in expected]
    assert all(each["output"] in (each["tool_call_id"], outputs.LACKING) for each in sent)


def test_outputs_that_were_refused_are_refused_again() -> None:
    asks = [*ask("Weather?"), POLL, SUBMIT, POLL]
    tape = recorded([{**PARALLEL, "then": {"say": "x"}}], asks)
    submit = tape.exchanges[5]
    one = evolve(submit.request, body={"tool_outputs": submit.request.body["tool_outputs"][:1]})
    refused = Exchange(6, one, Answer(400, body={"error": {"message": "Expected tool outputs for both"}}))
    later = [evolve(each, number=each.number + 1) for each in tape.exchanges[5:]]
    answers = [each.answer for each in again(Tape((*tape.exchanges[:5], refused, *later))).exchanges]
    assert [answer and answer.status for answer in answers[5:]] == [400, 200, 200]
    assert answers[-1] is not None and answers[-1].body["status"] == "completed"


def test_a_thread_that_was_never_there_is_not_made() -> None:
    nowhere = Request("GET", "/threads/thread_" + "x" * 24)
    candidate = again(Tape((Exchange(1, nowhere, Answer(404, body={"error": {"message": "No thread found"}})),)))
    (alone,) = candidate.exchanges
    assert alone.answer is not None and (alone.answer.status, candidate.notes) == (404, ())


def test_a_candidate_that_goes_another_way_locks_no_thread() -> None:
    tape = recorded([{"say": "Yes."}], [*ask("Hi"), POLL, *ask("And?")[2:], POLL, MESSAGES])
    upstream = ScriptedUpstream([{"call": {"name": "get_weather"}}])
    candidate = replay(tape, ServiceTarget(Service(MemoryStore(), upstream)), patience=10)
    assert [exchange.answer.status for exchange in candidate.exchanges if exchange.answer] == [200] * len(
        tape.exchanges
    )
    assert candidate.notes == (
        "exchange 5: the candidate asks for outputs that the tape has none for",
        "exchange 8: the candidate asks for outputs that the tape has none for",
    )


def test_other_calls_are_left_out_with_a_note() -> None:
    tape = recorded([{"say": "Yes."}], ask("Hi"))
    files = Exchange(9, Request("GET", "/files"), Answer(200, body={}))
    candidate = again(Tape((*tape.exchanges, files)))
    assert candidate.notes == ("GET /files is no Assistants call",)
    assert [exchange.number for exchange in candidate.exchanges] == [1, 2, 3, 4]


# --- real traffic


def cassette(name: str) -> Tape:
    interactions = yaml.safe_load((RECORDINGS / f"{name}.yaml").read_text("utf-8"))["interactions"]
    return Tape(tuple(_exchange(number, one) for number, one in enumerate(interactions, 1)))


def _exchange(number: int, one: Any) -> Exchange:
    url, body = urlsplit(one["request"]["uri"]), one["response"]["body"]["string"]
    raw = body.encode() if isinstance(body, str) else body
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    asked = orjson.loads(one["request"]["body"]) if one["request"]["body"] else None
    request = Request(one["request"]["method"], url.path.removeprefix("/v1"), tuple(parse_qsl(url.query)), body=asked)
    if raw.startswith(b"event:"):
        return Exchange(number, request, Answer(200, events=tuple(_events(raw))))
    return Exchange(number, request, Answer(200, body=orjson.loads(raw)))


def _events(raw: bytes) -> Iterator[Event]:
    decoder = sse.Decoder()
    for event in [*decoder.feed(raw), *decoder.end()]:
        yield Event(event.event, event.data.decode() if event.data == b"[DONE]" else orjson.loads(event.data))


@pytest.mark.needs("shared")
@pytest.mark.parametrize("name", ["new_assistant_with_polling", "existing_assistant", "streaming_new_assistant"])
def test_real_traffic_comes_back(name: str) -> None:
    """Texts, statuses and events; tests/doors/test_recorded_assistants.py compares every key."""
    tape = cassette(f"test_{name}")
    candidate = again(tape)
    assert told(candidate) == told(tape)


def told(tape: Tape) -> list[Any]:
    found: list[Any] = []
    for exchange in tape.exchanges:
        answer = exchange.answer
        assert answer is not None
        if answer.events is not None:
            names = [event.event for event in answer.events]
            found.append([name for place, name in enumerate(names) if name not in names[place + 1 : place + 2]])
        elif answer.body.get("object") == "list":
            found.append([message["content"][0]["text"]["value"] for message in answer.body["data"]])
        elif answer.body["object"] == "thread.run" and answer.body["status"] not in ("queued", "in_progress"):
            found.append(answer.body["status"])
    return found


# --- what is asked while a run works


def cancelled_amid_a_stream() -> Tape:
    """A stream that was cut by a cancel after its first words, as the old service told it."""
    tape = recorded([{"say": "Hello, you there."}], ask("Hi", stream=True))
    *before, stream = tape.exchanges
    assert stream.answer is not None and stream.answer.events is not None
    names = [event.event for event in stream.answer.events]
    heard = stream.answer.events[: names.index("thread.message.delta") + 1]
    run = stream.answer.events[0].data
    ended = {**run, "status": "cancelled", "usage": None}
    events = (*heard, Event("thread.run.cancelled", ended), Event("done", "[DONE]"))
    cancel = Request("POST", f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    return Tape(
        (
            *before,
            Exchange(stream.number, stream.request, Answer(200, events=events)),
            Exchange(stream.number + 1, cancel, Answer(200, body={**run, "status": "cancelling"})),
        )
    )


def test_a_cancel_is_sent_while_the_stream_is_read() -> None:
    tape = cancelled_amid_a_stream()
    stream, cancel = again(tape).exchanges[-2:]
    assert stream.answer is not None and stream.answer.events is not None
    assert [event.event for event in stream.answer.events][-2:] == ["thread.run.cancelled", "done"]
    words = [event.data["delta"]["content"][0]["text"]["value"] for event in stream.answer.events if is_delta(event)]
    assert words == ["Hello,"]
    assert cancel.answer is not None and (cancel.answer.status, cancel.answer.body["status"]) == (200, "cancelling")


def is_delta(event: Event) -> bool:
    return event.event == "thread.message.delta"


def test_outputs_submitted_while_the_stream_is_open_come_after_it() -> None:
    """An event handler submits within the event that asks for outputs; what was asked before that was asked beside."""
    tape = recorded([{**PARALLEL, "then": {"say": "x"}}], [*ask("Hi", stream=True), SUBMIT, POLL])
    *before, stream, submit, poll = tape.exchanges
    assert stream.answer is not None and stream.answer.events is not None
    told = [evolve(event, at=number / 10) for number, event in enumerate(stream.answer.events)]
    stream = evolve(stream, at=0.0, answer=evolve(stream.answer, events=tuple(told), seconds=9.0))
    for asked_at, beside in ((told[-2].at, 0), (told[-3].at, 1)):
        tape = Tape((*before, stream, evolve(submit, at=asked_at), poll))
        steps = plan.steps(tape, conversation.read(tape))
        assert [step.beside for step in steps] == [0, 0, 0, beside, 0, 0]


def test_calls_that_a_later_stream_completes_are_those_of_the_leg_before() -> None:
    asks = [*ask("Hi", stream=True), (*SUBMIT[:2], "outputs, streamed"), POLL]
    (legs,) = conversation.read(recorded([{**PARALLEL, "then": {"say": "x"}}], asks)).runs.values()
    assert [[piece.kind for piece in leg.pieces] for leg in legs] == [["function", "function"], ["text"]]


class Listening(ServiceTarget):
    """Notes what it is asked."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.polls: list[bool] = []

    def ask(self, request: Request, *args: Any, **options: Any) -> Answer:
        if plan.paths.polled_run(request):
            self.polls.append("x-stainless-poll-helper" in request.headers)
        return super().ask(request, *args, **options)


def test_a_poll_that_found_a_run_at_work_does_not_wait_for_news() -> None:
    whole = recorded([{"call": {"name": "get_weather"}}], TAPES["cancelled while it asks"][1])
    poll, cancel, end = whole.exchanges[4:]
    assert poll.answer is not None
    at_work = evolve(poll, answer=evolve(poll.answer, body={**poll.answer.body, "status": "in_progress"}))
    tape = Tape((*whole.exchanges[:4], at_work, cancel, end))
    upstream = TapeUpstream(conversation.read(tape))
    target = Listening(Service(MemoryStore(), upstream))
    replay(tape, target, upstream, patience=10)
    target.close()
    assert target.polls[0] is False and target.polls[-1] is True


def test_a_run_is_at_work_until_the_tape_shows_its_end() -> None:
    """The recorded program asked for a second run while the first was at work, and was refused."""
    tape = recorded([{"say": "Yes."}], [*ask("Hi"), POLL, MESSAGES])
    first = tape.exchanges[3]
    assert first.answer is not None
    run, thread = first.answer.body["id"], first.answer.body["thread_id"]
    refusal = f"Thread {thread} already has an active run {run}."
    error = {"message": refusal, "type": "invalid_request_error", "param": None, "code": None}
    second = Exchange(5, first.request, Answer(400, body={"error": error}))
    later = [Exchange(each.number + 1, each.request, each.answer) for each in tape.exchanges[4:]]
    candidate = again(Tape((*tape.exchanges[:4], second, *later)))
    answers = [exchange.answer for exchange in candidate.exchanges if exchange.answer]
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 400, 200, 200]
    assert "already has an active run run_" in answers[4].body["error"]["message"]


@pytest.mark.slow
def test_a_server_is_asked_like_a_service(tmp_path: Path) -> None:
    tape = recorded([{"say": "Hello, you."}], [*ask("Hi", stream=True), MESSAGES, *ask("And?")[2:], POLL, MESSAGES])
    with serve_scripted([{"say": "Hello, you."}]) as served, gateway(served.url, tmp_path / "bridge.db") as url:
        target = ServerTarget(url, key="sk-test")
        candidate = replay(tape, target, patience=20)
        target.close()
    assert without_usage(shown(candidate)) == without_usage(shown(tape))
    assert all(exchange.answer and exchange.answer.seconds for exchange in candidate.exchanges)


def test_a_server_that_is_gone_leaves_exchanges_without_an_answer() -> None:
    tape = recorded([{"say": "Yes."}], [*ask("Hi"), POLL])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    target = ServerTarget(f"http://127.0.0.1:{port}/v1", key="sk-test")
    candidate = replay(tape, target, patience=1)
    target.close()
    assert [exchange.answer for exchange in candidate.exchanges] == [None] * len(tape.exchanges)
    assert all("was not answered" in note for note in candidate.notes) and len(candidate.notes) == 5


# --- foreign shapes

WHOLE = recorded([{**PARALLEL, "then": {"say": "Sun."}}], [*ask("Hi", stream=True), SUBMIT, POLL, MESSAGES, STEPS])
LINES = [line_of(exchange) for exchange in WHOLE.exchanges]
GARBAGE = st.sampled_from([None, True, 0, -1.5, "", "x", [], {}, [None], {"id": 1}, {"object": "thread.run"}])


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*at, key)
        yield from places(each, (*at, key))


PLACES = [(number, place) for number, line in enumerate(LINES) for place in places(line["answer"])]


@given(st.lists(st.tuples(st.sampled_from(PLACES), GARBAGE), min_size=1, max_size=3))
def test_any_answer_is_read_or_noted(changes: list[tuple[tuple[int, tuple[Any, ...]], Any]]) -> None:
    lines = copy.deepcopy(LINES)
    for (number, (*way, last)), garbage in changes:
        target: Any = lines[number]["answer"]
        try:
            for key in way:
                target = target[key]
            target[last] = garbage
        except (KeyError, IndexError, TypeError):
            continue  # what was there is garbage already
    try:
        tape = parsed([orjson.dumps(header(WHOLE)), *map(orjson.dumps, lines)], "a tape")
    except ConfigurationError:
        return
    talk = conversation.read(tape)
    plan.steps(tape, talk)
    upstream = TapeUpstream(talk)
    for run, legs in talk.runs.items():
        for _ in legs:
            with contextlib.suppress(UpstreamRefused):
                upstream.open({}, Credential({RUN_HEADER: run}))
        assert upstream.send(Send("GET", "/containers/c/files"), Credential({RUN_HEADER: run})).is_ok
