"""`bridge import`: exports and tables, into the store under their old ids."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli import options, output, stores

if TYPE_CHECKING:
    from bridge.transfer.importing import Imported, Steps

EXAMPLES = options.examples(
    ("bridge import export/ --dry-run", "what would come of it"),
    ("bridge import export/", "do it; once more does no harm"),
    ("bridge import --map tables.toml", "out of an application's own tables"),
    ("bridge import export/ --report losses.json", "every loss, with its reason"),
)

Paths = Annotated[list[Path] | None, typer.Argument(metavar="PATH…", help="Folders and files: exports, pages, NDJSON.")]


def add(app: typer.Typer) -> None:
    app.command("import", help=options.page(import_), epilog=EXAMPLES)(import_)


def import_(
    paths: Paths = None,
    maps: Annotated[
        list[Path] | None, typer.Option("--map", metavar="FILE", help="Which tables of a database hold what.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; the report is the same.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Replace what is there and differs.")] = False,
    vector_stores: Annotated[
        list[str] | None,
        typer.Option(metavar="OLD=NEW|FILE", help="Vector stores under new ids; OLD= leaves one out."),
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the whole report there, as JSON.")] = None,
    store: options.Store = None,
    config: options.Config = None,
) -> None:
    """Bring assistants, threads, messages, runs, steps and files into the store, under their old ids.

    What is there already is left alone, so it may be killed and run again. What could not be brought as it was is told,
    with its reason and what to do.

    \b
    Exit codes: 0 all is there, 2 a file or an option cannot work,
                1 something was not brought, or another is there.
    """
    from bridge.transfer import importing, tables
    from bridge.transfer import vector_stores as mapping

    if not paths and not maps:
        output.fail("name what is to be imported: paths, or --map FILE", output.USAGE)
    if report is not None and not report.parent.is_dir():
        output.fail(f"{report} cannot be written: there is no folder {report.parent}", output.USAGE)
    mapped = [tables.source(tables.read(file)) for file in maps or ()]
    sources = [*mapped, *(importing.of_path(path) for path in paths or ())]
    wishes = importing.Wishes(dry_run, update, mapping.read(vector_stores or ()))
    setting = options.settings(store, config=config).store
    opened = stores.opened(setting, may_make=not dry_run)
    with _progress() as steps, importing.imported(sources, opened, wishes, steps) as done:
        is_failed = _tell(done, report, dry_run, setting)
    raise typer.Exit(output.FAILED if is_failed else output.OK)


@contextlib.contextmanager
def _progress() -> Iterator[Steps]:
    """A bar on a terminal; nothing elsewhere."""
    from bridge.transfer.importing import Steps

    console = output.stderr()
    if not console.is_terminal:
        yield Steps()
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("reading", total=None)

        def read(count: int) -> None:
            progress.update(task, description="importing", total=count)

        yield Steps(read, lambda count: progress.advance(task, count))


def _tell(done: Imported, report: Path | None, dry: bool, setting: str | None) -> bool:
    """The report on stdout, and where it is asked for. Whether something was not brought."""
    from bridge.transfer import report as reports

    if report is not None:
        try:
            with report.open("wb") as file:
                file.writelines(reports.as_json(done.staging, done.tally, dry=dry))
        except OSError as error:
            output.fail(f"{report} cannot be written: {error.strerror}", output.USAGE)
    for line in reports.as_text(done.staging, done.tally):
        typer.echo(line)
    if dry:
        output.tell("dry run: nothing was written")
    else:
        output.tell(f"the store is {stores.find(setting).name}")
    return reports.is_failed(done.staging)
