"""The drop-in clients, and the transports beneath them for either family of HTTP client."""

from __future__ import annotations

from typing import Any

import pydantic

from bridge.client.requests import Door
from bridge.upstream import family

if pydantic.VERSION.startswith("1."):  # said here, since the SDK makes a "Connection error" of what fails in a call
    raise ImportError(
        f"pydantic {pydantic.VERSION} is too old: 2.7 or newer is needed, or the gateway (docs/ways-in.md)"
    )


def before(real: Any, door: Door) -> Any:
    """An HTTP client of the family and kind of `real`, that answers what is ours and sends the rest through `real`."""
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
