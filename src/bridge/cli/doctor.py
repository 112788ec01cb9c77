"""`bridge doctor`: what is in force here, and whether it works."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Annotated, Final

import typer
from attrs import frozen
from rich.markup import escape
from rich.table import Table

from bridge import settings as bridge_settings
from bridge.cli import judging, options, output, stores
from bridge.cli.judging import Heard
from bridge.errors import StoreError
from bridge.profiles import Profile
from bridge.settings import Settings
from bridge.store.open import open_store

PACKAGES: Final = ("openai", "pydantic", "SQLAlchemy", "httpx2", "httpx", "starlette", "uvicorn")
GOOD: Final = "[green]ok[/]"
NOTE: Final = "[yellow]note[/]"
BAD: Final = "[bold red]wrong[/]"
WORDS: Final = {True: "yes", False: "no", None: "not known"}
SHOWN: Final = 200
"""Characters of an answer that is none."""

EXAMPLES = options.examples(
    ("bridge doctor", "in the folder of the program"),
    ("bridge doctor --store other.db", "what would be, with this store"),
    ("bridge doctor --probe --upstream URL", "ask a server what it can do"),
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
        bool, typer.Option("--probe", help="Send the upstream a dozen small requests; they may cost a little.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="The model that --probe asks.")] = None,
) -> None:
    """Show what is in force here, where it comes from, and whether the store works.

    Versions, settings, the store and its schema, the upstream. Nothing is made, changed or, without --probe, sent. The
    exit code is 1 when something is wrong.

    With --probe the upstream is asked what it can do, with the key in OPENAI_API_KEY if there is one: six short
    questions to a model, the rest costs nothing. It takes a minute and a half at most, and keeps nothing upstream.
    What was found stands beside what the profile in force says, and the profile that fits best is named.
    """
    settings = options.settings(store, upstream, config)
    findings = [*_versions(), *_settings(settings), _store(settings), *_upstream(settings), *_command()]
    if probe:
        findings += probed(settings, model)
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


def probed(settings: Settings, model: str | None = None) -> Iterator[Finding]:
    """What the upstream answers when it is asked what it can do (cli/probing.py), beside its profile."""
    from bridge.cli.probing import Probe

    if settings.is_scripted:
        yield Finding(NOTE, "probe", "not asked", "the offline upstream is in this process")
        return
    url = options.upstream(settings)[0]
    profile = settings.profile_of(url)
    with Probe(url, os.environ.get("OPENAI_API_KEY")) as probe:
        model = model or probe.model(profile)
        if model is None:
            yield Finding(BAD, "probe", "not asked", "the upstream lists no models: name one with --model")
            return
        heard = dict(probe.answers(model))
    yield from _answered(heard, model)
    if "streamed" in heard:
        yield from _beside(judging.profile(heard), profile)


def _answered(heard: Mapping[str, Heard], model: str) -> Iterator[Finding]:
    """Whether the one thing works that has to: POST /responses, whole and streamed."""
    for name, works in (("whole", judging.works), ("streamed", judging.streams)):
        if name not in heard:
            continue
        if works(heard[name]):
            yield Finding(GOOD, "responses", name, f"asked {model}")
        else:
            status = f"HTTP {heard[name].status}" if heard[name].status else "no answer"
            yield Finding(BAD, "responses", f"{name}: {status}", " ".join(heard[name].said.split())[:SHOWN])


def _beside(found: Profile, profile: Profile) -> Iterator[Finding]:
    """Each ability that could be asked for, and what the profile in force says of it."""
    different = judging.differences(found, profile)
    for name in judging.JUDGES:
        said, expected = found.abilities()[name], profile.abilities()[name]
        remark = f"{profile.name} says: {'tried' if expected is None else WORDS[expected]}"
        yield Finding(NOTE if name in different else GOOD, name, WORDS[said], remark)
    nearest = judging.nearest(found)
    missed = judging.differences(found, nearest)
    remark = f"but for {', '.join(missed)}" if missed else "agrees in all that was found"
    if nearest is not profile and not missed:
        remark += f": BRIDGE_PROFILE={nearest.name}"
    elif different:
        remark += "; BRIDGE_PROFILE=generic tries everything"
    yield Finding(GOOD, "nearest profile", nearest.name, remark)


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
