"""`bridge serve`: the Assistants API over HTTP."""

from __future__ import annotations

import logging
from typing import Annotated

import typer
from rich.markup import escape

from bridge.cli import options, output, stores
from bridge.settings import Settings

EXAMPLES = options.examples(
    ("bridge serve", "before the OpenAI API"),
    ("bridge serve --upstream scripted", "offline, no key needed"),
    ("bridge serve --port 0", "on any free port, which is printed"),
    ("bridge serve --host 0.0.0.0", "for other machines too"),
)


def add(app: typer.Typer) -> None:
    app.command(help=options.page(serve), epilog=EXAMPLES)(serve)


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any free one.")] = 8080,
    store: options.Store = None,
    upstream: options.Upstream = None,
    config: options.Config = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port and the store.")] = 1,
) -> None:
    """Answer Assistants calls over HTTP, for programs in any language.

    Give the program the base URL that is printed (http://127.0.0.1:8080/v1). Callers bring their own keys, which go
    on to the upstream, as do the calls of other APIs. Put TLS before it where others can reach it.

    Ctrl-C or SIGTERM ends it; runs under way are finished or handed to the next process on the store.
    """
    from bridge.gateway import serve

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("bridge").setLevel(logging.INFO)
    found = options.settings(store, upstream, config)
    stores.upgrade(found.store)  # what cannot be opened is told before anybody is told that somebody listens
    serve(found, host, port, workers=workers, announce=lambda url: _announce(url, found))


def _announce(url: str, settings: Settings) -> None:
    from bridge.gateway.serving import upstream_url
    from bridge.store.open import open_store
    from bridge.wire.paths import without_credentials

    name = settings.upstream if settings.is_scripted else without_credentials(upstream_url(settings))
    lines = {
        "store": f"{open_store(settings.store).name} ({settings.origins['store']})",
        "upstream": f"{name} ({settings.origins['upstream']})",
        "use it": f'OpenAI(base_url="{url}")',
    }
    console = output.stdout()
    console.print(f"[bold]bridge listens on {url}[/]", soft_wrap=True)
    for label, text in lines.items():
        console.print(f"  [dim]{label:9}[/] {escape(text)}", soft_wrap=True)
    console.file.flush()
