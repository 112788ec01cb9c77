"""`import bridge as openai`: every public name of the SDK, and its module-level settings and client."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import openai
import pytest

import bridge
from doors.served import clean_environment

OWN = {"OpenAI", "Client", "AsyncOpenAI", "AsyncClient", "AzureOpenAI", "AsyncAzureOpenAI", "__version__"}
"""Names that are ours: bridged clients, and our own version."""

NOT_FOR_PROGRAMS = {"annotations", "override", "cli"}
"""What happens to stand in the SDK's module."""


def public_names() -> set[str]:
    return {*openai.__all__, *(name for name in vars(openai) if not name.startswith("_"))} - NOT_FOR_PROGRAMS


@pytest.mark.parametrize("name", sorted(public_names()))
def test_every_public_name_of_the_sdk_is_reachable(name: str) -> None:
    found, theirs = getattr(bridge, name), getattr(openai, name)
    if name in OWN:
        assert found is not theirs
    elif not issubclass(type(theirs), openai._utils.LazyProxy):
        assert found is theirs
    assert type(found) is not types.ModuleType or not found.__name__.startswith("bridge.")


def test_bridged_clients_under_the_sdks_names() -> None:
    assert issubclass(bridge.OpenAI, openai.OpenAI) and bridge.Client is bridge.OpenAI
    assert issubclass(bridge.AsyncOpenAI, openai.AsyncOpenAI) and bridge.AsyncClient is bridge.AsyncOpenAI
    assert issubclass(bridge.AzureOpenAI, openai.AzureOpenAI)
    assert issubclass(bridge.AsyncAzureOpenAI, openai.AsyncAzureOpenAI)


@pytest.mark.parametrize("name", ["nonesuch", "_client", "__path_to_nowhere__"])
def test_other_names_are_told_as_ours(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'bridge' has no attribute '{name}'"):
        getattr(bridge, name)


PROGRAM = """
import warnings
warnings.simplefilter("ignore")
{imports}
openai.api_key = "sk-module"
openai.max_retries = 0
import openai as real
assert (real.api_key, real.max_retries) == ("sk-module", 0)
assistant = openai.beta.assistants.create(model="gpt-4o")
run = openai.beta.threads.create_and_run_poll(
    assistant_id=assistant.id, thread={{"messages": [{{"role": "user", "content": "Hello"}}]}}
)
assert run.status == "completed", run
try:
    openai.beta.threads.retrieve("thread_x")
except openai.NotFoundError as error:
    print(error.body["message"])
openai.api_key = "sk-other"
assert real.api_key == "sk-other" and real._load_client().api_key == "sk-other"
assert openai.types.beta.Thread.__name__ == "Thread"
"""

IMPORTS = [
    "import bridge as openai",
    "import openai, bridge; bridge.install()",
    "import openai as before; before.api_key = 'sk-0'; before.beta.assistants; import bridge as openai",
]


@pytest.mark.slow
@pytest.mark.parametrize("imports", IMPORTS)
def test_the_module_level_client(imports: str, tmp_path: Path) -> None:
    environment = clean_environment(BRIDGE_UPSTREAM="scripted", BRIDGE_STORE="memory")
    command = [sys.executable, "-c", PROGRAM.format(imports=imports)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout == "No thread found with id 'thread_x'.\n"


@pytest.mark.slow
def test_without_a_key_offline(tmp_path: Path) -> None:
    program = "import bridge as openai; print(openai.beta.threads.create().object)"
    environment = clean_environment(BRIDGE_UPSTREAM="scripted", BRIDGE_STORE="memory", PYTHONWARNINGS="ignore")
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "thread\n", "")


@pytest.mark.slow
def test_azure_at_the_module(tmp_path: Path) -> None:
    program = """
import warnings
warnings.simplefilter("ignore")
import bridge as openai
openai.api_type, openai.api_version, openai.api_key = "azure", "2024-05-01-preview", "k"
openai.azure_endpoint = "https://r.test"
thread = openai.beta.threads.create()
print(type(openai.beta._client).__name__, openai.beta.threads.retrieve(thread.id).object)
"""
    environment = clean_environment(BRIDGE_UPSTREAM="scripted", BRIDGE_STORE="memory")
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "_AzureModuleClient thread\n", ""), done.stderr


@pytest.mark.slow
def test_importing_bridge_imports_neither_the_sdk_nor_its_http_client() -> None:
    program = (
        "import sys, bridge; print([name for name in ('openai', 'httpx', 'httpx2', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"
