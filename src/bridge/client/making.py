"""How a client of the SDK comes to its service and its upstream: drop-in, installed or wrapped, sync and async alike.

bridge=service                           => that service, whatever the rest says; its maker closes it
a copy with the same base_url            => the service of the client it was copied from
upstream (argument, BRIDGE_UPSTREAM, …)  => an Upstream as it is | a base URL | scripted[:FILE]
nothing said                             => the Responses API at the client's own base_url
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import openai
from attrs import evolve, field, frozen
from openai._base_client import AsyncHttpxClientWrapper, SyncHttpxClientWrapper

from bridge import profiles
from bridge.calls import Answering
from bridge.client import azure, before, behind
from bridge.client.inner import inner_options, options_of
from bridge.client.lazy import LazyService
from bridge.client.offline import Offline
from bridge.client.requests import Door
from bridge.profiles import Profile
from bridge.settings import Settings
from bridge.store import Store
from bridge.upstream import Upstream
from bridge.upstream.openai import OpenAIUpstream
from bridge.upstream.plain import PLAIN, PlainAsyncOpenAI, PlainOpenAI
from bridge.wire.azure import responses_url

NO_KEY: Final = "no-key-needed-offline"
IDENTITIES: Final = ("api_key", "workload_identity", "provider", "admin_api_key", *azure.IDENTITIES)
KEYS_IN_ENVIRONMENT: Final = ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY")

SDKS_OWN: Final = (SyncHttpxClientWrapper, AsyncHttpxClientWrapper)
"""HTTP clients that the SDK makes where the program brings none."""

BEING_MADE: Final = "_bridge_is_being_made"

C = TypeVar("C", openai.OpenAI, openai.AsyncOpenAI)


@frozen
class Wishes:
    """What a client was told beyond the SDK's own options."""

    bridge: Answering | None = None
    store: str | os.PathLike[str] | Store | None = None
    upstream: str | Upstream | None = None

    def given(self) -> dict[str, Any]:
        """As keywords, for a copy."""
        wishes = {"bridge": self.bridge, "store": self.store, "upstream": self.upstream}
        return {name: value for name, value in wishes.items() if value is not None}

    def settings(self) -> Settings:
        store = self.store if isinstance(self.store, (str, os.PathLike)) else None
        upstream = self.upstream if isinstance(self.upstream, str) else None
        return Settings.from_environment(store=store, upstream=upstream)


def make(client: C, construct: Callable[..., None], wishes: Wishes, options: Mapping[str, Any]) -> None:
    """Construct a client of the SDK and put the bridge into it. Constructors call each other (Azure's that of OpenAI, a
    subclass its parent's): the outermost makes, the others only construct."""
    if isinstance(client, PLAIN) or BEING_MADE in vars(client):
        construct(**options)
        return
    making = Making.begin(client, wishes, options)
    vars(client)[BEING_MADE] = True
    try:
        construct(**making.options)
    finally:
        del vars(client)[BEING_MADE]
    making.finish(client)


@frozen
class Making:
    """One client being made. `options` go to the SDK's constructor, with the real HTTP client in them."""

    wishes: Wishes
    settings: Settings
    is_azure: bool
    options: dict[str, Any] = field(repr=False)
    door: Door | None = None
    is_users_client: bool = False
    offline: Offline | None = None

    @classmethod
    def begin(cls, client: C, wishes: Wishes, options: Mapping[str, Any]) -> Making:
        """`client` is not constructed yet."""
        real, door = behind(options.get("http_client"))
        is_azure, options = azure.is_azure(client), {**options, "http_client": real}
        making = cls(wishes, wishes.settings(), is_azure, options, door, real is not None)
        if door is not None:
            return evolve(making, is_users_client=isinstance(door, UsersDoor))
        if making._needs_no_key():
            return making._without_key(isinstance(client, openai.AsyncOpenAI))
        return making

    @classmethod
    def again(cls, client: C, wishes: Wishes) -> Making:
        """For a client that exists, bridged or not."""
        real, door = behind(client._client)
        is_users = not isinstance(real, SDKS_OWN) if door is None else isinstance(door, UsersDoor)
        options = {**options_of(client), "http_client": real if is_users else None}
        making = cls(wishes, wishes.settings(), azure.is_azure(client), options, is_users_client=is_users)
        client._client = real
        return making

    def finish(self, client: C) -> None:
        """Put the bridge between the SDK's client and its real HTTP client."""
        kind = UsersDoor if self.is_users_client else Door
        client._client = before(client._client, kind.of(self._service(client), client))

    # --- without a key

    def _needs_no_key(self) -> bool:
        named = any(self.options.get(name) is not None for name in IDENTITIES)
        keys = azure.IN_ENVIRONMENT if self.is_azure else KEYS_IN_ENVIRONMENT
        return self._is_offline and not named and not any(map(os.environ.get, keys))

    def _without_key(self, is_async: bool) -> Making:
        """Calls that are not ours must not leave with a key that is none."""
        options, offline = {**self.options, "api_key": NO_KEY}, Offline(self._offline_upstream)
        if options["http_client"] is None:
            options["http_client"] = offline.client(is_async)
        if self.is_azure:
            options = azure.offline_options(options)
        return evolve(self, options=options, offline=offline)

    @property
    def _is_offline(self) -> bool:
        if isinstance(self.wishes.upstream, str) or self.wishes.upstream is None:
            return self.settings.is_scripted
        return self.wishes.upstream.name == "scripted"

    # --- the service

    def _service(self, client: C) -> Answering:
        if self.wishes.bridge is not None:
            return _Lent(self.wishes.bridge)
        if self.door is not None and self.door.base_url() == client.base_url:
            return self.door.service
        is_async = isinstance(client, openai.AsyncOpenAI)
        make_upstream = self._upstream(client)
        return LazyService(lambda: self._connect(make_upstream, is_async), self._has_store)

    def _has_store(self) -> bool:
        from bridge.store.open import is_there

        store = self.wishes.store
        return is_there(self.settings.store) if store is None or isinstance(store, (str, os.PathLike)) else True

    def _connect(self, make: Callable[[], Upstream], is_async: bool) -> Answering:
        """A service on the store asked for. Legs stay on the caller's loop where their HTTP client belongs to it."""
        from bridge import routing, service, shadow

        upstream, stays = make(), is_async and self.is_users_client
        if self.wishes.store is None or isinstance(self.wishes.store, (str, os.PathLike)):
            made = service.connect(self.settings, upstream, on_callers_loop=stays)
        else:
            options = self.settings.options()
            made = service.Service(self.wishes.store, upstream, options=options, on_callers_loop=stays)
        made = shadow.beside(made, self.settings)
        # The offline upstream has nothing to close, and a run goes on after its client was closed.
        is_lent = upstream is self.wishes.upstream or upstream.name == "scripted"
        return routing.before(made, self.settings, _Lent(made) if is_lent else made)

    def _upstream(self, client: C) -> Callable[[], Upstream]:
        asked = self.wishes.upstream if self.wishes.upstream is not None else self.settings.upstream
        if self.offline is not None:
            return self.offline.upstream
        if asked is not None and not isinstance(asked, str):
            return lambda: asked
        if self._is_offline:
            return self._offline_upstream
        inner = self._inner(client, asked)
        return lambda: inner

    def _offline_upstream(self) -> Upstream:
        asked = self.wishes.upstream if self.wishes.upstream is not None else self.settings.upstream
        if not isinstance(asked, str):
            assert asked is not None
            return asked
        from bridge.upstream.scripted import ScriptedUpstream

        return ScriptedUpstream.from_setting(asked, profile=self.settings.profile_of(asked))

    def _inner(self, client: C, base_url: str | None) -> OpenAIUpstream:
        """An upstream over plain clients with the options of this one."""
        if self.is_azure:
            base_url = base_url or responses_url(str(client.base_url))
        options = inner_options(self.options, base_url, client)
        users = {"http_client": self.options["http_client"]} if self.is_users_client else {}
        # Keys that are made anew for each call come with it, in its headers; so do those of Azure.
        other = {**options, "api_key": NO_KEY} if callable(options.get("api_key")) or self.is_azure else options
        is_async = isinstance(client, openai.AsyncOpenAI)
        same, url = {**(other if self.is_azure else options), **users}, base_url or str(client.base_url)
        return OpenAIUpstream(
            url,
            lambda: PlainOpenAI(**(other if is_async else same)),
            lambda: PlainAsyncOpenAI(**(same if is_async else other)),
            lends_only=bool(users) and not is_async,
            lends_only_async=bool(users) and is_async,
            profile=self._profile(url),
        )

    def _profile(self, url: str) -> Profile:
        """An Azure client's server is Azure's, behind whatever name, unless somebody says otherwise."""
        is_own = self.wishes.upstream is None and self.settings.upstream is None
        if self.is_azure and is_own and self.settings.profile is None:
            return profiles.AZURE
        return self.settings.profile_of(url)


class UsersDoor(Door):
    """The door of a client whose HTTP client the user made: legs go through it too."""


class _Lent:
    """A service (or one with an upstream) that somebody else closes."""

    def __init__(self, service: Answering) -> None:
        self.owns, self.call, self.acall = service.owns, service.call, service.acall

    def close(self) -> None:
        """Not ours to close."""
