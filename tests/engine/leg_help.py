"""A run with nothing on it, and short forms of what a leg makes of facts."""

from __future__ import annotations

from typing import Any

from bridge.engine.effects import Snapshot
from bridge.engine.leg import Leg
from bridge.engine.names import Names
from bridge.records import Change, Delta, Put, Run, Step, Thread, Told
from bridge.translate import facts

USAGE = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
SHOWN = {
    "prompt_tokens": 7,
    "completion_tokens": 3,
    "total_tokens": 10,
    "prompt_token_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
NONE = {
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "total_tokens": 0,
    "prompt_token_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}


def run(**fields: Any) -> Run:
    given = {"status": "queued", "version": 1, **fields}
    return Run("run_1", "thread_1", "asst_1", created_at=100, expires_at=700, model="m", **given)


def snapshot(given: Run | None = None, steps: tuple[Step, ...] = ()) -> Snapshot:
    given = given or run()
    return Snapshot(given, Thread("thread_1", 90, active_run_id="run_1"), steps)


def started(at: float = 101.5, **fields: Any) -> Leg:
    """A leg that has begun."""
    leg = Leg(snapshot(run(**fields)), Names("seed"))
    leg.begin(at)
    return leg


def feed(leg: Leg, *told: facts.Fact, at: float = 102.5) -> list[Change]:
    return [change for fact in told for change in leg.receive(fact, at)]


def short(changes: list[Change]) -> list[str]:
    """Changes in a few words each: the events told, and what is stored silently in brackets."""
    return [word for change in changes for word in _words(change)]


def _words(change: Change) -> list[str]:
    if isinstance(change, Put):
        name = f"[{type(change.record).__name__.lower()}]"
        return [_short(event) for event in change.events] or [name]
    if isinstance(change, Delta):
        return [_short(change.event)]
    if isinstance(change, Told):
        return [f"told {_short(change.event)}"]
    return [type(change).__name__.lower()]


def _short(event: str) -> str:
    return event.removeprefix("thread.")


def last(changes: list[Change], kind: type) -> Any:
    """The last record of this kind that is put."""
    return [change.record for change in changes if isinstance(change, Put) and isinstance(change.record, kind)][-1]


def deltas(changes: list[Change]) -> list[Any]:
    """What the deltas say: content blocks and tool calls."""
    told = [change.delta for change in changes if isinstance(change, Delta)]
    return [(one.get("content") or one["step_details"]["tool_calls"])[0] for one in told]


def message_item(*texts: str, status: str = "completed") -> Any:
    content = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "id": "msg_up", "role": "assistant", "status": status, "content": content}


def call_item(call_id: str, name: str = "f", arguments: str = "{}") -> Any:
    return {"type": "function_call", "id": f"fc_{call_id}", "call_id": call_id, "name": name, "arguments": arguments}


def says(text: str, key: str = "0", status: Any = "completed") -> list[facts.Fact]:
    return [
        facts.MessageStarted(key),
        facts.TextDelta(key, 0, text),
        facts.MessageDone(key, message_item(text, status=status), status),
    ]


def calls(call_id: str, key: str, *pieces: str, name: str = "f") -> list[facts.Fact]:
    return [
        facts.CallStarted(key, call_id, name),
        *(facts.CallArguments(key, piece) for piece in pieces),
        facts.CallDone(key, call_item(call_id, name, "".join(pieces))),
    ]
