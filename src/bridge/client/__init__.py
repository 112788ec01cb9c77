"""The drop-in clients, and the transports beneath them for either family of HTTP client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pydantic

from bridge.client.requests import Door
from bridge.upstream import family

if pydantic.VERSION.startswith("1."):  # said here, since the SDK makes a "Connection error" of what fails in a call
    raise ImportError(
        f"pydantic {pydantic.VERSION} is too old: 2.7 or newer is needed, or the gateway (docs/ways-in.md)"
    )

_watch: Callable[[Any, Door], None] | None = None


def watch(look: Callable[[Any, Door], None] | None) -> None:
    """Have `look` shown each client that `before` makes from now on, with its door; None ends it."""
    global _watch
    _watch = look


def before(real: Any, door: Door) -> Any:
    """An HTTP client of the family and kind of `real`, that answers what is ours and sends the rest through `real`."""
    made = _made(real, door)
    if _watch is not None:
        _watch(made, door)
    return made


def _made(real: Any, door: Door) -> Any:
    module = family.module_of(real)
    is_async = isinstance(real, module.AsyncClient)
    if module.__name__ == "httpx2":
        from bridge.client import httpx2

        return httpx2.AsyncClient(real, door) if is_async else httpx2.Client(real, door)
    from bridge.client import httpx

    return httpx.AsyncClient(real, door) if is_async else httpx.Client(real, door)


def behind(client: Any) -> tuple[Any, Door | None]:
    """The real client within one that `before` made, and its door; any other client as it is."""
    door = getattr(client, "door", None)
    return (client.real, door) if isinstance(door, Door) else (client, None)
