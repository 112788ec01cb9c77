"""Where things are printed, and the exit codes (docs/cli.md).

Results go to stdout, everything else to stderr, so that a result can be piped. Colour is for terminals only (rich looks
at NO_COLOR and FORCE_COLOR too).
"""

from __future__ import annotations

import re
import sys
from typing import Final, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2

CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tabs and line breaks, and marks of direction."""


def stdout() -> Console:
    """Made anew each time: tests and pipes change `sys.stdout`."""
    return Console(highlight=False)


def stderr() -> Console:
    return Console(stderr=True, highlight=False)


def be_lenient() -> None:
    """A terminal that lacks a character shows a question mark in its place."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def foreign(text: str) -> str:
    """Text that may be of others, for a console: what would move the cursor or turn the reading order is shown."""
    return escape(CONTROLS.sub(lambda found: f"<U+{ord(found[0]):04X}>", text))


def tell(message: str) -> None:
    """A line beside the result."""
    stderr().print(foreign(message), soft_wrap=True)


def fail(message: str, code: int = FAILED) -> NoReturn:
    stderr().print(f"[bold red]bridge:[/] {foreign(message)}", soft_wrap=True)
    raise typer.Exit(code)
