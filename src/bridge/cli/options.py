"""The settings every command takes alike, and how examples are written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.settings import Settings

Store = Annotated[
    str | None,
    typer.Option(metavar="PATH|URL", help="Where threads and runs are kept: a file, sqlite:///FILE, or memory."),
]
Upstream = Annotated[
    str | None,
    typer.Option(metavar="URL|scripted", help="The Responses server: a base URL, or scripted or scripted:FILE."),
]
Config = Annotated[Path | None, typer.Option(metavar="FILE", help="A bridge.toml to read instead of the one found.")]

LINE: Final = "  [cyan]{}[/]  {}"


def settings(store: str | None = None, upstream: str | None = None, config: Path | None = None) -> Settings:
    """What is in force, the options first. Raises ConfigurationError."""
    return Settings.from_environment(store=store, upstream=upstream, config=config)


def examples(*pairs: tuple[str, str]) -> str:
    """The end of a help page: commands, each with what it does."""
    width = max(len(command) for command, _ in pairs)
    return "\b\nExamples:\n" + "\n".join(LINE.format(command.ljust(width), meaning) for command, meaning in pairs)
