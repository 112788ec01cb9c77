"""`bridge diff report` and `watch`: what shadows observed, for people and for CI."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from cli_help import call
from rich.console import Console

from bridge.diff import observed
from bridge.diff.report import live
from bridge.engine.effects import Commit
from bridge.records import Erase, Observed, Put, Thread
from bridge.store.open import open_store

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


def id_of(kind: str, model: str) -> str:
    """As long as real ones: names like ids are no ids."""
    return f"{kind}_{model.replace('-', ''):7<24}"


def run(model: str, **values: Any) -> Any:
    return {
        "id": id_of("run", model),
        "object": "thread.run",
        "created_at": 1,
        "assistant_id": "asst_a",
        "thread_id": "thread_a",
        "status": "completed",
        "model": model,
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        **values,
    }


def message(run: Any, text: str) -> Any:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    return {
        "id": id_of("msg", run["model"]),
        "object": "thread.message",
        "created_at": 1,
        "thread_id": "thread_a",
        "role": "assistant",
        "run_id": run["id"],
        "content": content,
    }


def side(model: str, text: str, seconds: float = 0.5, **values: Any) -> Any:
    made = run(model, **values)
    return {"run": made, "steps": [], "messages": [message(made, text)], "seconds": [seconds]}


CONTROL = side("gpt-4o", "Hello there.")
SAME = Observed("obs_a", "thread_a", "run_a", "asst_a", int(time.time()), "luna", CONTROL, side("luna", "Hello there."))
OTHER = evolve(SAME, id="obs_b", aside=side("luna", f"Good bye. {HOSTILE}"))
FAILED = evolve(SAME, id="obs_c", aside=side("luna", "Hello there.", status="failed"))
HUNG = evolve(SAME, id="obs_d", candidate="sol", aside={}, trouble="it was still in_progress after 9 seconds")
REFUSED = evolve(
    SAME, id="obs_e", aside={"error": {"status": 400, "body": {"error": {"message": "No."}}}}, trouble="No."
)
OLD = evolve(FAILED, id="obs_f", created_at=1)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("BRIDGE_CONFIG", "BRIDGE_STORE"):
        monkeypatch.delenv(name, raising=False)


def published(*seen: Observed) -> None:
    store = open_store("bridge.db")
    puts = tuple(Put(each, is_new=True) for each in (Thread("thread_a", 1), *seen))
    store.commit(Commit(puts)).result()
    store.close()


REPORTS: list[tuple[tuple[Observed, ...], tuple[str, ...], int, str]] = [
    ((SAME,), (), 0, "Alike"),
    ((SAME, OTHER), (), 0, "nothing is breaking"),
    ((SAME, OTHER), ("--gate", "notice"), 1, "1 notice mismatch in 1 of 8 exchanges"),
    ((SAME, FAILED), (), 1, "Breaking"),
    ((SAME, FAILED), ("--candidate", "sol"), 0, "Nothing was compared"),
    ((SAME, OLD), ("--since", "1h"), 0, "Alike"),
    ((SAME, OLD), ("--gate", "never"), 0, "Breaking"),
    ((HUNG,), (), 1, "sol came to no end: it was still in_progress after 9 seconds"),
    ((REFUSED,), (), 1, "luna came to no end: No."),
    ((SAME, OTHER, HUNG), (), 1, "of several candidates (luna: 2 runs, sol: 1 run): --candidate shows one alone"),
]


@pytest.mark.parametrize(("seen", "options", "code", "says"), REPORTS)
def test_reports(seen: tuple[Observed, ...], options: tuple[str, ...], code: int, says: str) -> None:
    published(*seen)
    result = call("diff", "report", "--store", "bridge.db", *options)
    assert says in result.stdout
    assert result.exit_code == code
    assert "\x1b[31m" not in result.stdout


def test_a_report_for_programs_and_one_for_people() -> None:
    published(SAME, OTHER)
    result = call("diff", "report", "--store", "bridge.db", "--json", "-", "--html", "page.html")
    told = json.loads(result.stdout)
    assert [each["number"] for each in told["observations"]] == list(range(1, 9))
    accepted = [each["note"] for one in told["observations"] for each in one["mismatches"] if each.get("note")]
    assert set(accepted) == {"accepted: it is the candidate's own, as bridge.toml says"}
    assert "<script>alert(1)" not in Path("page.html").read_text("utf-8")


def seen_by(following: Iterator[Observed | None]) -> list[str]:
    """The ids of what there is for now."""
    return [one.id for one in iter(lambda: next(following), None)]


def test_what_is_published_late_is_seen_and_what_is_erased_stops_nobody() -> None:
    published(SAME, OTHER)
    store = open_store("bridge.db")
    following = observed.follow(store)
    assert (seen_by(following), seen_by(following)) == ([SAME.id, OTHER.id], [])
    late = evolve(FAILED, created_at=SAME.created_at - 5)  # a commit that took longer, or a clock that is slow
    store.commit(Commit((Put(late, is_new=True),))).result()
    assert seen_by(following) == [late.id]
    much_later = evolve(HUNG, created_at=SAME.created_at + 3600)
    store.commit(Commit((Put(much_later, is_new=True),))).result()
    assert (seen_by(following), seen_by(following)) == ([HUNG.id], [])
    store.commit(Commit((Erase(Thread, "thread_a"), Put(Thread("thread_a", 1), is_new=True)))).result()
    store.commit(Commit((Put(REFUSED, is_new=True),))).result()
    assert (seen_by(following), seen_by(following)) == ([REFUSED.id], [])
    store.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("report", "--store", "nowhere.db"), "there is no store"),
        (("watch", "--store", "nowhere.db"), "there is no store"),
        (("report", "--since", "yesterday"), "--since is a number and s, m, h or d, as in 24h, not 'yesterday'"),
        (("report", "--gate", "heavy"), "--gate is breaking, notice, info or never"),
        (("report", "--rules", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_what_cannot_work_says_so(arguments: tuple[str, ...], says: str) -> None:
    result = call("diff", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not Path("nowhere.db").exists()


@pytest.mark.slow
def test_watching_goes_on_until_it_is_interrupted() -> None:
    published(SAME, OTHER, HUNG)
    command = [sys.executable, "-m", "bridge", "diff", "watch", "--store", "bridge.db"]
    interruptible = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    unbuffered = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=unbuffered, **interruptible) as watching:
        assert watching.stdout is not None
        lines = [watching.stdout.readline() for _ in range(3)]
        store = open_store("bridge.db")
        store.commit(Commit((Put(FAILED, is_new=True),))).result()
        store.close()
        lines.append(watching.stdout.readline())
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == 0
    words = [line.split()[1:3] for line in lines]
    assert words == [["same", "luna"], ["notice", "luna"], ["no", "end"], ["breaking", "luna"]]
    assert "status" in lines[3] and "(0.50 → 0.50 s, 15 → 15 tokens)" in lines[3]
    assert [line.count("\n") for line in lines] == [1, 1, 1, 1]
    assert "\x1b" not in "".join(lines)


def test_the_live_table() -> None:
    board = live.Board()
    for one in (SAME, OTHER, HUNG, evolve(SAME, aside=side("luna", "Hello there.", seconds=1.0))):
        board.add(live.glance(one, observed.compared(one)))
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(board.shown())
    numbers, lines = console.export_text().split("\n\n")
    assert [line.split() for line in numbers.splitlines()] == [
        ["candidate", "observed", "same", "breaking", "notice", "info", "no", "end", "time"],
        ["luna", "3", "2", "0", "1", "0", "0", "1.00", "×"],
        ["sol", "1", "0", "1", "0", "0", "1"],
    ]
    assert [line.split()[1] for line in lines.splitlines()] == ["same", "notice", "no", "same"]
    assert "\x1b[31m" not in lines and "\u202e" not in lines


def test_a_live_table_of_nothing() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(live.Board().shown())
    assert "Nothing was observed yet." in console.export_text()
