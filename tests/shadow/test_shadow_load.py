"""Shadows under load, in forked children and behind a gateway: the primary is served, and nothing is done twice."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from bridge import OpenAI
from bridge.engine.effects import Page
from bridge.records import Observed
from bridge.store.open import open_store
from bridge.testing import serve_scripted
from doors.served import gateway
from shadow.staged import SCRIPT, Stage, stage, until

pytestmark = pytest.mark.slow

RUNS = 48


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


def test_a_hanging_candidate_under_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executed: list[Any] = []

    def tool(**given: Any) -> str:
        executed.append(given)
        return "14 degrees"

    with serve_scripted(SCRIPT) as primary, silent_server() as candidate:
        shadow = f'[[shadow]]\nname = "silent"\nupstream = "{candidate}"\nseconds = 1\n'
        with stage(tmp_path, monkeypatch, shadow, upstream=primary.url, api_key="sk-mine") as on:
            with ThreadPoolExecutor(8) as pool:
                runs = list(pool.map(lambda n: on.run("How is the weather?", tool), range(RUNS)))
            assert [run.status for run in runs] == ["completed"] * RUNS
            assert len(executed) == RUNS
            assert len(primary.scripted.requests) == 2 * RUNS  # a leg is asked once, whatever the candidate does
            until(lambda: len(on.store.page(Page(Observed)).records) >= 4)
            troubles = {each.trouble for each in on.store.page(Page(Observed)).records}
    assert troubles == {"it was still in_progress after 1 seconds, and was stopped"}


def test_a_candidate_of_the_same_upstream_under_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executed: list[Any] = []

    def tool(**given: Any) -> str:
        executed.append(given)
        return f"{len(executed)} degrees"

    with serve_scripted(SCRIPT) as primary:
        shadow = '[[shadow]]\nmodel = "gpt-4.1"\n'
        with stage(tmp_path, monkeypatch, shadow, upstream=primary.url, api_key="sk-mine") as on:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda n: on.run("How is the weather?", tool), range(RUNS)))
            found = on.observed(RUNS, seconds=30)
        models = [request["model"] for request in primary.scripted.requests]
    assert len(executed) == RUNS
    assert (models.count("gpt-4o"), models.count("gpt-4.1")) == (2 * RUNS, 2 * RUNS)
    assert len({each.run_id for each in found}) == RUNS
    assert all(_text(each.control) == _text(each.aside) for each in found)


def _text(side: Any) -> str:
    (message,) = side["messages"]
    text: str = message["content"][0]["text"]["value"]
    return text


def _child(folder: Path, client: OpenAI) -> None:
    store = open_store(str(folder / "bridge.db"))
    Stage(client, None, store).run("Hello")  # type: ignore[arg-type]
    until(lambda: len(store.page(Page(Observed)).records) == 2)


def test_forked_children_have_shadows_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bridge.toml").write_text('[[shadow]]\nmodel = "gpt-4.1"\n')
    monkeypatch.setenv("BRIDGE_CONFIG", str(tmp_path / "bridge.toml"))
    with serve_scripted(SCRIPT) as primary:
        store = open_store(str(tmp_path / "bridge.db"))
        with OpenAI(upstream=primary.url, store=store, api_key="sk-mine") as client:
            Stage(client, None, store).run("Hello")  # type: ignore[arg-type]
            until(lambda: len(store.page(Page(Observed)).records) == 1)
            child = multiprocessing.get_context("fork").Process(target=_child, args=(tmp_path, client))
            child.start()
            child.join(30)
            assert child.exitcode == 0
        store.close()


def test_behind_a_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bridge.toml").write_text('[[shadow]]\nmodel = "gpt-4.1"\n')
    monkeypatch.setenv("BRIDGE_CONFIG", str(tmp_path / "bridge.toml"))
    path = tmp_path / "bridge.db"
    with serve_scripted(SCRIPT) as primary, gateway(primary.url, path) as url:
        with openai.OpenAI(base_url=url, api_key="sk-mine") as client:
            Stage(client, None, open_store(str(path))).run("How is the weather?")  # type: ignore[arg-type]
        store = open_store(str(path))
        until(lambda: len(store.page(Page(Observed)).records) == 1)
        keys = {each.headers["authorization"] for each in primary.scripted.credentials}
        store.close()
    assert keys == {"Bearer sk-mine"}
