"""Tapes of a small program, made anew for each test: an assistant, a thread, a run that calls two functions, its steps
and messages, a streamed run, and an error. Ids and moments are those of the side."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from typing import Any

from attrs import evolve, field, frozen

from bridge.diff.tape import Answer, Event, Exchange, Leg, Request, Tape

Object = dict[str, Any]
LETTERS = string.ascii_letters + string.digits
HELLO = "It is 14 degrees in Oslo, with “light” rain, and 31 degrees in Cairo. Take an umbrella to the north."
STEP_WORDS = ("thread.run.step.created", "thread.run.step.in_progress")


@frozen
class Side:
    """Ids and a clock. `polls` is how often each run is polled, `chunk` how many letters a delta has."""

    seed: int = 1
    polls: int = 3
    chunk: int = 12
    text: str = HELLO
    tokens: int = 100
    seconds: float = 0.3
    start: int = 1_760_000_000
    ids: dict[str, str] = field(factory=dict)
    random: random.Random = field(init=False)

    @random.default
    def _seeded(self) -> random.Random:
        return random.Random(self.seed)

    def id(self, name: str) -> str:
        """The id that this side gives to the object, `msg:answer` say."""
        if name not in self.ids:
            self.ids[name] = f"{name.partition(':')[0]}_" + "".join(self.random.choices(LETTERS, k=23)) + "7"
        return self.ids[name]


def tape(side: Side | None = None, threads: int = 1) -> Tape:
    """A whole program, its exchanges with numbers and moments."""
    side = side or Side()
    asked = list(_assistant(side))
    for n in range(threads):
        asked += [*_thread(side, n), *_tool_run(side, n), *_reading(side, n), *_stream(side, n), *_refused(side, n)]
    return numbered(asked, side)


def numbered(asked: list[tuple[Request, Answer]], side: Side) -> Tape:
    return Tape(
        tuple(Exchange(n, request, answer, n * (side.seconds + 0.1)) for n, (request, answer) in enumerate(asked, 1)),
        source="a story",
    )


def with_exchanges(tape: Tape, exchanges: Iterator[Exchange] | list[Exchange]) -> Tape:
    return evolve(tape, exchanges=tuple(evolve(each, number=n) for n, each in enumerate(exchanges, 1)))


def asked(
    side: Side, method: str, path: str, answer: Any, body: Any = None, status: int = 200
) -> tuple[Request, Answer]:
    headers = {"content-type": "application/json"}
    return Request(method, path, body=body), Answer(status, headers, answer, None, side.seconds)


# --- objects


def run(side: Side, n: int, status: str, which: str = "tools", **more: Any) -> Object:
    over = status == "completed"
    return {
        "id": side.id(f"run:{which}{n}"),
        "object": "thread.run",
        "created_at": side.start + 10,
        "assistant_id": side.id("asst:one"),
        "thread_id": side.id(f"thread:{n}"),
        "status": status,
        "started_at": None if status == "queued" else side.start + 11,
        "expires_at": None if over else side.start + 610,
        "completed_at": side.start + 13 if over else None,
        "required_action": None,
        "last_error": None,
        "model": "gpt-4o",
        "instructions": "Be kind.",
        "metadata": {"session": "blue"},
        "temperature": 1.0,
        "usage": tokens(side) if over else None,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        **more,
    }


def tokens(side: Side) -> Object:
    return {
        "prompt_tokens": side.tokens,
        "completion_tokens": side.tokens // 2,
        "total_tokens": side.tokens + side.tokens // 2,
        "prompt_token_details": {"cached_tokens": 0},
    }


def call(side: Side, n: int, name: str, arguments: str, **more: Any) -> Object:
    id = side.id(f"call:{n}")
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments, **more}}


def calls(side: Side, **more: Any) -> list[Object]:
    return [
        call(side, 0, "weather", '{"city": "Oslo", "days": 2}', **more),
        call(side, 1, "weather", '{"city":"Cairo"}', **more),
    ]


def waiting(calls: list[Object]) -> Object:
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


def message(side: Side, name: str, n: int, role: str, text: str, which: str = "tools") -> Object:
    made = role == "assistant"
    return {
        "id": side.id(f"msg:{name}{n}"),
        "object": "thread.message",
        "created_at": side.start + (13 if made else 5),
        "assistant_id": side.id("asst:one") if made else None,
        "thread_id": side.id(f"thread:{n}"),
        "run_id": side.id(f"run:{which}{n}") if made else None,
        "role": role,
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "attachments": [],
        "metadata": {},
    }


def step(side: Side, n: int, name: str, details: Object, which: str = "tools", over: bool = True) -> Object:
    return {
        "id": side.id(f"step:{name}{n}"),
        "object": "thread.run.step",
        "created_at": side.start + 12,
        "run_id": side.id(f"run:{which}{n}"),
        "type": details["type"],
        "status": "completed" if over else "in_progress",
        "completed_at": side.start + 13 if over else None,
        "step_details": details,
        "usage": tokens(side) if over else None,
    }


def listed(items: list[Object]) -> Object:
    ends = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    return {"object": "list", "data": items, "first_id": ends[0], "last_id": ends[1], "has_more": False}


# --- exchanges


def _assistant(side: Side) -> Iterator[tuple[Request, Answer]]:
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}, "strict": False}}
    given = {"model": "gpt-4o", "instructions": "Be kind.", "tools": [tool]}
    known = {"id": side.id("asst:one"), "object": "assistant", "created_at": side.start, "name": None, **given}
    yield asked(side, "POST", "/assistants", known, given)


def _thread(side: Side, n: int) -> Iterator[tuple[Request, Answer]]:
    path = f"/threads/{side.id(f'thread:{n}')}"
    known = {"id": side.id(f"thread:{n}"), "object": "thread", "created_at": side.start + 1, "metadata": {}}
    yield asked(side, "POST", "/threads", known, {})
    question = f"How is the weather in Oslo and in Cairo? This is question number {n}."
    given = {"role": "user", "content": question}
    yield asked(side, "POST", f"{path}/messages", message(side, "question", n, "user", question), given)


def _tool_run(side: Side, n: int) -> Iterator[tuple[Request, Answer]]:
    path = f"/threads/{side.id(f'thread:{n}')}/runs"
    where = f"{path}/{side.id(f'run:tools{n}')}"
    yield asked(side, "POST", path, run(side, n, "queued"), {"assistant_id": side.id("asst:one")})
    for _ in range(side.polls):
        yield asked(side, "GET", where, run(side, n, "in_progress"))
    waits = waiting(calls(side))
    yield asked(side, "GET", where, run(side, n, "requires_action", required_action=waits))
    outputs = [{"tool_call_id": each["id"], "output": "14"} for each in calls(side)]
    yield asked(side, "POST", f"{where}/submit_tool_outputs", run(side, n, "queued"), {"tool_outputs": outputs})
    for _ in range(side.polls):
        yield asked(side, "GET", where, run(side, n, "in_progress"))
    yield asked(side, "GET", where, run(side, n, "completed"))


def _reading(side: Side, n: int) -> Iterator[tuple[Request, Answer]]:
    thread = f"/threads/{side.id(f'thread:{n}')}"
    answer = message(side, "answer", n, "assistant", side.text)
    question = message(side, "question", n, "user", f"How is the weather? This is question number {n}.")
    yield asked(side, "GET", f"{thread}/messages", listed([answer, question]))
    made = {"type": "message_creation", "message_creation": {"message_id": answer["id"]}}
    used = {"type": "tool_calls", "tool_calls": calls(side, output="14")}
    steps = [step(side, n, "message", made), step(side, n, "calls", used)]
    yield asked(side, "GET", f"{thread}/runs/{side.id(f'run:tools{n}')}/steps", listed(steps))


def _stream(side: Side, n: int) -> Iterator[tuple[Request, Answer]]:
    body = {"assistant_id": side.id("asst:one"), "stream": True}
    answer = Answer(
        200, {"content-type": "text/event-stream; charset=utf-8"}, None, tuple(events(side, n)), side.seconds
    )
    yield Request("POST", f"/threads/{side.id(f'thread:{n}')}/runs", body=body), answer


def events(side: Side, n: int) -> Iterator[Event]:
    """A stream with a message, as it was on the old wire."""
    for place, (name, data) in enumerate(_told(side, n)):
        yield Event(name, data, round(side.seconds * (0.3 + place / 100), 6))


def _told(side: Side, n: int) -> Iterator[tuple[str, Any]]:
    text = f"Once more: {side.text}"
    made = {"type": "message_creation", "message_creation": {"message_id": side.id(f"msg:said{n}")}}
    opened = {**message(side, "said", n, "assistant", "", "said"), "content": []}
    for word in ("created", "queued"):
        yield f"thread.run.{word}", run(side, n, "queued", "said")
    yield "thread.run.in_progress", run(side, n, "in_progress", "said")
    for name in STEP_WORDS:
        yield name, step(side, n, "said", made, "said", over=False)
    for word in ("created", "in_progress"):
        yield f"thread.message.{word}", opened
    for place in range(0, len(text), side.chunk):
        piece: Object = {"value": text[place : place + side.chunk], **({} if place else {"annotations": []})}
        delta = {"content": [{"index": 0, "type": "text", "text": piece}]}
        yield "thread.message.delta", {"id": opened["id"], "object": "thread.message.delta", "delta": delta}
    yield "thread.message.completed", message(side, "said", n, "assistant", text, "said")
    yield "thread.run.step.completed", step(side, n, "said", made, "said")
    yield "thread.run.completed", run(side, n, "completed", "said")
    yield "done", "[DONE]"


def _refused(side: Side, n: int) -> Iterator[tuple[Request, Answer]]:
    run_id, thread = side.id(f"run:tools{n}"), side.id(f"thread:{n}")
    text = f"Thread {thread} already has an active run {run_id}."
    error = {"message": text, "type": "invalid_request_error", "param": None, "code": None}
    body = {"assistant_id": side.id("asst:one"), "instructions": "Again."}
    yield asked(side, "POST", f"/threads/{thread}/runs", {"error": error}, body, 400)


# --- legs


def leg(run: str | None = None, **more: Any) -> Leg:
    """A request as bridge sends it."""
    tool = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}, "strict": False}
    content = [{"type": "input_text", "text": "Hello"}]
    request = {
        "model": "gpt-4o",
        "instructions": "Be kind.",
        "input": [{"type": "message", "role": "user", "content": content}],
        "tools": [tool],
        "tool_choice": "auto",
        "temperature": 1.0,
        "store": False,
        "stream": True,
    }
    return Leg({name: value for name, value in {**request, **more}.items() if value is not ...}, run)
