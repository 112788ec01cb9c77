"""10,000 threads of 20 messages, and one thread of 100,000: in minutes, and in the memory of a small one."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from import_help import answer, export, made, message, run, step, thread, written

from doors.served import clean_environment

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read where Linux tells it"),
]

MINUTES = 10
MEGABYTES = 300
SAID = "words of a question or an answer " * 10

PROGRAM = """
import re, sys, time
from bridge.__main__ import main
began = time.time()
try:
    main()
finally:
    most = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
    print("took", round(time.time() - began, 1), int(most) // 1024, file=sys.stderr)
"""
"""Not `ru_maxrss`: a child inherits that of its parent, which has just written the export."""


def thread_of(number: int, turns: int) -> Any:
    name = f"L{number:06}"
    own = {"thread_id": f"thread_{name}"}
    messages, runs = [], []
    for turn in range(turns):
        key, at = f"{name}x{turn}", number + 10 * turn
        messages += [message(f"{key}a", SAID, at, **own), answer(f"{key}b", key, SAID, at + 1, **own)]
        runs.append(run(key, at, [step(key, key, made(f"{key}b"), at + 1, **own)], **own))
    return export(*messages, runs=runs, thread=thread(**{"id": own["thread_id"]}), **own)


def imported(folder: Path, store: Path) -> tuple[float, int]:
    """Seconds, and megabytes at the most."""
    command = [sys.executable, "-c", PROGRAM, "import", str(folder), "--store", str(store)]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=3600)
    assert done.returncode == 0, done.stdout + done.stderr
    seconds, megabytes = done.stderr.split("took ")[1].split()[:2]
    print(f"\n{folder.name}: {seconds} s, {megabytes} MB")
    return float(seconds), int(megabytes)


def count(store: Path) -> int:
    with sqlite3.connect(store) as database:
        return int(database.execute("SELECT count(*) FROM messages").fetchone()[0])


def test_ten_thousand_threads(tmp_path: Path) -> None:
    folder = tmp_path / "threads"
    for number in range(10_000):
        written(folder, thread_of(number, 10))
    seconds, megabytes = imported(folder, tmp_path / "bridge.db")
    assert count(tmp_path / "bridge.db") == 200_000
    assert seconds < 60 * MINUTES and megabytes < MEGABYTES
    again, megabytes = imported(folder, tmp_path / "bridge.db")
    assert again < 60 * MINUTES and megabytes < MEGABYTES


def test_one_long_thread_as_lines(tmp_path: Path) -> None:
    """A line a message: what is read at a time is small, however long the thread."""
    folder = tmp_path / "lines"
    folder.mkdir()
    with (folder / "thread.jsonl").open("w") as lines:
        lines.write(json.dumps(thread()) + "\n")
        for number in range(100_000):
            lines.write(json.dumps(message(f"m{number:06}", SAID, number)) + "\n")
    seconds, megabytes = imported(folder, tmp_path / "bridge.db")
    assert count(tmp_path / "bridge.db") == 100_000
    assert seconds < 60 * MINUTES and megabytes < MEGABYTES
