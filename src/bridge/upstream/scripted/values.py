"""What a value of a script must be; whatever is not is a ConfigurationError that names the place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.errors import ConfigurationError


def mapping(data: Any, place: str, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise wrong(place, "a table", data)
    for key in data:
        if key not in keys:
            raise ConfigurationError(f"{place}: there is no {key!r} here; known are {', '.join(sorted(keys))}.")
    return data


def expect(data: Any, kind: type[Any], place: str) -> Any:
    if not isinstance(data, kind):
        raise wrong(place, {"bool": "true or false", "list": "a list"}[kind.__name__], data)
    return data


def text(data: Any, place: str) -> str:
    if not isinstance(data, str):
        raise wrong(place, "a text (put it in quotes)", data)
    return data


def tokens(data: Any, place: str) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or data < 1:
        raise wrong(place, "a number of tokens", data)
    return data


def seconds(data: Any, place: str) -> float:
    if isinstance(data, bool) or not isinstance(data, (int, float)) or data < 0:
        raise wrong(place, "seconds", data)
    return float(data)


def wrong(place: str, wanted: str, got: Any) -> ConfigurationError:
    return ConfigurationError(f"{place}: expected {wanted}, got {got!r}.")
