"""What of a thread's history fits: `last_messages`, and `auto`, which drops from the middle (assistants-wire §5.2).

Responses has neither (responses-mapping §4.1), so both are applied to what we send. What belongs together stays
together: a message and its raw item, function calls and their outputs. Entries of the current run are never dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bridge.records import Entry, Item, Message

CHARACTERS_PER_TOKEN: Final = 4
"""How many characters of JSON make a token, about; the last usage corrects it (design §4)."""

IMAGE: Final = 4_000
"""Characters an image counts for, however long its data URL is: about a thousand tokens."""


def last_messages(entries: Sequence[Entry], count: int, run_id: str | None = None) -> list[Entry]:
    """The newest `count` messages of the thread, what lies between them, and all of the current run.

    Messages of run `run_id` do not count: they are the answer under way, not its prompt.
    """
    places = [place for place, entry in enumerate(entries) if isinstance(entry, Message) and entry.run_id != run_id]
    start = places[-count] if count < len(places) else 0
    return [entry for place, entry in enumerate(entries) if place >= start or _is_current(entry, run_id)]


def trim(entries: Sequence[Entry], characters: int, run_id: str | None = None) -> list[Entry]:
    """As many entries as fit in `characters`: the first user message and the newest, nothing between if need be.

    The first and the last user message, the newest entry and the current run are kept even where they alone are too
    long: a request without them would be another one.
    """
    groups = _groups(entries)
    kept = _pinned(groups, run_id)
    left = characters - sum(_size_of(groups[n]) for n in kept)
    for n in reversed(range(len(groups))):
        if n not in kept:
            left -= _size_of(groups[n])
            if left < 0:
                break
            kept.add(n)
    return [entry for n in sorted(kept) for entry in groups[n]]


def size(value: Any) -> int:
    """The length of JSON in characters, about: its strings, and a little for what holds them."""
    if isinstance(value, str):
        return IMAGE if value.startswith("data:") else len(value) + 3
    if isinstance(value, dict):
        return 2 + sum(len(key) + 4 + size(entry) for key, entry in value.items())
    if isinstance(value, (list, tuple)):
        return 2 + sum(1 + size(entry) for entry in value)
    return 5


# --- groups


def _pinned(groups: Sequence[Sequence[Entry]], run_id: str | None) -> set[int]:
    asked = [n for n, group in enumerate(groups) if any(_is_from_user(entry) for entry in group)]
    current = [n for n, group in enumerate(groups) if any(_is_current(entry, run_id) for entry in group)]
    newest = [len(groups) - 1] if groups else []
    return {*asked[:1], *asked[-1:], *current, *newest}


def _groups(entries: Sequence[Entry]) -> list[list[Entry]]:
    """The entries cut where nothing that belongs together is parted, in order."""
    reach = _reach(entries)
    groups: list[list[Entry]] = []
    end = -1
    for place, entry in enumerate(entries):
        if place > end:
            groups.append([])
        groups[-1].append(entry)
        end = max(end, reach[place])
    return groups


def _reach(entries: Sequence[Entry]) -> list[int]:
    """For each entry the place of the last one that belongs to it."""
    reach = list(range(len(entries)))
    began: dict[tuple[str, str | None], int] = {}
    for place, entry in enumerate(entries):
        if isinstance(entry, Message):
            began["message", entry.id] = place
        elif entry.type == "reasoning":
            reach[place] = min(place + 1, len(entries) - 1)
        elif entry.type == "function_call":
            began[entry.run_id, entry.call_id] = place
        else:
            name = ("message", entry.message_id) if entry.message_id else (entry.run_id, entry.call_id)
            reach[began.get(name, place)] = place
    return reach


def _size_of(group: Sequence[Entry]) -> int:
    return sum(size(entry.body if isinstance(entry, Item) else entry.content) for entry in group)


def _is_from_user(entry: Entry) -> bool:
    return isinstance(entry, Message) and entry.role == "user"


def _is_current(entry: Entry, run_id: str | None) -> bool:
    return run_id is not None and entry.run_id == run_id
