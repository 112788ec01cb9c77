"""The other server and a program in front of it, as all tests of routing need them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge import OpenAI
from routing.two_servers import NAMED, WEATHER, Other, Stage, other


@pytest.fixture(scope="session")
def running() -> Iterator[Other]:
    with other() as made:
        yield made


@pytest.fixture
def legacy(running: Other) -> Other:
    """The other server, which has done nothing yet."""
    running.refuses = lambda method, path: None
    running.seen.clear()
    running.upstream.requests.clear()
    return running


@pytest.fixture
def stage(legacy: Other, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(tmp_path, legacy, monkeypatch)
    with made.clients:
        yield made


@pytest.fixture
def theirs(legacy: Other) -> Any:
    """An assistant that the other server has."""
    return legacy.client().beta.assistants.create(model="gpt-4o", name="theirs", tools=[WEATHER])


@pytest.fixture
def client(stage: Stage, theirs: Any) -> OpenAI:
    """A client with that assistant routed to its server."""
    return stage.route(NAMED.replace("ASSISTANT", theirs.id))


@pytest.fixture
def ours(client: OpenAI) -> Any:
    """An assistant of bridge's own."""
    return client.beta.assistants.create(model="gpt-4o", name="ours", tools=[WEATHER])
