"""The clients of the openai package, with the Assistants API behind them again.

    from bridge import OpenAI            # instead of: from openai import OpenAI

Constructors, methods and types are the SDK's own; three keywords are added, all optional:

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
from bridge.client.making import Wishes, make

if TYPE_CHECKING:
    import os

    from bridge.store import Store
    from bridge.upstream import Upstream


def _init(sdk: type[Any]) -> Callable[..., None]:
    """The constructor of a drop-in class: that of its parent in the SDK, told what was wished beyond."""

    @wraps(sdk.__init__)
    def __init__(self: Any, *, bridge: Any = None, store: Any = None, upstream: Any = None, **options: Any) -> None:
        self._wishes = Wishes(bridge, store, upstream)
        make(self, lambda **given: sdk.__init__(self, **given), self._wishes, options)

    return __init__


def _copy(sdk: type[Any]) -> Callable[..., Any]:
    """`copy` and `with_options`, by which the wishes go along."""

    @wraps(sdk.copy)
    def copy(self: Any, *, _extra_kwargs: Mapping[str, Any] | None = None, **options: Any) -> Any:
        return sdk.copy(self, **options, _extra_kwargs={**self._wishes.given(), **(_extra_kwargs or {})})

    return copy


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
        __init__ = _init(openai.OpenAI)
        copy = with_options = _copy(openai.OpenAI)


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
        __init__ = _init(openai.AsyncOpenAI)
        copy = with_options = _copy(openai.AsyncOpenAI)


class AzureOpenAI(openai.AzureOpenAI):
    """`openai.AzureOpenAI`, whose threads run on Azure's Responses API (docs/ways-in.md)."""

    _wishes: Wishes

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            azure_endpoint: str | None = None,
            azure_deployment: str | None = None,
            api_version: str | None = None,
            api_key: str | Callable[[], str] | None = None,
            azure_ad_token: str | None = None,
            azure_ad_token_provider: Callable[[], str] | None = None,
            base_url: str | None = None,
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
        __init__ = _init(openai.AzureOpenAI)
        copy = with_options = _copy(openai.AzureOpenAI)


class AsyncAzureOpenAI(openai.AsyncAzureOpenAI):
    """`openai.AsyncAzureOpenAI`, whose threads run on Azure's Responses API (docs/ways-in.md)."""

    _wishes: Wishes

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            azure_endpoint: str | None = None,
            azure_deployment: str | None = None,
            api_version: str | None = None,
            api_key: str | Callable[[], Awaitable[str]] | None = None,
            azure_ad_token: str | None = None,
            azure_ad_token_provider: Callable[[], str | Awaitable[str]] | None = None,
            base_url: str | None = None,
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
        __init__ = _init(openai.AsyncAzureOpenAI)
        copy = with_options = _copy(openai.AsyncAzureOpenAI)
