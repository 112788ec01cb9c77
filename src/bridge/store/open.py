"""A setting → the store it names, one object for each in a process (design §5)."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from bridge.errors import ConfigurationError
from bridge.store import Store

DEFAULT: Final = Path(".bridge") / "bridge.db"
PROJECT_MARKS: Final = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
SYNCHRONOUS: Final = ("normal", "full", "extra", "off")

log = logging.getLogger("bridge")
_lock: Final = threading.Lock()
_stores: Final[dict[str, Store]] = {}


def open_store(setting: str | None = None) -> Store:
    """The store of a setting: ``memory``, a path, ``sqlite:///PATH``, or None for the default place.

    The same setting gives the same object for the life of the process. Raises ConfigurationError.
    """
    if setting == "memory":
        from bridge.store.memory import MemoryStore

        return MemoryStore()
    if setting is not None and setting.startswith(("postgres://", "postgresql://", "postgresql+")):
        raise ConfigurationError(
            "store: this version of bridge has no PostgreSQL store yet; name a file (BRIDGE_STORE=path/to/bridge.db)"
        )
    path, synchronous = _file(setting)
    with _lock:
        key = f"{path}?{synchronous}"
        if key not in _stores:
            from bridge.store.sql import SqlStore
            from bridge.store.sqlite import SqliteDialect

            _stores[key] = SqlStore(SqliteDialect(path, synchronous))
            log.info("store: %s", path)
        return _stores[key]


def _file(setting: str | None) -> tuple[Path, str]:
    if setting is None or setting == "":
        return default_path(), "normal"
    if not setting.startswith("sqlite:"):
        if "://" in setting:
            raise ConfigurationError(f"store: {setting.split('://')[0]!r} is no store; name a file or sqlite:///PATH")
        return Path(setting).expanduser().absolute(), "normal"
    parts = urlsplit(setting)
    synchronous = parse_qs(parts.query).get("synchronous", ["normal"])[-1].lower()
    if synchronous not in SYNCHRONOUS:
        raise ConfigurationError(f"store: synchronous={synchronous} is none of {', '.join(SYNCHRONOUS)}")
    name = parts.path.removeprefix("/")
    if not name:
        raise ConfigurationError("store: sqlite:/// needs a path, as in sqlite:///bridge.db")
    return Path(name).expanduser().absolute(), synchronous


def default_path(start: Path | None = None) -> Path:
    """`.bridge/bridge.db` beside the nearest bridge.toml above, else in the project's root, else right here."""
    here = (start or Path.cwd()).absolute()
    for marks in (("bridge.toml",), PROJECT_MARKS):
        for folder in (here, *here.parents):
            if any((folder / mark).exists() for mark in marks):
                return folder / DEFAULT
    return here / DEFAULT
