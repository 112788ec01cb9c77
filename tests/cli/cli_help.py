"""The command line, called in this process and in one of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from bridge.cli.app import app

ANSI = re.compile(r"\x1b\[")
BIN = Path(sys.executable).parent


def call(*arguments: str, input: str | None = None) -> Any:
    """The result of a command, called in this process."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments), input=input, prog_name="bridge")


def environment(**more: str) -> dict[str, str]:
    """That of a user with no settings, no key and no terminal."""
    left_out = ("BRIDGE_", "OPENAI_", "PYTHONWARNINGS", "FORCE_COLOR", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, **more}


def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, its output piped."""
    return subprocess.run(command, capture_output=True, text=True, env=environment(**more), timeout=60)
