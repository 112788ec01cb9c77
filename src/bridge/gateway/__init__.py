"""The gateway: the Assistants API over HTTP for every language, on Starlette and uvicorn (extra ``server``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from bridge.gateway.app import create_app as create_app
    from bridge.gateway.serving import app_from_settings as app_from_settings
    from bridge.gateway.serving import serve as serve

_HOMES = {
    "create_app": "bridge.gateway.app",
    "app_from_settings": "bridge.gateway.serving",
    "serve": "bridge.gateway.serving",
}
_NEEDED = ("starlette", "uvicorn")


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'bridge.gateway' has no attribute {name!r}")
    try:
        module = import_module(_HOMES[name])
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _NEEDED:
            raise
        raise ConfigurationError(f"The gateway needs {missing}: pip install 'assistants-bridge[server]'") from error
    return getattr(module, name)
