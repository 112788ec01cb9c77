"""`bridge doctor`: what is in force here, and whether it works."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

import bridge
from bridge import settings as bridge_settings
from bridge.candidates import Candidate
from bridge.cli import bridging, findings, options, output, routed, stores
from bridge.cli.findings import Finding
from bridge.cli.probed import probed
from bridge.cli.reaching import reach
from bridge.destinations import Destination
from bridge.errors import ConfigurationError, StoreError
from bridge.settings import Settings
from bridge.store.open import open_store
from bridge.wire.paths import without_credentials

DEFAULTS: Final = {
    "store": "the root of the project (see Store)",
    "upstream": "the base URL of each client; the gateway's is OPENAI_BASE_URL, else OpenAI",
    "profile": "by the base URL (see Upstream)",
    "models": "retired models are replaced on OpenAI's own server",
    "background": "off",
    "beta_v1": "convert in the drop-in clients, refuse in the gateway",
    "loud_failures": "off",
    "missing_threads": "error",
}
"""What is in force where nobody said anything (docs/configuration.md)."""

EXAMPLES = options.examples(
    ("bridge doctor", "in the folder of the program"),
    ("bridge doctor --offline --json", "for CI: no connection, and JSON"),
    ("bridge doctor --store other.db", "what would be, with this store"),
    ("bridge doctor --probe --upstream URL", "ask a server what it can do"),
)


def add(app: typer.Typer) -> None:
    app.command(help=options.page(doctor), epilog=EXAMPLES)(doctor)


def doctor(
    store: options.Store = None,
    upstream: options.Upstream = None,
    config: options.Config = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not connect to the upstream.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Send the upstream a dozen small requests; they may cost a little.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="The model that --probe asks.")] = None,
) -> None:
    """Show what is in force here, where it comes from, and whether it works: what is wrong first.

    Packages and how the SDK among them is bridged, settings, the store and its schema, the upstream and its profile.
    Nothing is made or changed. A connection to the upstream is made and closed, within three seconds and without a
    request; --offline leaves that out.

    \b
    Exit codes: 0 nothing is wrong (notes are not), 1 something is,
                2 a setting or an option cannot work, so nothing was looked at.

    With --probe the upstream is asked what it can do, with the key in OPENAI_API_KEY if there is one: six short
    questions to a model, the rest costs nothing. It takes a minute and a half at most, and keeps nothing upstream.
    What was found stands beside what the profile in force says, and the profile that fits best is named.
    """
    if offline and probe:
        output.fail("--probe asks the upstream, which --offline forbids", output.USAGE)
    settings = options.settings(store, upstream, config)
    found = [
        *_packages(),
        *_settings(settings),
        _store(settings),
        *_upstream(settings, connects=not (offline or probe)),
    ]
    if probe:
        found += probed(settings, model)
    if as_json:
        typer.echo(findings.as_json(found, bridge.__version__))
    else:
        findings.show(output.stdout(), found)
    if not findings.are_good(found):
        raise typer.Exit(output.FAILED)


def _packages() -> Iterator[Finding]:
    yield Finding("packages", "ok", bridging.DISTRIBUTION, bridge.__version__)
    yield Finding("packages", "ok", "Python", platform.python_version(), sys.executable)
    yield from bridging.packages(bridging.versions(), bridging.floors())
    yield from _command()


def _command() -> Iterator[Finding]:
    """Which program the word `bridge` means in this shell."""
    mine = Path(sys.executable).parent / "bridge"
    first = shutil.which("bridge")
    if first is not None and Path(first).resolve() != mine.resolve():
        say = "another program comes first on the PATH: say assistants-bridge, or python -m bridge"
        yield Finding("packages", "note", "the command bridge", first, say)


def _settings(settings: Settings) -> Iterator[Finding]:
    for name in bridge_settings.NAMES:
        value, origin = getattr(settings, name), settings.origins[name]
        if value is None:
            yield Finding("settings", "ok", name, "not set", f"default: {DEFAULTS[name]}")
        else:
            yield Finding("settings", "ok", name, _shown(value), origin)
    file = "none found" if settings.config is None else str(settings.config)
    yield Finding("settings", "ok", bridge_settings.FILE, file)
    yield from map(_shadow, settings.shadows)
    yield from map(_route, settings.routes)


def _shadow(candidate: Candidate) -> Finding:
    whose = f"{len(candidate.assistants)} assistants" if candidate.assistants else "all assistants"
    what = " at ".join(filter(None, (candidate.model, candidate.upstream and _shown(candidate.upstream))))
    key = candidate.api_key_env
    level: findings.Level = "wrong" if key and not os.environ.get(key) else "ok"
    remark = f"{what}, on {candidate.percent:g} % of the runs of {whose}"
    return Finding("settings", level, "shadow", candidate.name, f"{key} is not set" if level == "wrong" else remark)


def _route(one: Destination) -> Finding:
    key = one.api_key_env
    if key and not os.environ.get(key):
        return Finding("settings", "wrong", "route", routed.told(one), f"{key} is not set")
    return Finding("settings", "ok", "route", routed.told(one))


def _shown(value: str) -> str:
    """Without what may be a secret: names and passwords, and the query of a server's URL."""
    is_server = value.startswith(("http://", "https://"))
    return without_credentials(value) if is_server or "@" in value else value


def _store(settings: Settings) -> Finding:
    try:
        found = stores.find(settings.store)
    except StoreError as error:
        name = open_store(settings.store).name
        return Finding("store", "wrong", "the store", name, str(error).removeprefix(f"the store {name} "))
    level, name, remark = _looked_at(found)
    return Finding("store", level, "the store", name, remark)


def _looked_at(found: stores.Found) -> tuple[findings.Level, str, str]:
    if found.path is None:
        return "ok", found.name, "gone when the process ends"
    if found.schema is None:
        if _can_make(found.path):
            return "ok", found.name, "not there yet; made at the first call"
        return "wrong", found.name, "not there yet, and its folder is not writable: BRIDGE_STORE names another place"
    if found.schema > found.known:
        return "wrong", found.name, f"schema {found.schema}, known is {found.known}: upgrade bridge"
    if not os.access(found.path, os.W_OK):
        return "wrong", found.name, "not writable"
    remark = "" if found.schema == found.known else f", becomes {found.known} at the first call"
    return "ok", found.name, f"schema {found.schema}{remark}"


def _can_make(path: Path) -> bool:
    folder = next(folder for folder in path.parents if folder.exists())
    return os.access(folder, os.W_OK)


def _upstream(settings: Settings, connects: bool) -> Iterator[Finding]:
    if settings.upstream is not None and settings.is_scripted:
        yield _script(settings.upstream)
        return
    for url, why in options.upstreams(settings):
        yield Finding("upstream", "ok", "the upstream", _shown(url), why)
        if connects:
            yield _reached(url)
        why = settings.origins["profile"] if settings.profile else "guessed from the base URL"
        yield Finding("upstream", "ok", "its profile", settings.profile_of(url).name, why)
    if not any(map(os.environ.get, ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"))):
        yield Finding("upstream", "note", "OPENAI_API_KEY", "not set", "programs must bring their key themselves")


def _script(setting: str) -> Finding:
    from bridge.upstream.scripted import ScriptedUpstream

    try:
        ScriptedUpstream.from_setting(setting)
    except ConfigurationError as error:
        return Finding("upstream", "wrong", "the upstream", setting, str(error))
    return Finding("upstream", "ok", "the upstream", setting, "offline, needs no key")


def _reached(url: str) -> Finding:
    reached = reach(url)
    through = f"the proxy {reached.proxy}" if reached.proxy else _shown(url)
    if reached.why is not None:
        remark = f"{reached.why}; --upstream or BRIDGE_UPSTREAM names another, --offline does not try"
        return Finding("upstream", "wrong", "connection", f"{through} cannot be reached", remark)
    remark = "what is behind it was not asked" if reached.proxy else "no request was sent; --probe sends some"
    return Finding("upstream", "ok", "connection", f"{through} can be reached", remark)
