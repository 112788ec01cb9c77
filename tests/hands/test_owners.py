"""Whose lease it is: a process that is no more is known at once, any other keeps its lease till it lapses."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bridge.hands import owners
from bridge.hands.owners import is_dead, name_owner


def ended() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def named(host: str | None = None, pid: int | None = None, nonce: str = "abc") -> str:
    return f"{host or owners._host()}:{pid or os.getpid()}:{nonce}"


def test_this_process_lives_under_all_its_names() -> None:
    assert not is_dead(name_owner())
    assert name_owner() != name_owner()


def test_a_process_that_has_ended_is_dead() -> None:
    assert is_dead(named(pid=ended()))


@pytest.mark.parametrize(
    "owner",
    [None, "", "overdue", "a:b", named(host="elsewhere", pid=999_999), named(pid=1), named(pid=os.getppid())],
)
def test_whatever_is_not_known_to_be_dead_lives(owner: str | None) -> None:
    assert not is_dead(owner)


def test_a_container_started_again_has_the_numbers_of_its_predecessor() -> None:
    assert is_dead(named(nonce="00000000beef"))


@pytest.mark.skipif(not os.path.exists("/proc/self/ns/pid"), reason="there are no namespaces of processes here")
def test_a_container_of_the_same_name_is_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, pid = owners._host(), ended()
    other = mine.rpartition("/")[0] + "/4026999999"
    assert is_dead(named(host=mine, pid=pid))
    assert not is_dead(named(host=other, pid=pid))
