"""`bridge diff compare`: two tapes, every difference, and an exit code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bridge.cli import options, output

if TYPE_CHECKING:
    from bridge.diff.compare import Gate
    from bridge.diff.observations import Comparison

GATES: Final[tuple[Gate, ...]] = ("breaking", "notice", "info", "never")
STDOUT = Path("-")
EXAMPLES = options.examples(
    ("bridge diff compare old.tape new.tape", "what differs, the heaviest first"),
    ("bridge diff compare old.tape new.tape --html diff.html", "and as a page to send around"),
    ("bridge diff compare old.tape new.tape --json - --gate notice", "for CI"),
)

Tapes = Annotated[Path, typer.Argument(help="A tape, or a recording that `tape` takes.")]


def add(app: typer.Typer) -> None:
    app.command("compare", help=options.page(compare), epilog=EXAMPLES)(compare)


def compare(
    control: Tapes,
    candidate: Tapes,
    repeats: Annotated[
        list[Path] | None,
        typer.Option("--repeat", metavar="TAPE", help="A run more of one side, to learn its noise of."),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rules of yours: what to accept or ignore.")
    ] = None,
    gate: Annotated[str, typer.Option(metavar="|".join(GATES), help="How heavy is too heavy.")] = "breaking",
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the page there.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JSON there; - is stdout.")] = None,
) -> None:
    """Compare two sides: the control, which is trusted, and the candidate, which is tried.

    What is known and documented, ruled by you, or noise of --repeat (two at least) is accepted and says why.

    \b
    Exit codes: 0 nothing that is not accepted is as heavy as --gate, 1 something is,
                2 a file or an option cannot work.
    """
    from bridge.diff import compare as comparing
    from bridge.diff import rules_file
    from bridge.diff.readers import read_any

    heavy = chosen(gate)
    found = comparing.compare(
        read_any(control),
        read_any(candidate),
        names=(control.name or str(control), candidate.name or str(candidate)),
        repeats=[read_any(path) for path in repeats or ()],
        rules=() if rules is None else rules_file.read(rules),
    )
    show(found, page, json)
    raise typer.Exit(comparing.exit_code(found, heavy))


def chosen(gate: str) -> Gate:
    heavy = next((each for each in GATES if each == gate), None)
    if heavy is None:
        output.fail(f"--gate is {', '.join(GATES[:-1])} or {GATES[-1]}, not {gate!r}", output.USAGE)
    return heavy


def show(found: Comparison, page: Path | None, json: Path | None) -> None:
    """On the terminal, or where it is asked for."""
    try:
        _show(found, page, json)
    except OSError as error:
        output.fail(f"{error.filename} cannot be written: {error.strerror}", output.USAGE)


def _show(found: Comparison, page: Path | None, json: Path | None) -> None:
    from bridge.diff.report import document, html, terminal

    if page is not None:
        with page.open("wb") as file:
            file.writelines(html.page(found))
    if json == STDOUT:
        sys.stdout.write(document.as_json(found).decode())
        return
    if json is not None:
        json.write_bytes(document.as_json(found))
    terminal.show(output.stdout(), found)
