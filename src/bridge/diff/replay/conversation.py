"""What a tape says of its runs: the legs each had, what the model answered in them, and how they ended.

A leg begins where a run is made and where tool outputs are submitted. A stream tells its leg event by event; of a leg
that was polled the run objects, steps and messages tell, as far as the program asked for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from attrs import frozen

from bridge.diff.replay import paths
from bridge.diff.replay.pieces import ENDED, Leg, Piece, asked, call_of, of_step, text_of
from bridge.diff.replay.streamed import is_run, take
from bridge.diff.tape import Exchange, Object, Tape

GARBAGE: Final = (KeyError, TypeError, AttributeError, ValueError, IndexError)
"""What reading raises where foreign JSON has another shape."""


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
            for run in _runs_of(answer.events):
                self.assistants.setdefault(run.get("assistant_id") or "", _assistant_of(run))
            run_id = next((run["id"] for run in _runs_of(answer.events)), None)
            if run_id is not None and begins:
                leg = self._begin(run_id, exchange.number, is_stream=True)
                for event in answer.events:
                    if isinstance(event.data, dict) and event.event is not None:
                        take(leg, event.event, event.data)
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
            text_of(found)
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
            leg.pieces += [call_of(call) for call in asked(run)]
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
                    polled[-1].pieces.append(text_of(message))


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


def _runs_of(events: Iterable[Any]) -> list[Object]:
    return [event.data for event in events if (event.event or "").startswith("thread.run.") and is_run(event.data)]


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
            yield text_of(message)
        return
    yield from map(of_step, details.get("tool_calls") or ())
