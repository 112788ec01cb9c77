"""Two columns: the legacy calls on the left, the Responses requests they became on the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.box import Box
from rich.console import Console, Group, RenderableType
from rich.highlighter import JSONHighlighter
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

LEFT: Final = 45
"""Columns of the left side at least: the longest line of the programs is as wide."""

NARROWEST, WIDEST = 24, 160
BETWEEN: Final = 3
LINE: Final = Box("    \n  │ \n    \n  │ \n    \n    \n  │ \n    \n")


class Columns:
    """Prints row by row, so that a slow model is seen at work."""

    def __init__(self, console: Console) -> None:
        self.console = console
        room = min(console.width, WIDEST) - BETWEEN
        self.left = max(LEFT, room * 2 // 5)
        self.right = max(NARROWEST, room - self.left)

    def head(self, left: str, right: str) -> None:
        self._print([Text(left, style="bold")], [Text(right, style="bold")])

    def row(self, code: str, answers: Sequence[str], requests: Sequence[RenderableType]) -> None:
        """`answers` are what the call came to, below its code."""
        shown = [_indented(answer) for answer in answers]
        self._print([python(code), *shown], requests)

    def _print(self, left: Sequence[RenderableType], right: Sequence[RenderableType]) -> None:
        table = Table(box=LINE, show_header=False, show_edge=False, padding=(0, 1), pad_edge=False)
        table.add_column(width=self.left, overflow="fold")
        table.add_column(width=self.right, overflow="fold")
        table.add_row(Group(*left), Group(*right))
        table.add_row("", "")
        self.console.print(table)


def _indented(line: str) -> Padding:
    """A line whose continuation stands as far right as its beginning."""
    text = line.lstrip()
    return Padding(Text(text, style="green", overflow="fold"), (0, 0, 0, len(line) - len(text)))


def python(code: str) -> Syntax:
    return Syntax(code, "python", theme="ansi_dark", background_color="default", word_wrap=True)


def json_lines(lines: Sequence[str]) -> Text:
    """JSON with ellipses in it: no syntax highlighter's JSON."""
    return JSONHighlighter()(Text("\n".join(lines)))
