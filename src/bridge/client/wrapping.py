"""Bridging one client of the SDK that exists already."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import openai

from bridge.calls import Answering
from bridge.client import behind
from bridge.client.making import Making, Wishes

if TYPE_CHECKING:
    import os

    from bridge.store import Store
    from bridge.upstream import Upstream

C = TypeVar("C", openai.OpenAI, openai.AsyncOpenAI)


def wrap(
    client: C,
    *,
    bridge: Answering | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    upstream: str | Upstream | None = None,
) -> C:
    """Bridge this client, and answer it. From here on its `beta.assistants` and `beta.threads` run on the Responses
    API, and so do those of copies of it (`with_options`). A client that is bridged already stays so, with what is
    wished now.

    The keywords are those of the drop-in clients. An HTTP client that the program brought carries the upstream calls.
    Raises TypeError for what is no client, ConfigurationError for settings that cannot work.
    """
    if not isinstance(client, (openai.OpenAI, openai.AsyncOpenAI)):
        raise TypeError(f"wrap() takes a client of the openai package, not {type(client).__name__}")
    wishes = Wishes(bridge, store, upstream)
    if wishes.given() or behind(client._client)[1] is None:
        Making.again(client, wishes).finish(client)
        _bridge_copies(client, wishes)
    return client


def _bridge_copies(client: C, wishes: Wishes) -> None:
    """Have what `copy` and `with_options` make bridged, too. What has the same HTTP client and address is anyway."""

    @wraps(type(client).copy)
    def copy(**options: Any) -> C:
        made: C = type(client).copy(client, **options)
        if options.get("http_client") is not None or made.base_url != client.base_url:
            Making.again(made, wishes).finish(made)
        _bridge_copies(made, wishes)
        return made

    vars(client).update(copy=copy, with_options=copy)
