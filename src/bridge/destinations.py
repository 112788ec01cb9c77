"""Where runs go: the tables ``[[route]]`` of bridge.toml (docs/routing.md). The first table that fits a run decides.

to           ``bridge``, or the base URL of another server that speaks Assistants (its query, such as Azure's
             ``?api-version=``, is sent with each call)
assistants   ids of the assistants whose runs go there; all where there are none
percent      of their threads, how many; 100 where it is not said
api_key_env  the environment variable that holds the key for that server
callers_key  true: that server is sent the credential of whoever calls. It is never sent otherwise

Tenants are to become a field beside `assistants`: `takes` is the one place that tells whose run it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zlib import crc32

from attrs import fields, frozen

from bridge.errors import ConfigurationError

HERE: Final = "bridge"
SHARES: Final = 10_000
"""A share of the threads is told as one of so many."""


@frozen
class Destination:
    to: str
    assistants: tuple[str, ...] = ()
    percent: float = 100.0
    api_key_env: str | None = None
    callers_key: bool = False

    @property
    def is_here(self) -> bool:
        return self.to == HERE

    def names(self, assistant_id: str) -> bool:
        """Whether it is for runs of this assistant, on whatever thread."""
        return not self.assistants or assistant_id in self.assistants

    def takes(self, assistant_id: str, thread_id: str) -> bool:
        """Whether a run goes there. More percent are more threads, never others, in whatever process."""
        place = crc32(f"{self.to} {thread_id}".encode()) % SHARES
        return self.names(assistant_id) and place < self.percent * SHARES / 100


FIELDS: Final = tuple(each.name for each in fields(Destination))


def read(tables: Any, file: Path) -> tuple[Destination, ...]:
    """The destinations of a file. Raises ConfigurationError, which names the field."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{file}: `route` must be a table in double brackets: [[route]]")
    return tuple(checked(table, f"{file}, [[route]] {number}") for number, table in enumerate(tables, 1))


def checked(table: Mapping[str, Any], place: str) -> Destination:
    """The destination of one table, which stands at `place`. Raises ConfigurationError."""
    for name, value in table.items():
        if name not in FIELDS:
            raise ConfigurationError(f"{place}: there is no `{name}`. There are: {', '.join(FIELDS)}.")
        CHECKS[name](name, value, place)
    if "to" not in table:
        raise ConfigurationError(f'{place}: say where the runs go: `to = "bridge"`, or the base URL of a server.')
    found = Destination(**{**table, "assistants": tuple(table.get("assistants", ()))})
    if found.api_key_env is not None and found.callers_key:
        raise ConfigurationError(f"{place}: `api_key_env` and `callers_key` exclude each other.")
    if found.is_here and (found.api_key_env is not None or found.callers_key):
        raise ConfigurationError(
            f"{place}: keys are for other servers; bridge's own upstream is a setting of [bridge]."
        )
    return found


def _url(name: str, value: Any, place: str) -> None:
    _text(name, value, place)
    parts = urlsplit(value)
    if value != HERE and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ConfigurationError(f'{place}: `to` must be "bridge" or a base URL (https://…/v1), not {value!r}.')


def _ids(name: str, value: Any, place: str) -> None:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value) or not value:
        raise ConfigurationError(f"{place}: `assistants` must be a list of ids, or be left out.")


def _percent(name: str, value: Any, place: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        raise ConfigurationError(f"{place}: `percent` must be a number from 0 to 100, not {value!r}.")


def _text(name: str, value: Any, place: str) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{place}: `{name}` must be a string, not {value!r}.")


def _truth(name: str, value: Any, place: str) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{place}: `{name}` is true or false, not {value!r}.")


CHECKS: Final = {
    "to": _url,
    "assistants": _ids,
    "percent": _percent,
    "api_key_env": _text,
    "callers_key": _truth,
}
