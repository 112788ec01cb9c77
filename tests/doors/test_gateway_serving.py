from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import openai
import pytest

from bridge.errors import ConfigurationError
from bridge.gateway import serving
from bridge.settings import Settings
from bridge.upstream import named

PROGRAM = """
import sys
from bridge.gateway import serve
from bridge.settings import Settings

if __name__ == "__main__":
    settings = Settings(store=sys.argv[1], upstream="scripted")
    serve(settings, port=0, workers=int(sys.argv[2]), announce=lambda url: print(url, flush=True))
"""


@pytest.mark.parametrize(
    ("settings", "variable", "url"),
    [
        (Settings(), None, "https://api.openai.com/v1"),
        (Settings(), "http://env/v1", "http://env/v1"),
        (Settings(upstream="http://said/v1"), "http://env/v1", "http://said/v1"),
        (Settings(upstream="scripted:x.yaml"), "http://env/v1", "http://scripted/v1"),
    ],
)
def test_the_upstream_behind_the_gateway(
    settings: Settings, variable: str | None, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    if variable is not None:
        monkeypatch.setenv("OPENAI_BASE_URL", variable)
    assert serving.upstream_url(settings) == url


@pytest.mark.parametrize(
    ("url", "host", "port", "refused"),
    [
        ("http://localhost:8080/v1", "127.0.0.1", 8080, True),
        ("http://127.0.0.1:8080/v1", "0.0.0.0", 8080, True),
        ("http://gate.example/v1", "gate.example", 80, True),
        ("https://gate.example/v1", "gate.example", 443, True),
        ("http://localhost:8081/v1", "127.0.0.1", 8080, False),
        ("http://elsewhere:8080/v1", "127.0.0.1", 8080, False),
        ("https://api.openai.com/v1", "0.0.0.0", 8080, False),
    ],
)
def test_a_gateway_is_not_its_own_upstream(url: str, host: str, port: int, refused: bool) -> None:
    if refused:
        with pytest.raises(ConfigurationError, match="is this gateway itself"):
            serving.refuse_itself(url, host, port)
    else:
        serving.refuse_itself(url, host, port)


def test_an_address_that_is_taken() -> None:
    with serving._listen("127.0.0.1", 0) as taken, pytest.raises(ConfigurationError, match="cannot be listened on"):
        serving.serve(Settings(store="memory", upstream="scripted"), port=taken.getsockname()[1])


def test_clients_behind_the_gateway_have_no_account_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "the-gateways-own")
    client = named._client(openai.OpenAI, "http://up/v1", serving.CALLERS_KEY)
    told = {name: value for name, value in client.default_headers.items() if isinstance(value, str)}
    assert "the-gateways-own" not in str({**told, **client.auth_headers})
    client.close()


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_a_process_serves_until_sigterm_and_drains(workers: int, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BRIDGE_", "OPENAI_"))}
    process = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path / "b.db"), str(workers)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), "it ended before it listened"
        with openai.OpenAI(api_key="sk-1", base_url=url, max_retries=8) as client:
            thread = client.beta.threads.create(metadata={"a": "b"})
            assert client.beta.threads.retrieve(thread.id).metadata == {"a": "b"}
            assert client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hi"}]).choices
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) in (0, -signal.SIGTERM)
        assert time.monotonic() - began < 8
        process.stdout.close()
