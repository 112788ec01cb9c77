"""`bridge doctor`: what is in force here, and whether it works."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from attrs import frozen
from rich.markup import escape
from rich.table import Table

from bridge import settings as bridge_settings
from bridge.cli import options, output, probing, stores
from bridge.errors import StoreError
from bridge.profiles import Profile
from bridge.settings import Settings
from bridge.store.open import open_store
from bridge.upstream import Upstream

PACKAGES: Final = ("openai", "pydantic", "SQLAlchemy", "httpx2", "httpx", "starlette", "uvicorn")
PATIENCE: Final = 20.0
"""Seconds that a probe waits for its answer."""

GOOD: Final = "[green]ok[/]"
NOTE: Final = "[yellow]note[/]"
BAD: Final = "[bold red]wrong[/]"

EXAMPLES = options.examples(
    ("bridge doctor", "in the folder of the program"),
    ("bridge doctor --store other.db", "what would be, with this store"),
    ("bridge doctor --probe --upstream http://localhost:8000/v1 --model qwen", "what that server can do"),
)


@frozen
class Finding:
    """One line: what was looked at, what it is, and where that comes from or what to do."""

    mark: str
    subject: str
    value: str
    remark: str = ""


def add(app: typer.Typer) -> None:
    app.command(help=options.page(doctor), epilog=EXAMPLES)(doctor)


def doctor(
    store: options.Store = None,
    upstream: options.Upstream = None,
    config: options.Config = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Ask the upstream what it can do: about a dozen calls.")
    ] = False,
    model: Annotated[str, typer.Option(metavar="NAME", help="The model that --probe asks.")] = "gpt-4o-mini",
) -> None:
    """Show what is in force here, where it comes from, and whether the store works.

    Versions, settings, the store and its schema, the upstream. Nothing is made,
    changed or sent, but with --probe: that asks the upstream a dozen small
    questions with the key of the environment, which may cost a little. The exit
    code is 1 when something is wrong.
    """
    settings = options.settings(store, upstream, config)
    findings = [*_versions(), *_settings(settings), _store(settings), *_upstream(settings), *_command()]
    if probe:
        findings += _probed(settings, model)
    output.stdout().print(_table(findings))
    if any(finding.mark == BAD for finding in findings):
        raise typer.Exit(output.FAILED)


def _versions() -> Iterator[Finding]:
    yield Finding(GOOD, "assistants-bridge", metadata.version("assistants-bridge"))
    yield Finding(GOOD, "Python", platform.python_version(), sys.executable)
    for name in PACKAGES:
        try:
            yield Finding(GOOD, name, metadata.version(name))
        except metadata.PackageNotFoundError:
            if name in ("starlette", "uvicorn"):
                yield Finding(NOTE, name, "missing", "bridge serve needs: pip install 'assistants-bridge[server]'")


def _settings(settings: Settings) -> Iterator[Finding]:
    for name in bridge_settings.NAMES:
        value = getattr(settings, name)
        yield Finding(GOOD, name, "not set" if value is None else _shown(value), settings.origins[name])
    yield Finding(GOOD, "bridge.toml", "none found" if settings.config is None else str(settings.config))


def _shown(value: str) -> str:
    from bridge.upstream.openai import without_credentials

    return without_credentials(value) if "@" in value else value


def _store(settings: Settings) -> Finding:
    try:
        found = stores.find(settings.store)
    except StoreError as error:
        name = open_store(settings.store).name
        return Finding(BAD, "the store", name, str(error).removeprefix(f"the store {name} "))
    if found.path is None:
        return Finding(GOOD, "the store", found.name, "gone when the process ends")
    if found.schema is None:
        mark, can = (GOOD, "made at the first call") if _can_make(found.path) else (BAD, "its folder is not writable")
        return Finding(mark, "the store", found.name, f"not there yet; {can}")
    if found.schema > found.known:
        return Finding(BAD, "the store", found.name, f"schema {found.schema}, known is {found.known}: upgrade bridge")
    if not os.access(found.path, os.W_OK):
        return Finding(BAD, "the store", found.name, "not writable")
    remark = "" if found.schema == found.known else f", becomes {found.known} at the first call"
    return Finding(GOOD, "the store", found.name, f"schema {found.schema}{remark}")


def _can_make(path: Path) -> bool:
    folder = next(folder for folder in path.parents if folder.exists())
    return os.access(folder, os.W_OK)


def _upstream(settings: Settings) -> Iterator[Finding]:
    if settings.is_scripted:
        yield Finding(GOOD, "the upstream", settings.upstream or "", "offline, needs no key")
        return
    found, why = options.upstream(settings)
    yield Finding(GOOD, "the upstream", _shown(found), why)
    why = settings.origins["profile"] if settings.profile else "guessed from the base URL"
    yield Finding(GOOD, "its profile", settings.profile_of(found).name, why)
    if not os.environ.get("OPENAI_API_KEY"):
        yield Finding(NOTE, "OPENAI_API_KEY", "not set", "programs must bring their key themselves")


def _probed(settings: Settings, model: str) -> Iterator[Finding]:
    """What the upstream says it can do, beside what its profile says."""
    server, profile = _server(settings)
    found = probing.probe(server, model)
    for each in found:
        is_essential = each.probe.ability is None
        mark = GOOD if each.value else BAD if is_essential and each.value is False else NOTE
        words = {True: "yes", False: "no", None: "cannot tell"}[each.value]
        told = getattr(profile, each.probe.ability) if each.probe.ability else None
        differs = told is not None and each.value is not None and told != each.value
        remark = f"the profile {profile.name} says otherwise" if differs else each.said[:80]
        yield Finding(mark, each.probe.name, words, remark)
    if found[0].value is None:
        yield Finding(BAD, "upstream", "no answer", found[0].said[:160])
    else:
        yield Finding(GOOD, "nearest profile", probing.nearest(found).name, f"in force is {profile.name}")


def _server(settings: Settings) -> tuple[Upstream, Profile]:
    if settings.is_scripted:
        from bridge.upstream.scripted import ScriptedUpstream

        scripted = ScriptedUpstream.from_setting(settings.upstream or "scripted")
        return scripted, scripted.profile
    import openai

    from bridge.upstream.openai import OpenAIUpstream

    url = settings.upstream or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
    key = os.environ.get("OPENAI_API_KEY") or "none"
    profile = settings.profile_of(url)
    asked: dict[str, Any] = {"api_key": key, "base_url": url, "timeout": PATIENCE, "max_retries": 0}
    return OpenAIUpstream(url, lambda: openai.OpenAI(**asked), lambda: openai.AsyncOpenAI(**asked)), profile


def _command() -> Iterator[Finding]:
    """Which program the word `bridge` means in this shell."""
    mine = Path(sys.executable).parent / "bridge"
    first = shutil.which("bridge")
    if first is not None and Path(first).resolve() != mine.resolve():
        say = "say assistants-bridge, or python -m bridge"
        yield Finding(NOTE, "the command bridge", first, f"another program comes first on the PATH: {say}")


def _table(findings: list[Finding]) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(4):
        table.add_column(overflow="fold")
    for finding in findings:
        table.add_row(finding.mark, finding.subject, escape(finding.value), f"[dim]{escape(finding.remark)}[/]")
    return table
