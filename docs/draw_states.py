"""Draws docs/states.md from the tables of engine/tables.py: ``python docs/draw_states.py > docs/states.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bridge.engine.tables import MESSAGE, RUN, STEP

WORDS: Final = {
    "start": "a process begins, or takes up, the leg",
    "require": "the model asks for tool outputs",
    "submit": "the client submits them",
    "complete": "the answer is complete",
    "cut": "a token budget or the content filter ends it",
    "fail": "the upstream failed, or a second process died with the leg",
    "cancel": "the client cancels",
    "stop": "what a cancel asked for is done",
    "expire": "`expires_at`, ten minutes after the run was made, has passed",
}

TABLES: Final[tuple[tuple[str, str, Mapping[Any, Mapping[str, Any]]], ...]] = (
    ("Runs", "queued", RUN),
    ("Run steps", "in_progress", STEP),
    ("Messages of a run", "in_progress", MESSAGE),
)

HEAD: Final = """\
# States

Drawn from the tables of `bridge/engine/tables.py` by `docs/draw_states.py`; a test compares. What is not an arrow here
cannot happen: the engine refuses the move. Messages that a client makes are born completed.
"""


def page() -> str:
    return "\n".join([HEAD, *(_section(*table) for table in TABLES), _words()])


def _section(title: str, first: str, table: Mapping[Any, Mapping[str, Any]]) -> str:
    return "\n".join([f"## {title}", "", "```mermaid", *_diagram(first, table), "```", ""])


def _diagram(first: str, table: Mapping[Any, Mapping[str, Any]]) -> Iterator[str]:
    """One arrow for each pair of statuses, with all the words that lead there."""
    yield "stateDiagram-v2"
    yield f"    [*] --> {first}"
    for status, moves in table.items():
        for after in dict.fromkeys(moves.values()):
            words = ", ".join(word for word, target in moves.items() if target == after)
            yield f"    {status} --> {after}: {words}"
        if not moves:
            yield f"    {status} --> [*]"


def _words() -> str:
    rows = [f"| {word} | {meaning} |" for word, meaning in WORDS.items()]
    return "\n".join(["## The words", "", "| Word | Means |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    print(page(), end="")
