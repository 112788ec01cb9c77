"""Settings of the operations reach them through every door."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import openai
import pytest

from bridge import AsyncOpenAI, OpenAI
from bridge.gateway.serving import app_from_environment, app_from_settings
from bridge.settings import Settings
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream
from bridge.upstream import family

http = family.installed()
GONE = {"model": "gpt-4-turbo"}


@pytest.fixture(autouse=True)
def _in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"STORE": "memory", "UPSTREAM": "scripted", "MODELS": "off"}.items():
        monkeypatch.setenv(f"BRIDGE_{name}", value)


def over(app: Any) -> openai.AsyncOpenAI:
    """A plain client of a gateway that runs in this process."""
    client = http.AsyncClient(transport=http.ASGITransport(app=app))
    return openai.AsyncOpenAI(api_key="sk-1", base_url="http://gateway/v1", http_client=client)


CLIENTS = {
    "drop-in": lambda: AsyncOpenAI(),
    "drop-in with a store of one's own": lambda: AsyncOpenAI(store=MemoryStore()),
    "gateway": lambda: over(app_from_settings(Settings.from_environment())),
    "a process of the gateway": lambda: over(app_from_environment()),
}


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS.keys())
def test_the_setting_models_reaches_assistants_and_runs(client: Any) -> None:
    async def story() -> None:
        async with client() as asked:
            with pytest.raises(openai.BadRequestError) as refused:
                await asked.beta.assistants.create(**GONE)
            assert (refused.value.code, refused.value.param) == ("model_not_found", "model")
            assistant = await asked.beta.assistants.create(model="gpt-5.6-sol", instructions="Be kind.")
            with pytest.raises(openai.BadRequestError, match="The requested model 'gpt-4-turbo' does not exist"):
                await asked.beta.threads.create_and_run(assistant_id=assistant.id, **GONE)
            with pytest.raises(openai.BadRequestError, match="does not exist"):
                await asked.beta.assistants.update(assistant.id, **GONE)

    asyncio.run(story())


def test_names_of_one_s_own_reach_the_upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "names.toml").write_text('[models]\ngpt-4-turbo = "my-model"\n')
    monkeypatch.setenv("BRIDGE_MODELS", "names.toml")
    upstream = ScriptedUpstream()
    with OpenAI(upstream=upstream) as client:
        made = client.beta.assistants.with_raw_response.create(instructions="Be kind.", **GONE)
        run = client.beta.threads.create_and_run_poll(assistant_id=made.parse().id)
    assert made.headers["bridge-degraded"] == "model"
    assert (run.status, run.model) == ("completed", "gpt-4-turbo")
    assert [request["model"] for request in upstream.requests] == ["my-model"]
