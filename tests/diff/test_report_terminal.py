"""A comparison at a terminal: what it says, how much of it, and that hostile text stays text."""

from __future__ import annotations

import io
import re
import time

import pytest
from attrs import evolve

pytest.importorskip("rich", reason="the extra `tools` is missing")

from rich.cells import cell_len
from rich.console import Console

from bridge.diff.observations import MISSING, Comparison, Kind, Mismatch
from bridge.diff.report import counts, shown, terminal
from bridge.diff.tape import Answer, Request
from diff import report_samples as samples

DELTA, WHOLE, LIST = (
    f"{where}.content[*].text.value" for where in ("events[*].data.delta", "events[*].data", "$.data[*]")
)


def told(comparison: Comparison, width: int = 120, limit: int = 20, *, colour: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, force_terminal=colour, legacy_windows=False)
    terminal.show(console, comparison, limit)
    return out.getvalue()


def test_the_verdict_comes_first_and_what_is_heavy_next() -> None:
    text = told(samples.every_kind())
    first, second, *_ = text.splitlines()
    assert first == "Breaking: a program that works with the control can fail on the candidate."
    assert second == "5 breaking, 5 notice and 1 info mismatches in 5 of 10 exchanges, 5 accepted."
    severities = re.findall(r"^(breaking|notice|info) +#", text, re.MULTILINE)
    assert severities == ["breaking"] * 5 + ["notice"] * 5 + ["info"]
    assert "similarity 0.93" in text and "+20%" in text
    assert re.search(r"^structure +4 +2 +·", text, re.MULTILINE)


def test_what_was_accepted_and_why() -> None:
    text = told(samples.every_kind())
    _, accepted = text.split("Accepted, and why")
    assert "3  a message over REST has a status" in accepted and "1  rule 2: weather.diff.toml" in accepted
    assert "extra-key $.data[*].status  ×2" in accepted


VERDICTS = [
    (Comparison(samples.CONTROL, samples.CANDIDATE, ()), "Nothing was compared."),
    (samples.same(), "Alike: no mismatch that is not accepted."),
    (samples.same(1), "No mismatch in 1 exchange."),
]


@pytest.mark.parametrize(("comparison", "says"), VERDICTS)
def test_other_verdicts(comparison: Comparison, says: str) -> None:
    assert says in told(comparison).splitlines()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("make", [samples.every_kind, lambda: samples.hostile(5000)], ids=["every kind", "hostile"])
def test_no_row_is_wider_than_the_terminal(make: samples.Make, width: int) -> None:
    text = told(make(), width, colour=True)
    assert all(cell_len(re.sub(r"\x1b\[[\d;]*m", "", line)) <= width for line in text.splitlines())


def test_a_pipe_gets_no_colour_and_a_terminal_does() -> None:
    assert "\x1b" not in told(samples.every_kind())
    assert "\x1b[1;31m" in told(samples.every_kind(), colour=True)


def test_mismatches_at_places_of_one_pattern_share_a_row() -> None:
    text = told(samples.big(90), 200)
    assert "$.required_action" in text and "×" in text
    assert len(text.splitlines()) < 100


def found(rule: str, path: str, control: object, candidate: object, kind: Kind = "text") -> Mismatch:
    return Mismatch(kind, rule, path, control, candidate, "notice")


def rows(*found: Mismatch) -> list[tuple[str, int, list[str]]]:
    """The rows of one exchange with these mismatches: where, how often, and where again."""
    answer = Answer(200)
    observation = samples.paired(1, Request("GET", "/x"), answer, answer, *found)
    told = counts.unaccepted(Comparison(samples.CONTROL, samples.CANDIDATE, (observation,)))
    return [(group.pattern, group.count, [each.pattern for each in group.again]) for group in told]


STREAMED = found("text", "events[7].data.delta.content[0].text.value", "a", "b")
ENDED = found("text", "events[9].data.content[0].text.value", "a", "b")
LISTED = found("text", "$.data[0].content[0].text.value", "a", "b")
ROWS: list[tuple[tuple[Mismatch, ...], list[tuple[str, int, list[str]]]]] = [
    ((STREAMED, ENDED, LISTED), [(DELTA, 3, [WHOLE, LIST])]),
    ((STREAMED, ENDED, LISTED, evolve(LISTED, path="$.data[1].content[0].text.value")), [(LIST, 4, [DELTA, WHOLE])]),
    ((STREAMED, LISTED, evolve(LISTED, control="c")), [(LIST, 3, [DELTA])]),
    ((STREAMED, evolve(LISTED, candidate="c")), [(DELTA, 1, []), (LIST, 1, [])]),
    ((STREAMED, evolve(LISTED, rule="text-similar")), [(DELTA, 1, []), (LIST, 1, [])]),
    ((STREAMED, evolve(LISTED, severity="info")), [(DELTA, 1, []), (LIST, 1, [])]),
    ((STREAMED, evolve(LISTED, note="x")), [(DELTA, 1, [])]),
    ((found("null", "$.a", None, 1, "structure"), found("null", "$.b.a", None, 1, "structure")),
     [("$.a", 1, []), ("$.b.a", 1, [])]),
    ((found("missing-event", "events[3]", "x", MISSING, "structure"),
      found("missing-event", "events[5]", "x", MISSING, "structure"),
      found("missing-event", "events[4]", "y", MISSING, "structure")),
     [("events[*]", 2, []), ("events[*]", 1, [])]),
    ((found("text", "$.x", samples.deep(2000), 1), found("text", "$.y.x", samples.deep(2000), 1)),
     [("$.x", 2, ["$.y.x"])]),
]  # fmt: skip


@pytest.mark.parametrize(("mismatches", "expected"), ROWS)
def test_a_difference_that_stands_in_several_objects_is_told_once(
    mismatches: tuple[Mismatch, ...], expected: list[tuple[str, int, list[str]]]
) -> None:
    assert rows(*mismatches) == expected


def test_a_row_names_the_other_places_of_its_difference() -> None:
    more = (evolve(LISTED, path=f"$.data[0].x{n}.text.value") for n in range(3))
    observation = samples.paired(1, Request("GET", "/x"), Answer(200), Answer(200), STREAMED, ENDED, LISTED, *more)
    text = told(Comparison(samples.CONTROL, samples.CANDIDATE, (observation,)))
    assert text.count(f"also #1 {WHOLE}") == text.count(f"also #1 {LIST}") == text.count("also at 2 other places") == 1
    assert "6 notice mismatches" in text and len(re.findall("^notice", text, re.MULTILINE)) == 1


def test_what_exceeds_the_limit_is_counted() -> None:
    text = told(samples.every_kind(), limit=3)
    assert len(re.findall(r"^(?:breaking|notice|info) +#", text, re.MULTILINE)) == 3
    assert "… and 8 more, see --html" in text
    assert "… and 2 more for 2 other reasons, see --html" in told(samples.every_kind(), limit=1)


def test_hostile_text_neither_moves_the_cursor_nor_hides() -> None:
    text = told(samples.hostile(5000), 100)
    assert shown.MARKED.search(text.replace("\n", "")) is None
    for mark in ("<U+001B>", "<U+202E>", "<U+200B>", "<U+D800>", "<U+009B>", "[bold red]markup[/]", "</script>"):
        assert mark in text
    assert "hunter2" not in text and "abcdefghijkl" not in text.replace("[removed]", "")
    assert all(line.isprintable() for line in text.splitlines())


def test_long_texts_are_shown_where_they_part() -> None:
    one, other = shown.pair("x" * 5_000_000 + "old end", "x" * 5_000_000 + "new end", 60)
    assert one == f'…"{"x" * 20}old end"… (5,000,007 characters)'
    assert other == f'…"{"x" * 20}new end"… (5,000,007 characters)'


VALUES = [
    (MISSING, "(missing)"),
    (None, "null"),
    ("a\nb", '"a\\nb"'),
    ({"a": [1, True]}, '{"a": [1, true]}'),
    ("Bearer abcdefghijkl", '"Bearer [removed]"'),
    ("\x1b[31m\u202e", '"\\u001b[31m<U+202E>"'),
    (b"bytes", "\"b'bytes'\""),
    ("a" * 100, f'"{"a" * 28}… (100 characters)'),
    ([0] * 100, "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0… (300 characters)"),
]


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_values(value: object, expected: str) -> None:
    assert shown.value(value, 30) == expected


def test_deep_values_end_somewhere() -> None:
    assert shown.DEEPER in str(shown.plain(samples.deep(5000)))


def test_a_huge_text_is_shown_at_once() -> None:
    request, answer = Request("GET", "/x"), Answer(200)
    found = Mismatch("text", "exact", "$", "a" * 5_000_000, "a" * 4_999_999 + "b", "notice")
    begun = time.perf_counter()
    told(Comparison(samples.CONTROL, samples.CANDIDATE, (samples.paired(1, request, answer, answer, found),)))
    assert time.perf_counter() - begun < 5
