"""Door x colour: every test that takes `place` runs ten times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bridge.testing import serve_scripted
from doors.served import gateway
from doors.surface.colours import LoopThread
from doors.surface.places import Colour, Door, DoorName, Place
from doors.surface.script import RULES

COLOURS: tuple[Colour, ...] = ("sync", "async")


@pytest.fixture(scope="session")
def callers_loop() -> Iterator[LoopThread]:
    loop = LoopThread()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory, callers_loop: LoopThread) -> Iterator[dict[DoorName, Door]]:
    """Made when first asked for, each with an upstream and a store of its own."""
    folder = tmp_path_factory.mktemp("doors")
    with ExitStack() as stack:
        yield _Doors(folder, stack)


class _Doors(dict[DoorName, Door]):
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__()
        self._folder, self._stack = folder, stack

    def __missing__(self, name: DoorName) -> Door:
        served = self._stack.enter_context(serve_scripted(RULES))
        store_path = self._folder / f"{name}.db"
        url = self._stack.enter_context(gateway(served.url, store_path)) if name == "gateway" else served.url
        self[name] = Door(name, url, store_path, served.scripted)
        self._stack.callback(self[name].close)
        return self[name]


ENTRIES = ("installed", "wrapped", "azure", "gateway")


@pytest.fixture(params=["dropin", *(pytest.param(name, marks=pytest.mark.slow) for name in ENTRIES)])
def door(request: pytest.FixtureRequest, doors: dict[DoorName, Door]) -> Door:
    return doors[request.param]


@pytest.fixture(params=COLOURS)
def colour(request: pytest.FixtureRequest) -> Colour:
    found: Colour = request.param
    return found


@pytest.fixture
def place(door: Door, colour: Colour, callers_loop: LoopThread) -> Place:
    return Place(door, door.client(colour, callers_loop))
