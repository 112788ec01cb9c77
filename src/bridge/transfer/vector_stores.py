"""Vector stores under new ids, as somebody says: ``vs_old=vs_new``, ``vs_old=`` for one to be left out, or a file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from bridge.errors import ConfigurationError

EXPECTED = 'a JSON object of old ids and new ones, {"vs_old": "vs_new"}; null leaves one out'


def read(given: Iterable[str]) -> dict[str, str | None]:
    """Raises ConfigurationError."""
    found: dict[str, str | None] = {}
    for each in given:
        old, sign, new = each.partition("=")
        found |= {old: new or None} if sign else _file(Path(each))
    return found


def _file(path: Path) -> dict[str, str | None]:
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"--vector-stores is OLD=NEW or a file: {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} cannot be read: {error}; expected {EXPECTED}") from error
    if not isinstance(value, dict) or not all(new is None or isinstance(new, str) for new in value.values()):
        raise ConfigurationError(f"{path}: expected {EXPECTED}")
    return value
