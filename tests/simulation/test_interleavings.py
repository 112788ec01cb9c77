"""Ten thousand interleavings and more: clients, processes, an upstream and bad luck, and no promise broken (issue 2).

A failure prints the call that plays it again.
"""

from __future__ import annotations

import logging
from itertools import count, islice

import pytest

from bridge.engine.effects import Commit
from simulation.play import Odds, Play, play
from simulation.quiet import quiet

RANDOM, BLOCK = 7_500, 750
CRASHES, BLOCKS = 3_000, 4
CALM = Odds(tick=0.05)
"""Nothing goes wrong by itself: the one crash is all there is."""


@pytest.fixture(autouse=True)
def silent(caplog):
    caplog.set_level(logging.CRITICAL)
    with quiet():
        yield


def test_there_are_ten_thousand():
    assert RANDOM % BLOCK == CRASHES % BLOCKS == 0
    assert RANDOM + CRASHES >= 10_000


@pytest.mark.slow
@pytest.mark.parametrize("block", range(RANDOM // BLOCK))
def test_random_interleavings_keep_every_promise(block):
    played = [play(seed).seed for seed in range(block * BLOCK, (block + 1) * BLOCK)]
    assert len(set(played)) == BLOCK


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_crash_at_every_effect_keeps_every_promise(block):
    """The same calm play again and again, each time with one crash, or one error of the store, one effect later."""
    each = CRASHES // BLOCKS
    played = [Play(seed, CALM, at).perform().seed for seed, at in islice(_crashes(block * 1000), each)]
    assert len(played) == each


def _crashes(first):
    for seed in count(first):
        calm = Play(seed, CALM).perform()
        effects = [what for _, _, what, _ in calm.story[-calm.effects :]][: calm.acted]
        for number, effect in enumerate(effects, start=1):
            yield seed, (number, "crash before")
            if isinstance(effect, Commit):
                for doom in ("crash between", "crash after", "store error before", "store error after"):
                    yield seed, (number, doom)


def test_the_same_seed_is_the_same_interleaving():
    one, other = play(7), play(7)
    assert one.tell(10_000) == other.tell(10_000)


@pytest.mark.slow
def test_interleavings_differ_and_reach_every_end():
    """The simulation is no better than what happens in it."""
    statuses, dooms, kinds = set(), set(), set()
    for seed in range(1000):
        played = play(seed)
        statuses |= {run.status for run in played.watch.runs.values()}
        dooms |= {doom for *_, doom in played.story}
        kinds |= {getattr(who, "kind", who) for _, who, *_ in played.story}
    assert {"completed", "failed", "incomplete", "cancelled", "expired"} <= statuses
    assert {"crash before", "crash between", "crash after", "store error before", "store error after"} <= dooms
    assert {"call", "leg", "sweep", "abort", "clock"} <= kinds
