"""Frameworks from PyPI whose classes are built on the Assistants API, each in an environment of its own.

Their programs lie in programs/, as a user would have written them, and run unchanged by either entry way: with a
gateway as base URL, or through `bridge run`. What they print must be what programs/NAME.txt says, and what the model is
shown must be what SHOWN says. Nothing may leave this machine (guard/).
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.testing import ScriptedUpstream, serve_scripted
from doors.environments import ROOT, python_with
from doors.served import clean_environment, gateway
from frameworks.script import SCRIPT, in_words
from frameworks.shown import LENT, SHOWN, requests

pytestmark = [pytest.mark.slow, pytest.mark.matrix]
HERE = Path(__file__).parent
SECONDS = 120

FRAMEWORKS: dict[str, tuple[str, ...]] = {
    "ag2": ("ag2[openai]==0.7.6", "openai==1.61.1"),
    "agency-swarm": ("agency-swarm==0.7.2",),
    "autogen": ("autogen-ext[openai]==0.7.5", "autogen-agentchat==0.7.5"),
    "langchain-0": ("langchain==0.3.27", "langchain-community==0.3.31", "langchain-openai==0.3.35"),
    "langchain-1": ("langchain-classic==1.0.8", "langchain-community==0.4.2", "langchain-openai==1.7.4"),
    "llama-index": ("llama-index-agent-openai==0.4.12",),
    "pyautogen": ("pyautogen==0.2.35", "openai==1.58.1"),
    "semantic-kernel": ("semantic-kernel==1.45.0",),
    "semantic-kernel-1.20": ("semantic-kernel==1.20.0", "openai==1.61.1"),
}
"""What is installed beside this project; all else is as uv resolves it."""

PROGRAMS = [
    ("ag2", "pyautogen_gpt_assistant"),
    ("agency-swarm", "agency_swarm_agency"),
    ("autogen", "autogen_agent"),
    ("langchain-0", "langchain_community_v2"),
    ("langchain-0", "langchain_executor"),
    ("langchain-1", "langchain_1_classic"),
    ("llama-index", "llama_index_chat"),
    ("pyautogen", "pyautogen_gpt_assistant"),
    ("semantic-kernel", "semantic_kernel_agent"),
    ("semantic-kernel", "semantic_kernel_azure"),
    ("semantic-kernel", "semantic_kernel_azure_resource"),
    ("semantic-kernel-1.20", "semantic_kernel_1_20"),
]
SILENT = {
    "ANONYMIZED_TELEMETRY": "False",
    "AUTOGEN_DISABLE_RUNTIME_TRACING": "true",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "OTEL_SDK_DISABLED": "true",
}
"""Frameworks report to nobody."""


AZURE = {
    "AZURE_OPENAI_API_KEY": "sk-test",
    "AZURE_OPENAI_API_VERSION": "2024-05-01-preview",
    "AZURE_OPENAI_CHAT_DEPLOYMENT_NAME": "gpt-4o",
}
NOWHERE = "https://bridge.openai.azure.com"
BY_RUN_ONLY = {"semantic_kernel_azure_resource"}
"""Semantic Kernel's settings take an https endpoint only, and nothing on this machine has one. So the program's client
gets NOWHERE, and `bridge run` is told the upstream."""

Started = tuple[list[str], dict[str, str]]


@contextmanager
def by_base_url(name: str, upstream: str, folder: Path) -> Iterator[Started]:
    """A gateway stands where the program's client looks for the API."""
    with gateway(upstream, folder / "bridge.db") as base_url:
        yield [], addresses(base_url)


@contextmanager
def by_bridge_run(name: str, upstream: str, folder: Path) -> Iterator[Started]:
    """The program's client looks where it always did; `bridge run` starts the program."""
    starter = ["-m", "bridge", "run", "--store", str(folder / "bridge.db")]
    if name in BY_RUN_ONLY:
        yield [*starter, "--upstream", upstream], {**addresses(upstream), "AZURE_OPENAI_ENDPOINT": NOWHERE}
    else:
        yield starter, addresses(upstream)


def addresses(base_url: str) -> dict[str, str]:
    return {"OPENAI_BASE_URL": base_url, "AZURE_OPENAI_ENDPOINT": base_url.removesuffix("/v1"), **AZURE}


ENTRIES = {"base_url": by_base_url, "bridge_run": by_bridge_run}
RUNS = [
    pytest.param(framework, name, entry, id=f"{framework}-{name}-{entry}")
    for framework, name in PROGRAMS
    for entry in ENTRIES
    if entry == "bridge_run" or name not in BY_RUN_ONLY
]


@pytest.mark.parametrize(("framework", "name", "entry"), RUNS)
def test_runs_as_it_always_did(framework: str, name: str, entry: str, tmp_path: Path) -> None:
    python = python_with(f"framework-{framework}", *FRAMEWORKS[framework], "-e", f"{ROOT}[tools]")
    program = tmp_path / f"{name}.py"
    program.write_bytes((HERE / "programs" / program.name).read_bytes())
    with serve_scripted(SCRIPT) as served, ENTRIES[entry](name, served.url, tmp_path) as (starter, settings):
        done = run([str(python), *starter, str(program)], settings, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert facts(done.stdout) == (HERE / "programs" / f"{name}.txt").read_text().splitlines(), done.stderr
    assert sorted(map(in_words, served.scripted.requests)) == sorted(requests(SHOWN[name]))
    assert lent(served.scripted) == LENT.get(name, set())
    assert not (tmp_path / "left").exists(), (tmp_path / "left").read_text()


def run(command: list[str], settings: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    watched = {"PYTHONPATH": str(HERE / "guard"), "LEFT_LOOPBACK": str(folder / "left")}
    given = clean_environment(OPENAI_API_KEY="sk-test", HOME=str(folder), **SILENT, **watched, **settings)
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=SECONDS)


def lent(scripted: ScriptedUpstream) -> set[str]:
    """The names of uploaded files in containers, without the ids that stand before them there."""
    stored = [file for container in scripted.hosted.containers.values() for file in container.files.values()]
    paths = [str(file.shown.get("path", "")) for file in stored]
    return {path.rpartition("-")[2] for path in paths if "/file-" in path}


def facts(printed: str) -> list[str]:
    """The lines that the program tells, without those of its framework and without ids of ours."""
    lines = [line for line in printed.splitlines() if line.startswith('["')]
    return [re.sub(r"file-bridge\w+", "file-bridge", line) for line in lines]


@pytest.mark.parametrize("starter", [[], ["-m", "bridge", "run", "--upstream", "scripted"]], ids=ENTRIES)
def test_who_leaves_this_machine_is_noted(starter: list[str], tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import openai, socket\nsocket.create_connection(('example.com', 443))\n")
    told = run([sys.executable, *starter, str(program)], {"BRIDGE_STORE": "memory"}, tmp_path)
    assert "OSError: example.com is not on this machine" in told.stderr
    assert (tmp_path / "left").read_text() == "socket.getaddrinfo example.com\n"
