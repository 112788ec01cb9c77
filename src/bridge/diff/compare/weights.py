"""Every rule by which two sides can differ: its class, its severity, and what it means in a sentence.

The sentence says why it weighs so. breaking: a program that reads the control can fail on the candidate. notice: a
person should look. info: good to know.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from bridge.diff.observations import Kind, Mismatch, Severity


@frozen
class Weight:
    kind: Kind
    severity: Severity
    sentence: str


WEIGHTS: Final[dict[str, Weight]] = {
    # exchanges as wholes
    "missing-exchange": Weight("structure", "breaking", "Only the control has this exchange."),
    "extra-exchange": Weight(
        "structure", "notice", "Only the candidate has this exchange: the program took another way."
    ),
    "no-answer": Weight("structure", "breaking", "The connection broke on one side, on the other it did not."),
    "status": Weight("structure", "breaking", "Another HTTP status: SDKs make their exceptions of it."),
    "form": Weight("structure", "breaking", "An event stream on one side, one JSON answer on the other."),
    "content-type": Weight("structure", "breaking", "Another media type: clients choose their decoder by it."),
    "degraded": Weight("structure", "info", "One side tells of parameters that are lost or done otherwise."),
    "request": Weight(
        "structure", "notice", "The program itself asked for something else: what follows may come of it."
    ),
    "statuses": Weight("structure", "info", "Polls saw other statuses of the run on the way to the last one."),
    # values
    "missing-key": Weight("structure", "breaking", "A key that programs may read is not there."),
    "extra-key": Weight("structure", "notice", "A key more: SDKs keep it, strict parsers refuse it."),
    "key-order": Weight("structure", "info", "The same keys in another order: only readers of raw text can tell."),
    "null": Weight("structure", "breaking", "Null on one side, a value on the other."),
    "type": Weight("structure", "breaking", "Another JSON type."),
    "number-form": Weight("structure", "info", "The same number, as integer and as float."),
    "literal": Weight(
        "structure", "breaking", "Another word of a fixed vocabulary, or another truth value: programs branch."
    ),
    "value": Weight("structure", "notice", "Another value of a setting or of data that the program gave."),
    "id": Weight("structure", "breaking", "An id that stands for another object than before."),
    "id-form": Weight("structure", "notice", "An id of another form: programs may match ids by pattern."),
    "moment-unit": Weight("structure", "breaking", "Seconds on one side, milliseconds on the other."),
    "moment-order": Weight("structure", "notice", "Moments of one object follow each other in another order."),
    "missing-item": Weight("structure", "breaking", "An element of a list is not there."),
    "extra-item": Weight("structure", "breaking", "A list has an element more: `data[0]` may be another."),
    "item-order": Weight("structure", "breaking", "The same elements in another order."),
    "error-message": Weight("structure", "breaking", "Another error text: programs match these by pattern."),
    # streams
    "missing-event": Weight("structure", "breaking", "An event is not sent: its handler is never called."),
    "extra-event": Weight("structure", "breaking", "An event more: its handler is called when it was not before."),
    "duplicate-event": Weight(
        "structure", "breaking", "The same event twice: handlers run twice, helpers of SDKs fail."
    ),
    "event-order": Weight("structure", "breaking", "The same events in another order: helpers of SDKs rely on it."),
    "truncated": Weight("structure", "breaking", "The stream stops without `done`: the end was not seen."),
    "delta-shape": Weight("structure", "breaking", "Deltas have other keys: SDKs add up what repeats."),
    # tools
    "missing-call": Weight("tool", "breaking", "A call that the control makes is not made."),
    "extra-call": Weight("tool", "breaking", "A call is made that the control does not make."),
    "function": Weight("tool", "breaking", "Another function is called, or another tool."),
    "arguments": Weight("tool", "breaking", "The same function with other arguments."),
    "arguments-form": Weight("tool", "info", "The same arguments, written otherwise: spaces, order of keys, escapes."),
    "arguments-json": Weight("tool", "breaking", "Arguments are JSON on one side only."),
    "call-order": Weight("tool", "info", "The same parallel calls in another order."),
    "parallelism": Weight(
        "tool", "notice", "The same calls, side by side on one side, one after the other on the other."
    ),
    "rounds": Weight("tool", "notice", "Another number of rounds of tool calls until the run ends."),
    "forced-choice": Weight("tool", "breaking", "A forced `tool_choice` is followed on one side only."),
    "tool-code": Weight("tool", "notice", "The code interpreter was given other code."),
    "tool-result": Weight("tool", "notice", "A tool gave another result."),
    # text
    "text": Weight("text", "notice", "The model says something else."),
    "text-similar": Weight("text", "notice", "The model says something much alike."),
    "text-normalised": Weight("text", "info", "The same words: quotes, unicode forms or citation markers differ."),
    "text-whitespace": Weight("text", "info", "The same text but for whitespace."),
    "refusal": Weight("text", "breaking", "The model refuses on one side and answers on the other."),
    "annotation-kind": Weight(
        "text", "breaking", "An annotation of another kind: programs look for its payload by it."
    ),
    "annotation-missing": Weight("text", "notice", "An annotation is not there."),
    "annotation-extra": Weight("text", "notice", "An annotation more."),
    "annotation-span": Weight("text", "notice", "An annotation marks another part of the text."),
    # cost and latency
    "costlier": Weight("cost", "notice", "The candidate uses more tokens than the threshold allows."),
    "cheaper": Weight("cost", "info", "The candidate uses fewer tokens."),
    "step-tokens": Weight("cost", "info", "A step has other tokens: what is paid for is the sum, the run's."),
    "slower": Weight("latency", "notice", "The candidate takes longer than the threshold allows."),
    "faster": Weight("latency", "info", "The candidate is faster."),
    "first-event-slower": Weight("latency", "notice", "The first event of the stream comes later."),
    "first-event-faster": Weight("latency", "info", "The first event of the stream comes sooner."),
    "more-polls": Weight("latency", "info", "The candidate needs many more polls until the run's end."),
    "fewer-polls": Weight("latency", "info", "The candidate needs far fewer polls until the run's end."),
    # the requests behind it
    "missing-leg": Weight("structure", "breaking", "A Responses request is sent by the control only."),
    "extra-leg": Weight("structure", "breaking", "A Responses request is sent by the candidate only."),
    "leg-missing": Weight("structure", "breaking", "Something of what the model is asked is not sent."),
    "leg-extra": Weight("structure", "breaking", "Something more is sent to the model."),
    "leg-value": Weight("structure", "breaking", "The model is asked something else."),
    "leg-order": Weight("structure", "notice", "The model is told the same in another order."),
    "leg-setting": Weight("structure", "notice", "A setting of the request that does not change what the model reads."),
}

OPPOSITES: Final[dict[str, str]] = {
    "missing-exchange": "extra-exchange",
    "missing-key": "extra-key",
    "missing-item": "extra-item",
    "missing-event": "extra-event",
    "missing-call": "extra-call",
    "annotation-missing": "annotation-extra",
    "missing-leg": "extra-leg",
    "leg-missing": "leg-extra",
    "costlier": "cheaper",
    "slower": "faster",
    "first-event-slower": "first-event-faster",
    "more-polls": "fewer-polls",
}
"""What a mismatch is called where the sides change places; all others keep their names."""


def mismatch(rule: str, path: str, control: Any, candidate: Any, detail: str = "") -> Mismatch:
    """KeyError for a rule that is not in the table."""
    weight = WEIGHTS[rule]
    return Mismatch(weight.kind, rule, path, control, candidate, weight.severity, detail=detail)
