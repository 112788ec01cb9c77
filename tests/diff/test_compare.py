"""Two tapes side by side: nothing where nothing differs, and every seeded fault, classed right and by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve
from faults import FAULTS, LISTING, STREAM, answer, answered, forced
from stories import HELLO, Side, tape, with_exchanges

from bridge.diff.compare import compare
from bridge.diff.compare.patterns import matches
from bridge.diff.compare.weights import OPPOSITES, WEIGHTS
from bridge.diff.observations import MISSING, Comparison
from bridge.diff.tape import Answer, Event, Exchange, Request, Tape

CONTROL = tape(Side(1))


def other(**more: object) -> Side:
    """The same program on another day: other ids, moments and cuts."""
    return Side(2, **{"polls": 5, "chunk": 7, "start": 1_770_000_000, **more})  # type: ignore[arg-type]


def rules(comparison: Comparison) -> list[str]:
    return [each.rule for each in comparison.mismatches()]


def test_another_run_of_the_same_program_shows_nothing() -> None:
    comparison = compare(CONTROL, tape(other()))
    assert comparison.mismatches() == ()
    assert len(comparison.observations) == 11
    assert all(each.control is not None and each.candidate is not None for each in comparison.observations)
    assert [each.number for each in comparison.observations] == list(range(1, 12))


@pytest.mark.parametrize(
    ("make", "kind", "rule", "severity", "path"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS]
)
def test_seeded_faults(make: Callable[[Side], Tape], kind: str, rule: str, severity: str, path: str) -> None:
    found = compare(CONTROL, make(Side(2)), notes=()).mismatches()
    told = [each for each in found if each.rule == rule and matches(path, each.path)]
    assert [(each.kind, each.severity) for each in told] == [(kind, severity)], found
    # What must follow from a fault is a request that it changed, or the last of several ways in which it shows.
    allowed = {rule, *FOLLOWS.get(rule, ())}
    assert {each.rule for each in found} <= allowed, found


FOLLOWS = {
    "literal": ("item-order",),
    "item-order": ("id",),
    "missing-item": ("id",),
    "parallelism": ("rounds", "request", "extra-exchange"),
    "delta-shape": ("extra-key",),
}


def test_an_exchange_more_does_not_derail_those_after_it() -> None:
    candidate = tape(other())
    extra = Exchange(0, Request("GET", "/assistants"), answer(candidate, 0))
    for place in (0, 3, 9, len(candidate.exchanges)):
        e = candidate.exchanges
        assert rules(compare(CONTROL, with_exchanges(candidate, [*e[:place], extra, *e[place:]]))) == ["extra-exchange"]


@pytest.mark.parametrize("place", [0, 2, 3, LISTING, STREAM])
def test_an_exchange_less_does_not_derail_those_after_it(place: int) -> None:
    candidate = tape(other(polls=3))
    left = [each for n, each in enumerate(candidate.exchanges) if n != place]
    comparison = compare(CONTROL, with_exchanges(candidate, left))
    (alone,) = [each for each in comparison.observations if each.candidate is None]
    assert alone.control == CONTROL.exchanges[place]
    assert rules(comparison) == ["missing-exchange"]


def test_threads_may_be_interleaved_in_any_way() -> None:
    control, candidate = tape(Side(1), threads=3), tape(other(polls=3), threads=3)
    of_thread = [candidate.exchanges[1 + n * 16 : 17 + n * 16] for n in range(3)]
    woven = [each for turn in zip(*of_thread, strict=True) for each in turn]
    assert compare(control, with_exchanges(candidate, [candidate.exchanges[0], *woven])).mismatches() == ()


def test_a_thread_less_does_not_derail_the_others() -> None:
    control, candidate = tape(Side(1), threads=3), tape(other(polls=3), threads=3)
    left = [*candidate.exchanges[:17], *candidate.exchanges[33:]]
    comparison = compare(control, with_exchanges(candidate, left))
    assert set(rules(comparison)) == {"missing-exchange", "rounds"}
    assert len([each for each in comparison.observations if each.candidate is None]) == 10


def test_a_failed_poll_is_no_part_of_the_loop() -> None:
    candidate = tape(other(polls=3))
    broken = answered(candidate, 5, status=500, body={"error": {"message": "x"}})
    assert rules(compare(CONTROL, broken)) == ["extra-exchange"]


def test_how_often_is_polled_and_what_is_seen_on_the_way() -> None:
    none = tape(other(polls=0))
    found = [each for each in compare(CONTROL, none, notes=()).mismatches() if each.kind == "structure"]
    told = found[0]
    assert (told.rule, told.control, told.candidate) == (
        "statuses",
        ["in_progress", "requires_action"],
        ["requires_action"],
    )
    noted = [each for each in compare(CONTROL, none).mismatches() if each.rule == "statuses"]
    assert len(noted) == len(found) == 2 and all(each.is_accepted for each in noted)


def test_a_status_that_comes_back_is_told() -> None:
    def polled(*statuses: str) -> Tape:
        asked = Request("GET", "/threads/thread_a/runs/run_a")
        bodies = [{"id": "run_a", "object": "thread.run", "status": status} for status in statuses]
        return Tape(tuple(Exchange(n, asked, Answer(200, body=body)) for n, body in enumerate(bodies, 1)))

    (told,) = compare(polled("in_progress", "completed"), polled("completed", "in_progress", "completed")).mismatches()
    assert (told.rule, told.candidate, told.is_accepted) == (
        "statuses",
        ["completed", "in_progress", "completed"],
        False,
    )


def test_a_forced_choice_that_is_not_followed() -> None:
    assert compare(forced(Side(1)), forced(Side(2))).mismatches() == ()
    told = compare(forced(Side(1)), forced(Side(2), calls=False)).mismatches()
    (choice,) = [each for each in told if each.rule == "forced-choice"]
    assert (choice.control, choice.candidate, choice.detail) == ([("weather", "weather")], [], "weather")
    assert (choice.kind, choice.severity, choice.path) == ("tool", "breaking", "run.tool_choice")


def test_ids_used_inconsistently_in_a_text() -> None:
    candidate = tape(other())
    error = answer(candidate, len(candidate.exchanges) - 1).body["error"]
    wrong = {"error": {**error, "message": error["message"].replace(" run run_", " run run_x")}}
    assert rules(compare(CONTROL, answered(candidate, len(candidate.exchanges) - 1, body=wrong))) == ["id"]


def test_a_mismatch_carries_both_values_and_its_measure() -> None:
    comparison = compare(CONTROL, tape(other(text=HELLO.replace("14", "15"))))
    first = comparison.mismatches()[0]
    assert (first.control, first.candidate) == (HELLO, HELLO.replace("14", "15"))
    assert first.detail.startswith("similarity 0.9")


def test_a_text_that_a_stream_cuts_otherwise_is_the_same() -> None:
    for chunk in (1, 3, 1000):
        assert compare(CONTROL, tape(other(chunk=chunk))).mismatches() == ()


def test_remarks_of_tapes_and_names_of_sides() -> None:
    candidate = evolve(tape(other()), notes=("two entries were no JSON",))
    comparison = compare(CONTROL, candidate, names=("cassette", "bridge"))
    assert comparison.notes == ("candidate: two entries were no JSON",)
    assert (comparison.control.name, comparison.candidate.name, comparison.control.source) == (
        "cassette",
        "bridge",
        "a story",
    )


def test_every_rule_has_a_sentence_and_its_opposite_is_one() -> None:
    assert all(weight.sentence.endswith(".") for weight in WEIGHTS.values())
    assert {*OPPOSITES, *OPPOSITES.values()} <= set(WEIGHTS)
    assert all(weight.severity != "breaking" for weight in WEIGHTS.values() if weight.kind == "latency")


@pytest.mark.parametrize("id", [None, [], {"a": 1}, 5, ""])
def test_ids_that_are_none_are_values_like_others(id: object) -> None:
    run = {"object": "thread.run", "id": id, "required_action": {"submit_tool_outputs": {"tool_calls": [{"id": id}]}}}
    request = Request("POST", "/threads/thread_a/runs", body={"stream": True})
    made = Tape((Exchange(1, request, Answer(200, events=(Event("thread.run.created", run),))),))
    assert compare(made, made).mismatches() == ()
    without = Tape((Exchange(1, request, Answer(200, body={"object": "thread.run"})),))
    assert rules(compare(made, without)) == ["form"]


def test_empty_tapes() -> None:
    assert compare(Tape(()), Tape(())).observations == ()
    alone = compare(Tape(CONTROL.exchanges[:1]), Tape(())).mismatches()
    assert [(each.rule, each.control, each.candidate) for each in alone] == [
        ("missing-exchange", "POST /assistants", MISSING)
    ]
