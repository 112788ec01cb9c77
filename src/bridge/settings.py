"""The settings in force, and where each comes from: explicit, else environment, else bridge.toml, else default.

    store          BRIDGE_STORE          a path, a database URL, or ``memory``; None is the default place (design §5)
    upstream       BRIDGE_UPSTREAM       a base URL, ``scripted`` or ``scripted:FILE``; None is the client's base_url
    profile        BRIDGE_PROFILE        what kind of server that is; None guesses by its base URL (profiles.py)
    models         BRIDGE_MODELS         ``off``, ``suggest``, ``auto`` or a file, for retired models (lifecycle.py)
    background     BRIDGE_BACKGROUND     ``on`` or ``off``: whether legs are background responses
    beta_v1        BRIDGE_BETA_V1        ``convert`` or ``refuse`` requests of the first beta; None is up to the door
    loud_failures  BRIDGE_LOUD_FAILURES  ``on`` or ``off``: whether retrieving a run that failed is an error
    missing_threads  BRIDGE_MISSING_THREADS  ``error``, or ``create`` threads that are named and not there
    (the file)     BRIDGE_CONFIG         bridge.toml beside the program, else in the current folder

The file has a table ``[bridge]`` with the same names, and tables ``[[shadow]]`` (candidates.py) and ``[[route]]``
(destinations.py). Paths in it are relative to the file.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, fields, frozen

from bridge import candidates, destinations, profiles
from bridge.candidates import Candidate
from bridge.destinations import Destination
from bridge.errors import ConfigurationError
from bridge.lifecycle import MODES, Policy
from bridge.profiles import Profile

FILE: Final = "bridge.toml"
CONFIG: Final = "BRIDGE_CONFIG"
DEFAULT_STORE: Final = Path(".bridge") / "bridge.db"
WORDS: Final = {
    "background": ("on", "off"),
    "beta_v1": ("convert", "refuse"),
    "loud_failures": ("on", "off"),
    "missing_threads": ("error", "create"),
}
"""The settings that are one word of a few."""


@frozen
class Options:
    """What of the settings the operations themselves go by. `models` is what becomes of retired models; `background`:
    legs are background responses where the upstream can do that. `converts_beta_v1`: requests in the shape of the first
    beta are taken; `loud_failures`: retrieving a run that failed is an error; `creates_missing_threads`: a call about a
    thread that is not there makes it."""

    models: Policy = field(factory=Policy)
    background: bool = False
    converts_beta_v1: bool = True
    loud_failures: bool = False
    creates_missing_threads: bool = False


@frozen
class Settings:
    """`config` is the file that was read, if any, `shadows` the candidates that it names, `routes` where it sends
    runs. `origins` tells of each setting where its value comes from, in words for people."""

    store: str | None = None
    upstream: str | None = None
    profile: str | None = None
    models: str | None = None
    background: str | None = None
    beta_v1: str | None = None
    loud_failures: str | None = None
    missing_threads: str | None = None
    config: Path | None = None
    shadows: tuple[Candidate, ...] = ()
    routes: tuple[Destination, ...] = ()
    origins: Mapping[str, str] = field(factory=dict, eq=False)

    @classmethod
    def from_environment(
        cls,
        *,
        store: str | os.PathLike[str] | None = None,
        upstream: str | None = None,
        config: str | os.PathLike[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        """What is in force, given what was said explicitly. Raises ConfigurationError for a file that cannot be read or
        holds what is no setting."""
        env = os.environ if environment is None else environment
        file = _find(config if config is not None else env.get(CONFIG) or None)
        explicit = {"store": None if store is None else os.fspath(store), "upstream": upstream}
        written, shadows, routes = _read(file) if file is not None else ({}, (), ())
        found = {name: _first(name, explicit, env, written, file) for name in NAMES}
        values = {name: value for name, (value, _) in found.items()}
        settings = cls(**values, config=file, shadows=shadows, routes=routes, origins=_origins(found))
        settings.options(), settings.profile_of("")  # what cannot work says so now
        return settings

    def options(self) -> Options:
        """What the operations go by. Raises ConfigurationError."""
        for name, words in WORDS.items():
            value = getattr(self, name)
            if value is not None and value not in words:
                raise ConfigurationError(f"The setting `{name}` is {' or '.join(words)}, not {value!r}.")
        return Options(
            _policy(self.models),
            self.background == "on",
            self.beta_v1 != "refuse",
            self.loud_failures == "on",
            self.missing_threads == "create",
        )

    def profile_of(self, base_url: str) -> Profile:
        """The profile of the server at this base URL. Raises ConfigurationError."""
        return profiles.guess(base_url) if self.profile is None else profiles.named(self.profile)

    @property
    def is_scripted(self) -> bool:
        """Whether the upstream is the offline one."""
        return self.upstream is not None and self.upstream.partition(":")[0] == "scripted"


NOT_NAMED: Final = ("config", "shadows", "routes", "origins")
NAMES: Final = tuple(one.name for one in fields(Settings) if one.name not in NOT_NAMED)


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"BRIDGE_{name.upper()}"


def _first(
    name: str, explicit: Mapping[str, str | None], env: Mapping[str, str], written: Mapping[str, str], file: Path | None
) -> tuple[str | None, str]:
    if (value := explicit.get(name)) is not None:
        return value, "given explicitly"
    if value := env.get(variable(name)):
        return value, f"environment variable {variable(name)}"
    if file is not None and name in written:
        return anchored(name, written[name], file.parent), str(file)
    if file is not None and name == "store":
        return str(file.parent / DEFAULT_STORE), f"default, beside {file}"
    return None, "default"


def _origins(found: Mapping[str, tuple[str | None, str]]) -> dict[str, str]:
    return {name: origin for name, (_, origin) in found.items()}


def _find(named: str | os.PathLike[str] | None) -> Path | None:
    if named is not None:
        path = Path(named).expanduser().absolute()
        if not path.is_file():
            raise ConfigurationError(
                f"There is no file {path}. {CONFIG} or --config must name a {FILE}, or be left out."
            )
        return path
    return next((path for path in _places() if path.is_file()), None)


def _places() -> list[Path]:
    main = sys.modules.get("__mp_main__") or sys.modules.get("__main__")  # the first is the program in its own workers
    program = getattr(main, "__file__", None)
    folders = [Path(program).absolute().parent] if program else []
    return [folder / FILE for folder in (*folders, Path.cwd())]


def _read(file: Path) -> tuple[dict[str, str], tuple[Candidate, ...], tuple[Destination, ...]]:
    whole = _toml(file)
    for name in whole.keys() - {"bridge", "shadow", "route"}:
        raise ConfigurationError(
            f"{file}: `{name}` is not in the table [bridge], and nothing but [bridge], [[shadow]] and [[route]] is "
            "read."
        )
    shadows = candidates.read(whole.get("shadow", []), file)
    routes = destinations.read(whole.get("route", []), file)
    return _settings(whole, file), tuple(_anchored(each, file.parent) for each in shadows), routes


def _anchored(one: Candidate, folder: Path) -> Candidate:
    return one if one.upstream is None else evolve(one, upstream=anchored("upstream", one.upstream, folder))


def _settings(whole: dict[str, Any], file: Path) -> dict[str, str]:
    table = whole.get("bridge", {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"{file}: `bridge` must be a table: [bridge]")
    for name, value in table.items():
        if name not in NAMES:
            raise ConfigurationError(f"{file}: there is no setting `{name}`. There are: {', '.join(NAMES)}.")
        if not isinstance(value, str):
            raise ConfigurationError(f"{file}: `{name}` must be a string, not {value!r}.")
    return table


def _policy(models: str | None) -> Policy:
    """The setting `models`: a word, or a file of names."""
    if models is None or models in MODES:
        return Policy(models)
    file = Path(models).expanduser()
    try:
        found = _toml(file) if file.suffix == ".toml" else _json(file)
    except ConfigurationError as error:
        raise ConfigurationError(f"`models` is off, suggest, auto, or a JSON file or TOML file: {error}") from error
    names = found.get("models", found) if isinstance(found, dict) else None
    if not isinstance(names, dict) or not all(isinstance(new, str) and new for new in names.values()):
        raise ConfigurationError(f'{file}: expected a table `models` of names, "old-model" and "new-model".')
    return Policy("auto", names)


def _toml(file: Path) -> dict[str, Any]:
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    read: dict[str, Any] = _parsed(file, toml.loads)
    return read


def _json(file: Path) -> Any:
    return _parsed(file, json.loads)


def _parsed(file: Path, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # those of UTF-8, JSON and TOML are ValueErrors
        raise ConfigurationError(f"{file} cannot be read: {error}") from error


def anchored(name: str, value: str, folder: Path) -> str:
    """A setting's value whose path, where it is one, is relative to this folder: with the path made absolute."""
    if "://" in value or value in ("memory", "scripted"):
        return value
    if name in ("profile", *WORDS) or value in MODES:
        return value
    if value.startswith("scripted:"):
        return f"scripted:{folder / Path(value.partition(':')[2]).expanduser()}"
    return str(folder / Path(value).expanduser())
