"""What a simulated Responses server says to one call: a random legal conversation, or an illegal end of one.

The pieces come in the order and shape of real streams (responses-mapping §8); `Conversation.texts` and `.calls` are
what the Assistants client must find in the end, if the response completes.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from attrs import field, frozen

from bridge.engine.effects import End, Event, Refused, Signal
from bridge.records import Object

ENDINGS = {
    "completed": 60,
    "max_output_tokens": 5,
    "content_filter": 2,
    "failed": 4,
    "error": 3,
    "cancelled": 1,
    "cut": 4,
    "broken": 3,
    "silent": 5,
    "refused": 8,
}
"""How a response ends, by weight. `silent`: nothing more comes, the socket stays open."""

REFUSALS = (
    Refused(400, "Unsupported parameter: 'temperature'", code="unsupported_parameter", param="temperature"),
    Refused(400, "Invalid prompt", code="invalid_prompt"),
    Refused(429, "Rate limit reached", code="rate_limit_exceeded"),
    Refused(500, "The server had an error"),
    Refused(0, "ConnectError: connection refused"),
)
USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 15,
}


@frozen
class Conversation:
    """`signals` is all that reaches the leg's inbox; `ending` one of ENDINGS."""

    signals: tuple[Signal, ...]
    ending: str
    texts: tuple[str, ...] = ()
    calls: tuple[tuple[str, str, str], ...] = ()
    response: Object = field(factory=dict)


def converse(
    random: Random, number: int, request: Object, calls_at: float = 0.5, always: str | None = None
) -> Conversation:
    """The conversation number `number` (it makes ids and texts unique). `calls_at`: how likely tools are called."""
    ending = always or _one(random, ENDINGS)
    if ending == "refused":
        return Conversation((random.choice(REFUSALS),), ending)
    writer = _Writer(random, number)
    names = [tool["name"] for tool in request.get("tools", ()) if tool["type"] == "function"]
    writer.write(names if random.random() < calls_at else [])
    return writer.conversation(ending)


def _one(random: Random, weights: dict[str, int]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]


class _Writer:
    """Builds the items of one response and the events that tell of them."""

    def __init__(self, random: Random, number: int) -> None:
        self.random = random
        self.id = f"resp_{number}"
        self.number = number
        self.items: list[Object] = []
        self.events: list[Object] = []
        self.texts: list[str] = []
        self.calls: list[tuple[str, str, str]] = []

    def write(self, names: list[str]) -> None:
        random = self.random
        if random.random() < 0.3:
            self._put(self._reasoning())
        if random.random() < 0.15:
            self._put(self._hosted())
        says = not names or random.random() < 0.3
        for _ in range(random.choice((1, 1, 1, 2)) if says else 0):
            self._put(self._message())
        if names:
            self._calls(names)

    def _put(self, events: Iterator[Object]) -> None:
        self.events += events

    def _calls(self, names: list[str]) -> None:
        streams = [list(self._call(name)) for name in self.random.choices(names, k=self.random.choice((1, 1, 2, 3)))]
        if self.random.random() < 0.3:  # some servers interleave parallel calls
            while any(streams):
                stream = self.random.choice([stream for stream in streams if stream])
                self.events.append(stream.pop(0))
        else:
            self.events += [event for stream in streams for event in stream]

    # --- items

    def _message(self) -> Iterator[Object]:
        index = len(self.items)
        item: Object = {"id": f"msg_{self.number}x{index}", "type": "message", "role": "assistant", "content": []}
        self.items.append(item)
        at = {"item_id": item["id"], "output_index": index}
        yield _added(index, {**item, "status": "in_progress"})
        whole = []
        for number in range(self.random.choice((1, 1, 1, 2))):
            kind = "refusal" if self.random.random() < 0.15 else "output_text"
            key = "refusal" if kind == "refusal" else "text"
            part: Object = {"type": kind, key: "", **({} if kind == "refusal" else {"annotations": []})}
            place = {**at, "content_index": number}
            yield {"type": "response.content_part.added", **place, "part": part}
            pieces = [f"r{self.number}i{index}p{number}d{piece} " for piece in range(self.random.randint(1, 3))]
            for piece in pieces if self.random.random() < 0.9 else ():  # now and then all comes with .done
                yield {"type": f"response.{kind}.delta", **place, "delta": piece}
            text = "".join(pieces)
            part = {**part, key: text}
            yield {"type": f"response.{kind}.done", **place, key: text}
            yield {"type": "response.content_part.done", **place, "part": part}
            item["content"].append(part)
            whole.append(text)
        item["status"] = "completed"
        self.texts.append("".join(whole))
        yield _done(index, item)

    def _call(self, name: str) -> Iterator[Object]:
        index = len(self.items)
        item: Object = {
            "id": f"fc_{self.number}x{index}",
            "type": "function_call",
            "call_id": f"call_{self.number}x{index}",
            "name": name,
            "arguments": "",
        }
        self.items.append(item)
        at = {"item_id": item["id"], "output_index": index}
        pieces = ['{"q"', ': "', f"{self.number}.{index}", '"}']
        item["arguments"] = "".join(pieces)
        self.calls.append((item["call_id"], name, item["arguments"]))
        yield _added(index, {**item, "arguments": "", "status": "in_progress"})
        for piece in pieces if self.random.random() < 0.85 else ():
            yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
        yield {"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"]}
        item["status"] = "completed"
        yield _done(index, item)

    def _reasoning(self) -> Iterator[Object]:
        index = len(self.items)
        item: Object = {"id": f"rs_{self.number}x{index}", "type": "reasoning", "summary": []}
        self.items.append({**item, "encrypted_content": f"sealed{self.number}"})
        yield _added(index, item)
        yield _done(index, self.items[index])

    def _hosted(self) -> Iterator[Object]:
        index = len(self.items)
        item: Object = {"id": f"ci_{self.number}x{index}", "type": "code_interpreter_call"}
        item["container_id"] = f"cntr_{self.number}"
        at = {"item_id": item["id"], "output_index": index}
        self.items.append({**item, "code": "print(1)", "outputs": [{"type": "logs", "logs": "1"}]})
        yield _added(index, {**item, "code": "", "outputs": [], "status": "in_progress"})
        for piece in ("print", "(1)"):
            yield {"type": "response.code_interpreter_call_code.delta", **at, "delta": piece}
        yield {"type": "response.code_interpreter_call_code.done", **at, "code": "print(1)"}
        yield _done(index, {**self.items[index], "status": "completed"})

    # --- the whole

    def conversation(self, ending: str) -> Conversation:
        begun = {"id": self.id, "object": "response", "status": "in_progress", "output": [], "usage": None}
        opening = [{"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}]
        body = self.events
        if ending != "completed":
            body = body[: self.random.randint(0, len(body))]
        response = {**begun, **_ended(ending), "output": self.items, "usage": USAGE}
        signals: list[Signal] = [Event(event) for event in (*opening, *body)]
        signals += _last(ending, response, self._open_output(body))
        return Conversation(tuple(signals), ending, tuple(self.texts), tuple(self._calls_begun()), response)

    def _calls_begun(self) -> list[tuple[str, str, str]]:
        """The calls in the order in which they begin, which is the order clients see."""
        begun = [event["item"].get("call_id") for event in self.events if event["type"] == "response.output_item.added"]
        return sorted(self.calls, key=lambda call: begun.index(call[0]))

    def _open_output(self, body: list[Object]) -> list[Object]:
        """The items of a response that was stopped: those begun, as far as they are known to be whole."""
        done = {event["output_index"] for event in body if event["type"] == "response.output_item.done"}
        begun = [event["output_index"] for event in body if event["type"] == "response.output_item.added"]
        return [
            self.items[index] if index in done else {**_empty(self.items[index]), "status": "incomplete"}
            for index in begun
        ]


def _empty(item: Object) -> Object:
    """An item that was stopped, without what it would have held; what was streamed of it stands."""
    blank = {"content": [], "arguments": ""}
    return {key: blank.get(key, value) for key, value in item.items()}


def _added(index: int, item: Object) -> Object:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def _done(index: int, item: Object) -> Object:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def _ended(ending: str) -> Object:
    if ending in ("max_output_tokens", "content_filter"):
        return {"status": "incomplete", "incomplete_details": {"reason": ending}}
    if ending == "failed":
        return {"status": "failed", "error": {"code": "server_error", "message": "It broke."}}
    return {"status": ending}


def _last(ending: str, response: Object, begun: list[Object]) -> list[Signal]:
    if ending == "silent":
        return []
    if ending == "cut":
        return [End()]
    if ending == "broken":
        return [End("connection reset by peer")]
    if ending == "error":
        return [Event({"type": "error", "code": "server_error", "message": "It broke."}), End()]
    if ending == "completed":
        return [Event({"type": "response.completed", "response": response}), End()]
    kind = "incomplete" if ending in ("max_output_tokens", "content_filter") else ending
    return [Event({"type": f"response.{kind}", "response": {**response, "output": begun}}), End()]
