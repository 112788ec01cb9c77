"""Addresses of Azure OpenAI. The old API stood below ``/openai``, with an `api-version` in the query; the Responses API
stands below ``/openai/v1``, without one, and takes a deployment's name as `model` (responses-mapping §16)."""

from __future__ import annotations

import re
from typing import Final

ROOT: Final = "/openai"
RESPONSES_ROOT: Final = "/openai/v1"
API_VERSION: Final = "api-version"

_ROOT: Final = re.compile(r"/+openai(/.*)?$")
_AT_DEPLOYMENT: Final = re.compile(r"/deployments/[^/]+$")
_DEPLOYMENT: Final = re.compile(r"^/deployments/[^/]+(?=/)")


def resource(base_url: str) -> str:
    """The base URL without ``/openai`` and what follows it. (Older SDKs double a slash before it.)"""
    server, slash, path = base_url.rstrip("/").partition("://")
    host, first, rest = path.partition("/")
    return server + slash + host + _ROOT.sub("", first + rest)


def responses_url(base_url: str) -> str:
    """Where the Responses API stands, by the base URL of an Azure client.

    https://r.openai.azure.com/openai, …/openai/deployments/d  => https://r.openai.azure.com/openai/v1
    https://proxy.example/azure                                => https://proxy.example/azure/openai/v1
    """
    return resource(base_url) + RESPONSES_ROOT


def root(path: str) -> str:
    """The path below which an Azure client's calls stand: its base URL's, without a deployment. Newer SDKs leave that
    out of calls that are of no deployment."""
    return _AT_DEPLOYMENT.sub("", path.rstrip("/"))


def without_deployment(path: str) -> str:
    """The path of a call below the root: older SDKs name the deployment in every call."""
    return _DEPLOYMENT.sub("", path)
