"""The file of the user's rules, read strictly (docs/diff-rules.md).

    [[accept]]
    operation = "messages.*"
    path = "$.data[*].metadata.*"
    rule = "value"
    reason = "the candidate writes its version there"

`operation` and `path` are patterns (`*` is anything), `kind` and `rule` are words of the tables. What is not given
fits everything; at least one of the four and the reason are required.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.diff.compare.rules import NAMES, SELECTORS, Rule, What
from bridge.diff.compare.weights import WEIGHTS
from bridge.diff.observations import KINDS
from bridge.errors import ConfigurationError


def read(path: Path) -> tuple[Rule, ...]:
    """Raises ConfigurationError, which says what is wrong where."""
    try:
        return parsed(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no UTF-8 text.") from error


def parsed(text: str, name: str) -> tuple[Rule, ...]:
    """`name` is what errors call the file. Raises ConfigurationError, which says which rule is wrong and how."""
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        tables = toml.loads(text)
    except toml.TOMLDecodeError as error:
        raise ConfigurationError(f"{name} is no TOML: {error}") from error
    unknown = sorted(tables.keys() - {"accept", "ignore"})
    if unknown:
        raise ConfigurationError(f"{name}: there is no table [[{unknown[0]}]]; rules are [[accept]] or [[ignore]].")
    return tuple(rule for what in ("accept", "ignore") for rule in _rules(what, tables.get(what, []), name))


def _rules(what: Any, tables: Any, name: str) -> list[Rule]:
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise ConfigurationError(f"{name}: {what} is a list of tables, written [[{what}]].")
    return [_rule(what, table, f"{name}, [[{what}]] number {number}") for number, table in enumerate(tables, 1)]


def _rule(what: What, table: Mapping[str, Any], where: str) -> Rule:
    for key, value in table.items():
        if key not in NAMES:
            raise ConfigurationError(f"{where}: there is no {key!r}; there are {', '.join(NAMES)}.")
        if not isinstance(value, str) or not value.strip():
            raise ConfigurationError(f"{where}: {key} is a text that says something.")
    if "reason" not in table:
        raise ConfigurationError(f"{where} has no reason: whoever reads the report wants to know why.")
    if not any(key in table for key in SELECTORS):
        raise ConfigurationError(f"{where} would fit every mismatch: give one of {', '.join(SELECTORS)}.")
    _check(table.get("kind"), KINDS, f"{where}: kind")
    _check(table.get("rule"), sorted(WEIGHTS), f"{where}: rule")
    return Rule(what, **table)


def _check(value: str | None, known: Sequence[str], where: str) -> None:
    if value is not None and value not in known:
        raise ConfigurationError(f"{where} cannot be {value!r}; it is one of {', '.join(known)}.")
