"""What a leg holds: what the model made in it, piece by piece, and how it ended, in the old API's words."""

from __future__ import annotations

from typing import Final, Literal

from attrs import define, field

from bridge.diff.tape import Object

Ending = Literal["completed", "calls", "failed", "incomplete", "cancelled", "expired", "unknown"]
ENDED: Final = ("completed", "failed", "incomplete", "cancelled", "expired")
SETTLED: Final = (*ENDED, "requires_action")
BEFORE: Final[dict[str, tuple[str, ...]]] = {
    "in_progress": ("queued",),
    **dict.fromkeys(SETTLED, ("queued", "in_progress", "cancelling")),
}
"""Statuses of a run, and those that lead to them."""


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


# --- of objects


def asked(run: Object) -> list[Object]:
    action = (run.get("required_action") or {}).get("submit_tool_outputs") or {}
    return list(action.get("tool_calls") or ())


def call_of(call: Object) -> Piece:
    function = call["function"]
    return Piece("function", [function["arguments"]], {"id": call["id"], "name": function["name"]})


def text_of(message: Object) -> Piece:
    texts = [part["text"] for part in message["content"] if part["type"] == "text"]
    return Piece(
        "text",
        [text["value"] for text in texts],
        {"id": message["id"], "annotations": [each for text in texts for each in text.get("annotations") or ()]},
    )


def of_step(call: Object) -> Piece:
    kind, inner = call["type"], call.get(call["type"]) or {}
    if kind == "function":
        return call_of(call)
    return Piece(kind, [inner["input"]] if inner.get("input") else [], {"id": call.get("id"), "done": inner})
