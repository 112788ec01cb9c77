"""`bridge diff report` and `watch`: what shadows observed, in the end and while they do."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bridge.cli import options, output
from bridge.cli.diffing.compare import GATES, chosen, show

if TYPE_CHECKING:
    from bridge.diff.compare import Rule
    from bridge.records import Observed
    from bridge.store import Store

UNITS: Final = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
PAUSE: Final = 0.5
"""Seconds between two looks into the store."""

REPORTS = options.examples(
    ("bridge diff report", "all that was observed, the heaviest first"),
    ("bridge diff report --since 24h --html shadow.html", "since yesterday, as a page to send around"),
    ("bridge diff report --candidate luna --gate breaking", "for CI"),
)
WATCHES = options.examples(
    ("bridge diff watch", "what is observed from now on, and the last day"),
    ("bridge diff watch --store /srv/bridge.db", "of another store"),
    ("bridge diff watch | tee shadow.log", "a line each"),
)

Candidate = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only what this candidate of bridge.toml was observed to do.")
]
Rules = Annotated[Path | None, typer.Option(metavar="FILE", help="Rules of yours: what to accept or ignore.")]


def add(app: typer.Typer) -> None:
    app.command("report", help=options.page(report), epilog=REPORTS)(report)
    app.command("watch", help=options.page(watch), epilog=WATCHES)(watch)


def report(
    store: options.Store = None,
    candidate: Candidate = None,
    since: Annotated[str | None, typer.Option(metavar="24h", help="Only what is not older: s, m, h or d.")] = None,
    rules: Rules = None,
    gate: Annotated[str, typer.Option(metavar="|".join(GATES), help="How heavy is too heavy.")] = "breaking",
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the page there.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JSON there; - is stdout.")] = None,
    config: options.Config = None,
) -> None:
    """Compare what shadows observed: the primary's runs, and what the candidates of bridge.toml made of them.

    \b
    Exit codes: 0 nothing that is not accepted is as heavy as --gate, 1 something is,
                2 a file or an option cannot work.
    """
    from bridge.diff import observed
    from bridge.diff.compare import exit_code

    heavy = chosen(gate)
    wanted = _wanted(candidate, since)
    ruled = _rules(rules)
    seen = (one for one in observed.read(_opened(store, config)) if wanted(one))
    found = observed.together((one, observed.compared(one, ruled)) for one in seen)
    show(found, page, json)
    raise typer.Exit(exit_code(found, heavy))


def watch(
    store: options.Store = None,
    candidate: Candidate = None,
    since: Annotated[str, typer.Option(metavar="24h", help="What was there before, if it is not older.")] = "24h",
    rules: Rules = None,
    config: options.Config = None,
) -> None:
    """Show what shadows observe, while they do: numbers for each candidate, and the newest observations.

    Where the output is no terminal, a line for each observation. It goes on until Ctrl-C.
    """
    from bridge.diff import observed
    from bridge.diff.report import live

    wanted, ruled, opened = _wanted(candidate, since), _rules(rules), _opened(store, config)

    def glances() -> Iterator[live.Glance | None]:
        for one in observed.follow(opened):
            if one is None:
                yield None
                time.sleep(PAUSE)
            elif wanted(one):
                yield live.glance(one, observed.compared(one, ruled))

    try:
        _follow(glances())
    except KeyboardInterrupt:
        raise typer.Exit(output.OK) from None


def _follow(glances: Iterator[object]) -> None:
    """None among them: that was all for now."""
    from rich.live import Live

    from bridge.diff.report import live

    console, board = output.stdout(), live.Board()
    if not console.is_terminal:
        for each in glances:
            if isinstance(each, live.Glance):
                console.print(live.as_line(each), soft_wrap=True)
        return
    with Live(board.shown(), console=console, auto_refresh=False) as screen:
        for each in glances:
            if isinstance(each, live.Glance):
                board.add(each)
            else:
                screen.update(board.shown(), refresh=True)


def _opened(setting: str | None, config: Path | None) -> Store:
    from bridge.cli import stores
    from bridge.store.open import open_store

    found = stores.find(options.settings(setting, config=config).store)
    if found.path is None or found.schema is None:
        output.fail(f"there is no store {found.name}: name the one of the primary with --store", output.USAGE)
    return open_store(str(found.path))


def _wanted(candidate: str | None, since: str | None) -> Callable[[Observed], bool]:
    oldest = 0.0 if since is None else time.time() - _seconds(since)
    return lambda one: one.created_at >= oldest and candidate in (None, one.candidate)


def _seconds(since: str) -> float:
    said = re.fullmatch(r"(\d+)([smhd])", since)
    if said is None:
        output.fail(f"--since is a number and s, m, h or d, as in 24h, not {since!r}", output.USAGE)
    return float(said[1]) * UNITS[said[2]]


def _rules(path: Path | None) -> tuple[Rule, ...]:
    from bridge.diff import rules_file

    return () if path is None else tuple(rules_file.read(path))
