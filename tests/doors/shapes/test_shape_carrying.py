"""The user's own HTTP client carries the calls of runs: transports, proxies, certificates, hooks; and its closing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.upstream.failures import CLOSED
from doors.environments import python_of
from doors.shapes.running import Program, Shape
from doors.shapes.way_stations import Proxy, certificate, serving, serving_tls

pytestmark = [pytest.mark.slow, pytest.mark.matrix]
LEGS = 3
FAMILIES = {"httpx2": lambda: Path(sys.executable), "httpx": lambda: python_of("1.109.1")}


@pytest.fixture(params=[f"{kind} {family}" for family in FAMILIES for kind in ("sync", "async")])
def run(request: pytest.FixtureRequest, here: Shape) -> Callable[..., Program]:
    kind, family = request.param.split()

    def run(name: str, *args: str, **options: Any) -> Program:
        return here.run("carrying.py", kind, name, *args, python=FAMILIES[family](), **options)

    return run


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with serving(Proxy()) as served:
        assert isinstance(served, Proxy)
        yield served


def test_transports_hooks_and_proxies(run: Any, upstream: Any, proxy: Proxy) -> None:
    before = len(upstream.scripted.credentials)
    program = run("ways", proxy.url)
    assert program.until("counted") == str(LEGS)
    assert (program.until("seen"), program.until("ours")) == (f"{LEGS} {LEGS}", "True")
    told = [each.headers for each in upstream.scripted.credentials[before + LEGS : before + 2 * LEGS]]
    assert {(each.get("x-team"), each.get("x-project")) for each in told} == {("blue", "green")}
    assert proxy.noted.count("POST /v1/responses") == 2 * LEGS  # by `proxy=`, and by `mounts=`


def test_a_proxy_of_the_environment(run: Any, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    run("environment")
    assert proxy.noted.count("POST /v1/responses") == LEGS


def test_a_certificate_of_ones_own(run: Any, here: Shape, upstream: Any, tmp_path: Path) -> None:
    made = certificate(tmp_path)
    with serving_tls(upstream.scripted, made) as here.url:
        status, _, message = run("tls", str(made)).until("status").partition(" ")
    assert (status, "certificate verify failed" in message) == ("failed", True), message


def test_closed_while_a_run_works(run: Any) -> None:
    program = run("closed", told=("its stream ends before the run does",))
    assert program.until("status") == f"failed {CLOSED}"
    assert float(program.until("seconds")) < 10
