"""An import that is killed and run again comes to the same as one that was not."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from import_help import answer, export, function, made, message, run, step, thread, written

from doors.served import clean_environment

pytestmark = pytest.mark.slow

TABLES = {
    "assistants": "id, record",
    "threads": "id, next_seq, record",
    "messages": "id, seq, created_at, record",
    "runs": "id, seq, status, record",
    "steps": "id, seq, record",
    "items": "id, seq, record",
    "files": "id, record",
    "blobs": "id, bytes",
}


def export_of(folder: Path, threads: int, turns: int) -> Path:
    exports = []
    for number in range(threads):
        name = f"t{number:03}"
        own = {"thread_id": f"thread_{name}"}
        messages, runs = [], []
        for turn in range(turns * (40 if number == 0 else 1)):  # one that takes many commits
            key, at = f"{name}x{turn}", 10 * turn
            calls = {"type": "tool_calls", "tool_calls": [function(f"call_{key}", "seen")]}
            steps = [step(f"{key}a", key, calls, at, **own), step(f"{key}b", key, made(f"{key}b"), at, **own)]
            messages += [message(f"{key}a", "Hi", at, **own), answer(f"{key}b", key, "Ho", at, **own)]
            runs.append(run(key, at, steps, **own))
        exports.append(export(*messages, runs=runs, thread=thread(**{"id": own["thread_id"]}), **own))
    files = folder / "files"
    files.mkdir()
    for number in range(3):
        (files / f"file-{number}.bin").write_bytes(bytes([number]) * 2_500_000)
    return written(folder, *exports)


def started(folder: Path, store: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bridge", "import", str(folder), "--store", str(store)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_environment())


def content(store: Path) -> dict[str, list[Any]]:
    with sqlite3.connect(store) as database:
        return {name: sorted(database.execute(f"SELECT {columns} FROM {name}")) for name, columns in TABLES.items()}


def stored(store: Path) -> int:
    try:
        with sqlite3.connect(store) as database:
            return int(
                database.execute("SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM files)").fetchone()[0]
            )
    except sqlite3.OperationalError:
        return 0


def test_killed_and_run_again_it_comes_to_the_same(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    folder = export_of(tmp_path / "export", threads=40, turns=10)
    whole, killed = tmp_path / "whole.db", tmp_path / "killed.db"
    with started(folder, whole) as process:
        assert process.wait(60) == 0
    kills, parts = 0, 0
    for goal in (2, 150, 400):
        with started(folder, killed) as process:
            deadline = time.monotonic() + 60
            while stored(killed) < goal and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.002)
            process.kill()
            kills += process.wait(60) != 0
        parts += 0 < stored(killed) < stored(whole)
    assert kills >= 2 and parts >= 1, "it must have been killed in the middle"
    with started(folder, killed) as process:
        assert process.wait(60) == 0
    assert content(killed) == content(whole)
    with started(folder, killed) as process:
        shown = process.communicate(timeout=60)[0].decode()
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.strip()}
    assert all(rows[kind][0] == "0" and rows[kind][3:] == ["0", "0"] for kind in ("thread", "message", "run", "file"))
    assert content(killed) == content(whole)
