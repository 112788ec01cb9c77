"""Addresses of Azure OpenAI (responses-mapping §16)."""

from __future__ import annotations

import pytest

from bridge.wire import azure

RESPONSES_URLS = [
    ("https://r.openai.azure.com/openai", "https://r.openai.azure.com/openai/v1"),
    ("https://r.openai.azure.com/openai/", "https://r.openai.azure.com/openai/v1"),
    ("https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com/openai/v1"),
    ("https://r.openai.azure.com/openai/deployments/gpt-4o", "https://r.openai.azure.com/openai/v1"),
    ("https://r.openai.azure.com/openai/deployments/openai/", "https://r.openai.azure.com/openai/v1"),
    ("https://openai.example/azure/openai", "https://openai.example/azure/openai/v1"),
    ("https://proxy.example/azure", "https://proxy.example/azure/openai/v1"),
    ("https://openai", "https://openai/openai/v1"),
    ("https://r.openai.azure.com//openai/deployments/gpt-4o/", "https://r.openai.azure.com/openai/v1"),
]


@pytest.mark.parametrize(("base_url", "expected"), RESPONSES_URLS)
def test_where_the_responses_api_stands(base_url: str, expected: str) -> None:
    assert azure.responses_url(base_url) == expected
    assert azure.responses_url(expected) == expected


ROOTS = [
    ("/openai", "/openai"),
    ("/openai/", "/openai"),
    ("/openai/deployments/my-model", "/openai"),
    ("/proxy/openai/deployments/my-model/", "/proxy/openai"),
]


@pytest.mark.parametrize(("path", "expected"), ROOTS)
def test_the_root_of_an_azure_clients_calls(path: str, expected: str) -> None:
    assert azure.root(path) == expected


PATHS = [
    ("/threads/thread_1", "/threads/thread_1"),
    ("/deployments/my-model/threads", "/threads"),
    ("/deployments/my-model", "/deployments/my-model"),
    ("/threads/deployments/x/threads", "/threads/deployments/x/threads"),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_a_path_names_no_deployment(path: str, expected: str) -> None:
    assert azure.without_deployment(path) == expected
