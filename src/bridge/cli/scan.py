"""`bridge scan`: every use of the Assistants API in a program's files, and what becomes of it."""

from __future__ import annotations

import io
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from bridge.cli import options, output

if TYPE_CHECKING:
    from collections.abc import Collection

    from bridge.scan.findings import Finding, Scan

FORMATS: Final = ("text", "json", "sarif", "html")
SEVERITIES: Final = ("info", "notice", "breaking")
NEVER: Final = "never"
STDOUT: Final = Path("-")
WIDTH: Final = 100
"""Columns of a text that goes into a file."""

SURENESS: Final = ("certain", "likely", "possible")
RUNGS: Final = ("run", "see", "rewrite", "share", "remove")
EXAMPLES = options.examples(
    ("bridge scan .", "what there is, and what is left to do"),
    ("bridge scan src --format html --output scan.html", "as a page"),
    ("bridge scan . --write-baseline scan.json", "accept what is there today"),
    ("bridge scan . --baseline scan.json --fail-on breaking", "for CI: no new calls"),
)


def add(app: typer.Typer) -> None:
    app.command("scan", help=options.page(scan), epilog=EXAMPLES)(scan)


def scan(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH", help="Files and folders. Default: here.")
    ] = None,
    format: Annotated[str, typer.Option(metavar="|".join(FORMATS), help="How to tell.")] = "text",
    to: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write it there, not to stdout.")] = None,
    fail_on: Annotated[
        str, typer.Option(metavar="|".join((*reversed(SEVERITIES), NEVER)), help="What makes the exit code 1.")
    ] = NEVER,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What was there before: it fails nothing.")
    ] = None,
    write_baseline: Annotated[Path | None, typer.Option(metavar="FILE", help="Write such a file.")] = None,
    rung: Annotated[str | None, typer.Option(metavar="|".join(RUNGS), help="Only what is left on this rung.")] = None,
    sure: Annotated[
        str, typer.Option(metavar="|".join(SURENESS), help="How sure a finding has to be at least.")
    ] = "possible",
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Files and folders to leave out.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what git ignores, and what others wrote.")] = False,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="How many findings the text shows.")] = 50,
) -> None:
    """Find every call of the Assistants API, and the habits that bite when it moves to Responses.

    Python is read with its names followed; JavaScript, TypeScript, other languages, notebooks, shell and settings are
    searched by pattern. Nothing that is scanned is run or imported.

    \b
    Exit codes: 0 nothing new is as heavy as --fail-on, 1 something is,
                2 a path or an option cannot work.
    """
    for name, value, allowed in (
        ("format", format, FORMATS),
        ("fail-on", fail_on, (*SEVERITIES, NEVER)),
        ("sure", sure, SURENESS),
        ("rung", rung or RUNGS[0], RUNGS),
    ):
        _check(name, value, allowed)
    from bridge.scan import baseline as baselines

    known = baselines.read(baseline) if baseline is not None else None
    found = _found(paths or [Path()], everything, tuple(exclude or ()), sure, rung)
    if write_baseline is not None:
        _write(write_baseline, baselines.written(found.findings))
    _tell(found, format, to, known, limit)
    if fail_on != NEVER and _is_heavy(baselines.new(found.findings, known or ()), fail_on):
        raise typer.Exit(output.FAILED)


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        output.fail(f"--{name} is {', '.join(known[:-1])} or {known[-1]}, not {value!r}", output.USAGE)


def _found(paths: list[Path], everything: bool, excluded: tuple[str, ...], sure: str, rung: str | None) -> Scan:
    if find_spec("libcst") is None:
        output.fail("bridge scan reads Python with libcst: pip install 'assistants-bridge[tools]'", output.USAGE)
    from attrs import evolve

    from bridge.scan.rules import RULES
    from bridge.scan.scanning import scan as look

    whole = look(paths, time.time(), everything=everything, excluded=excluded)
    kept = SURENESS[: SURENESS.index(sure) + 1]
    wanted = [
        each for each in whole.findings if each.sureness in kept and (rung is None or rung in RULES[each.rule].rungs)
    ]
    return evolve(whole, findings=tuple(wanted))


def _is_heavy(findings: list[Finding], least: str) -> bool:
    return any(SEVERITIES.index(each.severity) >= SEVERITIES.index(least) for each in findings)


def _tell(found: Scan, format: str, to: Path | None, known: Collection[str] | None, limit: int) -> None:
    if format == "text":
        _text(found, to, known, limit)
        return
    data = _rendered(found, format, known)
    if to is None or to == STDOUT:
        sys.stdout.write(f"{data.decode()}\n")
    else:
        _write(to, data)


def _text(found: Scan, to: Path | None, known: Collection[str] | None, limit: int) -> None:
    """With a baseline the new findings alone."""
    from bridge.scan import baseline as baselines
    from bridge.scan.report import terminal

    shown = baselines.new(found.findings, known) if known is not None else list(found.findings)
    text = io.StringIO()
    console = output.stdout() if to in (None, STDOUT) else Console(file=text, width=WIDTH, highlight=False)
    if known is not None and not shown:
        console.print(f"Nothing new: {len(found.findings):,} findings, all in the baseline.")
    else:
        terminal.show(console, found, shown, limit)
    if to is not None and to != STDOUT:
        _write(to, text.getvalue().encode())


def _rendered(found: Scan, format: str, known: Collection[str] | None) -> bytes:
    if format == "html":
        from bridge.scan.report import html

        return b"".join(html.page(found, known or ()))
    if format == "sarif":
        import bridge
        from bridge.scan.report import sarif

        return sarif.as_sarif(found, bridge.__version__, known)
    from bridge.scan.report import document

    return document.as_json(found, known or ())


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        output.fail(f"{path} cannot be written: {error.strerror}", output.USAGE)
