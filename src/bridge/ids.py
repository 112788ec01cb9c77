"""Object ids: a prefix that names the kind, then 24 letters and digits (assistants-wire §1.3).

Clients match ids inside error texts with ``[A-Za-z0-9]+`` and ``\\w+`` (assistants-wire §10.3), so what follows the
prefix holds neither ``-`` nor ``_``. Ids carry no order: lists are ordered by sequence numbers of the store.
"""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["assistant", "thread", "message", "run", "step", "call", "item", "file", "observation"]

PREFIXES: Final[dict[Kind, str]] = {
    "assistant": "asst",
    "thread": "thread",
    "message": "msg",
    "run": "run",
    "step": "step",
    "call": "call",
    "item": "item",
    "file": "file",
    "observation": "obs",
}

ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
LENGTH: Final = 24
AZURE_FILE: Final = "assistant-"
OURS: Final = "bridge"
"""How the letters of our files' ids begin. Ids of files have a dash, as on the old wire, and may be the upstream's too:
that one of those begins so by chance is as likely as guessing six letters at once."""


def make(kind: Kind, number: int) -> str:
    """The id of `kind` that spells `number`, a random integer of at least 144 bits, in base 62."""
    letters = []
    for _ in range(LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[digit])
    if kind == "file":
        return f"file-{OURS}{''.join(letters[len(OURS) :])}"
    return f"{PREFIXES[kind]}_{''.join(letters)}"


def is_kept_file(id: str) -> bool:
    """Whether this is the id of a file that a run made: told by its letters, without a store. Those that an import
    brought are kept under the ids they had (hands/kept.py)."""
    return id.startswith(f"file-{OURS}")


def has_prefix(kind: Kind, value: str) -> bool:
    """Whether `value` begins like an id of `kind`; the old service checked no more than that (§9.3). Azure's files for
    assistants have a prefix of their own."""
    return value.startswith(PREFIXES[kind]) or (kind == "file" and value.startswith(AZURE_FILE))
