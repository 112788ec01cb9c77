"""What holds whatever differs: a tape is like itself, sides can change places, ids are only names."""

from __future__ import annotations

import json
import re
from collections import Counter
from random import Random
from typing import Any

from faults import FAULTS, answered
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import Side, tape

from bridge.diff.compare import compare
from bridge.diff.compare.alignment import aligned, matches
from bridge.diff.compare.patterns import blurred
from bridge.diff.compare.weights import OPPOSITES
from bridge.diff.observations import Comparison
from bridge.diff.tape import Answer, Event, Exchange, Request, Tape, parsed, written

SWAPPED = {**OPPOSITES, **{less: more for more, less in OPPOSITES.items()}}
ID = re.compile(r"\b(asst|thread|msg|run|step|call)_[A-Za-z0-9]{24}\b")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["", "a b", "run_1", "call"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "status", "text", "value", "usage", "x_at", "metadata"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
NAMES = st.sampled_from(["thread.run.created", "thread.message.delta", "thread.message.completed", "done"])
EVENTS = st.none() | st.lists(st.builds(Event, NAMES, JSON, st.none()), max_size=5).map(tuple)
PATHS = [
    "/assistants",
    "/threads/thread_a1",
    "/threads/thread_a1/messages",
    "/threads/thread_b2/runs/run_1",
    "/other/17",
]
EXCHANGES = st.builds(
    Exchange,
    st.just(1),
    st.builds(Request, st.sampled_from(["GET", "POST"]), st.sampled_from(PATHS), body=JSON),
    st.none() | st.builds(Answer, st.sampled_from([200, 400]), body=JSON, events=EVENTS, seconds=st.floats(0, 9)),
)
TAPES = st.lists(EXCHANGES, max_size=6).map(tuple).map(Tape)


@given(TAPES)
@settings(max_examples=40)
def test_a_tape_is_like_itself(tape: Tape) -> None:
    assert compare(tape, tape).mismatches() == ()


@given(TAPES, TAPES)
@settings(max_examples=40)
def test_any_two_tapes_can_be_compared(control: Tape, candidate: Tape) -> None:
    """However strange: every exchange is in one observation."""
    comparison = compare(control, candidate)
    for side, name in ((control, "control"), (candidate, "candidate")):
        shown = [getattr(each, name) for each in comparison.observations if getattr(each, name) is not None]
        assert len(shown) <= len(side.exchanges)
        writes = [each for each in side.exchanges if each.request.method != "GET"]
        assert all(any(each is one for one in shown) for each in writes)


@given(st.sampled_from(FAULTS), st.integers(1, 4), st.integers(3, 30))
@settings(max_examples=25, deadline=None)
def test_sides_can_change_places(fault: tuple[Any, ...], seed: int, chunk: int) -> None:
    """The same paths and rules with their opposites; places of events and list elements are those of the control."""
    left, right = tape(Side(seed, chunk=chunk)), fault[1](Side(seed + 10))
    there, back = told(compare(left, right)), told(compare(right, left))
    assert there == Counter({(SWAPPED.get(rule, rule), path): count for (rule, path), count in back.items()})


def told(comparison: Comparison) -> Counter[tuple[str, str]]:
    return Counter((each.rule, blurred(each.path)) for each in comparison.mismatches())


@given(st.sampled_from(FAULTS), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_ids_are_only_names(fault: tuple[Any, ...], seed: int) -> None:
    control, candidate = tape(Side(1)), fault[1](Side(2))
    assert told(compare(control, candidate)) == told(compare(control, renamed(candidate, Random(seed))))


def renamed(tape: Tape, random: Random) -> Tape:
    """Every id as another one, of the same kind and as long."""
    names: dict[str, str] = {}

    def new(found: re.Match[str]) -> str:
        letters = "".join(random.choices("ABCDEFGHabcdefgh01234567", k=22)) + f"{len(names) % 90 + 10}"
        return names.setdefault(found[0], f"{found[1]}_{letters}")

    lines = [json.dumps(json.loads(line), ensure_ascii=False) for line in written(tape)]
    return parsed([ID.sub(new, line).encode() for line in lines], "renamed")


KEYS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xy")).map(lambda keys: (keys[0] + keys[1], keys[1])), max_size=12
)


@given(KEYS, KEYS)
def test_alignment_holds_everything_once_and_in_order(
    control: list[tuple[str, str]], candidate: list[tuple[str, str]]
) -> None:
    pairs = aligned(control, candidate)
    assert [one for one, _ in pairs if one is not None] == list(range(len(control)))
    assert [other for _, other in pairs if other is not None] == list(range(len(candidate)))
    assert all(control[one][1] == candidate[other][1] for one, other in pairs if one is not None and other is not None)
    back = [(one, other) for other, one in aligned(candidate, control) if None not in (one, other)]
    assert back == [pair for pair in pairs if None not in pair]


@given(st.text("abc", max_size=15), st.text("abc", max_size=15))
def test_the_longest_common_subsequence(a: str, b: str) -> None:
    found = matches(a, b)
    assert all(a[left] == b[right] for left, right in found)
    assert found == sorted(found) and len({left for left, _ in found}) == len({right for _, right in found}) == len(
        found
    )
    assert len(found) == longest(a, b)


def longest(a: str, b: str) -> int:
    row = [0] * (len(b) + 1)
    for left in a:
        before = row[:]
        for place, right in enumerate(b):
            row[place + 1] = before[place] + 1 if left == right else max(row[place], before[place + 1])
    return row[-1]


def test_sequences_with_little_in_common_are_aligned_by_occurrence() -> None:
    a = [f"a{n}" for n in range(900)] + ["x", "y"]
    b = ["x"] + [f"b{n}" for n in range(900)] + ["y"]
    assert matches(a, b) == [(900, 0), (901, 901)]
    assert matches(["z", *a], ["z", *b, "z"])[0] == (0, 0)


def test_a_poll_of_the_last_answer() -> None:
    """Answers of a candidate that lacks a body altogether."""
    control = tape(Side(1))
    assert {each.rule for each in compare(control, answered(control, 13, body=None)).mismatches()} == {"null"}
