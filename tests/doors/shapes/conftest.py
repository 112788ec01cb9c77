"""An upstream over HTTP for the programs of a module, and a store for those of a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.testing import serve_scripted
from doors.environments import ROOT, python_with
from doors.shapes.running import Shape, shape

SCRIPT: Any = [
    {"when": "slow once", "times": 1, "do": [{"say": "One,"}, {"wait": 60}, {"say": " two."}]},
    {"when": "slow once", "say": "Quick this time."},
    {"when": "slow", "do": [{"say": "One,"}, {"wait": 60}, {"say": " two."}]},
    {"when": "a moment", "do": [{"say": "Wait,"}, {"wait": 0.5}, {"say": " here."}]},
    {"when": "a while", "do": [{"say": "Wait,"}, {"wait": 3}, {"say": " here."}]},
    {"when": "temperature", "call": {"name": "get_temperature"}, "then": {"say": "It is {outputs}."}},
    {"when": "always", "say": "You said: {text}"},
]
FRAMEWORKS = ("gunicorn", "celery", "django", "uvloop", "nest-asyncio", "pytest", "pytest-asyncio", "trio")


@pytest.fixture(scope="module")
def upstream() -> Iterator[Any]:
    with serve_scripted(SCRIPT) as served:
        yield served


@pytest.fixture
def here(upstream: Any, store_path: Path) -> Iterator[Shape]:
    with shape(store_path, upstream.url) as made:
        yield made


@pytest.fixture
def client(upstream: Any, store_path: Path) -> Iterator[Any]:
    """A process of another time: a drop-in in this one, on the same store, with the same key."""
    import bridge

    with bridge.OpenAI(api_key="sk-test", base_url=upstream.url, store=str(store_path), max_retries=0) as client:
        yield client


@pytest.fixture(scope="session")
def frameworks() -> Path:
    """The interpreter of an environment with what people run such programs in."""
    return python_with("shapes", *FRAMEWORKS, "-e", f"{ROOT}[server,tools]")
