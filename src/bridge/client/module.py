"""What makes `import bridge as openai` work: the SDK's public names, its module-level settings and resources.

    import bridge as openai
    openai.api_key = "sk-..."
    thread = openai.beta.threads.create()

The SDK makes one client for the module when it is first asked for something; that one is bridged, whichever of the two
modules asks. Settings are kept in the SDK's module, so that both see the same.
"""

from __future__ import annotations

from typing import Any, Final

import openai
from openai._utils import LazyProxy

from bridge.client.making import Wishes, make
from bridge.client.wrapping import wrap
from bridge.forks import Lock

_lock: Final = Lock()
_resources: Final[dict[str, Any]] = {}


class _Resource(LazyProxy[Any]):
    """A resource of the module's client, looked up anew at each use: settings may change until the first."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._bridge_name = name

    def __load__(self) -> Any:
        return getattr(_client(), self._bridge_name)


def public(name: str) -> Any:
    """The SDK's name, or a resource of its module-level client, bridged. Raises AttributeError."""
    found = getattr(openai, name)
    if not issubclass(type(found), LazyProxy):  # `isinstance` would ask for its __class__, which makes the client
        return found
    return _resources.setdefault(name, _Resource(name))


def set_public(name: str, value: Any) -> None:
    """Set what the SDK's module-level client goes by."""
    setattr(openai, name, value)


def _client() -> Any:
    """The SDK's module-level client, bridged."""
    with _lock:
        if "__init__" not in vars(openai._ModuleClient):
            openai._ModuleClient.__init__ = _init  # type: ignore[method-assign]
        return wrap(openai._load_client())


def _init(self: Any, **options: Any) -> None:
    make(self, super(openai._ModuleClient, self).__init__, Wishes(), options)
