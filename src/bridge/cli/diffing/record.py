"""`bridge diff record` and `bridge diff tape`: where tapes come from (docs/tapes.md)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bridge.cli import options, output
from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from bridge.diff.tape import Tape

RECORD_EXAMPLES = options.examples(
    ("bridge diff record --target https://res.openai.azure.com/openai --tape old.tape", "before Azure"),
    ("bridge diff record --target http://127.0.0.1:8000/v1 --tape own.tape --port 8081", "before a server of yours"),
)
TAPE_EXAMPLES = options.examples(
    ("bridge diff tape cassette.yaml --tape old.tape", "of a vcr cassette, or a HAR file"),
    ("bridge diff tape export/ --tape old.tape", "of exported threads"),
    ("bridge diff tape .bridge/bridge.db --thread thread_abc --tape old.tape", "of a thread in a store"),
)

File = Annotated[Path, typer.Option("--tape", metavar="FILE", help="The tape to write; it must not exist.")]


def add(app: typer.Typer) -> None:
    app.command("record", help=options.page(record), epilog=RECORD_EXAMPLES)(record)
    app.command("tape", help=options.page(tape), epilog=TAPE_EXAMPLES)(tape)


def record(
    target: Annotated[str, typer.Option(metavar="URL", help="The base URL of the API that is recorded.")],
    file: File,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any free one.")] = 0,
) -> None:
    """Record what a program and a server that speaks the Assistants API say to each other.

    Give the program the base URL that is printed. Everything is passed on as it is, in both directions; what is below
    the base URL is written to the tape when its answer is over, without keys.

    Ctrl-C or SIGTERM ends it.
    """
    from bridge.diff.recording import proxy
    from bridge.diff.recording.writer import refuse_existing

    refuse_existing(file.absolute())
    proxy.serve(target, file.absolute(), host, port, lambda url: _announce(url, target, file))


def tape(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A recording, an export, or a store of bridge.")],
    file: File,
    threads: Annotated[
        list[str] | None, typer.Option("--thread", metavar="ID", help="A thread of the store; may be repeated.")
    ] = None,
) -> None:
    """Make a tape of what others recorded or exported.

    It takes vcr cassettes, HAR files, folders of requests and answers, exported threads and pages of messages and runs,
    and threads of a store of bridge. What could not be read, or had to be made up, is told.
    """
    from bridge.diff import tape as tapes
    from bridge.diff.recording.writer import refuse_existing

    refuse_existing(file.absolute())
    made = _read(source, threads or [])
    tapes.write(made, file)
    output.stdout().print(
        f"[bold]{len(made.exchanges)} exchanges[/], of: {output.foreign(made.source)}", soft_wrap=True
    )
    for note in made.notes:
        output.tell(f"note: {note}")


def _read(source: Path, threads: Sequence[str]) -> Tape:
    if not threads:
        from bridge.diff.readers import read_any

        return read_any(source)
    if source.is_dir():
        raise ConfigurationError(f"{source} is a folder: --thread is for a store of bridge, which is a file.")
    from bridge.diff.readers import stored

    return stored.read(str(source), threads)


def _announce(url: str, target: str, file: Path) -> None:
    from bridge.wire.paths import without_credentials

    console = output.stdout()
    console.print(f"[bold]bridge records on {url}[/]", soft_wrap=True)
    lines = {"target": without_credentials(target), "tape": str(file), "use it": f'OpenAI(base_url="{url}")'}
    for label, text in lines.items():
        console.print(f"  [dim]{label:9}[/] {escape(text)}", soft_wrap=True)
    console.file.flush()
