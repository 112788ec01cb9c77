"""Real traffic of the Responses API, replayed: facts in order, and the text they tell is the text that was meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.translate import events, facts, runs
from bridge.translate.events import Reader
from translate import fact_order

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings" / "responses"

pytestmark = pytest.mark.needs("shared")

Object = dict[str, Any]


def entries(kind: str) -> Iterator[Any]:
    """The answers of a content type, each with its file's name as id; one that is skipped where there are none."""
    if not RECORDINGS.is_dir():
        yield pytest.param(None, id="missing")
    for path in sorted(RECORDINGS.glob("*.json")):
        for number, entry in enumerate(json.loads(path.read_text("utf-8"))["Entries"]):
            if entry["ResponseHeaders"].get("Content-Type", "").startswith(kind):
                yield pytest.param(entry["ResponseBody"], id=f"{path.stem}-{number}")


def decoded(body: str | list[str]) -> list[Object]:
    lines = "".join(body).splitlines()
    return [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]


@pytest.mark.parametrize("body", list(entries("text/event-stream")))
def test_streams(body: str | list[str]) -> None:
    sent = decoded(body)
    reader = Reader()
    told = [fact for event in sent for fact in reader.receive(event)]
    fact_order.check(told)
    assert told[-1] == events.read(sent[-1]["response"])[-1]
    done = [fact.item for fact in told if isinstance(fact, (facts.MessageDone, facts.CallDone, facts.HostedDone))]
    assert done == [item for item in sent[-1]["response"]["output"] if item["type"] in SEEN]
    for part, meant in texts(sent[-1]["response"]).items():
        assert "".join(fact.text for fact in told if isinstance(fact, facts.TextDelta) and fact.key == part) == meant


@pytest.mark.parametrize("body", list(entries("application/json")))
def test_whole_responses(body: Object) -> None:
    if body.get("object") != "response":
        assert "output" not in body
        return
    told = events.read(body)
    if body["status"] not in events.TERMINAL:
        assert told == [facts.Began(body["id"])]
        return
    fact_order.check(told)
    assert "".join(fact.text for fact in told if isinstance(fact, facts.TextDelta)) == "".join(texts(body).values())
    said = runs.to_assistants(body)
    assert said["status"] == ("requires_action" if '"function_call"' in json.dumps(body["output"]) else body["status"])
    assert said["usage"]["total_tokens"] == (body["usage"] or {}).get("total_tokens", 0)


SEEN = ("message", "function_call", "code_interpreter_call", "file_search_call")


def texts(response: Object) -> dict[str, str]:
    """Place of a message in the output, which is its key in a stream without oddities → its text."""
    messages = {str(place): item for place, item in enumerate(response["output"]) if item["type"] == "message"}
    return {place: "".join(part["text"] for part in item["content"]) for place, item in messages.items()}
