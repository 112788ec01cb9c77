"""Who is tried beside the primary, and on which runs: the tables ``[[shadow]]`` of bridge.toml (docs/shadow.md).

name         what reports call it; the model's or the upstream's name where there is none
assistants   ids of assistants whose runs are tried; all where there are none
percent      of these runs, how many; 100 where it is not said
model        what is asked in place of the run's model
upstream     a base URL, ``scripted`` or ``scripted:FILE`` that is asked in place of the run's upstream
profile      what kind of server that is (profiles.py)
api_key_env  the environment variable that holds the key for it
seconds      how long a run of the candidate may take
at_once      how many runs of the candidate may be at work in one process
exit_seconds how long the end of the process waits for those that are
keep_days    how long observations are kept
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from attrs import Attribute, field, fields, frozen

from bridge import profiles
from bridge.errors import ConfigurationError

SHARES: Final = 10_000
"""A share of the runs is told as one of so many."""


@frozen
class Candidate:
    name: str = ""
    assistants: tuple[str, ...] = ()
    percent: float = field(default=100.0, metadata={"most": 100.0})
    model: str | None = None
    upstream: str | None = None
    profile: str | None = None
    api_key_env: str | None = None
    seconds: float = 120.0
    at_once: float = 4.0
    exit_seconds: float = 0.0
    keep_days: float = 30.0

    def takes(self, run_id: str, assistant_id: str) -> bool:
        """Whether this run is tried. The same run always gets the same answer, in whatever process."""
        if self.assistants and assistant_id not in self.assistants:
            return False
        return crc32(f"{self.name} {run_id}".encode()) % SHARES < self.percent * SHARES / 100


FIELDS: Final[Mapping[str, Attribute[Any]]] = {each.name: each for each in fields(Candidate)}
NUMBERS: Final = tuple(name for name, each in FIELDS.items() if isinstance(each.default, float))


def read(tables: Any, file: Path) -> tuple[Candidate, ...]:
    """The candidates of a file. Raises ConfigurationError, which names the field."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{file}: `shadow` must be a table in double brackets: [[shadow]]")
    found = [_candidate(table, f"{file}, [[shadow]] {number}") for number, table in enumerate(tables, 1)]
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{file}: two tables [[shadow]] are named {name!r}. Give each its own `name`.")
    return tuple(found)


def _candidate(table: Mapping[str, Any], place: str) -> Candidate:
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in FIELDS:
            raise ConfigurationError(f"{place}: there is no `{name}`. There are: {', '.join(FIELDS)}.")
        values[name] = _checked(name, value, place)
    if not values.get("model") and not values.get("upstream"):
        raise ConfigurationError(f"{place}: say what is tried: another `model`, another `upstream`, or both.")
    if values.get("profile"):
        profiles.named(values["profile"])
    own = (values.get("model"), values.get("upstream"))
    return Candidate(**{"name": " at ".join(filter(None, own)), **values})


def _checked(name: str, value: Any, place: str) -> Any:
    if name == "assistants":
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value) or not value:
            raise ConfigurationError(f"{place}: `assistants` must be a list of ids, or be left out.")
        return tuple(value)
    if name in NUMBERS:
        most = FIELDS[name].metadata.get("most", float("inf"))
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
            raise ConfigurationError(f"{place}: `{name}` must be a number from 0{_to(most)}, not {value!r}.")
        return float(value)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{place}: `{name}` must be a string, not {value!r}.")
    return value


def _to(most: float) -> str:
    return " up" if most == float("inf") else f" to {most:g}"
