"""How SQLite goes about each question: by an index that leads to the answer, never through what is not asked for."""

from __future__ import annotations

import re

import pytest
from attrs import evolve
from sqlite_files import RUN, THREAD, listen, message, open_file, put

from bridge.engine.effects import Commit, Entries, History, Key, Page, RunState
from bridge.records import Assistant, Claim, Counterpart, Erase, Item, Message, Observed, Run, Step, Thread

STEP = Step("step_a", "run_a", "thread_a", "asst_a", 5, 605, "tool_calls", {})
ITEM = Item("item_a", "thread_a", "run_a", "function_call", {})
NEWER = "thread_id=? AND (created_at,seq)>(?,?)"
OLDER = "thread_id=? AND (created_at,seq)<(?,?)"
OF_RUN = "thread_id=? AND run_id=?"


@pytest.fixture
def store(tmp_path):
    store = open_file(tmp_path / "bridge.db")
    put(store, THREAD, RUN, STEP, ITEM, message("a"), evolve(message("b"), run_id="run_a"), Assistant("asst_a", 1, "m"))
    put(store, Observed("obs_a", "thread_a", "run_a", "asst_a", 5, "luna", {}, {}))
    put(store, Counterpart("there thread_a", "thread_a", 5, "thread", "thread_x"))
    yield store
    store.close()


@pytest.fixture
def plans(store):
    """What SQLite does for each statement: ``table (what the index is searched by)``."""
    seen: list[str] = []

    def explain(connection, cursor, statement, parameters, *_):
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            for row in cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                seen.append(re.sub(r"^SEARCH (TABLE )?(\w+) .*?(\(.*\))$", r"\2 \3", row[3]))

    listen(store, "before_cursor_execute", explain)
    return seen


def ids(*tables: str) -> list[str]:
    return [f"{table} (id=?)" for table in tables]


@pytest.mark.parametrize(
    ("question", "plan"),
    [
        (Key(Step, "step_a", "thread_a", "run_a"), ids("steps")),
        (Page(Message, "thread_a"), ["messages (thread_id=?)"]),
        (Page(Message, "thread_a", after="msg_a"), [*ids("messages"), f"messages ({OLDER})"]),
        (Page(Message, "thread_a", before="msg_a"), [*ids("messages"), f"messages ({NEWER})"]),
        (Page(Message, "thread_a", order="asc", after="msg_a"), [*ids("messages"), f"messages ({NEWER})"]),
        (Page(Message, "thread_a", run_id="run_a"), [f"messages ({OF_RUN})"]),
        (Page(Run, "thread_a"), ["runs (thread_id=?)"]),
        (Page(Step, "thread_a", run_id="run_a"), [f"steps ({OF_RUN})"]),
        (Page(Assistant, after="asst_a", order="asc"), [*ids("assistants"), "assistants (created_at>?)"]),
        (Page(Observed, after="obs_a", order="asc"), [*ids("observations"), "observations (created_at>?)"]),
        (Page(Counterpart, "thread_a"), ["counterparts (thread_id=?)"]),
        (Entries("thread_a", 3), ["messages (thread_id=? AND seq>?)", "items (thread_id=? AND seq>?)"]),
        (
            RunState("thread_a", "run_a"),
            [*ids("runs", "threads"), f"steps ({OF_RUN})", f"messages ({OF_RUN})", f"items ({OF_RUN})"],
        ),
        (
            History("thread_a", "run_a", last_messages=0),
            [
                "messages (thread_id=?)",
                "items (thread_id=?)",
                "messages (thread_id=? AND role=?)",
                f"messages ({OF_RUN})",
                f"items ({OF_RUN})",
            ],
        ),
    ],
    ids=repr,
)
def test_a_question_leads_straight_to_its_answer(store, plans, question, plan):
    asks = {Page: store.page, History: store.history, Entries: store.entries, RunState: store.run_state}
    ask = {Key: lambda key: store.load([key]), **asks}
    assert ask[type(question)](question)
    assert plans == plan


def test_the_heartbeat_and_the_look_for_stalled_runs_see_no_run_that_ended(store, plans):
    store.commit(Commit((Claim("run_a", "p1", 0, 1),))).result()
    plans.clear()
    assert store.renew("p1", 1.0) == {"run_a"}
    assert plans == ["runs (lease_owner=? AND status=?)"] * 2
    plans.clear()
    assert len(store.stalled(1.0)) == 1
    assert plans[0].startswith("runs (status=?")
    assert plans[1:] == ["USE TEMP B-TREE FOR ORDER BY"]  # of the few that are stalled


def test_a_thread_is_erased_without_looking_at_others(store, plans):
    store.commit(Commit((Erase(Thread, "thread_a"),))).result()
    tables = ("messages", "runs", "steps", "items", "blobs", "observations", "counterparts")
    assert plans == [*(f"{table} (thread_id=?)" for table in tables), *ids("threads")]


def test_pieces_of_files_are_found_and_forgotten_by_their_ids(store, plans):
    store.write_piece("file-a", 0, b"x").result()
    assert store.piece("file-a", 0) == b"x"
    store.drop_pieces("file-a").result()
    assert plans == ["blobs (id=?)", "blobs (id>? AND id<?)"]
