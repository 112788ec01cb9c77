"""A thread's entries → the `input` of a Responses call (design §4, responses-mapping §13).

    Message                              => its input items (messages.py)
    Message of the current run           => its raw item instead, whole: id, phase and unknown fields included
    Item of the current run              => whole: reasoning, hosted calls, function calls, outputs
    function call or output of old runs  => what the model needs to know of it, without id
    any other item of old runs           => left out
    item of a message that was deleted   => left out, as the message is
    a call without output, or reverse    => left out: either would be refused (mapping §4.3)
    nothing at all                       => PLACEHOLDER: an empty input would be refused (mapping §19)

Reasoning goes along if it is encrypted and something of the same answer follows it; where it stays behind, what it
led to goes without ids, which the server would match with it (mapping §13 a-d).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from bridge.records import Entry, Item, Message, Object
from bridge.translate import loose, messages

PLACEHOLDER: Final[Object] = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "Begin."}],
}
"""Sent when a run starts on an empty thread, which is legal where there are instructions. Never stored."""

CALL_FIELDS: Final = ("type", "call_id", "name", "arguments", "output")
WITHOUT_ID: Final = ("message", "function_call")
"""Items that are understood without an id; hosted calls are not (mapping §13 c)."""


def to_responses(run_id: str, entries: Sequence[Entry], *, include_reasoning: bool = True) -> list[Object]:
    """The input items of the thread's history, in order; never empty. `run_id` is the current run."""
    alive = {entry.id for entry in entries if isinstance(entry, Message)}
    raw = {entry.message_id for entry in entries if isinstance(entry, Item) and entry.run_id == run_id}
    paired = _paired(entries)
    found: list[Object] = []
    for place, entry in enumerate(entries):
        if isinstance(entry, Message):
            found += [] if entry.id in raw else messages.to_responses(entry)
        elif place in paired and (entry.message_id is None or entry.message_id in alive):
            found += _item(entry, is_current=entry.run_id == run_id)
    return _settled(found, include_reasoning) or [dict(PLACEHOLDER)]


def without(items: Iterable[Object], types: Collection[str]) -> list[Object]:
    """The input without items of these types, and without the ids of what they led to (mapping §13 b); never empty."""
    kept: list[Object] = []
    orphaned = False
    for item in items:
        if item.get("type") in types:
            orphaned = True
            continue
        orphaned = orphaned and _was_led_to(item)
        kept.append(_without(item, "id") if orphaned and item.get("type") in WITHOUT_ID else item)
    return kept or [dict(PLACEHOLDER)]


def _item(item: Item, is_current: bool) -> list[Object]:
    if is_current:
        return [item.body]
    if item.type in ("function_call", "function_call_output"):
        return [{key: item.body[key] for key in CALL_FIELDS if key in item.body}]
    return []


def _paired(entries: Sequence[Entry]) -> set[int]:
    """The places of all entries but calls without an output and outputs without a call.

    Call ids may repeat from run to run, so an output belongs to the last call of its own run that has none yet.
    """
    kept = set(range(len(entries)))
    waiting: dict[tuple[str, str | None], list[int]] = {}
    for place, entry in enumerate(entries):
        if isinstance(entry, Message):
            continue
        name = (entry.run_id, entry.call_id)
        if entry.type == "function_call":
            waiting.setdefault(name, []).append(place)
        elif entry.type == "function_call_output":
            if waiting.get(name):
                waiting[name].pop()
            else:
                kept.discard(place)
    return kept.difference(*waiting.values())


def _settled(items: Iterable[Object], include_reasoning: bool) -> list[Object]:
    """Reasoning that may not go along left behind, and with it the ids of what it led to."""
    settled: list[Object] = []
    orphaned = False
    pending: list[Object] = []
    for item in items:
        if item.get("type") == "reasoning":
            if include_reasoning and loose.text(item, "encrypted_content"):
                pending.append(_without(item, "status"))  # answered with some items, refused on input
            else:
                pending, orphaned = [], True
            continue
        if _was_led_to(item):
            settled += pending
            orphaned = orphaned and not pending
            settled.append(_without(item, "id") if orphaned and item["type"] in WITHOUT_ID else item)
        else:
            settled.append(item)
            orphaned = False
        pending = []
    return settled


def _was_led_to(item: Object) -> bool:
    """Whether the model made it, in the same answer as the reasoning before it."""
    return item.get("type") != "function_call_output" and item.get("role") != "user"


def _without(item: Object, name: str) -> Object:
    return {key: value for key, value in item.items() if key != name}
