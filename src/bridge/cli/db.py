"""`bridge db`: the store's file and schema."""

from __future__ import annotations

import typer

from bridge.cli import options, stores

EXAMPLES = options.examples(
    ("bridge db path", "the store that is in force"),
    ("bridge db upgrade", "make it, or bring its schema up to date"),
    ('sqlite3 "$(bridge db path)" .schema', "look inside"),
)


def add(app: typer.Typer) -> None:
    db = typer.Typer(help="The store's file and schema.", no_args_is_help=True, epilog=EXAMPLES)
    db.command(help=options.page(path), epilog=EXAMPLES)(path)
    db.command(help=options.page(upgrade), epilog=EXAMPLES)(upgrade)
    app.add_typer(db, name="db")


def path(store: options.Store = None, config: options.Config = None) -> None:
    """Print where the store is: an absolute path, or memory. Nothing is made."""
    typer.echo(stores.find(options.settings(store, config=config).store).name)


def upgrade(store: options.Store = None, config: options.Config = None) -> None:
    """Make the store, or bring its schema up to date.

    Every process does so by itself at its first call; this is for those who want it done before.
    """
    setting = options.settings(store, config=config).store
    before = stores.find(setting)
    if before.path is None:
        typer.echo("memory: there is nothing to upgrade")
        return
    stores.upgrade(setting)
    was = "new" if before.schema is None else f"was {before.schema}"
    typer.echo(f"{before.name}: schema {before.known} ({was})")
