"""What a tape says of its runs: the legs each had, what the model answered in them, and how they ended.

A leg begins where a run is made and where tool outputs are submitted. A stream tells its leg event by event; of a leg
that was polled the run objects, steps and messages tell, as far as the program asked for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

from attrs import define, field, frozen

from bridge.diff.replay import paths
from bridge.diff.tape import Exchange, Object, Tape

Ending = Literal["completed", "calls", "failed", "incomplete", "cancelled", "expired", "unknown"]
ENDED: Final = ("completed", "failed", "incomplete", "cancelled", "expired")
GARBAGE: Final = (KeyError, TypeError, AttributeError, ValueError, IndexError)
"""What reading raises where foreign JSON has another shape."""


@define
class Piece:
    """What the model made, in the old API's words: a text, or one tool call. `words` are the pieces it came in."""

    kind: Literal["text", "code_interpreter", "file_search", "function"]
    words: list[str] = field(factory=list)
    detail: Object = field(factory=dict)

    @property
    def text(self) -> str:
        return "".join(self.words)


@define
class Leg:
    """`begins` is the number of the exchange that began it, `settles` that of the first whose answer shows its end."""

    begins: int
    is_stream: bool
    pieces: list[Piece] = field(factory=list)
    ending: Ending = "unknown"
    detail: Object = field(factory=dict)
    usage: Object = field(factory=dict)
    settles: int | None = None


@frozen
class Conversation:
    """The runs of a tape by their recorded ids, each with its legs; `assistants` by id, as they were last seen. `notes`
    say which answers were none of the old API's."""

    runs: dict[str, list[Leg]]
    assistants: dict[str, Object]
    notes: tuple[str, ...] = ()


def read(tape: Tape) -> Conversation:
    """Everything that can be known of the runs."""
    reader, notes = _Reader(), []
    for exchange in tape.exchanges:
        try:
            reader.see(exchange)
        except GARBAGE as error:
            notes.append(f"exchange {exchange.number} is no answer of the old API: {type(error).__name__} {error}")
    reader.fill()
    return Conversation(reader.runs, reader.assistants, tuple(notes))


class _Reader:
    def __init__(self) -> None:
        self.runs: dict[str, list[Leg]] = {}
        self.assistants: dict[str, Object] = {}
        self._steps: dict[str, dict[str, Object]] = {}
        self._messages: dict[str, dict[str, Object]] = {}

    def see(self, exchange: Exchange) -> None:
        answer = exchange.answer
        if answer is None or answer.status >= 400:
            return
        begins = paths.begins_leg(exchange.request)
        if answer.events is not None:
            run_id = _run_of(answer.events)
            if run_id is not None and begins:
                leg = self._begin(run_id, exchange.number, is_stream=True)
                for event in answer.events:
                    if isinstance(event.data, dict) and event.event is not None:
                        _take(leg, event.event, event.data)
                leg.settles = exchange.number
            return
        for found in _objects(answer.body, is_oldest_first=("order", "asc") in exchange.request.query):
            self._know(found, exchange, begins)

    def _begin(self, run_id: str, number: int, is_stream: bool) -> Leg:
        leg = Leg(number, is_stream)
        self.runs.setdefault(run_id, []).append(leg)
        return leg

    def _know(self, found: Object, exchange: Exchange, begins: bool) -> None:
        kind, id = found.get("object"), found["id"]
        if kind == "assistant":
            self.assistants[id] = found
        elif kind == "thread.run":
            self.assistants.setdefault(found.get("assistant_id") or "", _assistant_of(found))
            if begins and exchange.answer is not None and exchange.answer.body is found:
                self._begin(id, exchange.number, is_stream=False)
            self._settle(found, exchange.number)
        elif kind == "thread.run.step":
            list(_of_details(found["step_details"], {}))  # raises what cannot be read
            self._steps.setdefault(found["run_id"], {})[id] = found
        elif kind == "thread.message" and found.get("run_id") and found.get("role") == "assistant":
            _text(found)
            self._messages.setdefault(found["run_id"], {})[id] = found

    def _settle(self, run: Object, number: int) -> None:
        """A run object shows how its present leg ended."""
        legs, status = self.runs.get(run["id"]), run.get("status")
        if legs and status in ENDED and legs[-1].ending == "calls":
            legs[-1].usage = run.get("usage") or {}  # ended while it waited for outputs: the legs before were counted
        if not legs or legs[-1].is_stream or legs[-1].settles is not None:
            return
        leg = legs[-1]
        if status == "requires_action":
            leg.settles, leg.ending = number, "calls"
            leg.pieces += [_call(call) for call in _asked(run)]
        elif status in ENDED:
            leg.settles, leg.ending = number, status
            leg.detail = {name: run.get(name) for name in ("last_error", "incomplete_details") if run.get(name)}
            leg.usage = run.get("usage") or {}

    def fill(self) -> None:
        """Legs that were polled get what steps and messages tell of them."""
        for run_id, legs in self.runs.items():
            steps = sorted(self._steps.get(run_id, {}).values(), key=_moment)
            messages = self._messages.get(run_id, {})
            if steps:
                _fill_from_steps(legs, steps, messages)
            elif polled := [leg for leg in legs if not leg.is_stream]:
                told = {piece.detail.get("id") for leg in legs if leg.is_stream for piece in leg.pieces}
                others = [message for id, message in messages.items() if id not in told]
                for message in sorted(others, key=_moment):
                    polled[-1].pieces.append(_text(message))


# --- objects


def _objects(body: Any, is_oldest_first: bool) -> Iterator[Object]:
    """The objects of an answer, those of a list one by one, the oldest first."""
    if isinstance(body, dict) and body.get("object") == "list":
        found = [each for each in body.get("data") or () if isinstance(each, dict) and "id" in each]
        yield from found if is_oldest_first else reversed(found)
    elif isinstance(body, dict) and "id" in body:
        yield body


def _moment(made: Object) -> float:
    at = made.get("created_at")
    return at if isinstance(at, (int, float)) else 0.0


def _assistant_of(run: Object) -> Object:
    """What a run tells of its assistant, where nothing else does."""
    kept = ("model", "instructions", "tools", "temperature", "top_p", "response_format")
    return {"object": "assistant", **{name: run[name] for name in kept if run.get(name) is not None}}


def _run_of(events: Iterable[Any]) -> str | None:
    runs = (
        event.data["id"] for event in events if (event.event or "").startswith("thread.run.") and _is_run(event.data)
    )
    return next(runs, None)


def _is_run(data: Any) -> bool:
    return isinstance(data, dict) and data.get("object") == "thread.run"


def _asked(run: Object) -> list[Object]:
    action = (run.get("required_action") or {}).get("submit_tool_outputs") or {}
    return list(action.get("tool_calls") or ())


def _call(call: Object) -> Piece:
    function = call["function"]
    return Piece("function", [function["arguments"]], {"id": call["id"], "name": function["name"]})


def _text(message: Object) -> Piece:
    texts = [part["text"] for part in message["content"] if part["type"] == "text"]
    return Piece(
        "text",
        [text["value"] for text in texts],
        {"id": message["id"], "annotations": [each for text in texts for each in text.get("annotations") or ()]},
    )


# --- a stream


def _take(leg: Leg, name: str, data: Object) -> None:
    """One event of the old stream."""
    if name == "thread.message.created":
        leg.pieces.append(Piece("text", [], {"id": data["id"], "annotations": []}))
    elif name == "thread.message.delta":
        _take_words(leg, data)
    elif name == "thread.message.completed" and (piece := _piece(leg, data["id"])) is not None:
        piece.detail["annotations"] = _text(data).detail["annotations"]
    elif name == "thread.run.step.delta":
        _take_calls(leg, data)
    elif name == "thread.run.step.completed":
        _complete_calls(leg, data)
    elif name == "thread.run.requires_action":
        leg.ending = "calls"
        known = {piece.detail.get("id") for piece in leg.pieces}
        leg.pieces += [_call(call) for call in _asked(data) if call["id"] not in known]
    elif name == "error":
        leg.ending, leg.detail = "failed", {"last_error": _broken(data)}
    elif _is_run(data) and data.get("status") in ENDED:
        leg.ending, leg.usage = data["status"], data.get("usage") or {}
        leg.detail = {name: data.get(name) for name in ("last_error", "incomplete_details") if data.get(name)}


def _broken(data: Object) -> Object:
    """The error that ended a stream, nested as on the wire or flat as in the schema. Nobody knows what became of the
    run; that its answer broke off is what can be played."""
    error = data.get("error") or data
    return {"code": error.get("code") or error.get("type") or "server_error", "message": error.get("message") or ""}


def _piece(leg: Leg, id: str) -> Piece | None:
    return next((piece for piece in leg.pieces if piece.detail.get("id") == id), None)


def _take_words(leg: Leg, data: Object) -> None:
    piece = _piece(leg, data["id"])
    for part in data["delta"].get("content") or ():
        if piece is not None and part["type"] == "text" and part["text"].get("value"):
            piece.words.append(part["text"]["value"])


def _take_calls(leg: Leg, data: Object) -> None:
    """Deltas name a call by its id at first, then by its index alone."""
    for part in (data["delta"].get("step_details") or {}).get("tool_calls") or ():
        at = (data["id"], part["index"])
        piece = next((piece for piece in leg.pieces if piece.detail.get("at") == at), None)
        if piece is None:
            piece = Piece(part["type"], [], {"id": part.get("id"), "at": at})
            leg.pieces.append(piece)
        inner = part.get(part["type"]) or {}
        if inner.get("name"):
            piece.detail["name"] = inner["name"]
        if word := inner.get("arguments") or inner.get("input"):
            piece.words.append(word)


def _complete_calls(leg: Leg, step: Object) -> None:
    """The finished step has what deltas do not: outputs of the code, results of the search. Functions are finished by
    the outputs that begin the next leg: they belong to the leg before."""
    for index, call in enumerate(step["step_details"].get("tool_calls") or ()):
        if call["type"] == "function":
            continue
        at = (step["id"], index)
        piece = next((piece for piece in leg.pieces if piece.detail.get("at") == at), None)
        if piece is None:
            leg.pieces.append(_of_step(call))
        else:
            piece.detail["done"] = call.get(call["type"]) or {}


# --- steps that were read


def _fill_from_steps(legs: list[Leg], steps: list[Object], messages: dict[str, Object]) -> None:
    """Steps in their order; each step of function calls ends a leg."""
    groups: list[list[Piece]] = [[]]
    for step in steps:
        made = list(_of_details(step["step_details"], messages))
        groups[-1] += made
        if any(piece.kind == "function" for piece in made):
            groups.append([])
    for leg, pieces in zip(legs, groups, strict=False):
        if not leg.is_stream and pieces:
            leg.pieces = pieces


def _of_details(details: Object, messages: dict[str, Object]) -> Iterator[Piece]:
    if details["type"] == "message_creation":
        message = messages.get(details["message_creation"]["message_id"])
        if message is not None:
            yield _text(message)
        return
    yield from map(_of_step, details.get("tool_calls") or ())


def _of_step(call: Object) -> Piece:
    kind, inner = call["type"], call.get(call["type"]) or {}
    if kind == "function":
        return _call(call)
    return Piece(kind, [inner["input"]] if inner.get("input") else [], {"id": call.get("id"), "done": inner})
