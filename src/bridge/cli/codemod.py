"""`bridge codemod`: legacy programs rewritten, as a patch, with a comment where they cannot be."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from bridge.cli import options, output
from bridge.cli.proof import Proofs

if TYPE_CHECKING:
    from bridge.codemod.files import Patch
    from bridge.codemod.fixer import State, Target

TARGETS: Final = ("bridge", "responses")
STATES: Final = ("history", "conversation")
EXAMPLES = options.examples(
    ("bridge codemod app.py", "the patch to native code"),
    ("bridge codemod src --to bridge --write", "only the imports, in place"),
    ("bridge codemod app.py --prove", "and run it before and after"),
    ("bridge codemod src --check", "for CI: does anything remain?"),
)


def add(app: typer.Typer) -> None:
    app.command(help=options.page(codemod), epilog=EXAMPLES)(codemod)


def codemod(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders of them.")],
    to: Annotated[str, typer.Option(metavar="|".join(TARGETS), help="Only the imports, or all calls.")] = "responses",
    state: Annotated[
        str, typer.Option(metavar="|".join(STATES), help="Where threads go: a list, or OpenAI's conversations.")
    ] = "history",
    diff: Annotated[bool, typer.Option("--diff", help="Show the patch. This is the default.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Show nothing: exit with 1 if there is a patch.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Change the files.")] = False,
    interactive: Annotated[bool, typer.Option("--interactive", help="Ask for each file.")] = False,
    prove: Annotated[bool, typer.Option("--prove", help="Run each program before and after, and compare.")] = False,
    upstream: Annotated[
        str, typer.Option(metavar="scripted[:FILE]", help="With --prove: the script that answers.")
    ] = "scripted",
    tape: Annotated[Path | None, typer.Option(metavar="TAPE", help="With --prove: answers of a recording.")] = None,
    stdin: Annotated[Path | None, typer.Option(metavar="FILE", help="With --prove: the standard input.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="With --prove: the evidence, as JSON.")] = None,
) -> None:
    """Rewrite legacy programs: their imports, or all of them for the Responses API.

    A file is converted where all that becomes of its threads, runs and assistants can be seen in it. Otherwise it stays
    as it is, with a comment above each obstacle. Nothing is run without --prove. With it each converted file is run
    twice, as a program with your permissions; a script on this machine answers for the model, and only what is proved
    is offered.

    \b
    Exit codes: 0 done, 1 --check found a patch, a proof failed, or a file cannot be read,
                2 a path or an option cannot work.
    """
    from bridge.codemod.files import patches

    _refuse(to in TARGETS, f"--to is {' or '.join(TARGETS)}, not {to!r}")
    _refuse(state in STATES, f"--state is {' or '.join(STATES)}, not {state!r}")
    _refuse(check + write + diff + interactive <= 1, "one of --diff, --check, --write and --interactive")
    found = patches(paths, cast("Target", to), cast("State", state))
    _tell(found)
    proofs = Proofs.of(upstream, tape, stdin) if prove else None
    if proofs is not None:
        proofs.run(found)
        _report(proofs, report)
    offered = [patch for patch in found if patch.is_change and (proofs is None or proofs.allows(patch))]
    if check:
        raise typer.Exit(output.FAILED if offered else output.OK)
    _deliver(offered, write, interactive)
    is_bad = any(patch.trouble for patch in found) or (proofs is not None and not proofs.is_good)
    raise typer.Exit(output.FAILED if is_bad else output.OK)


def _refuse(is_right: Any, message: str) -> None:
    if not is_right:
        output.fail(message, output.USAGE)


def _tell(found: list[Patch]) -> None:
    """What a patch does not show, on stderr."""
    for patch in found:
        if patch.trouble:
            output.tell(f"{patch.path}: {patch.trouble}")
        for note in patch.converted.notes:
            output.tell(f"{patch.path}: {note}")
        for left in patch.converted.left:
            output.tell(f"{patch.path}:{left.line}: not converted: {left.reason}")


def _deliver(offered: list[Patch], write: bool, interactive: bool) -> None:
    for patch in offered:
        if not write:
            sys.stdout.write(patch.diff())
            sys.stdout.flush()
        if write or (interactive and typer.confirm(f"Change {patch.path}?", err=True)):
            _write(patch)


def _write(patch: Patch) -> None:
    try:
        patch.write()
    except OSError as error:
        output.fail(f"{patch.path} cannot be written: {error.strerror}")
    output.tell(f"{patch.path}: changed")


def _report(proofs: Proofs, path: Path | None) -> None:
    if path is None:
        return
    try:
        path.write_text(json.dumps(proofs.document(), indent=2) + "\n", "utf-8")
    except OSError as error:
        output.fail(f"{path} cannot be written: {error.strerror}", output.USAGE)
