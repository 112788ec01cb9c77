"""`python -m bridge serve` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 30.0


@contextmanager
def gateway(
    upstream: str, store_path: Path, *, killed: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The base URL of a gateway with this upstream and store, until the block ends (`killed`: with SIGKILL). `settings`
    are variables of its environment."""
    command = [sys.executable, "-m", "bridge", "serve", "--port", "0", "--store", str(store_path)]
    process = subprocess.Popen(
        [*command, "--upstream", upstream],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=clean_environment(PYTHONUNBUFFERED="1", COLUMNS="200", **(settings or {})),
        cwd=store_path.parent,
    )
    said: list[str] = []
    try:
        yield _address(process, said, upstream)
    finally:
        process.kill() if killed else process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("the gateway did not end after SIGTERM:\n" + "".join(said)) from None
        finally:
            _close(process, said)


def take_interrupts() -> None:
    """For a child, before it begins: whoever runs the tests in the background has SIGINT ignored, and a child inherits
    that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without the settings of whoever runs the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("BRIDGE_", "OPENAI_"))}
    return {**kept, **more}


def _address(process: subprocess.Popen[str], said: list[str], upstream: str) -> str:
    """The URL it says it listens on. What it says afterwards is read too, so that it never blocks."""
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        for url in re.findall(r"http://(?:127\.0\.0\.1|localhost):\d+", line):
            if not upstream.startswith(url):
                threading.Thread(target=said.extend, args=(process.stdout,), name="gateway-says", daemon=True).start()
                return f"{url}/v1"
    raise AssertionError("the gateway ended before it listened:\n" + "".join(said))


def _close(process: subprocess.Popen[str], said: list[str]) -> None:
    for thread in threading.enumerate():
        if thread.name == "gateway-says":
            thread.join(1)
    if process.stdout is not None:
        process.stdout.close()
