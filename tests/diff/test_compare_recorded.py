"""Recorded traffic of the old service beside what the gateway answers to the same requests: nothing differs but what
the conformance notes tell of."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bridge.diff.compare import compare
from bridge.diff.tape import Answer, Event, Exchange, Request, Tape
from doors.test_recorded_assistants import NAMES, exchanges, frames, started
from doors.test_recorded_assistants import Exchange as Recorded

pytestmark = pytest.mark.needs("shared")


def exchange(number: int, one: Recorded, path: str, asked: Any, told: str, headers: Any) -> Exchange:
    url = urlsplit(path.removeprefix("/v1"))
    request = Request(one.method, url.path, tuple(parse_qsl(url.query)), body=asked)
    kind = {"content-type": headers["content-type"]}
    if one.is_stream:
        return Exchange(number, request, Answer(200, kind, events=tuple(Event(*frame) for frame in frames(told))))
    return Exchange(number, request, Answer(200, kind, json.loads(told)))


def tapes(name: str) -> tuple[Tape, Tape]:
    """The recording, and ours: each recorded request asked of the gateway, ids mapped, polls until they are over."""
    session, asked = started(name)
    ours = []
    for number, one in enumerate(asked, 1):
        path, body = session.translated(one.path), session.translated(json.dumps(one.asked))
        is_poll = one.method == "GET" and "/runs/" in one.path
        answer = session.ask_until_over(one) if is_poll else session.ask(one)
        ours.append(exchange(number, one, path, json.loads(body), answer.text, answer.headers))
    theirs = [
        exchange(number, one, one.path, one.asked, one.answered, one.told)
        for number, one in enumerate(exchanges(name), 1)
    ]
    return Tape(tuple(theirs)), Tape(tuple(ours))


@pytest.mark.parametrize("name", NAMES)
def test_what_differs_has_a_note(name: str) -> None:
    comparison = compare(*tapes(name))
    assert [each for each in comparison.mismatches() if not each.is_accepted] == []
    noted = {str(each.note) for each in comparison.mismatches()}
    assert noted and all("docs/conformance.md#" in note for note in noted)


def test_without_notes_every_known_difference_is_told() -> None:
    comparison = compare(*tapes("test_streaming_new_assistant"), notes=())
    assert {"extra-key", "step-tokens", "id-form"} >= {each.rule for each in comparison.mismatches()} >= {"extra-key"}
