"""Seeded faults: what goes wrong on the candidate's side, each with the rule, the severity and the path that tells."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from attrs import evolve
from stories import Object, Side, call, run, tape, waiting, with_exchanges

from bridge.diff.tape import Answer, Event, Exchange, Tape

Change = Callable[[Any], None]
CREATED, WAITING, OVER, LISTING, STEPS, STREAM, ERROR = 3, 7, 12, 13, 14, 15, 16
"""Exchanges of a story with three polls, by their position."""


def changed(place: int, change: Change) -> Callable[[Side], Tape]:
    """A story whose answer at `place` has another body."""

    def made(side: Side) -> Tape:
        whole = tape(side)
        body = copy.deepcopy(answer(whole, place).body)
        change(body)
        return answered(whole, place, body=body)

    return made


def answered(whole: Tape, place: int, **more: Any) -> Tape:
    exchanges = list(whole.exchanges)
    exchanges[place] = evolve(exchanges[place], answer=evolve(answer(whole, place), **more))
    return with_exchanges(whole, exchanges)


def answer(whole: Tape, place: int) -> Answer:
    found = whole.exchanges[place].answer
    assert found is not None
    return found


def streamed(change: Callable[[list[Event]], list[Event]]) -> Callable[[Side], Tape]:
    def made(side: Side) -> Tape:
        whole = tape(side)
        events = answer(whole, STREAM).events
        assert events is not None
        return answered(whole, STREAM, events=tuple(change(list(events))))

    return made


def called(calls: Callable[[Side], list[Object]]) -> Callable[[Side], Tape]:
    """The run waits for other calls."""

    def made(side: Side) -> Tape:
        body = run(side, 0, "requires_action", required_action=waiting(calls(side)))
        return answered(tape(side), WAITING, body=body)

    return made


def one_after_the_other(side: Side) -> Tape:
    """Two rounds with one call each, where there was one with two."""
    whole = tape(side)
    first, second = (
        run(side, 0, "requires_action", required_action=waiting([call(side, n, "weather", text)]))
        for n, text in enumerate(('{"city": "Oslo", "days": 2}', '{"city":"Cairo"}'))
    )
    e = answered(whole, WAITING, body=first).exchanges
    waits = evolve(e[WAITING], answer=evolve(answer(whole, WAITING), body=second))
    handed = [
        evolve(e[WAITING + 1], request=evolve(e[WAITING + 1].request, body=_outputs(e[WAITING + 1], n))) for n in (0, 1)
    ]
    return with_exchanges(whole, [*e[: WAITING + 1], handed[0], waits, handed[1], *e[WAITING + 2 :]])


def _outputs(exchange: Exchange, n: int) -> Object:
    return {"tool_outputs": exchange.request.body["tool_outputs"][n : n + 1]}


def forced(side: Side, calls: bool = True) -> Tape:
    """The run has to call a function, and does or does not."""
    whole = tape(side)
    choice = {"type": "function", "function": {"name": "weather"}}
    for place in range(CREATED, OVER + 1):
        whole = answered(whole, place, body={**answer(whole, place).body, "tool_choice": choice})
    return whole if calls else answered(whole, WAITING, body={**answer(whole, WAITING).body, "required_action": None})


def slower(side: Side) -> Tape:
    return answered(tape(side), CREATED, seconds=9.0)


def broken(side: Side) -> Tape:
    error = {"error": {"message": "The server had an error.", "type": "server_error", "param": None, "code": None}}
    return answered(tape(side), LISTING, status=500, body=error)


def without(place: int) -> Callable[[Side], Tape]:
    def made(side: Side) -> Tape:
        whole = tape(side)
        return with_exchanges(whole, [each for n, each in enumerate(whole.exchanges) if n != place])

    return made


def swap(n: int) -> Callable[[list[Any]], list[Any]]:
    return lambda items: [*items[:n], items[n + 1], items[n], *items[n + 2 :]]


def delta_with_role(events: list[Event]) -> list[Event]:
    return [_with_role(event) if event.event == "thread.message.delta" else event for event in events]


def _with_role(event: Event) -> Event:
    return evolve(event, data={**event.data, "delta": {"role": "assistant", **event.data["delta"]}})


def set_(*path: Any, to: Any) -> Change:
    def change(body: Any) -> None:
        for name in path[:-1]:
            body = body[name]
        body[path[-1]] = to

    return change


def reorder(body: Any) -> None:
    body["data"].reverse()


def text(to: Callable[[str], str]) -> Callable[[Side], Tape]:
    def change(body: Any) -> None:
        inner = body["data"][0]["content"][0]["text"]
        inner["value"] = to(inner["value"])

    return changed(LISTING, change)


def refuses(body: Any) -> None:
    body["data"][0]["content"] = [{"type": "refusal", "refusal": "No."}]


def gone(*path: Any) -> Change:
    def change(body: Any) -> None:
        for name in path[:-1]:
            body = body[name]
        del body[path[-1]]

    return change


def turned(body: Any) -> None:
    """The same keys, in another order."""
    body["data"][0] = dict(reversed(body["data"][0].items()))


def milliseconds(body: Any) -> None:
    for name in body:
        if name.endswith("_at") and body[name]:
            body[name] *= 1000


def oslo(side: Side) -> list[Object]:
    return [call(side, 0, "weather", '{"city": "Bergen", "days": 2}'), call(side, 1, "weather", '{"city":"Cairo"}')]


def other(side: Side) -> list[Object]:
    return [call(side, 0, "forecast", '{"city": "Oslo", "days": 2}'), call(side, 1, "weather", '{"city":"Cairo"}')]


def rewritten(side: Side) -> list[Object]:
    return [call(side, 0, "weather", '{"days":2,"city":"Oslo"}'), call(side, 1, "weather", '{"city":"Cairo"}')]


def turned_calls(side: Side) -> list[Object]:
    return [call(side, 1, "weather", '{"city":"Cairo"}'), call(side, 0, "weather", '{"city": "Oslo", "days": 2}')]


def html(side: Side) -> Tape:
    return answered(tape(side), LISTING, headers={"content-type": "text/html"})


def degraded(side: Side) -> Tape:
    return answered(tape(side), LISTING, headers={"bridge-degraded": "model"})


def unstreamed(side: Side) -> Tape:
    return answered(tape(side), STREAM, events=None, body=run(side, 0, "completed", "said"), headers={})


def conflict(side: Side) -> Tape:
    return answered(tape(side), ERROR, status=409)


def cancelling(events: list[Event]) -> list[Event]:
    return [*events[:3], Event("thread.run.cancelling", events[2].data), *events[3:]]


def twice(events: list[Event]) -> list[Event]:
    return [*events[:3], events[2], *events[3:]]


def less(events: list[Event]) -> list[Event]:
    return [*events[:3], *events[4:]]


def plain(text: str) -> str:
    return text.replace("“", '"').replace("”", '"')


S, T, X, C, L = "structure", "tool", "text", "cost", "latency"
B, N, G = "breaking", "notice", "info"
RUN = "run_anotherRunAnotherRun1"
WAITS = "$.required_action.submit_tool_outputs.tool_calls"
MESSAGE = "$.data[0]"
VALUE = f"{MESSAGE}.content[0].text.value"
CALL = f"{WAITS}[0].function"
FAULTS: list[tuple[str, Callable[[Side], Tape], str, str, str, str]] = [
    # what, how, kind, rule, severity, path
    ("missing key", changed(LISTING, gone("data", 0, "attachments")), S, "missing-key", B, f"{MESSAGE}.attachments"),
    ("extra key", changed(LISTING, set_("data", 0, "extra", to=1)), S, "extra-key", N, f"{MESSAGE}.extra"),
    ("wrong null", changed(LISTING, set_("data", 0, "run_id", to=None)), S, "null", B, f"{MESSAGE}.run_id"),
    ("wrong type", changed(LISTING, set_("data", 0, "created_at", to="now")), S, "type", B, f"{MESSAGE}.created_at"),
    ("other role", changed(LISTING, set_("data", 0, "role", to="user")), S, "literal", B, f"{MESSAGE}.role"),
    ("more pages", changed(LISTING, set_("has_more", to=True)), S, "literal", B, "$.has_more"),
    ("other id", changed(STEPS, set_("data", 0, "run_id", to=RUN)), S, "id", B, f"{MESSAGE}.run_id"),
    ("reordered list", changed(LISTING, reorder), S, "item-order", B, "$.data"),
    ("missing item", changed(LISTING, gone("data", 1)), S, "missing-item", B, "$.data[1]"),
    ("reordered keys", changed(LISTING, turned), S, "key-order", G, MESSAGE),
    ("integer for float", changed(CREATED, set_("temperature", to=1)), S, "number-form", G, "$.temperature"),
    ("other metadata", changed(CREATED, set_("metadata", "session", to="red")), S, "value", N, "$.metadata.session"),
    ("moments turned", changed(OVER, set_("completed_at", to=5)), S, "moment-order", N, "$.completed_at"),
    ("milliseconds", changed(CREATED, milliseconds), S, "moment-unit", B, "$.created_at"),
    ("other error text", changed(ERROR, set_("error", "message", to="No.")), S, "error-message", B, "$.error.message"),
    ("other error code", changed(ERROR, set_("error", "code", to="x")), S, "null", B, "$.error.code"),
    ("other error type", changed(ERROR, set_("error", "type", to="x")), S, "literal", B, "$.error.type"),
    ("other error status", conflict, S, "status", B, "status"),
    ("a 5xx in place of an answer", broken, S, "status", B, "status"),
    ("no answer", lambda side: _unanswered(tape(side)), S, "no-answer", B, "$"),
    ("a missing exchange", without(LISTING), S, "missing-exchange", B, "$"),
    ("other media type", html, S, "content-type", B, "headers.content-type"),
    ("degraded", degraded, S, "degraded", G, "headers.bridge-degraded"),
    ("JSON for a stream", unstreamed, S, "form", B, "$"),
    ("swapped events", streamed(swap(2)), S, "event-order", B, "events[*]"),
    ("missing event", streamed(less), S, "missing-event", B, "events[3]"),
    ("extra event", streamed(cancelling), S, "extra-event", B, "events[3]"),
    ("duplicated event", streamed(twice), S, "duplicate-event", B, "events[*]"),
    ("truncated without done", streamed(lambda events: events[:-3]), S, "truncated", B, "events[*]"),
    ("deltas with a role", streamed(delta_with_role), S, "delta-shape", B, "events[7].data"),
    ("other arguments", called(oslo), T, "arguments", B, f"{CALL}.arguments.city"),
    ("other function", called(other), T, "function", B, f"{CALL}.name"),
    ("missing call", called(lambda side: oslo(side)[1:]), T, "missing-call", B, f"{WAITS}[0]"),
    ("arguments written otherwise", called(rewritten), T, "arguments-form", G, f"{CALL}.arguments"),
    ("calls in another order", called(turned_calls), T, "call-order", G, WAITS),
    ("parallel became sequential", one_after_the_other, T, "parallelism", N, "run.rounds"),
    ("other text", text(lambda text: "I do not know."), X, "text", N, VALUE),
    ("alike text", text(lambda text: text.replace("14", "15")), X, "text-similar", N, VALUE),
    ("other whitespace", text(lambda text: text.replace(" ", "\n")), X, "text-whitespace", G, VALUE),
    ("plain quotes", text(plain), X, "text-normalised", G, VALUE),
    ("a refusal", changed(LISTING, refuses), X, "refusal", B, f"{MESSAGE}.content[0].type"),
    ("slower", slower, L, "slower", N, "timing.seconds"),
    ("costlier", changed(OVER, set_("usage", "prompt_tokens", to=900)), C, "costlier", N, "$.usage.prompt_tokens"),
    ("no count", changed(OVER, set_("usage", "prompt_tokens", to=10**400)), S, "value", N, "$.usage.prompt_tokens"),
    ("cheaper", changed(OVER, set_("usage", "prompt_tokens", to=9)), C, "cheaper", G, "$.usage.prompt_tokens"),
]  # fmt: skip


def _unanswered(whole: Tape) -> Tape:
    exchanges = list(whole.exchanges)
    exchanges[LISTING] = evolve(exchanges[LISTING], answer=None)
    return with_exchanges(whole, exchanges)
