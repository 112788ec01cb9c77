"""Real traffic of the Assistants API, asked again: what the old service answered is what the gateway answers.

The recorded requests go through the gateway in their order, with ids mapped to ours and polls of the same run folded
into one. The upstream is a double that streams the Responses events of the recorded answer: its text, code and usage.
What must agree is everything but ids and moments: keys and their order, types, nulls, values, names of events.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from attrs import field, frozen

from bridge.calls import Credential
from bridge.engine.effects import Send, Sent
from bridge.gateway import create_app
from bridge.profiles import Profile
from bridge.service import Service
from bridge.store.memory import MemoryStore

pytestmark = pytest.mark.needs("shared")

Object = dict[str, Any]
RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "vcr"
ID = re.compile(r"\b(asst|thread|msg|run|step|call|ci)_[A-Za-z0-9]+")
ADDED = {
    "thread.message": ["status", "incomplete_details", "incomplete_at", "completed_at"],
    "thread.run.step": ["expired_at", "metadata"],
}
"""Keys that come last in ours and were not on the wire (docs/conformance.md, "Answers")."""


@frozen
class Exchange:
    """One recorded request and its answer."""

    method: str
    path: str
    asked: Any
    headers: dict[str, str]
    answered: str
    told: dict[str, str]

    @property
    def is_stream(self) -> bool:
        return self.told["content-type"].startswith("text/event-stream")


def exchanges(name: str) -> list[Exchange]:
    recorded = yaml.safe_load((RECORDINGS / f"{name}.yaml").read_text("utf-8"))["interactions"]
    return [_exchange(one["request"], one["response"]) for one in recorded]


def _exchange(request: Object, response: Object) -> Exchange:
    body = response["body"]["string"]
    raw = body.encode() if isinstance(body, str) else body
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    kept = ("content-type", "openai-beta", "x-stainless-poll-helper")
    sent = {name.lower(): values[0] for name, values in request["headers"].items()}
    return Exchange(
        request["method"],
        request["uri"].removeprefix("https://api.openai.com"),
        json.loads(request["body"]) if request["body"] else None,
        {name: value for name, value in sent.items() if name in kept},
        text,
        {name.lower(): values[0] for name, values in response["headers"].items()},
    )


def polls_folded(recorded: list[Exchange]) -> list[Exchange]:
    """Of several requests of the same thing in a row the last: it saw the end."""
    return [list(same)[-1] for _, same in groupby(recorded, lambda one: (one.method, one.path, str(one.asked)))]


# --- the upstream


@frozen
class Answered:
    """An upstream that always gives the same answer."""

    events: list[Object]
    name: str = "recorded"
    profile: Profile = field(factory=Profile)
    asked: list[Object] = field(factory=list)

    def open(self, request: Object, credential: Credential) -> Played:
        self.asked.append(request)
        return Played(self.events)

    async def aopen(self, request: Object, credential: Credential) -> Played:
        return self.open(request, credential)

    def send(self, effect: Send, credential: Credential) -> Sent:
        """The old service's runs made no files: their containers are empty."""
        assert effect.path.startswith("/containers/"), effect
        return Sent(200, {"object": "list", "data": [], "has_more": False})

    async def asend(self, effect: Send, credential: Credential) -> Sent:
        return self.send(effect, credential)

    def close(self) -> None:
        pass


@frozen
class Played:
    events: list[Object]

    def __iter__(self) -> Iterator[Object]:
        return iter(self.events)

    async def __aiter__(self) -> AsyncIterator[Object]:
        for event in self.events:
            yield event

    def close(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


def responses_events(code: list[str], words: list[str], usage: Object) -> list[Object]:
    """A code interpreter call (if any code) and a message, as a Responses server streams them."""
    output: list[Object] = []
    events: list[Object] = [{"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}]
    if code:
        call = {"id": "ci_1", "type": "code_interpreter_call", "container_id": "cntr_1", "outputs": None}
        events += _item(len(output), {**call, "code": "", "status": "in_progress"}, "added")
        events += _pieces(len(output), "ci_1", "code_interpreter_call_code.delta", code)
        output.append({**call, "code": "".join(code), "status": "completed"})
        events += _item(0, output[0], "done")
    message = {"id": "msg_1", "type": "message", "role": "assistant"}
    part = {"type": "output_text", "text": "".join(words), "annotations": []}
    events += _item(len(output), {**message, "content": [], "status": "in_progress"}, "added")
    events += _pieces(len(output), "msg_1", "output_text.delta", words)
    output.append({**message, "content": [part], "status": "completed"})
    events += _item(len(output) - 1, output[-1], "done")
    whole = {"id": "resp_1", "object": "response", "status": "completed", "output": output, "usage": _sent(usage)}
    return [*events, {"type": "response.completed", "response": whole}]


def _item(index: int, item: Object, what: str) -> list[Object]:
    return [{"type": f"response.output_item.{what}", "output_index": index, "item": item}]


def _pieces(index: int, id: str, kind: str, pieces: list[str]) -> list[Object]:
    where = {"item_id": id, "output_index": index, "content_index": 0}
    return [{"type": f"response.{kind}", **where, "delta": piece} for piece in pieces]


def _sent(usage: Object) -> Object:
    return {
        "input_tokens": usage["prompt_tokens"],
        "input_tokens_details": usage["prompt_token_details"],
        "output_tokens": usage["completion_tokens"],
        "output_tokens_details": usage["completion_tokens_details"],
        "total_tokens": usage["total_tokens"],
    }


def upstream_of(recorded: list[Exchange]) -> Answered:
    """The upstream that answers what the recorded run answered."""
    for one in recorded:
        if one.is_stream:
            told = frames(one.answered)
            calls = [data["delta"]["step_details"]["tool_calls"][0] for name, data in told if name == STEP_DELTA]
            code = [call["code_interpreter"].get("input", "") for call in calls]
            words = [d["delta"]["content"][0]["text"]["value"] for name, d in told if name == MESSAGE_DELTA]
            return Answered(responses_events([piece for piece in code if piece], words, dict(told)[COMPLETED]["usage"]))
    bodies = [json.loads(one.answered) for one in recorded]
    (usage,) = [body["usage"] for body in bodies if body.get("status") == "completed"]
    (last,) = [body["data"][-1] for body in bodies if body["object"] == "list"]
    return Answered(responses_events(["1"], [last["content"][0]["text"]["value"]], usage))


STEP_DELTA, MESSAGE_DELTA, COMPLETED = "thread.run.step.delta", "thread.message.delta", "thread.run.completed"


def frames(text: str) -> list[tuple[str, Any]]:
    """Events of a stream; `[DONE]` as it is. Each frame is an `event:` and a `data:` line, then an empty one (§1.2)."""
    assert text.endswith("\n\n")
    told = []
    for frame in text.removesuffix("\n\n").split("\n\n"):
        event, data = frame.split("\n")
        name, body = event.removeprefix("event: "), data.removeprefix("data: ")
        told.append((name, body if body == "[DONE]" else json.loads(body)))
    return told


# --- the same, in our words


class Session:
    """The gateway, and the ids it gave for the recorded ones."""

    def __init__(self, recorded: list[Exchange]) -> None:
        self.upstream = upstream_of(recorded)
        self.service = Service(MemoryStore(), self.upstream)
        self.app = create_app(self.service, upstream_base_url="http://nowhere.test/v1")
        self.ours: dict[str, str] = {}

    def ask(self, one: Exchange) -> Any:
        async def main() -> Any:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                return await client.request(
                    one.method,
                    self.translated(one.path),
                    headers={**one.headers, "authorization": "Bearer sk-test"},
                    content=None if one.asked is None else self.translated(json.dumps(one.asked)).encode(),
                )

        response = asyncio.run(main())
        for theirs, ours in zip(ids(one.answered), ids(response.text), strict=False):
            self.ours.setdefault(theirs, ours)
        return response

    def ask_until_over(self, one: Exchange) -> Any:
        """A poll that saw `completed`: asked until ours says so too."""
        until = time.monotonic() + 5
        response = self.ask(one)
        while response.json()["status"] in ("queued", "in_progress") and time.monotonic() < until:
            response = self.ask(one)
        return response

    def translated(self, text: str) -> str:
        return ID.sub(lambda found: self.ours.get(found.group(), found.group()), text)


def ids(text: str) -> list[str]:
    """In order of appearance, each once."""
    return list(dict.fromkeys(found.group() for found in ID.finditer(text)))


def compared(value: Any) -> Any:
    """The value with its ids and moments blurred; dicts as lists of pairs, so that the order of keys counts."""
    if isinstance(value, dict):
        return [
            (key, "moment" if key.endswith("_at") and item is not None else compared(item))
            for key, item in value.items()
        ]
    if isinstance(value, list):
        return [compared(item) for item in value]
    if isinstance(value, str):
        return ID.sub(lambda found: f"{'call' if found[1] == 'ci' else found[1]}_", value)
    return (type(value).__name__, value)


def without_added(value: Any) -> Any:
    """Ours without the keys that we add; they must be the last ones."""
    if isinstance(value, list):
        return [without_added(item) for item in value]
    if not isinstance(value, dict):
        return value
    added = ADDED.get(str(value.get("object")), [])
    names = list(value)
    assert names[len(names) - len(added) :] == added
    return {key: without_added(item) for key, item in value.items() if key not in added}


def started(name: str) -> tuple[Session, list[Exchange]]:
    """A session in which the assistant of the recording exists, whether the recording made it or not."""
    recorded = exchanges(name)
    session = Session(recorded)
    if recorded[0].path != "/v1/assistants":
        known = json.loads(recorded[-1].answered)
        given = {key: known[key] for key in ("model", "name", "instructions", "tools")}
        assert session.ask(evolved(recorded[-1], given)).status_code == 200
    return session, polls_folded(recorded)


def evolved(one: Exchange, asked: Object) -> Exchange:
    return Exchange("POST", "/v1/assistants", asked, one.headers, one.answered, one.told)


NAMES = ["test_new_assistant_with_polling", "test_existing_assistant", "test_streaming_new_assistant"]


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_the_recorded_one(name: str) -> None:
    session, recorded = started(name)
    for one in recorded:
        is_poll = one.method == "GET" and "/runs/" in one.path
        ours = session.ask_until_over(one) if is_poll else session.ask(one)
        assert ours.status_code == 200, ours.text
        check_headers(one, ours.headers)
        if not one.is_stream:
            assert compared(without_added(ours.json())) == compared(json.loads(one.answered)), one.path
            assert is_laid_out(one.answered) and is_laid_out(ours.text)


def is_laid_out(text: str) -> bool:
    """Whether the JSON is indented by two, as the old service's was; a line break at its end is nobody's business."""
    return text.rstrip("\n") == json.dumps(json.loads(text), indent=2, ensure_ascii=False)


def check_headers(one: Exchange, ours: Any) -> None:
    assert ours["content-type"] == one.told["content-type"]
    assert ours["openai-version"] == one.told["openai-version"]
    assert re.fullmatch(r"req_[0-9a-f]{32}", ours["x-request-id"])
    assert ours["openai-processing-ms"].isdigit()


def test_the_stream_is_the_recorded_one() -> None:
    session, recorded = started("test_streaming_new_assistant")
    for one in recorded:
        ours = session.ask(one)
    theirs, told = folded(frames(recorded[-1].answered)), folded(frames(ours.text))
    assert [name for name, _ in told] == [name for name, _ in theirs]
    for (name, mine), (_, wanted) in zip(told, theirs, strict=True):
        if name == "thread.run.step.completed":
            mine, wanted = {**mine, "usage": None}, {**wanted, "usage": None}  # one call where there were two
        assert compared(without_tail(name, mine)) == compared(wanted), name
    assert session.upstream.asked[0]["instructions"].startswith("Please address the user as Jane Doe.")
    assert session.upstream.asked[0]["tools"][0]["type"] == "code_interpreter"


def without_tail(name: str, data: Any) -> Any:
    return without_added(data) if name.startswith("thread.run.step") else data


def folded(told: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The deltas of each message and call as one, whose text is all of theirs: how many pieces there are depends on how
    fast they are read. What is more than text must come in the first."""
    kept: list[tuple[str, Any]] = []
    for name, data in told:
        if name.endswith(".delta") and kept[-1][0] == name:
            before, piece = piece_of(kept[-1][1]), piece_of(data)
            assert len(piece) == 1
            before.update({key: before[key] + text for key, text in piece.items()})
        else:
            kept.append((name, data))
    return kept


def piece_of(data: Object) -> Object:
    """What grows in a delta: the value of a text, the input of a call."""
    delta = data["delta"]
    inner: Object = (
        delta["content"][0]["text"]
        if "content" in delta
        else delta["step_details"]["tool_calls"][0]["code_interpreter"]
    )
    return inner


def test_pairs_of_events_have_identical_data() -> None:
    session, recorded = started("test_streaming_new_assistant")
    for one in recorded:
        ours = session.ask(one)
    told = frames(ours.text)
    pairs = [
        ("run.created", "run.queued"),
        ("step.created", "step.in_progress"),
        ("message.created", "message.in_progress"),
    ]
    for first, second in pairs:
        firsts = [data for name, data in told if name.endswith(first)]
        assert firsts and firsts == [data for name, data in told if name.endswith(second)]


def test_moments_of_the_run_are_in_the_recorded_order() -> None:
    session, recorded = started("test_streaming_new_assistant")
    for one in recorded:
        ours = session.ask(one)
    for told in (frames(ours.text), frames(recorded[-1].answered)):
        runs = [data for name, data in told if name.startswith("thread.run.") and data["object"] == "thread.run"]
        steps = [data for name, data in told if name.startswith("thread.run.step.c")]
        assert {run["expires_at"] for run in runs[:-1]} == {runs[0]["created_at"] + 600}
        assert {step["expires_at"] for step in steps} == {runs[0]["expires_at"]}
        assert runs[0]["created_at"] <= runs[-1]["started_at"] <= runs[-1]["completed_at"]
        assert [step["completed_at"] is None for step in steps] == [True, False, True, False]
        total = sum(step["usage"]["total_tokens"] for step in steps if step["usage"])
        assert total == runs[-1]["usage"]["total_tokens"] == 469
