"""Clients of Azure OpenAI: the old API stood below ``/openai`` with an `api-version`, the Responses API stands below
``/openai/v1`` without one and asks a deployment by its name as `model` (responses-mapping §16).

What identifies the caller (``api-key``, or a token of Entra ID) comes with each call, so a leg asks with the very
header that the SDK made for the call which started it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Final

import openai

API_VERSION: Final = "api-version"
OWN_OPTIONS: Final = ("api_version", "azure_endpoint", "azure_deployment", "azure_ad_token", "azure_ad_token_provider")
"""Options that plain clients do not know."""

IDENTITIES: Final = ("azure_ad_token", "azure_ad_token_provider")
IN_ENVIRONMENT: Final = ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")
OFFLINE: Final = {"azure_endpoint": "https://offline.openai.azure.com", "api_version": "2024-05-01-preview"}
"""For a client without an address of its own; the offline upstream asks for none."""

BELOW_ROOT: Final = re.compile(r"/openai(/.*)?$")
DEPLOYMENT: Final = re.compile(r"^/deployments/[^/]+(?=/|$)")


def is_azure(client: object) -> bool:
    return isinstance(client, (openai.AzureOpenAI, openai.AsyncAzureOpenAI))


def responses_url(base_url: str) -> str:
    """Where the Responses API stands, by the base URL of an Azure client.

    https://r.openai.azure.com/openai, …/openai/deployments/d  => https://r.openai.azure.com/openai/v1
    https://proxy.example/azure                                => https://proxy.example/azure/openai/v1
    """
    return BELOW_ROOT.sub("", base_url.rstrip("/")) + "/openai/v1"


def root(path: str) -> str:
    """The path below which an Azure client's calls stand: its base URL's, without a deployment. Calls that are of no
    deployment leave it out, in newer SDKs."""
    return re.sub(r"/deployments/[^/]+$", "", path.rstrip("/"))


def without_deployment(path: str) -> str:
    """The path of a call below the root: older SDKs name the deployment in all of them."""
    return DEPLOYMENT.sub("", path)


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
