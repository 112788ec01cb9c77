"""Programs written for the OpenAI Assistants API keep running, executed on the Responses API.

    from bridge import OpenAI    # instead of: from openai import OpenAI
    import bridge as openai      # instead of: import openai
    bridge.install()             # instead of any edit: clients made from then on are bridged

Names are imported when they are asked for, so that `import bridge` costs nothing. Every public name of the openai
package is here too, its module-level settings and resources included; only `__version__` is our own.

PYTEST_DONT_REWRITE: pytest warns of plugins whose package was imported before it began, as `bridge run` may.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.client.dropin import AsyncAzureOpenAI as AsyncAzureOpenAI
    from bridge.client.dropin import AsyncOpenAI as AsyncOpenAI
    from bridge.client.dropin import AzureOpenAI as AzureOpenAI
    from bridge.client.dropin import OpenAI as OpenAI
    from bridge.client.install import install as install
    from bridge.client.install import uninstall as uninstall
    from bridge.client.native import native as native
    from bridge.client.wrapping import wrap as wrap
    from bridge.errors import BridgeError as BridgeError
    from bridge.errors import ConfigurationError as ConfigurationError
    from bridge.errors import StoreError as StoreError
    from bridge.hooks import on_missing_assistant as on_missing_assistant
    from bridge.hooks import on_missing_thread as on_missing_thread
    from bridge.settings import Settings as Settings

    __version__: str

_HOMES = {
    "OpenAI": "bridge.client.dropin",
    "AsyncOpenAI": "bridge.client.dropin",
    "AzureOpenAI": "bridge.client.dropin",
    "AsyncAzureOpenAI": "bridge.client.dropin",
    "install": "bridge.client.install",
    "uninstall": "bridge.client.install",
    "native": "bridge.client.native",
    "wrap": "bridge.client.wrapping",
    "on_missing_thread": "bridge.hooks",
    "on_missing_assistant": "bridge.hooks",
    "BridgeError": "bridge.errors",
    "ConfigurationError": "bridge.errors",
    "StoreError": "bridge.errors",
    "Settings": "bridge.settings",
}
_ALIASES = {"Client": "OpenAI", "AsyncClient": "AsyncOpenAI"}

_SETTINGS = (
    "admin_api_key",
    "api_key",
    "api_type",
    "api_version",
    "azure_ad_token",
    "azure_ad_token_provider",
    "azure_endpoint",
    "base_url",
    "bedrock_token_provider",
    "default_headers",
    "default_query",
    "http_client",
    "max_retries",
    "organization",
    "project",
    "timeout",
    "webhook_secret",
)
"""What programs set on the openai module, for its module-level client."""

__all__ = [  # noqa: RUF022, the clients first
    "OpenAI",
    "AsyncOpenAI",
    "AzureOpenAI",
    "AsyncAzureOpenAI",
    "install",
    "uninstall",
    "native",
    "wrap",
    "on_missing_thread",
    "on_missing_assistant",
    "Settings",
    "BridgeError",
    "ConfigurationError",
    "StoreError",
    "testing",
    "translate",
    "__version__",
]


def __getattr__(name: str) -> Any:
    found = _found(_ALIASES.get(name, name))
    if name not in _SETTINGS:
        globals()[name] = found
    return found


def _found(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("assistants-bridge")
    if not name.startswith("_") and find_spec(f"bridge.{name}") is not None:
        return import_module(f"bridge.{name}")
    return _of_the_sdk(name)


def _of_the_sdk(name: str) -> Any:
    if not name.startswith("_") or name == "__title__":
        from bridge.client.module import public

        try:
            return public(name)
        except AttributeError:
            pass
    raise AttributeError(f"module 'bridge' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Module(ModuleType):
    """Settings that a program makes on this module are made on the SDK's."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _SETTINGS:
            import_module("bridge.client.module").set_public(name, value)
        else:
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Module
