"""Programs written for the OpenAI Assistants API keep running, executed on the Responses API.

    from bridge import OpenAI    # instead of: from openai import OpenAI

Names are imported when they are asked for, so that `import bridge` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.client.dropin import AsyncOpenAI as AsyncOpenAI
    from bridge.client.dropin import OpenAI as OpenAI
    from bridge.errors import BridgeError as BridgeError
    from bridge.errors import ConfigurationError as ConfigurationError
    from bridge.errors import StoreError as StoreError
    from bridge.settings import Settings as Settings

    __version__: str

_HOMES = {
    "OpenAI": "bridge.client.dropin",
    "AsyncOpenAI": "bridge.client.dropin",
    "BridgeError": "bridge.errors",
    "ConfigurationError": "bridge.errors",
    "StoreError": "bridge.errors",
    "Settings": "bridge.settings",
}
_MODULES = ("testing", "translate")

__all__ = [  # noqa: RUF022, the clients first
    "OpenAI",
    "AsyncOpenAI",
    "Settings",
    "BridgeError",
    "ConfigurationError",
    "StoreError",
    "testing",
    "translate",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = getattr(import_module(_HOMES[name]), name)
    elif name in _MODULES:
        found = import_module(f"bridge.{name}")
    elif name == "__version__":
        from importlib.metadata import version

        found = version("assistants-bridge")
    else:
        raise AttributeError(f"module 'bridge' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
