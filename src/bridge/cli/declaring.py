"""`bridge assistants`: declared in files, compared with the store, and applied."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli import options, output, stores

if TYPE_CHECKING:
    from bridge.settings import Settings
    from bridge.transfer.applying import Planned
    from bridge.transfer.declarations import Declared

EXAMPLES = options.examples(
    ("bridge assistants apply assistants.yaml", "see what would change, and say yes"),
    ("bridge assistants apply assistants.yaml --check", "for CI: is the store as declared?"),
    ("bridge assistants pull --from https://old.example/v1", "from a server that still speaks Assistants"),
    ("bridge assistants show asst_abc > asst_abc.yaml", "as a file that apply takes"),
)

Id = Annotated[str | None, typer.Option("--id", metavar="ID", help="For the one assistant that has no id.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Show the difference; change nothing.")]
Stores = Annotated[
    list[str] | None, typer.Option("--vector-stores", metavar="OLD=NEW|FILE", help="Vector stores under new ids.")
]


def add(app: typer.Typer) -> None:
    assistants = typer.Typer(help="Assistants, declared in files.", no_args_is_help=True, epilog=EXAMPLES)
    for name, command in (("apply", apply), ("pull", pull), ("list", list_), ("show", show)):
        assistants.command(name, help=options.page(command), epilog=EXAMPLES)(command)
    app.add_typer(assistants, name="assistants")


def apply(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="YAML, JSON or TOML.")],
    id: Id = None,
    yes: Yes = False,
    dry_run: Dry = False,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit with 1 if something would.")] = False,
    vector_stores: Stores = None,
    store: options.Store = None,
    config: options.Config = None,
) -> None:
    """Make the store's assistants what the files say: ours, objects of the API, or an exported prompt.

    What a file leaves out has its default; assistants that no file names are left alone.

    \b
    Exit codes: 0 it is as declared, 2 a file or an option cannot work,
                1 --check found a difference, or it was not wanted.
    """
    from bridge.transfer import vector_stores as mapping
    from bridge.transfer.declarations import Reader

    reader = Reader(id, mapping.read(vector_stores or ()))
    declared = [each for file in files for each in reader.file(file)]
    settings = options.settings(store, config=config)
    _carry_out(declared, settings, yes=yes, dry=dry_run, check=check)


def pull(
    url: Annotated[str, typer.Option("--from", metavar="URL", help="The base URL of the server, with its /v1.")],
    only: Annotated[
        list[str] | None, typer.Option("--id", metavar="ID", help="Only this one; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write them there; - is stdout.")] = None,
    yes: Yes = False,
    dry_run: Dry = False,
    vector_stores: Stores = None,
    store: options.Store = None,
    config: options.Config = None,
) -> None:
    """Take assistants over from a server that still speaks the Assistants API, with the key in OPENAI_API_KEY.

    They keep their ids. With --out they are written to a file that `apply` takes, and the store is left alone.
    """
    from bridge.cli import pulling
    from bridge.transfer import vector_stores as mapping
    from bridge.transfer.declarations import Reader, written
    from bridge.transfer.documents import as_yaml

    reader = Reader(None, mapping.read(vector_stores or ()))
    found = list(pulling.pull(url, os.environ.get("OPENAI_API_KEY"), only or ()))
    if not found:
        output.tell(f"{url} has no assistants")
        return
    declared = reader.values(found, Path(url))
    if out is None:
        _carry_out(declared, options.settings(store, config=config), yes=yes, dry=dry_run)
        return
    _tell_notes(declared)
    _write(out, as_yaml({"assistants": [written(each.assistant) for each in declared]}))


def list_(store: options.Store = None, config: options.Config = None) -> None:
    """List the store's assistants: id, model, name."""
    from bridge.transfer import applying

    for each in applying.every(stores.opened(options.settings(store, config=config).store, may_make=False)):
        typer.echo(f"{each.id}  {each.model}  {each.name or ''}".rstrip())


def show(
    id: Annotated[str, typer.Argument(metavar="ID")], store: options.Store = None, config: options.Config = None
) -> None:
    """Print an assistant as YAML that `apply` takes."""
    from bridge.engine.effects import Key
    from bridge.records import Assistant
    from bridge.transfer.declarations import written
    from bridge.transfer.documents import as_yaml

    opened = stores.opened(options.settings(store, config=config).store, may_make=False)
    found = opened.load([Key(Assistant, id)])[0]
    if found is None:
        output.fail(f"there is no assistant {id} in {opened.name}")
    typer.echo(as_yaml(written(found)), nl=False)


# --- pieces


def _carry_out(declared: Sequence[Declared], settings: Settings, *, yes: bool, dry: bool, check: bool = False) -> None:
    from bridge.transfer import applying

    _tell_notes(declared)
    _check_models(declared, settings)
    store = stores.opened(settings.store, may_make=not (dry or check))
    planned = applying.plan(declared, store)
    changing = _tell(planned)
    if check:
        raise typer.Exit(output.FAILED if changing else output.OK)
    if dry or not changing:
        output.tell("dry run: nothing was changed" if dry else "nothing is to be changed")
        return
    if not yes and not _is_wanted(changing):
        output.fail("nothing was changed")
    applying.apply(planned, store, time.time())
    output.tell(f"applied, in {store.name}")


def _tell(planned: Sequence[Planned]) -> int:
    """The differences, on stdout; how many there are."""
    for each in planned:
        typer.echo(f"{each.declared.assistant.id}: {each.word}")
        if each.word != "same":
            for line in each.lines():
                typer.echo(f"  {line}")
    return sum(each.word != "same" for each in planned)


def _tell_notes(declared: Sequence[Declared]) -> None:
    from bridge.transfer.losses import REASONS

    for each in declared:
        for note in each.notes:
            reason, _, detail = note.partition(": ")
            known = REASONS[reason]
            output.tell(f"{each.assistant.id} {known.sentence}: {detail} (way out: {known.way_out})")


def _check_models(declared: Sequence[Declared], settings: Settings) -> None:
    """As at POST /assistants: a model that is gone is refused or told, as the setting `models` says."""
    from bridge import errors, lifecycle

    policy = settings.options().models
    profile = settings.profile_of(options.upstream(settings)[0]).name
    for each in declared:
        found = lifecycle.resolve(each.assistant.model, time.time(), policy, profile)
        if found.refused is not None:
            refuse = errors.unknown_model if found.refused == "unknown_model" else errors.unsupported_model
            output.fail(f"{each.place}: {refuse(each.assistant.model).message}", output.USAGE)
        if found.note is not None:
            output.tell(f"{each.assistant.id}: {found.note}")


def _is_wanted(count: int) -> bool:
    if not _is_terminal():
        output.fail(f"{count} would be changed: say --yes, or --dry-run", output.USAGE)
    return typer.confirm(f"Change {count}?", err=True)


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _write(out: Path, text: str) -> None:
    if str(out) == "-":
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        output.fail(f"{out} cannot be written: {error.strerror}", output.USAGE)
