"""The same promises with the real drivers: threads, loops, SQLite, runners that faint and are replaced (issue 2)."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from bridge.engine.flows import assistants
from simulation.cases import TOOLS, Case
from simulation.office import Office
from simulation.upstream import check_input

CASES, BLOCKS, AT_ONCE = 540, 4, 16


def test_there_are_five_hundred():
    assert CASES >= 500 and CASES % BLOCKS == 0


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_real_drivers_keep_every_promise(block, store_path, caplog):
    caplog.set_level(logging.CRITICAL)
    office = Office(store_path, block)
    try:
        given = {"model": "gpt-4o", "instructions": "Help.", "tools": TOOLS}
        made, _ = office.pick(Random(block)).call(lambda c: assistants.create(c, given), Random(block))
        cases = [Case(office, made["id"], block * 1000 + number) for number in range(CASES // BLOCKS)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            played = list(pool.map(lambda case: case.play() or case, cases))
        assert len(played) == CASES // BLOCKS
        for request in office.upstream.requests:
            check_input(request["input"])
        seen = Counter(what for case in played for what in case.seen)
        assert office.faints and office.restarts and seen["lapsed"], f"too little went wrong: {seen}"
        assert {"completed", "failed", "incomplete", "cancelled", "done"} <= seen.keys(), seen
    finally:
        office.close()
