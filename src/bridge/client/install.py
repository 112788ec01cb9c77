"""No edit at all: every client of the openai package made from now on is bridged, whoever makes it.

The constructors of the SDK's classes are wrapped, not the names in its modules: so it makes no difference whether a
program or a library has imported `OpenAI` before, subclasses it, or uses the module-level client.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import openai

from bridge.calls import Answering
from bridge.client.making import Wishes, make

if TYPE_CHECKING:
    import os

    from bridge.store import Store
    from bridge.upstream import Upstream

CLASSES: Final = (openai.OpenAI, openai.AsyncOpenAI, openai.AzureOpenAI, openai.AsyncAzureOpenAI)

_lock = threading.Lock()
_originals: Final[dict[type[Any], Callable[..., None]]] = {}
_wishes = Wishes()


def install(
    *,
    bridge: Answering | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    upstream: str | Upstream | None = None,
) -> None:
    """Bridge every client of the openai package that is made from now on, sync, async and Azure's, by user code or a
    library. Clients made before stay as they are; `wrap` bridges one of them.

    The keywords are those of the drop-in clients and hold for all; without them the settings decide. Called again, the
    new ones hold. Raises ConfigurationError for settings that cannot work.
    """
    global _wishes
    wishes = Wishes(bridge, store, upstream)
    wishes.settings()
    with _lock:
        _wishes = wishes
        for sdk in CLASSES:
            if sdk not in _originals:
                _originals[sdk] = sdk.__init__
                sdk.__init__ = _bridging(sdk.__init__)  # type: ignore[method-assign]


def uninstall() -> None:
    """Make the SDK's constructors what they were. Clients that were bridged stay so."""
    with _lock:
        while _originals:
            sdk, original = _originals.popitem()
            sdk.__init__ = original


def _bridging(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def __init__(self: Any, **options: Any) -> None:
        make(self, lambda **given: original(self, **given), _wishes, options)

    return __init__
