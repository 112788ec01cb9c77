"""`bridge diff replay`: a tape asked again, which makes the candidate's tape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli import options, output
from bridge.cli.diffing.record import File

if TYPE_CHECKING:
    from bridge.diff.tape import Tape

TAPE = "tape"
EXAMPLES = options.examples(
    ("bridge diff replay old.tape --tape new.tape", "the tape's own model answers: bridge alone can differ"),
    ("bridge diff replay old.tape --tape new.tape --upstream https://api.openai.com/v1", "a real model"),
    ("bridge diff replay old.tape --tape new.tape --target http://127.0.0.1:8080/v1", "another server of the old API"),
)


def add(app: typer.Typer) -> None:
    app.command("replay", help=options.page(replay), epilog=EXAMPLES)(replay)


def replay(
    source: Annotated[Path, typer.Argument(metavar="TAPE", help="A tape, or a recording that `tape` takes.")],
    file: File,
    upstream: Annotated[
        str, typer.Option(metavar="tape|scripted|URL", help="Who answers bridge's Responses calls.")
    ] = TAPE,
    target: Annotated[
        str | None, typer.Option(metavar="URL", help="Ask this server of the Assistants API instead of bridge.")
    ] = None,
) -> None:
    """Ask what a tape holds once more, and write what comes back to another tape.

    Ids are those of the candidate, polls are folded, and no tool is executed: outputs are those of the tape. With the
    upstream `tape` the recorded answers are the model's, so that whatever differs is bridge's doing. Servers are asked
    with the key in OPENAI_API_KEY.
    """
    from bridge.diff.readers import read_any
    from bridge.diff.recording.writer import refuse_existing
    from bridge.diff.replay.candidate import replayed

    refuse_existing(file.absolute())
    tape = read_any(source)
    with _progress() as progress:
        made = replayed(tape, upstream, target, progress=progress)
    _tell(tape, made, file)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar beside the result, where that is a terminal; it is gone when all is done."""
    from rich.progress import Progress

    with Progress(console=output.stderr(), transient=True, disable=not output.stderr().is_terminal) as bar:
        task = bar.add_task("asking again")
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _tell(tape: Tape, made: Tape, file: Path) -> None:
    from bridge.diff import tape as tapes

    tapes.write(made, file)
    fewer = len(made.exchanges) < len(tape.exchanges)
    of = f", of {len(tape.exchanges)} on the tape: polls in a row are one" if fewer else ""
    output.stdout().print(f"[bold]{len(made.exchanges)} exchanges[/] asked again{of}", soft_wrap=True)
    for note in made.notes:
        output.tell(f"note: {note}")
