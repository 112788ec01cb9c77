"""Programs before a server of the old API that is no bridge (diff/old), directly and through a client that is routed to
it: both taped, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import openai
import pytest

from bridge import OpenAI
from bridge.diff import recording
from cli.cli_help import call
from diff.old import programs
from diff.old.programs import Program
from diff.old.runs import Script
from diff.old.server import served
from diff.test_chain import CHAINS, QUIET

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "BRIDGE_UPSTREAM", "BRIDGE_STORE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BRIDGE_CONFIG", str(tmp_path / "bridge.toml"))
    yield
    recording.uninstall()


def taped(tape: str, program: Program, scripts: list[Script], is_routed: bool) -> None:
    """The program's tape, with an assistant that the server has."""
    with served(scripts) as server, ExitStack() as clients:
        direct = clients.enter_context(openai.OpenAI(base_url=server.url, api_key="sk-test", max_retries=0))
        assistant_id = programs.assistant(direct)
        route = f'[[route]]\nassistants = ["{assistant_id}"]\nto = "{server.url}"\n' if is_routed else ""
        Path("bridge.toml").write_text(f'[bridge]\nupstream = "scripted"\nstore = "{tape}.db"\n\n{route}')
        recording.install(tape)
        kind: Any = OpenAI if is_routed else openai.OpenAI
        client = clients.enter_context(kind(base_url=server.url, api_key="sk-test", max_retries=0))
        program(client, assistant_id)
        recording.uninstall()


@pytest.mark.parametrize(("program", "scripts"), [row[1:3] for row in CHAINS], ids=[row[0] for row in CHAINS])
def test_a_program_sees_no_difference(program: Program, scripts: list[Script]) -> None:
    taped("old.tape", program, scripts, is_routed=False)
    taped("new.tape", program, scripts, is_routed=True)
    Path("rules.toml").write_text(QUIET)
    options = ("--rules", "rules.toml", "--gate", "info", "--json", "told.json")
    result = call("diff", "compare", "old.tape", "new.tape", *options)
    told = json.loads(Path("told.json").read_text("utf-8"))
    assert [each for one in told["observations"] for each in one["mismatches"] if not each["accepted"]] == []
    assert (result.exit_code, told["exchanges"]["paired"]) == (0, told["exchanges"]["total"]), result.output
