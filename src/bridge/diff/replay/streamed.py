"""The events of the old stream → the pieces and the end of a leg."""

from __future__ import annotations

from typing import Any

from bridge.diff.replay.pieces import ENDED, Leg, Piece, asked, call_of, of_step, text_of
from bridge.diff.tape import Object


def is_run(data: Any) -> bool:
    return isinstance(data, dict) and data.get("object") == "thread.run"


def take(leg: Leg, name: str, data: Object) -> None:
    """One event of the old stream."""
    if name == "thread.message.created":
        leg.pieces.append(Piece("text", [], {"id": data["id"], "annotations": []}))
    elif name == "thread.message.delta":
        _take_words(leg, data)
    elif name == "thread.message.completed" and (piece := _piece(leg, data["id"])) is not None:
        piece.detail["annotations"] = text_of(data).detail["annotations"]
    elif name == "thread.run.step.delta":
        _take_calls(leg, data)
    elif name == "thread.run.step.completed":
        _complete_calls(leg, data)
    elif name == "thread.run.requires_action":
        leg.ending = "calls"
        known = {piece.detail.get("id") for piece in leg.pieces}
        leg.pieces += [call_of(call) for call in asked(data) if call["id"] not in known]
    elif name == "error":
        leg.ending, leg.detail = "failed", {"last_error": _broken(data)}
    elif is_run(data) and data.get("status") in ENDED:
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
            leg.pieces.append(of_step(call))
        else:
            piece.detail["done"] = call.get(call["type"]) or {}
