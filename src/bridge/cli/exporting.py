"""`bridge export`: threads of a store on their way out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bridge.cli import options, output, stores
from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from bridge.service import Service
    from bridge.settings import Settings
    from bridge.store import Store
    from bridge.transfer.leaving.folders import Folder
    from bridge.upstream import Upstream

FORMS: Final = ("export", "items", "jsonl", "markdown")
ONE_BY_ONE: Final = ("export", "items")
"""Documents that cannot stand one after the other."""

MAPPING: Final = "conversations.jsonl"
EXAMPLES = options.examples(
    ("bridge export thread_abc --as items > input.json", "what responses.create(input=...) takes"),
    ("bridge export --all --to moved", "everything, for another bridge to import"),
    ("bridge export --all --as markdown --to read", "a page for each thread"),
    ("bridge export --all --conversations --to moved", "an OpenAI Conversation for each thread"),
)

Threads = Annotated[list[str] | None, typer.Argument(metavar="[THREAD]...", help="Ids of threads.", show_default=False)]
To = Annotated[Path | None, typer.Option("--to", metavar="FOLDER", help="Write files there, instead of to stdout.")]


def add(app: typer.Typer) -> None:
    app.command("export", help=options.page(export), epilog=EXAMPLES)(export)


def export(
    threads: Threads = None,
    everything: Annotated[bool, typer.Option("--all", help="All threads of the store.")] = False,
    form: Annotated[str | None, typer.Option("--as", metavar="|".join(FORMS), help="In which form.")] = None,
    to: To = None,
    conversations: Annotated[
        bool, typer.Option("--conversations", help="Make an OpenAI Conversation of each thread instead.")
    ] = False,
    store: options.Store = None,
    upstream: options.Upstream = None,
    config: options.Config = None,
) -> None:
    """Take threads out of a store: as data for native code, for another bridge, or to be read.

    Nothing in the store is changed, and files whose bytes are kept there come along (with --to). With
    --conversations each thread becomes a Conversation upstream (the key is in OPENAI_API_KEY): what was interrupted
    is gone on with by the same command, nothing is sent twice, and a line for each thread says which conversation
    it is. The store remembers it too.

    \b
    Exit codes: 0 done, 1 a thread is not there or did not make it, 2 an option cannot work.
    """
    if bool(threads) == everything:
        output.fail("name the threads, or say --all", output.USAGE)
    if conversations and form is not None:
        output.fail("--conversations makes conversations, --as makes documents: say one of them", output.USAGE)
    if (form or FORMS[0]) not in FORMS:
        output.fail(f"--as takes {', '.join(FORMS)}, not {form}", output.USAGE)
    settings = options.settings(store, upstream, config)
    if stores.find(settings.store).schema is None:
        output.fail(f"there is no store {stores.find(settings.store).name}", output.USAGE)
    if conversations:
        _move(_service(settings, _upstream(settings)), threads, to)
    else:
        _write(_service(settings, _nobody()), threads, form or FORMS[0], to)


# --- documents


def _write(service: Service, threads: Sequence[str] | None, form: str, to: Path | None) -> None:
    from bridge.transfer.leaving import folders

    if to is None and form in ONE_BY_ONE and (threads is None or len(threads) != 1):
        output.fail(f"{form} of several threads needs a folder: say --to FOLDER, or --as jsonl", output.USAGE)
    wanted = _Wanted(service.store, threads)
    if to is not None:
        _fill(folders.Folder(to, form, service), wanted, threads)
    else:
        for thread_id in wanted:
            try:
                for piece in folders.text(service, thread_id, form, {}):
                    typer.echo(piece.encode(), nl=False)  # JSON is UTF-8, whatever the terminal's encoding
            except ConfigurationError as error:  # it was deleted meanwhile
                wanted.fail(thread_id, str(error))
    wanted.end()


def _fill(folder: Folder, wanted: _Wanted, threads: Sequence[str] | None) -> None:
    from bridge.transfer.leaving import items

    with _writing(folder.path):
        for thread_id in _progress(wanted, items.thread_ids(folder.service.store), threads):
            try:
                folder.add(thread_id)
            except ConfigurationError as error:  # it was deleted meanwhile
                wanted.fail(thread_id, str(error))
        folder.close(all_assistants=threads is None, failed=wanted.failed)
    output.stdout().print(
        f"[bold]{_counted(folder.threads, 'thread')}[/], {_counted(folder.files, 'file')} in {folder.path}",
        soft_wrap=True,
    )
    if folder.unkept:
        output.tell(f"note: {len(folder.unkept)} files that the threads name are not kept here, their ids are")


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        output.fail(f"{folder} cannot be written: {error.strerror}", output.USAGE)


class _Wanted:
    """The ids of the threads asked for; those that are not there are told, and count at the end."""

    def __init__(self, store: Store, threads: Sequence[str] | None) -> None:
        self._store, self._threads = store, threads
        self.failed: list[dict[str, str]] = []

    def __iter__(self) -> Iterator[str]:
        from bridge.transfer.leaving import items

        if self._threads is None:
            yield from items.thread_ids(self._store)
            return
        for thread_id in dict.fromkeys(self._threads):
            if items.is_there(self._store, thread_id):
                yield thread_id
            else:
                self.fail(thread_id, "it is not in the store")

    def fail(self, thread_id: str, reason: str) -> None:
        output.tell(f"{thread_id}: {reason}")
        self.failed.append({"thread_id": thread_id, "error": reason})

    def end(self) -> None:
        if self.failed:
            output.fail(f"{len(self.failed)} threads were left behind")


def _progress(wanted: Iterable[str], every: Iterable[str], threads: Sequence[str] | None) -> Iterator[str]:
    """The ids as they are worked through, shown on a terminal."""
    from rich.progress import Progress

    console = output.stderr()
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        total = len(dict.fromkeys(threads)) if threads is not None else sum(1 for _ in every)
        yield from progress.track(wanted, total=total, description="threads")


# --- conversations


def _move(service: Service, threads: Sequence[str] | None, to: Path | None) -> None:
    from bridge.calls import Credential
    from bridge.transfer.leaving import conversations, items

    key = os.environ.get("OPENAI_API_KEY", "")
    credential = Credential({"authorization": f"Bearer {key}"} if key else {})
    wanted = _Wanted(service.store, threads)
    ids = _progress(wanted, items.thread_ids(service.store), threads)
    made = 0
    with _mapping(to) as tell:
        for moved in conversations.move(service, ids, credential):
            if moved.conversation_id is None:
                wanted.fail(moved.thread_id, moved.reason)
                continue
            made += 1
            tell({"thread_id": moved.thread_id, "conversation_id": moved.conversation_id})
    service.close()
    output.tell(f"{made} threads are conversations")
    wanted.end()


@contextmanager
def _mapping(to: Path | None) -> Iterator[Callable[[dict[str, str]], None]]:
    """Writes lines to stdout or behind what the folder's file has; a line that is there is not written again."""
    if to is None:
        yield lambda line: typer.echo(json.dumps(line))
        return
    path = to / MAPPING
    with _writing(to):
        to.mkdir(parents=True, exist_ok=True)
        there = set(path.read_text("utf-8").splitlines()) if path.exists() else set()
        file = path.open("a", encoding="utf-8")
    with file:

        def tell(line: dict[str, str]) -> None:
            text = json.dumps(line)
            if text not in there:
                file.write(text + "\n")
                file.flush()

        yield tell


# --- whom to ask


def _service(settings: Settings, upstream: Upstream) -> Service:
    from bridge.service import connect

    return connect(settings, upstream)


def _nobody() -> Upstream:
    """Reading threads asks no upstream; under this name no run is taken up that somebody left."""
    from bridge.upstream.scripted import ScriptedUpstream

    upstream = ScriptedUpstream(keep_requests=False)
    upstream.name = "nobody"
    return upstream


def _upstream(settings: Settings) -> Upstream:
    from bridge.upstream.named import named

    url, _ = options.upstream(settings)
    if not (settings.is_scripted or os.environ.get("OPENAI_API_KEY")):
        output.fail("--conversations needs the environment variable OPENAI_API_KEY", output.USAGE)
    return named(url, settings.profile_of(url))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
