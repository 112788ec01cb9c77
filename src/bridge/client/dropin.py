"""The clients of the openai package, with the Assistants API behind them again.

    from bridge import OpenAI            # instead of: from openai import OpenAI

Constructor, methods and types are the SDK's own; three keywords are added, all optional:

    store       a path, a database URL, ``memory``, or a Store       (BRIDGE_STORE)
    upstream    a base URL, ``scripted[:FILE]``, or an Upstream      (BRIDGE_UPSTREAM)
    bridge      a service made elsewhere, shared by several clients
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

import openai

from bridge.calls import Answering
from bridge.client.making import Making, Wishes

if TYPE_CHECKING:
    import os

    from bridge.store import Store
    from bridge.upstream import Upstream


class OpenAI(openai.OpenAI):
    """`openai.OpenAI`, whose `beta.assistants` and `beta.threads` run on the Responses API."""

    _wishes: Wishes

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            api_key: str | Callable[[], str] | None = None,
            organization: str | None = None,
            project: str | None = None,
            webhook_secret: str | None = None,
            base_url: str | Any | None = None,
            websocket_base_url: str | Any | None = None,
            timeout: float | openai.Timeout | openai.NotGiven | None = ...,
            max_retries: int = ...,
            default_headers: Mapping[str, str] | None = None,
            default_query: Mapping[str, object] | None = None,
            http_client: openai.DefaultHttpxClient | None = None,
            bridge: Answering | None = None,
            store: str | os.PathLike[str] | Store | None = None,
            upstream: str | Upstream | None = None,
            **options: Any,
        ) -> None: ...

    else:

        @wraps(openai.OpenAI.__init__)
        def __init__(self, *, bridge=None, store=None, upstream=None, **options):
            self._wishes = Wishes(bridge, store, upstream)
            making = Making.begin(self._wishes, options, is_async=False)
            super().__init__(**making.options)
            making.finish(self)

        @wraps(openai.OpenAI.copy)
        def copy(self, *, _extra_kwargs=None, **options):
            return super().copy(**options, _extra_kwargs={**self._wishes.given(), **(_extra_kwargs or {})})

        with_options = copy


class AsyncOpenAI(openai.AsyncOpenAI):
    """`openai.AsyncOpenAI`, whose `beta.assistants` and `beta.threads` run on the Responses API."""

    _wishes: Wishes

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            api_key: str | Callable[[], Awaitable[str]] | None = None,
            organization: str | None = None,
            project: str | None = None,
            webhook_secret: str | None = None,
            base_url: str | Any | None = None,
            websocket_base_url: str | Any | None = None,
            timeout: float | openai.Timeout | openai.NotGiven | None = ...,
            max_retries: int = ...,
            default_headers: Mapping[str, str] | None = None,
            default_query: Mapping[str, object] | None = None,
            http_client: openai.DefaultAsyncHttpxClient | None = None,
            bridge: Answering | None = None,
            store: str | os.PathLike[str] | Store | None = None,
            upstream: str | Upstream | None = None,
            **options: Any,
        ) -> None: ...

    else:

        @wraps(openai.AsyncOpenAI.__init__)
        def __init__(self, *, bridge=None, store=None, upstream=None, **options):
            self._wishes = Wishes(bridge, store, upstream)
            making = Making.begin(self._wishes, options, is_async=True)
            super().__init__(**making.options)
            making.finish(self)

        @wraps(openai.AsyncOpenAI.copy)
        def copy(self, *, _extra_kwargs=None, **options):
            return super().copy(**options, _extra_kwargs={**self._wishes.given(), **(_extra_kwargs or {})})

        with_options = copy
