"""A program before and after, each in a process of its own, each against an upstream that plays the same script.

Before: under `bridge run`, with a store of its own. After: with the SDK alone, whose base URL is the upstream. Both in
the program's folder, with the same arguments and standard input. Nothing else of it is kept from the world: a
program that writes files or calls other servers does so twice.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from bridge.codemod.proving import launcher
from bridge.codemod.proving.judging import Evidence, Ran, judge
from bridge.upstream.scripted import ScriptedUpstream, serve_scripted

SECONDS: Final = 120.0
KEY: Final = "sk-proof"
OWN: Final = ("BRIDGE_STORE", "BRIDGE_UPSTREAM", "BRIDGE_RECORD", "OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT")


@frozen
class Proving:
    """How programs are run. `script` is what the upstream plays (docs/scripted-upstream.md), None the weather
    assistant; `seconds` is how long each run may take."""

    script: Any = None
    args: tuple[str, ...] = ()
    stdin: str = ""
    seconds: float = SECONDS
    environment: Mapping[str, str] = field(factory=lambda: dict(os.environ))


def prove(program: Path, after: str, how: Proving) -> Evidence:
    """Run both. `program` is the file as it is, `after` the code that it would become."""
    program = program.resolve()
    with tempfile.TemporaryDirectory(prefix="bridge-proof-") as folder:
        code = Path(folder) / "after.py"
        code.write_text(after, "utf-8")
        store = str(Path(folder) / "bridge.db")
        before = _run(how, program, ["-m", "bridge", "run", "--store", store, str(program)], bridged=True)
        native = _run(how, program, [launcher.__file__, str(code), str(program)], bridged=False)
    return judge(before, native)


def _run(how: Proving, program: Path, command: list[str], bridged: bool) -> Ran:
    with serve_scripted(ScriptedUpstream(how.script)) as served:
        try:
            done = subprocess.run(
                [sys.executable, "-W", "ignore::DeprecationWarning", *command, *how.args],
                cwd=program.parent,
                env=_environment(how, served.url, bridged),
                input=how.stdin,
                capture_output=True,
                text=True,
                timeout=how.seconds,
            )
        except subprocess.TimeoutExpired:
            requests = tuple(served.scripted.requests)
            return Ran(requests, "", "", None, f"did not end within {how.seconds:g} seconds")
        return Ran(tuple(served.scripted.requests), done.stdout, done.stderr, done.returncode)


def _environment(how: Proving, url: str, bridged: bool) -> dict[str, str]:
    """No key of the user's goes to the upstream that plays."""
    kept = {name: value for name, value in how.environment.items() if name not in OWN}
    told = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url, "PYTHONHASHSEED": "0"}
    return {**kept, **told, "BRIDGE_UPSTREAM": url} if bridged else {**kept, **told}
