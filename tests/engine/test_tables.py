from __future__ import annotations

from typing import get_args

import pytest

from bridge.engine import tables
from bridge.records import MessageStatus, RunStatus, StepStatus

ALL = [(tables.RUN, RunStatus), (tables.STEP, StepStatus), (tables.MESSAGE, MessageStatus)]


@pytest.mark.parametrize(("table", "statuses"), ALL)
def test_every_status_has_a_row(table, statuses):
    assert set(table) == set(get_args(statuses))


@pytest.mark.parametrize(("table", "statuses"), ALL)
def test_every_word_leads_to_a_status(table, statuses):
    assert {status for words in table.values() for status in words.values()} <= set(table)


@pytest.mark.parametrize(
    ("status", "next_ones"),
    [  # assistants-wire §6.1, and in_progress → in_progress for a leg that is taken over
        ("queued", {"in_progress", "cancelling", "expired", "failed"}),
        (
            "in_progress",
            {"in_progress", "requires_action", "completed", "incomplete", "failed", "cancelling", "expired"},
        ),
        ("requires_action", {"queued", "cancelling", "expired"}),
        ("cancelling", {"cancelled", "completed", "failed", "expired"}),
        ("cancelled", set()),
        ("failed", set()),
        ("completed", set()),
        ("incomplete", set()),
        ("expired", set()),
    ],
)
def test_runs_move_as_the_old_service_moved_them(status, next_ones):
    assert set(tables.RUN[status].values()) == next_ones


def test_terminal_and_settled():
    assert {"cancelled", "failed", "completed", "incomplete", "expired"} == tables.TERMINAL
    assert tables.TERMINAL | {"requires_action"} == tables.SETTLED


@pytest.mark.parametrize("table", [tables.RUN, tables.STEP, tables.MESSAGE])
def test_every_open_thing_can_be_ended_by_every_end_of_a_run(table):
    """A cancel, a failure and an expiry find something to close in any status that is open."""
    ends = {"stop", "expire"} if table is tables.RUN else {"stop", "expire", "fail", "complete", "cut"}
    open_ones = [status for status, words in table.items() if words]
    if table is tables.RUN:
        assert all("expire" in tables.RUN[status] for status in open_ones)
        assert all("cancel" in tables.RUN[status] or status == "cancelling" for status in open_ones)
        assert "stop" in tables.RUN["cancelling"]
    else:
        assert all(ends <= set(table[status]) for status in open_ones)


def test_a_word_the_table_does_not_have_is_an_error():
    with pytest.raises(tables.IllegalMove, match="'submit' is no move from 'completed'"):
        tables.move(tables.RUN, "completed", "submit")
