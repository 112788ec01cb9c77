"""Door x colour: every test that takes `place` runs ten times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bridge.testing import serve_scripted
from doors.served import gateway
from doors.surface.colours import LoopThread
from doors.surface.places import Colour, Door, Place
from doors.surface.script import RULES

Kind = tuple[Any, ...]
"""A door's name, and its settings as pairs."""


@pytest.fixture(scope="session")
def callers_loop() -> Iterator[LoopThread]:
    loop = LoopThread()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory, callers_loop: LoopThread) -> Iterator[dict[Kind, Door]]:
    """Made when first asked for, each with an upstream and a store of its own."""
    folder = tmp_path_factory.mktemp("doors")
    with ExitStack() as stack:
        yield _Doors(folder, stack)


class _Doors(dict[Kind, Door]):
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__()
        self._folder, self._stack = folder, stack

    def __missing__(self, kind: Kind) -> Door:
        name, *settings = kind
        served = self._stack.enter_context(serve_scripted(RULES))
        store_path = self._folder / f"{name}-{len(self)}.db"
        url = served.url
        if name == "gateway":
            url = self._stack.enter_context(gateway(served.url, store_path, settings=dict(settings)))
        self[kind] = Door(name, url, store_path, served.scripted, settings=dict(settings))
        self._stack.callback(self[kind].close)
        return self[kind]


@pytest.fixture
def settings() -> dict[str, str]:
    """Variables of the environment for the door; a module with others has a fixture of this name."""
    return {}


ENTRIES = ("installed", "wrapped", "azure", "gateway")


@pytest.fixture(params=["dropin", *(pytest.param(name, marks=pytest.mark.slow) for name in ENTRIES)])
def door(request: pytest.FixtureRequest, doors: dict[Kind, Door], settings: dict[str, str]) -> Door:
    return doors[(request.param, *settings.items())]


@pytest.fixture(params=["sync", pytest.param("async", marks=pytest.mark.slow)])
def colour(request: pytest.FixtureRequest) -> Colour:
    found: Colour = request.param
    return found


@pytest.fixture
def place(door: Door, colour: Colour, callers_loop: LoopThread) -> Place:
    return Place(door, door.client(colour, callers_loop))
