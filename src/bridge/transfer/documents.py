"""Files that people write: TOML, YAML and JSON, told apart by their ending."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from bridge.errors import ConfigurationError


def read(file: Path) -> Any:
    """What the file says. Raises ConfigurationError."""
    try:
        return parsed(file.read_text(encoding="utf-8"), file.suffix)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error


def parsed(text: str, suffix: str) -> Any:
    """Raises ValueError; ConfigurationError where YAML cannot be read here."""
    if suffix == ".toml":
        return importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli").loads(text)
    if suffix == ".json":
        return json.loads(text)
    yaml = _yaml()
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def as_yaml(value: Any) -> str:
    """Texts of several lines as blocks, the way people write them."""
    yaml = _yaml()

    class Dumper(yaml.SafeDumper):  # type: ignore[misc, name-defined]
        """Its own class: what is added here is nobody else's."""

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    return written


def _yaml() -> Any:
    try:
        return importlib.import_module("yaml")
    except ImportError as error:
        raise ConfigurationError(
            "YAML needs PyYAML: pip install 'assistants-bridge[tools]'; JSON and TOML do without"
        ) from error
