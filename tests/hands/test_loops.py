"""The bridge's own loop: it works to the very end of the process."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread
import socket
import threading
from typing import Any

import pytest

from bridge.hands.loops import BridgeLoop, DaemonThreads


def test_a_host_is_looked_up_while_the_interpreter_goes_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrent.futures.thread, "_shutdown", True)  # as it is once the main thread has ended
    loop, found, ready = BridgeLoop(), [], threading.Event()

    async def look_up() -> None:
        try:
            found.append(await asyncio.get_running_loop().getaddrinfo("localhost", 80, type=socket.SOCK_STREAM))
        except RuntimeError as error:
            found.append(error)
        ready.set()

    loop.submit(look_up())
    assert ready.wait(5)
    loop.close()
    assert isinstance(found[0], list), found


def test_closing_leaves_nothing_behind() -> None:
    """Neither an open loop nor a task that was destroyed while it waited; both would be warnings, hence errors."""
    loop, began, ended = BridgeLoop(), threading.Event(), []

    async def wait() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    loop.submit(wait())
    assert began.wait(5)
    inner = loop._loop
    loop.close()
    loop.close()
    assert ended == [True] and inner is not None and inner.is_closed()


def test_an_exception_of_a_job_is_its_answer() -> None:
    def fail() -> Any:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        DaemonThreads().submit(fail).result(5)
    assert DaemonThreads().submit(lambda a, b: a + b, 1, b=2).result(5) == 3


def test_a_loop_whose_thread_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    loop, ran = BridgeLoop(), threading.Event()

    async def run() -> None:
        ran.set()

    first = run()
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(threading.Thread, "start", refused)
        loop.submit(first)
    first.close()
    loop.submit(run())
    assert ran.wait(1.0)
    loop.close()
