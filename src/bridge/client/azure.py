"""The options of Azure OpenAI's clients, as those of the plain client that asks Azure's Responses API (wire/azure.py).

What identifies the caller (``api-key``, or a token of Entra ID) comes with each call, so a leg asks with the very
header that the SDK made for the call which started it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

import openai

from bridge.wire.azure import API_VERSION

OWN_OPTIONS: Final = ("api_version", "azure_endpoint", "azure_deployment", "azure_ad_token", "azure_ad_token_provider")
"""Options that plain clients do not know."""

IDENTITIES: Final = ("azure_ad_token", "azure_ad_token_provider")
IN_ENVIRONMENT: Final = ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")
OFFLINE: Final = {"azure_endpoint": "https://offline.openai.azure.com", "api_version": "2024-05-01-preview"}
"""For a client without an address of its own; the offline upstream asks for none."""


def is_azure(client: object) -> bool:
    return isinstance(client, (openai.AzureOpenAI, openai.AsyncAzureOpenAI))


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """An Azure client's options as a plain client takes them. The version of the old API is not sent to the new one."""
    plain = {name: value for name, value in options.items() if name not in OWN_OPTIONS}
    query = {name: value for name, value in (options.get("default_query") or {}).items() if name != API_VERSION}
    return {**plain, "default_query": query or None}


def offline_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with an address where there is none."""
    addressed = options.get("base_url") or options.get("azure_endpoint") or os.environ.get("AZURE_OPENAI_ENDPOINT")
    version = options.get("api_version") or os.environ.get("OPENAI_API_VERSION")
    missing = {"azure_endpoint": not addressed, "api_version": not version}
    return {**options, **{name: OFFLINE[name] for name, is_missing in missing.items() if is_missing}}
