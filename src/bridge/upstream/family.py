"""The two families of HTTP client: openai 1.x and 2.x are built on httpx, 3.x on httpx2 and takes httpx clients too.

They are one shape under two names, so what needs no subclass is written once, over the module that is there.
"""

from __future__ import annotations

import importlib
import ssl
import sys
from typing import Any, Final

import anyio

NAMES: Final = ("httpx2", "httpx")


def installed() -> Any:
    """The module that the installed openai package is built on."""
    import openai

    return module_of(openai.DefaultHttpxClient)


def module_of(client: object) -> Any:
    """The module whose Client or AsyncClient this is (an instance, or the class itself)."""
    kind = client if isinstance(client, type) else type(client)
    for base in kind.__mro__:
        name = base.__module__.partition(".")[0]
        if name in NAMES:
            return importlib.import_module(name)
    raise TypeError(f"neither an httpx nor an httpx2 client: {kind!r}")


def network_errors(*others: type[BaseException]) -> tuple[type[BaseException], ...]:
    """What the families raise when a connection fails in the middle, and `others`.

    Their mapping has holes (TLS, a socket closed by another thread), hence the errors of the layers below.
    """
    loaded = [module for name in NAMES if (module := sys.modules.get(name)) is not None]
    families = [error for module in loaded for error in (module.HTTPError, module.StreamError, module.InvalidURL)]
    below = (OSError, ssl.SSLError, anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream)
    return (*others, *families, *below)
