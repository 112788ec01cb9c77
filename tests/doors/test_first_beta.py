"""The first beta, taken or refused: what each door does by itself, and that a setting is stronger."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from pathlib import Path
from typing import Any

import openai
import pytest

from bridge import AsyncOpenAI, OpenAI
from bridge.engine.effects import Sent
from bridge.gateway.serving import app_from_environment, app_from_settings
from bridge.profiles import Profile
from bridge.settings import Settings
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream, serve_scripted
from bridge.upstream import family
from doors.environments import python_with
from doors.served import clean_environment, gateway

http = family.installed()
RETRIEVAL, CODE = {"type": "retrieval"}, {"type": "code_interpreter"}
HEADER = {"OpenAI-Beta": "assistants=v1"}
SUPPORTED = "Supported values are: 'code_interpreter', 'function', and 'file_search'."


@pytest.fixture(autouse=True)
def _in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"STORE": "memory", "UPSTREAM": "scripted"}.items():
        monkeypatch.setenv(f"BRIDGE_{name}", value)
    monkeypatch.delenv("BRIDGE_BETA_V1", raising=False)


def over(app: Any) -> openai.AsyncOpenAI:
    client = http.AsyncClient(transport=http.ASGITransport(app=app))
    return openai.AsyncOpenAI(api_key="sk-1", base_url="http://gateway/v1", http_client=client)


DOORS = {
    "drop-in": lambda: AsyncOpenAI(),
    "drop-in with a store of one's own": lambda: AsyncOpenAI(store=MemoryStore()),
    "gateway": lambda: over(app_from_settings(Settings.from_environment())),
    "a process of the gateway": lambda: over(app_from_environment()),
}


def calls(client: openai.AsyncOpenAI) -> dict[str, tuple[Any, str, str | None]]:
    """A call of each kind, with what the old service said of it in the end."""
    create, say = client.beta.assistants.create, client.beta.threads.create
    gone = "The v1 Assistants API has been deprecated. See the migration guide for more information: "
    files: Any = {"role": "user", "content": "x", "file_ids": []}
    return {
        "retrieval": (
            create(model="gpt-4o", tools=[RETRIEVAL]),  # type: ignore[list-item]
            f"Invalid value: 'retrieval'. {SUPPORTED}",
            "tools[0].type",
        ),
        "file_ids": (
            create(model="gpt-4o", extra_body={"file_ids": []}),
            "Unknown parameter: 'file_ids'.",
            "file_ids",
        ),
        "message": (say(messages=[files]), "Unknown parameter: 'messages[0].file_ids'.", "messages[0].file_ids"),
        "header": (
            say(extra_headers=HEADER),
            f"{gone}https://platform.openai.com/docs/assistants/migration. "
            "Please try again by setting the header 'OpenAI-Beta: assistants=v2'.",
            None,
        ),
    }


@pytest.mark.parametrize("setting", [None, "convert", "refuse"])
@pytest.mark.parametrize("door", DOORS)
def test_the_door_decides_unless_a_setting_does(
    door: str, setting: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if setting is not None:
        monkeypatch.setenv("BRIDGE_BETA_V1", setting)
    converts = setting == "convert" or (setting is None and door.startswith("drop-in"))

    async def story() -> None:
        async with DOORS[door]() as client:
            for call, message, param in calls(client).values():
                if converts:
                    await call
                    continue
                with pytest.raises(openai.BadRequestError) as refused:
                    await call
                assert refused.value.body["message"] == message  # type: ignore[index]
                assert refused.value.param == param

    with caplog.at_level(logging.WARNING, "bridge"):
        asyncio.run(story())
    told = [line for line in caplog.messages if "BRIDGE_BETA_V1=convert takes" in line]
    assert len(told) == (0 if converts else 1), "the way out is told once"


PROGRAM = Path(__file__).parents[1] / "seeds" / "python" / "beta_v1" / "first_beta.py"
ANSWER = ["completed", "Sales rose by 7 percent【0:0†report.md】.", "[True]"]


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.parametrize("version", ["1.3.9", "1.20.0"])
def test_a_program_of_those_days_with_its_own_sdk(version: str, tmp_path: Path) -> None:
    """1.20.0 is the last SDK of the first beta. It sends the old header, and has the old keywords."""
    python = python_with(f"old-{version}", f"openai=={version}", "httpx<0.28")
    script = [{"when": "search", "search": True, "say": "Sales rose by 7 percent{cite[0]}."}]
    with (
        serve_scripted(script) as served,
        gateway(served.url, tmp_path / "bridge.db", settings={"BRIDGE_BETA_V1": "convert"}) as url,
    ):
        done = subprocess.run(
            [python, str(PROGRAM)],
            env=clean_environment(OPENAI_API_KEY="sk-1", OPENAI_BASE_URL=url),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (done.stdout.splitlines(), done.stderr) == (ANSWER, "")


def test_without_vector_stores_files_go_to_the_code_interpreter() -> None:
    upstream = ScriptedUpstream(profile=Profile("small", vector_stores=False))
    file = upstream.add_file("dog.txt", b"brown")
    with OpenAI(upstream=upstream, store=MemoryStore()) as client:
        made = client.beta.assistants.with_raw_response.create(
            model="gpt-4o",
            tools=[RETRIEVAL, CODE],  # type: ignore[list-item]
            extra_body={"file_ids": [file]},
        )
        thread = client.beta.threads.with_raw_response.create(
            messages=[{"role": "user", "content": "x", "file_ids": [file]}]  # type: ignore[typeddict-unknown-key]
        )
    assert made.headers["bridge-degraded"] == thread.headers["bridge-degraded"] == "file_ids"
    assert made.http_response.json()["tool_resources"] == {
        "code_interpreter": {"file_ids": [file]},
        "file_search": {"vector_store_ids": []},
    }
    assert upstream.vector_stores == {}


def test_a_file_whose_name_cannot_be_told_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without GET /files/{id}, or one that answers something else there."""
    upstream = ScriptedUpstream()
    file = upstream.add_file("table.csv", b"x")
    sent, send = [], upstream.send

    def nameless(call: Any, *args: Any) -> Any:
        sent.append(f"{call.method} {call.path}")
        return Sent(501, {}) if call.path.startswith("/files/") else send(call, *args)

    monkeypatch.setattr(upstream, "send", nameless)
    with OpenAI(upstream=upstream, store=MemoryStore()) as client, pytest.raises(openai.BadRequestError):
        client.beta.threads.create(
            messages=[{"role": "user", "content": "x", "file_ids": [file]}]  # type: ignore[typeddict-unknown-key]
        )
    assert sent == [f"GET /files/{file}", "POST /vector_stores"]


def test_a_file_of_ours_is_known_by_its_name() -> None:
    upstream = ScriptedUpstream()
    with OpenAI(upstream=upstream, store=MemoryStore()) as client, pytest.raises(openai.NotFoundError, match="file-br"):
        client.beta.threads.create(
            messages=[{"role": "user", "content": "x", "file_ids": ["file-bridgeNone"]}]  # type: ignore[typeddict-unknown-key]
        )
    assert upstream.sent == []
