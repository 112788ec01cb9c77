"""One exchange on both sides: what was asked, and what came back."""

from __future__ import annotations

from typing import Any, Final

from bridge.diff.compare import contents, measures, streams, tools
from bridge.diff.compare.identity import Identities
from bridge.diff.compare.lanes import Entry
from bridge.diff.compare.measures import Thresholds
from bridge.diff.compare.values import Object, Renamed, Walk
from bridge.diff.compare.weights import WEIGHTS
from bridge.diff.observations import MISSING, Mismatch
from bridge.diff.tape import Answer

REQUEST: Final[Renamed] = {**dict.fromkeys(WEIGHTS, "request"), **dict.fromkeys(("key-order", "number-form"))}
"""What differs in a request is the program's doing, whatever it is."""

TOLD: Final = ("bridge-degraded",)


def compared(
    control: Entry | None, candidate: Entry | None, identities: Identities, thresholds: Thresholds
) -> list[Mismatch]:
    walk = Walk(identities, hooks(thresholds))
    if control is None or candidate is None:
        _alone(walk, control, candidate)
        return walk.found
    _request(walk, control, candidate)
    answers = control.exchange.answer, candidate.exchange.answer
    if answers[0] is not None and answers[1] is not None:
        answer(walk, answers[0], answers[1])
    elif answers[0] is not answers[1]:
        walk.tell("no-answer", "$", _shown(answers[0]), _shown(answers[1]))
    if control.statuses != candidate.statuses and control.statuses[-1:] == candidate.statuses[-1:]:
        walk.tell("statuses", "polls.statuses", control.statuses, candidate.statuses)
    measures.latency(walk, control.timing, candidate.timing, thresholds)
    return walk.found


def hooks(thresholds: Thresholds) -> dict[str, Any]:
    return {
        "text": contents.text_part,
        "refusal": contents.refusal,
        "error": contents.error,
        "last_error": contents.error,
        "tool_calls": tools.calls,
        "usage": lambda walk, control, candidate, path: measures.usage(walk, control, candidate, path, thresholds),
    }


def _alone(walk: Walk, control: Entry | None, candidate: Entry | None) -> None:
    """Outputs that only one side hands in are a round of tool calls that only it has."""
    entry = control or candidate
    rule = "missing-exchange" if candidate is None else "extra-exchange"
    if entry is not None and entry.operation.name == "runs.submit_tool_outputs":
        rule = "rounds"
    walk.tell(rule, "$", _asked(control), _asked(candidate))


def _asked(entry: Entry | None) -> Any:
    return MISSING if entry is None else f"{entry.exchange.request.method} {entry.exchange.request.path}"


def _shown(answer: Answer | None) -> Any:
    return MISSING if answer is None else answer.status


# --- the request


def _request(walk: Walk, control: Entry, candidate: Entry) -> None:
    asked = Walk(walk.identities, {}, REQUEST, found=walk.found)
    left, right = control.exchange.request, candidate.exchange.request
    for one, other in zip(control.operation.ids, candidate.operation.ids, strict=True):
        asked.id(one, other, "request.path")
    if left.query or right.query:
        asked.value(_query(left.query), _query(right.query), "request.query")
    if left.body is not None or right.body is not None:
        asked.value(left.body, right.body, "request.body")


def _query(pairs: tuple[tuple[str, str], ...]) -> Object:
    """By name; `after` and `before` are ids of objects."""
    named: dict[str, list[str]] = {}
    for name, value in pairs:
        named.setdefault(f"{name}_id" if name in ("after", "before") else name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in named.items()}


# --- the answer


def answer(walk: Walk, control: Answer, candidate: Answer) -> None:
    """Where one side is an error and the other is none, that is all there is to say."""
    if control.status != candidate.status:
        walk.tell("status", "status", control.status, candidate.status)
    _headers(walk, control, candidate)
    if (control.status >= 400) != (candidate.status >= 400):
        return
    if (control.events is None) != (candidate.events is None):
        walk.tell("form", "$", _form(control), _form(candidate))
    elif control.events is not None and candidate.events is not None:
        streams.compare(walk, control.events, candidate.events)
    else:
        _body(walk, control.body, candidate.body)


def _body(walk: Walk, control: Any, candidate: Any) -> None:
    if isinstance(control, str) and isinstance(candidate, str):
        contents.text(walk, control, candidate, "$")
    else:
        walk.value(control, candidate, "$")


def _form(answer: Answer) -> str:
    return "JSON" if answer.events is None else f"a stream of {len(answer.events)} events"


def _headers(walk: Walk, control: Answer, candidate: Answer) -> None:
    types = _media_type(control), _media_type(candidate)
    is_error = (control.status >= 400) != (candidate.status >= 400)
    if None not in types and types[0] != types[1] and not is_error:
        walk.tell("content-type", "headers.content-type", *types)
    for name in TOLD:
        told = control.headers.get(name), candidate.headers.get(name)
        if told[0] != told[1]:
            left, right = (MISSING if each is None else each for each in told)
            walk.tell("degraded", f"headers.{name}", left, right)


def _media_type(answer: Answer) -> str | None:
    value = answer.headers.get("content-type")
    return value.partition(";")[0].strip().lower() if isinstance(value, str) else None
