"""A simulation that finds nothing proves nothing: every seeded fault must be found by it."""

from __future__ import annotations

import logging

import pytest

from simulation.faults import FAULTS
from simulation.play import Odds, play
from simulation.quiet import quiet

MOST_SEEDS = 6000
SLEEPY = Odds(nap=0.06, beat=0.06, heart=0.2, tick=0.05)
"""Threads sleep, hearts beat late: where leases change hands."""


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_the_simulation_finds(name, monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL)
    FAULTS[name](monkeypatch)
    with quiet():
        found = next((seed for seed in range(MOST_SEEDS) if _fails(seed)), None)
    assert found is not None, f"{MOST_SEEDS} interleavings with the fault {name!r}, and nothing was noticed"


def _fails(seed):
    try:
        play(seed, SLEEPY if seed % 2 else None)
    except Exception:
        return True
    return False


def test_there_are_enough_faults():
    assert len(FAULTS) >= 12
