"""No edit at all: every client of the openai package made from now on is bridged, whoever makes it.

The constructors of the SDK's classes are wrapped, not the names in its modules: so it makes no difference whether a
program or a library has imported `OpenAI` before, subclasses it, or uses the module-level client.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import openai

from bridge.calls import Answering
from bridge.client.making import Wishes, make
from bridge.forks import Lock

if TYPE_CHECKING:
    import os

    from bridge.store import Store
    from bridge.upstream import Upstream

CLASSES: Final = (openai.OpenAI, openai.AsyncOpenAI, openai.AzureOpenAI, openai.AsyncAzureOpenAI)

_lock: Final = Lock()
_wrapped: Final[dict[type[Any], tuple[Callable[..., None], Callable[..., None]]]] = {}
"""Of each class the constructor that was found, and ours around it."""

_wishes: Wishes | None = None
"""None while nothing is installed: constructors of ours may be held by others who wrapped them."""


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
            if sdk not in _wrapped or not _is_in_place(sdk):
                ours = _bridging(sdk.__init__)
                _wrapped[sdk] = sdk.__init__, ours
                sdk.__init__ = ours  # type: ignore[method-assign]


def uninstall() -> None:
    """Make the SDK's constructors what they were; where another library has wrapped them meanwhile, its wrapping stays
    and ours within does nothing. Clients that were bridged stay so."""
    global _wishes
    with _lock:
        _wishes = None
        for sdk in [sdk for sdk in _wrapped if _is_in_place(sdk)]:
            original, _ = _wrapped.pop(sdk)
            sdk.__init__ = original


def _is_in_place(sdk: type[Any]) -> bool:
    """Whether nobody has set another constructor since: one around ours, or the one from before."""
    return sdk.__init__ is _wrapped[sdk][1]


def _bridging(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def __init__(self: Any, **options: Any) -> None:
        wishes = _wishes
        if wishes is None:
            original(self, **options)
        else:
            make(self, lambda **given: original(self, **given), wishes, options)

    return __init__
