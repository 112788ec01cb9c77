"""Clients of Azure OpenAI, drop-in, installed, wrapped and before the gateway, onto Azure's Responses API.

The offline server stands for Azure: below /openai it wants a dated `api-version`, below /openai/v1 it refuses one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from attrs import frozen

import bridge
from bridge.testing import ScriptedUpstream, serve_scripted
from bridge.upstream import family
from doors.served import gateway

pytestmark = pytest.mark.slow
VERSION = "2024-05-01-preview"
RULES: Any = [
    {"when": "weather", "call": {"name": "get_weather", "arguments": {"city": "Bonn"}}, "then": [{"say": "It rains."}]},
    {"say": "Hello from Azure!"},
]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "BRIDGE_STORE", "BRIDGE_UPSTREAM", "BRIDGE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    yield
    bridge.uninstall()


@frozen
class Azure:
    """A resource: where it stands, and what it was asked."""

    endpoint: str
    scripted: ScriptedUpstream


@pytest.fixture
def azure() -> Iterator[Azure]:
    with serve_scripted(RULES) as served:
        yield Azure(served.url.removesuffix("/v1"), served.scripted)


def hello(client: Any, model: str = "my-deployment") -> Any:
    """The answer of one run on a new thread."""
    assistant = client.beta.assistants.create(model=model)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello?"}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "completed", run.last_error
    return client.beta.threads.messages.list(thread.id).data[0].content[0].text.value


async def ahello(client: Any) -> Any:
    assistant = await client.beta.assistants.create(model="my-deployment")
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": "Hello?"}])
    run = await client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "completed", run.last_error
    return (await client.beta.threads.messages.list(thread.id)).data[0].content[0].text.value


def installed(**options: Any) -> Any:
    bridge.install(store="memory")
    return openai.AzureOpenAI(**options)


def wrapped(**options: Any) -> Any:
    return bridge.wrap(openai.AzureOpenAI(**options), store="memory")


def dropin(**options: Any) -> Any:
    return bridge.AzureOpenAI(**options, store="memory")


ENTRIES = [dropin, installed, wrapped]
ADDRESSES: list[Callable[[str], dict[str, Any]]] = [
    lambda endpoint: {"azure_endpoint": endpoint},
    lambda endpoint: {"azure_endpoint": endpoint + "/", "azure_deployment": "my-deployment"},
    lambda endpoint: {"base_url": endpoint + "/openai"},
    lambda endpoint: {"base_url": endpoint + "/openai/deployments/my-deployment"},
]
AS = ["endpoint", "deployment", "base_url", "base_url of a deployment"]


@pytest.mark.parametrize("make", ENTRIES)
@pytest.mark.parametrize("address", ADDRESSES, ids=AS)
def test_a_key_goes_up_as_azure_takes_it(azure: Azure, make: Any, address: Any) -> None:
    with make(api_key="azure-key", api_version=VERSION, **address(azure.endpoint)) as client:
        assert hello(client) == "Hello from Azure!"
    (credential,) = azure.scripted.credentials
    assert credential.headers["api-key"] == "azure-key"
    assert "authorization" not in credential.headers
    assert azure.scripted.requests[0]["model"] == "my-deployment"  # a deployment's name, whatever models of that name


@pytest.mark.parametrize("make", ENTRIES)
def test_a_token_is_asked_for_anew_with_each_call(azure: Azure, make: Any) -> None:
    tokens = iter(f"token-{number}" for number in range(1000))
    with make(
        azure_ad_token_provider=lambda: next(tokens), api_version=VERSION, azure_endpoint=azure.endpoint
    ) as client:
        hello(client), hello(client)
    first, second = (credential.headers["authorization"] for credential in azure.scripted.credentials)
    assert first.startswith("Bearer token-") and second.startswith("Bearer token-") and first != second
    assert all("api-key" not in credential.headers for credential in azure.scripted.credentials)


def test_an_async_client_with_a_token_provider_of_its_own_colour(azure: Azure) -> None:
    async def token() -> str:
        return "token-1"

    async def main() -> Any:
        options: Any = {"azure_ad_token_provider": token, "api_version": VERSION, "azure_endpoint": azure.endpoint}
        async with bridge.AsyncAzureOpenAI(**options, store="memory") as client:
            return await ahello(client)

    assert asyncio.run(main()) == "Hello from Azure!"
    assert azure.scripted.credentials[0].headers["authorization"] == "Bearer token-1"


def test_async_and_installed(azure: Azure) -> None:
    async def main() -> Any:
        bridge.install(store="memory")
        options: Any = {"api_key": "azure-key", "api_version": VERSION, "azure_endpoint": azure.endpoint}
        async with openai.AsyncAzureOpenAI(**options) as client:
            return await ahello(client)

    assert asyncio.run(main()) == "Hello from Azure!"
    assert azure.scripted.credentials[0].headers["api-key"] == "azure-key"


def test_tool_outputs_and_copies(azure: Azure) -> None:
    with dropin(api_key="azure-key", api_version=VERSION, azure_endpoint=azure.endpoint) as client:
        client = client.with_options(timeout=30)
        function: Any = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}
        assistant = client.beta.assistants.create(model="my-deployment", tools=[function])
        message: Any = {"role": "user", "content": "The weather?"}
        run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread={"messages": [message]})
        (call,) = run.required_action.submit_tool_outputs.tool_calls
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": call.id, "output": "Rain"}]
        )
    assert run.status == "completed"


def test_other_calls_go_where_they_went(azure: Azure) -> None:
    """Files of a program are Azure's own: uploaded below /openai, and seen by runs below /openai/v1."""
    with dropin(api_key="azure-key", api_version=VERSION, azure_endpoint=azure.endpoint) as client:
        file = client.files.create(file=("notes.txt", b"The code is 1234."), purpose="assistants")
        assert client.files.retrieve(file.id).filename == "notes.txt"


def test_a_users_http_client_carries_the_legs(azure: Azure) -> None:
    paths: list[str] = []
    hooks: Any = {"request": [lambda request: paths.append(request.url.path)]}
    with dropin(
        api_key="azure-key",
        api_version=VERSION,
        azure_endpoint=azure.endpoint,
        http_client=openai.DefaultHttpxClient(event_hooks=hooks),
    ) as client:
        assert hello(client) == "Hello from Azure!"
    assert paths.count("/openai/v1/responses") == 1


def test_offline_without_key_or_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_UPSTREAM", "scripted")
    bridge.install(store="memory")
    with openai.AzureOpenAI() as client:
        assert hello(client).startswith("Hello!")
        file = client.files.create(file=("notes.txt", b"1234"), purpose="assistants")
        assert client.files.retrieve(file.id).filename == "notes.txt"


def test_what_is_missing_is_told_by_the_sdk() -> None:
    with pytest.raises(openai.OpenAIError, match="Missing credentials"):
        bridge.AzureOpenAI(api_version=VERSION, azure_endpoint="https://r.openai.azure.com")


# --- the gateway


@pytest.fixture
def front(azure: Azure, tmp_path: Path) -> Iterator[str]:
    """The endpoint that an Azure client is given instead of the resource's own."""
    with gateway(f"{azure.endpoint}/openai/v1", tmp_path / "bridge.db") as base_url:
        yield base_url.removesuffix("/v1")


@pytest.mark.parametrize("address", ADDRESSES, ids=AS)
def test_a_gateway_answers_azures_clients(azure: Azure, front: str, address: Any) -> None:
    with openai.AzureOpenAI(api_key="azure-key", api_version=VERSION, **address(front)) as client:
        assert hello(client) == "Hello from Azure!"
        file = client.files.create(file=("notes.txt", b"1234"), purpose="assistants")
        assert client.files.retrieve(file.id).filename == "notes.txt"
        with pytest.raises(openai.NotFoundError, match="No thread found with id 'thread_x'"):
            client.beta.threads.retrieve("thread_x")
    assert azure.scripted.credentials[0].headers["api-key"] == "azure-key"


def test_azures_callers_without_an_sdk_send_no_beta_header(front: str) -> None:
    with family.installed().Client(headers={"api-key": "azure-key"}) as client:
        made = client.post(f"{front}/openai/threads?api-version={VERSION}", json={})
        assert (made.status_code, made.json()["object"]) == (200, "thread")
        assert client.get(f"{front}/openai/v1/threads/{made.json()['id']}").status_code == 200
        refused = client.post(f"{front}/v1/threads", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_beta")


def test_calls_that_only_azure_has_are_unknown_before_other_servers(tmp_path: Path) -> None:
    with (
        serve_scripted(RULES) as served,
        gateway(served.url, tmp_path / "bridge.db") as base_url,
        openai.AzureOpenAI(api_key="k", api_version=VERSION, azure_endpoint=base_url.removesuffix("/v1")) as client,
    ):
        assert hello(client) == "Hello from Azure!"
        with pytest.raises(openai.NotFoundError, match="Invalid URL"):
            client.models.list()
