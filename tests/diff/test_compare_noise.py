"""Noise: what differs among repeats of one side is no finding, and what does not is one still."""

from __future__ import annotations

from random import Random

import pytest
from attrs import evolve
from faults import CREATED, FAULTS, LISTING, OVER, answer, answered, set_
from stories import HELLO, Side, tape, with_exchanges

from bridge.diff.compare import compare, learn
from bridge.diff.compare.measures import Threshold
from bridge.diff.observations import Comparison, Mismatch
from bridge.diff.tape import Tape
from bridge.errors import ConfigurationError

WORDS = HELLO.split()


def noisy(seed: int) -> Tape:
    """A run of the story on a day of its own: other words, tokens, seconds, cuts and polls, a trace id that is new each
    time, a status that polls see at times, a key that only some servers of the fleet send."""
    random = Random(seed)
    some = [word for word in WORDS if random.random() < 0.8]
    side = Side(
        seed,
        random.randint(1, 6),
        random.randint(3, 40),
        " ".join(some),
        random.randint(60, 260),
        0.2 + random.expovariate(1.0),
        random.randint(10**9, 2 * 10**9),
    )
    whole = tape(side)
    whole = edited(whole, CREATED, metadata={"session": "blue", "trace": f"{random.random()}"})
    if random.random() < 0.4:
        whole = edited(whole, 1, region="eu")
    if random.random() < 0.5:
        (first, *rest) = whole.exchanges[4:]
        body = {**answer(whole, 4).body, "status": "queued"}
        other = evolve(first, answer=evolve(answer(whole, 4), body=body))
        whole = with_exchanges(whole, [*whole.exchanges[:4], other, first, *rest])
    return whole


def edited(whole: Tape, place: int, **more: object) -> Tape:
    return answered(whole, place, body={**answer(whole, place).body, **more})


def alarms(comparison: Comparison) -> list[Mismatch]:
    return [each for each in comparison.mismatches() if not each.is_accepted]


REPEATS = [noisy(seed) for seed in range(1, 13)]
NOISE = learn(REPEATS)


def test_no_false_alarm_in_two_hundred_noisy_repeats() -> None:
    """Noise is learnt from twelve runs; each of two hundred further ones is compared. Without it, all alarm."""
    for seed in range(100, 300):
        comparison = compare(REPEATS[0], noisy(seed), noise=NOISE)
        assert alarms(comparison) == [], seed
    assert all(alarms(compare(REPEATS[0], noisy(seed))) for seed in range(100, 120))


def test_what_noise_covers_is_shown_with_its_note() -> None:
    comparison = compare(REPEATS[0], noisy(77), repeats=REPEATS)
    assert comparison.repeats == 12
    (trace,) = [each for each in comparison.mismatches() if each.path == "$.metadata.trace"]
    assert trace.note == "noise: this differs among 12 repeats of one side as well"


@pytest.mark.parametrize(
    "name", ["missing key", "wrong null", "other role", "other error text", "a 5xx in place of an answer"]
)
def test_faults_are_found_in_noise(name: str) -> None:
    (fault,) = [fault for fault in FAULTS if fault[0] == name]
    found = alarms(compare(tape(Side(1)), fault[1](Side(2)), noise=NOISE))
    assert fault[3] in {each.rule for each in found}


def test_a_number_beyond_what_repeats_showed() -> None:
    wild = answered(tape(Side(2)), CREATED, seconds=500.0)
    assert [each.rule for each in alarms(compare(tape(Side(1)), wild, noise=NOISE))] == ["slower"]
    usage = {**answer(wild, OVER).body["usage"], "prompt_tokens": 90_000}
    costly = edited(tape(Side(2)), OVER, usage=usage)
    assert [each.rule for each in alarms(compare(tape(Side(1)), costly, noise=NOISE))] == ["costlier"]


def test_a_text_less_alike_than_repeats_were() -> None:
    body = answer(tape(Side(2)), LISTING).body
    set_("data", 0, "content", 0, "text", "value", to="I cannot help with that, sorry!")(body)
    found = alarms(compare(tape(Side(1)), answered(tape(Side(2)), LISTING, body=body), noise=NOISE))
    assert [each.rule for each in found] == ["text"]


def test_words_of_a_vocabulary_are_noise_only_as_they_were_seen() -> None:
    """Repeats that end completed or incomplete say nothing about one that fails."""
    repeats = [edited(tape(Side(n)), OVER, status=status) for n, status in enumerate(("completed", "incomplete"), 1)]
    noise = learn(repeats)
    for status, is_noise in (("incomplete", True), ("failed", False)):
        candidate = edited(tape(Side(9)), OVER, status=status)
        (found,) = [each for each in compare(tape(Side(8)), candidate).mismatches() if each.rule == "literal"]
        assert (noise.note("runs.retrieve", found) is not None) is is_noise


def test_one_run_teaches_no_noise() -> None:
    with pytest.raises(ConfigurationError, match="at least two runs"):
        compare(REPEATS[0], REPEATS[1], repeats=REPEATS[:1])


@pytest.mark.parametrize(
    ("control", "candidate", "exceeded"),
    [(1.0, 1.5, False), (1.0, 2.4, False), (1.0, 2.6, True), (10.0, 12.0, False), (16.0, 10.0, True), (0.0, 2.0, True)],
)
def test_thresholds_are_the_same_both_ways(control: float, candidate: float, exceeded: bool) -> None:
    threshold = Threshold(0.5, 1.5)
    assert threshold.exceeded(control, candidate) is threshold.exceeded(candidate, control) is exceeded
