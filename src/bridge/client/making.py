"""How a drop-in client comes to its service and its upstream, sync and async alike.

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
from openai._types import Omit

from bridge.calls import Answering
from bridge.client import unwrap, wrap
from bridge.client.lazy import LazyService
from bridge.client.offline import Offline
from bridge.client.requests import Door
from bridge.settings import Settings
from bridge.store import Store
from bridge.upstream import Upstream
from bridge.upstream.openai import OpenAIUpstream

NO_KEY: Final = "no-key-needed-offline"
PATIENCE: Final = 600.0
"""Seconds of silence a leg bears at least. Programs set short timeouts for calls that were short with the Assistants
API; a reasoning model may be silent for minutes. 600 s is the SDK's own default, and the life of a run."""

OTHER_IDENTITIES: Final = ("workload_identity", "provider", "admin_api_key")
NOT_FOR_UPSTREAM: Final = ("default_headers", "http_client", "timeout", "websocket_base_url", "webhook_secret")
"""Options the inner client goes without. Headers come with each call; the others are set by us."""

C = TypeVar("C", openai.OpenAI, openai.AsyncOpenAI)


@frozen
class Wishes:
    """What a drop-in client was told beyond the SDK's own options."""

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


@frozen
class Making:
    """One drop-in client being made. `options` go to the SDK's constructor, with the real HTTP client in them."""

    wishes: Wishes
    settings: Settings
    options: dict[str, Any] = field(repr=False)
    door: Door | None = None
    is_users_client: bool = False
    offline: Offline | None = None

    @classmethod
    def begin(cls, wishes: Wishes, options: Mapping[str, Any], is_async: bool) -> Making:
        real, door = unwrap(options.get("http_client"))
        making = cls(wishes, wishes.settings(), {**options, "http_client": real}, door, real is not None)
        if door is not None:
            return evolve(making, is_users_client=isinstance(door, UsersDoor))
        if making._needs_no_key():
            return making._without_key(is_async)
        return making

    def finish(self, client: C) -> None:
        """Put the bridge between the SDK's client and its real HTTP client."""
        kind = UsersDoor if self.is_users_client else Door
        client._client = wrap(client._client, kind.of(self._service(client), client))

    # --- without a key

    def _needs_no_key(self) -> bool:
        named = any(self.options.get(name) is not None for name in ("api_key", *OTHER_IDENTITIES))
        in_environment = os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_ADMIN_KEY")
        return self._is_offline and not named and not in_environment

    def _without_key(self, is_async: bool) -> Making:
        """Calls that are not ours must not leave with a key that is none."""
        options, offline = {**self.options, "api_key": NO_KEY}, Offline(self._offline_upstream)
        if options["http_client"] is None:
            options["http_client"] = offline.client(is_async)
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
        return LazyService(lambda: self._connect(make_upstream, is_async))

    def _connect(self, make: Callable[[], Upstream], is_async: bool) -> Answering:
        """A service on the store asked for. Legs stay on the caller's loop where their HTTP client belongs to it."""
        from bridge import service

        upstream, stays = make(), is_async and self.is_users_client
        if self.wishes.store is None or isinstance(self.wishes.store, (str, os.PathLike)):
            made: Answering = service.connect(self.settings, upstream, on_callers_loop=stays)
        else:
            options = self.settings.options()
            made = service.Service(self.wishes.store, upstream, options=options, on_callers_loop=stays)
        # The offline upstream has nothing to close, and a run goes on after its client was closed.
        return _Lent(made) if upstream is self.wishes.upstream or upstream.name == "scripted" else made

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
        options = inner_options(self.options, base_url, client)
        users = {"http_client": self.options["http_client"]} if self.is_users_client else {}
        other = {**options, "api_key": NO_KEY} if callable(options.get("api_key")) else options
        is_async = isinstance(client, openai.AsyncOpenAI)
        return OpenAIUpstream(
            base_url or str(client.base_url),
            lambda: openai.OpenAI(**(other if is_async else {**options, **users})),
            lambda: openai.AsyncOpenAI(**({**options, **users} if is_async else other)),
            lends_only=bool(users) and not is_async,
            lends_only_async=bool(users) and is_async,
            profile=self.settings.profile_of(base_url or str(client.base_url)),
        )


class UsersDoor(Door):
    """The door of a client whose HTTP client the user made: legs go through it too."""


class _Lent:
    """A service (or one with an upstream) that somebody else closes."""

    def __init__(self, service: Answering) -> None:
        self.owns, self.call, self.acall = service.owns, service.call, service.acall

    def close(self) -> None:
        """Not ours to close."""


def inner_options(options: Mapping[str, Any], base_url: str | None, client: Any) -> dict[str, Any]:
    """The options of the plain client that talks to the upstream for `client`."""
    inner = {name: value for name, value in options.items() if name not in NOT_FOR_UPSTREAM}
    removed = {name: value for name, value in (options.get("default_headers") or {}).items() if isinstance(value, Omit)}
    if removed:
        inner["default_headers"] = removed
    if base_url is not None:
        inner = {name: value for name, value in inner.items() if name not in ("provider", "data_residency")}
        inner["base_url"] = base_url
    elif inner.get("provider") is None and inner.get("data_residency") is None:
        inner["base_url"] = client.base_url
    return {**inner, "timeout": patient(client.timeout)}


def patient(timeout: Any) -> Any:
    """The same timeouts, but with the patience a leg needs between two pieces of its answer."""
    if timeout is None:
        return None
    if isinstance(timeout, (int, float)):
        return openai.Timeout(timeout, read=max(timeout, PATIENCE))
    read = None if timeout.read is None else max(timeout.read, PATIENCE)
    return openai.Timeout(connect=timeout.connect, read=read, write=timeout.write, pool=timeout.pool)
