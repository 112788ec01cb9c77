"""A setting → the store it names, one object for each in a process (design §5)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from bridge.errors import ConfigurationError
from bridge.store import Store

DEFAULT: Final = Path(".bridge") / "bridge.db"
PROJECT_MARKS: Final = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
SYNCHRONOUS: Final = ("normal", "full", "extra", "off")

log = logging.getLogger("bridge")
_stores: Final[dict[Path | str, Store]] = {}


def open_store(setting: str | None = None) -> Store:
    """The store of a setting: ``memory``, a path, ``sqlite:///PATH``, or None for the default place.

    One object for each file, and one in memory, for the life of the process, however the setting spells it.
    ``sqlite:///PATH?synchronous=full`` survives a power loss too. Nothing is made until it is first used. Raises
    ConfigurationError.
    """
    if setting == "memory":
        from bridge.store.memory import MemoryStore

        return _stores.get(setting) or _stores.setdefault(setting, MemoryStore())
    if setting is not None and setting.startswith(("postgres:", "postgresql:", "postgresql+")):
        raise ConfigurationError(
            "store: this version of bridge has no PostgreSQL store yet, the extra 'postgres' is for a later one; "
            "name a file (BRIDGE_STORE=path/to/bridge.db)"
        )
    return _file_store(*_file(setting))


def is_there(setting: str | None) -> bool:
    """Whether the store of a setting has been made; nothing is made by asking. Raises ConfigurationError."""
    return setting != "memory" and _file(setting)[0].exists()


def _file_store(path: Path, synchronous: str | None) -> Store:
    from bridge.store.sql import SqlStore
    from bridge.store.sqlite import SqliteDialect

    key = path.resolve()  # two spellings of one file are one store
    made = SqlStore(SqliteDialect(path, synchronous or "normal"))
    store = _stores.setdefault(key, made)  # without a lock, which a fork could leave held; an unused store is nothing
    if store is made:
        log.info("store: %s", path)
    assert isinstance(store, SqlStore) and isinstance(store.dialect, SqliteDialect)
    if synchronous not in (None, store.dialect.synchronous):
        raise ConfigurationError(f"store: {path} is in use here with synchronous={store.dialect.synchronous} already")
    return store


def _file(setting: str | None) -> tuple[Path, str | None]:
    """The absolute path that a setting names, and its `synchronous`, if it says so."""
    if setting is None or setting == "":
        return default_path(), None
    name, synchronous = setting, None
    if setting.startswith("sqlite:"):
        parts = urlsplit(setting)
        name = parts.path.removeprefix("/")
        synchronous = _synchronous(parse_qs(parts.query))
    elif "://" in setting:
        raise ConfigurationError(f"store: {setting.split('://')[0]!r} is no store; name a file or sqlite:///PATH")
    if name in ("", ":memory:"):
        raise ConfigurationError("store: a path is missing, as in sqlite:///bridge.db; 'memory' is a store in memory")
    return Path(name).expanduser().absolute(), synchronous


def _synchronous(query: dict[str, list[str]]) -> str | None:
    unknown = query.keys() - {"synchronous"}
    if unknown:
        raise ConfigurationError(f"store: {', '.join(sorted(unknown))} is no parameter of a SQLite store")
    chosen = query.get("synchronous", [None])[-1]
    if chosen is not None and chosen.lower() not in SYNCHRONOUS:
        raise ConfigurationError(f"store: synchronous={chosen} is none of {', '.join(SYNCHRONOUS)}")
    return chosen and chosen.lower()


def default_path(start: Path | None = None) -> Path:
    """`.bridge/bridge.db` beside the nearest bridge.toml above, else in the project's root, else right here."""
    here = (start or Path.cwd()).absolute()
    for marks in (("bridge.toml",), PROJECT_MARKS):
        for folder in (here, *here.parents):
            if any((folder / mark).exists() for mark in marks):
                return folder / DEFAULT
    return here / DEFAULT
