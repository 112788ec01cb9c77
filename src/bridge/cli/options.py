"""The settings every command takes alike, and how examples are written."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bridge.settings import Settings
from bridge.wire import azure

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
TWO_LINES: Final = "  [cyan]{}[/]\n      {}"
WIDTH: Final = 78
"""Columns of a help page that a line may take at a terminal of 80."""


def settings(store: str | None = None, upstream: str | None = None, config: Path | None = None) -> Settings:
    """What is in force, the options first. Raises ConfigurationError."""
    return Settings.from_environment(store=store, upstream=upstream, config=config)


def upstream(settings: Settings) -> tuple[str, str]:
    """The upstream in force (its base URL, or the offline one's setting), and where that comes from."""
    if settings.upstream is not None:
        return settings.upstream, settings.origins["upstream"]
    if said := os.environ.get("OPENAI_BASE_URL"):
        return said, "OPENAI_BASE_URL"
    return "https://api.openai.com/v1", "the openai package's default"


def upstreams(settings: Settings) -> list[tuple[str, str]]:
    """The same, and where Azure's clients ask instead, if the environment speaks of Azure. Where it speaks of nothing
    else, theirs alone."""
    endpoint = os.environ.get("AZURE_OPENAI_ENDPOINT")
    if settings.upstream is not None or not endpoint:
        return [upstream(settings)]
    azures = (azure.responses_url(endpoint), "AZURE_OPENAI_ENDPOINT, for Azure's clients")
    is_alone = not (os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL"))
    return [azures] if is_alone else [upstream(settings), azures]


def page(function: Callable[..., Any]) -> str:
    """The help of a command: its docstring."""
    return paragraphs(inspect.cleandoc(function.__doc__ or ""))


def paragraphs(text: str) -> str:
    """The lines of each paragraph joined, to be broken where the terminal ends. Those after a \\b are kept."""
    parts = text.split("\n\n")
    return "\n\n".join(part if part.startswith("\b") else part.replace("\n", " ") for part in parts)


def examples(*pairs: tuple[str, str]) -> str:
    """The end of a help page: commands, each with what it does, below it where there is no room beside it."""
    width = max(len(command) for command, _ in pairs)
    is_wide = any(2 + width + 2 + len(meaning) > WIDTH for _, meaning in pairs)
    line, width = (TWO_LINES, 0) if is_wide else (LINE, width)
    return "\b\nExamples:\n" + "\n".join(line.format(command.ljust(width), meaning) for command, meaning in pairs)
