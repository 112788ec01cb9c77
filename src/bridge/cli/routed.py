"""`bridge routes`: where runs go, which threads are at other servers, too, and what of them is still out."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from bridge import destinations
from bridge.cli import options, output, stores
from bridge.destinations import Destination
from bridge.store.open import open_store
from bridge.wire.paths import without_credentials

if TYPE_CHECKING:
    from bridge.records import Run
    from bridge.routing.standing import Standing
    from bridge.store import Store

EXAMPLES = options.examples(
    ("bridge routes show", "the routes in force, and what other servers have"),
    ("bridge routes bring", "ask how runs elsewhere ended, before a route is taken out"),
    ("bridge routes bring - < thread_ids.txt", "bring in threads that nobody has asked for yet"),
)
HELP = "Where runs go, and what other servers have (docs/routing.md)."


def add(app: typer.Typer) -> None:
    routes = typer.Typer(help=HELP, no_args_is_help=True, epilog=EXAMPLES)
    routes.command(help=options.page(show), epilog=EXAMPLES)(show)
    routes.command(help=options.page(bring), epilog=EXAMPLES)(bring)
    app.add_typer(routes, name="routes")


def show(store: options.Store = None, config: options.Config = None) -> None:
    """Show where runs go, and what other servers have.

    The routes of bridge.toml in force; then, of each server that threads were taken to, how many it has, and the runs
    that it is working on as far as anybody has asked. No server is asked now.

    Without its route a server is asked no more. Every thread stays reachable; what the runs under way make is not
    brought in.
    """
    settings = options.settings(store, config=config)
    for number, one in enumerate(settings.routes, 1):
        typer.echo(f"[[route]] {number}: {told(one)}")
    if not settings.routes:
        typer.echo("no tables [[route]]: every run goes to bridge")
    named = {_name(one) for one in settings.routes}
    for standing in _standings(settings.store):
        typer.echo(_told(standing, standing.server in named))


def bring(
    thread_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[THREAD_ID | -]...", help="Threads; - reads ids from stdin.")
    ] = None,
    server: Annotated[
        str | None, typer.Option(metavar="URL", help="Ask this server, too: one whose table was taken out.")
    ] = None,
    api_key_env: Annotated[str | None, typer.Option(metavar="NAME", help="The variable with the key for it.")] = None,
    store: options.Store = None,
    config: options.Config = None,
) -> None:
    """Bring in what other servers have.

    They are asked how the runs stand that they are working on, and what these made is brought in. Then the threads of
    these ids are brought in whole, under these ids. What is here already stays as it is.

    \b
    Exit codes: 0 all of it is here, 1 something is not: which, and why, is said,
                2 a setting or an option cannot work.
    """
    from bridge.routing.plan import Plan
    from bridge.routing.standing import brought

    settings = options.settings(store, config=config)
    more = () if server is None else (_asked(server, api_key_env),)
    if api_key_env is not None and server is None:
        output.fail("--api-key-env is for --server: a table names its own", output.USAGE)
    plan = Plan((*more, *settings.routes))
    opened = open_store(settings.store)
    is_whole = True
    try:
        for name, why in brought(opened, plan, _wanted(thread_ids or ())):
            is_whole &= why is None
            typer.echo(f"{name}: {'here' if why is None else why}")
    finally:
        plan.close()
        opened.close()
    raise typer.Exit(output.OK if is_whole else output.FAILED)


def told(one: Destination) -> str:
    """A table in one line."""
    whose = ", ".join(one.assistants) if one.assistants else "all assistants"
    share = "" if one.percent == 100 else f", {one.percent:g} % of their threads"
    key = f", key in {one.api_key_env}" if one.api_key_env else ", with the caller's key" if one.callers_key else ""
    return f"{whose} to {_name(one)}{share}{key}"


def _name(one: Destination) -> str:
    return one.to if one.is_here else without_credentials(one.to)


def _asked(server: str, api_key_env: str | None) -> Destination:
    """What a table that names the server would say."""
    table = {"to": server} if api_key_env is None else {"to": server, "api_key_env": api_key_env}
    found = destinations.checked(table, "--server")
    if found.is_here:
        output.fail("--server is another server: give its base URL", output.USAGE)
    return found


def _wanted(thread_ids: Iterable[str]) -> list[str]:
    return [name for given in thread_ids for name in (sys.stdin.read().split() if given == "-" else [given])]


def _standings(setting: str | None) -> list[Standing]:
    from bridge.routing.standing import standings

    found = stores.find(setting)
    if found.path is None or found.schema is None:
        return []
    opened: Store = open_store(setting)
    try:
        return standings(opened)
    finally:
        opened.close()


def _told(standing: Standing, is_named: bool) -> str:
    name = standing.server if is_named else f"{standing.server} (no table names it)"
    lines = [f"{name}: has {standing.threads} threads, too; {len(standing.under_way)} runs under way"]
    return "\n".join([*lines, *(f"  {_run(run)}" for run in standing.under_way)])


def _run(run: Run) -> str:
    return f"{run.id} on {run.thread_id}, {run.status} when last seen"
