"""The options of the plain client that talks to the upstream, from those of the client that is bridged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import openai
from openai._types import Omit

from bridge.client import azure

PATIENCE: Final = 600.0
"""Seconds of silence a leg bears at least. Programs set short timeouts for calls that were short with the Assistants
API; a reasoning model may be silent for minutes. 600 s is the SDK's own default, and the life of a run."""

NOT_FOR_UPSTREAM: Final = ("default_headers", "http_client", "timeout", "websocket_base_url", "webhook_secret")
"""Options the inner client goes without. Headers come with each call; the others are set by us."""

NEWER_IDENTITIES: Final = ("admin_api_key", "workload_identity")

ELSEWHERE: Final = ("provider", "data_residency")
"""Options that say where the server is, as `base_url` does."""


def inner_options(options: Mapping[str, Any], base_url: str | None, client: Any) -> dict[str, Any]:
    """`base_url` is the upstream's; None is where `client` itself would ask."""
    inner = {name: value for name, value in options.items() if name not in NOT_FOR_UPSTREAM}
    removed = {name: value for name, value in (options.get("default_headers") or {}).items() if isinstance(value, Omit)}
    if removed:
        inner["default_headers"] = removed
    if azure.is_azure(client):
        inner = azure.plain_options(inner)
    if base_url is not None:
        inner = {name: value for name, value in inner.items() if name not in ELSEWHERE}
        inner["base_url"] = base_url
    elif all(inner.get(name) is None for name in ELSEWHERE):
        inner["base_url"] = client.base_url
    return {**inner, "timeout": patient(client.timeout)}


def options_of(client: Any) -> dict[str, Any]:
    """The options of a client that exists already, as far as one that talks to the upstream needs them. What older SDKs
    have no word for is left out."""
    found = {name: getattr(client, name, None) for name in ("api_key", "organization", "project", *NEWER_IDENTITIES)}
    found["api_key"] = getattr(client, "_api_key_provider", None) or found["api_key"]
    found["provider"] = getattr(client, "_provider", None)
    found["max_retries"] = client.max_retries
    found["default_headers"], found["default_query"] = client._custom_headers, client._custom_query
    return {name: value for name, value in found.items() if value is not None}


def patient(timeout: Any) -> Any:
    """The same timeouts, but with the patience a leg needs between two pieces of its answer."""
    if timeout is None:
        return None
    if isinstance(timeout, (int, float)):
        return openai.Timeout(timeout, read=max(timeout, PATIENCE))
    read = None if timeout.read is None else max(timeout.read, PATIENCE)
    return openai.Timeout(connect=timeout.connect, read=read, write=timeout.write, pool=timeout.pool)
