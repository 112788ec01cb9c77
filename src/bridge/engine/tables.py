"""What may become of a run, a step and a message: three tables, and nothing else knows.

``TABLE[status][word]`` is the next status; a missing key is an illegal move (assistants-wire §6.1, §6.6, §4.1). A
status without words is terminal. docs/states.md is drawn from these tables.
"""

from __future__ import annotations

from typing import Any, Final

from bridge.records import MessageStatus, RunStatus, StepStatus

RUN: Final[dict[RunStatus, dict[str, RunStatus]]] = {
    "queued": {"start": "in_progress", "cancel": "cancelling", "fail": "failed", "expire": "expired"},
    "in_progress": {
        "start": "in_progress",  # a leg taken over from a dead process starts again
        "require": "requires_action",
        "complete": "completed",
        "cut": "incomplete",
        "fail": "failed",
        "cancel": "cancelling",
        "expire": "expired",
    },
    "requires_action": {"submit": "queued", "cancel": "cancelling", "expire": "expired"},
    "cancelling": {"stop": "cancelled", "complete": "completed", "fail": "failed", "expire": "expired"},
    "cancelled": {},
    "failed": {},
    "completed": {},
    "incomplete": {},
    "expired": {},
}

STEP: Final[dict[StepStatus, dict[str, StepStatus]]] = {
    "in_progress": {
        "complete": "completed",
        "cut": "completed",  # a budget stop completes the step, with its usage (§8.8)
        "fail": "failed",
        "stop": "cancelled",
        "expire": "expired",
    },
    "completed": {},
    "failed": {},
    "cancelled": {},
    "expired": {},
}

MESSAGE: Final[dict[MessageStatus, dict[str, MessageStatus]]] = {
    "in_progress": {
        "complete": "completed",
        "cut": "incomplete",
        "fail": "incomplete",
        "stop": "incomplete",
        "expire": "incomplete",
    },
    "completed": {},
    "incomplete": {},
}

TERMINAL: Final = frozenset(status for status, words in RUN.items() if not words)
SETTLED: Final = TERMINAL | {"requires_action"}
"""Where polling helpers and streams stop (§10.1.1, §8.1)."""


class IllegalMove(Exception):
    """A word that the table does not have for this status: an error of ours, never of the caller."""


def move(table: dict[Any, dict[str, Any]], status: str, word: str) -> Any:
    """The status after `word`; IllegalMove where the table has none."""
    try:
        return table[status][word]
    except KeyError:
        raise IllegalMove(f"{word!r} is no move from {status!r}") from None
