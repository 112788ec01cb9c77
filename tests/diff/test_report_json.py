"""A comparison as JSON: it fits the schema of docs/diff-report.md, whatever the comparison holds."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from bridge.diff.observations import MISSING, Comparison, Mismatch
from bridge.diff.report.document import as_json
from bridge.diff.report.spent import Tokens, tokens
from bridge.diff.tape import Answer, Event, Leg, Request
from diff import report_samples as samples

PAPER: Final = (Path(__file__).resolve().parents[2] / "docs" / "diff-report.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAPER, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


SCHEMA: Final = json.loads(block("json"))
COMPARISONS = [
    samples.every_kind(),
    samples.same(),
    samples.hostile(5000),
    Comparison(samples.CONTROL, samples.CANDIDATE, ()),
]


@pytest.mark.parametrize("comparison", COMPARISONS, ids=["every kind", "same", "hostile", "empty"])
def test_the_schema_holds_and_names_every_key(comparison: Comparison) -> None:
    document = json.loads(as_json(comparison))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document.keys() == SCHEMA["properties"].keys()
    for observation in document["observations"]:
        assert observation.keys() == SCHEMA["$defs"]["observation"]["properties"].keys()
        for mismatch in observation["mismatches"]:
            assert mismatch.keys() <= SCHEMA["$defs"]["mismatch"]["properties"].keys()


def test_the_numbers() -> None:
    document = json.loads(as_json(samples.every_kind()))
    assert document["verdict"] == "breaking"
    assert document["says"].endswith("5 breaking, 5 notice and 1 info mismatches in 5 of 10 exchanges, 5 accepted")
    assert document["exchanges"] == {
        "total": 10,
        "paired": 8,
        "control_only": 1,
        "candidate_only": 0,
        "legs_only": 1,
        "differing": 5,
    }
    assert document["mismatches"]["unaccepted"]["structure"] == {"breaking": 4, "notice": 2, "info": 0}
    assert document["mismatches"]["accepted"]["text"] == {"breaking": 0, "notice": 1, "info": 0}
    assert [each["count"] for each in document["accepted"]] == [3, 1, 1]
    assert document["tokens"]["control"] == {"input": 1000, "output": 180, "total": 1180}
    assert document["seconds"]["exchanges"] == 7
    assert document["observations"][6]["status"] == {"control": 400, "candidate": 422}


def one(found: Mismatch) -> dict[str, Any]:
    answer = Answer(200)
    observation = samples.paired(12, Request("GET", "/x"), answer, answer, found, found)
    document = json.loads(as_json(Comparison(samples.CONTROL, samples.CANDIDATE, (observation,))))
    mismatch: dict[str, Any] = document["observations"][0]["mismatches"][1]
    return mismatch


def test_a_missing_side_has_no_key_and_null_has_one() -> None:
    found = one(Mismatch("structure", "missing-key", "$.a", None, MISSING, "breaking"))
    assert found == {
        "id": "exchange-12-m2",
        "kind": "structure",
        "rule": "missing-key",
        "path": "$.a",
        "severity": "breaking",
        "accepted": False,
        "note": None,
        "detail": "",
        "control": None,
    }


VALUES: list[tuple[Any, Any]] = [
    ("half \ud800", "half \ud800"),
    (10**30, 10**30),
    ([10**30, float("nan"), float("inf"), "\ud800"], [10**30, None, None, "\ud800"]),
    (float("nan"), None),
    ({1: b"x"}, {"1": "b'x'"}),
    ({"api_key": "hunter2"}, {"api_key": "[removed]"}),
    (("a", ("b",)), ["a", ["b"]]),
]


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_values_that_json_does_not_know(value: Any, expected: Any) -> None:
    assert one(Mismatch("text", "exact", "$", value, value, "info"))["control"] == expected


# --- what was spent


def usage(tokens_in: int, tokens_out: int) -> dict[str, int]:
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}


def run(name: str, used: Any) -> dict[str, Any]:
    return {"id": name, "object": "thread.run", "usage": used}


RESPONSE: Final = {"id": "resp_1", "object": "response", "usage": {"input_tokens": 5, "output_tokens": 2}}
SPENT: list[tuple[list[Answer | None], list[Leg | None], Tokens | None]] = [
    ([], [], None),
    ([None, Answer(200, body="text"), Answer(200, body=["x"]), Answer(200, body={"object": ["x"], "id": 1})], [], None),
    ([Answer(200, body=run("a", None)), Answer(200, body=run("a", usage(3, 1)))], [], Tokens(3, 1)),
    ([Answer(200, body=run("a", usage(3, 1)))] * 5, [], Tokens(3, 1)),
    ([Answer(200, body={"object": "list", "data": [run("a", usage(3, 1)), run("b", usage(4, 1))]})], [], Tokens(7, 2)),
    ([Answer(200, events=(Event("x", run("a", usage(3, 1))), Event("done", "[DONE]")))], [], Tokens(3, 1)),
    ([Answer(200, events=(Event("response.completed", {"response": RESPONSE}),))], [], Tokens(5, 2)),
    ([], [Leg({}, None, RESPONSE), Leg({}), None], Tokens(5, 2)),
    ([Answer(200, body=run("a", usage(3, 1)))], [Leg({}, None, RESPONSE)], Tokens(3, 1)),
    ([Answer(200, body=run("a", {"prompt_tokens": "many"}))], [], Tokens(0, 0)),
    ([Answer(200, body={**run("a", usage(3, 1)), "object": "thread.run.step"})], [], None),
]


@pytest.mark.parametrize(("answers", "legs", "expected"), SPENT)
def test_tokens(answers: list[Answer | None], legs: list[Leg | None], expected: Tokens | None) -> None:
    exchanges = [samples.exchange(n, Request("GET", "/x"), answer) for n, answer in enumerate(answers, 1)]
    assert tokens(exchanges, legs) == expected


def test_the_paper_shows_what_a_terminal_shows() -> None:
    console = pytest.importorskip("rich.console", reason="the extra `tools` is missing")
    from bridge.diff.report import terminal

    out = io.StringIO()
    terminal.show(console.Console(file=out, width=100, highlight=False), samples.every_kind(), limit=4)
    assert block("text").splitlines() == [line.rstrip() for line in out.getvalue().splitlines()]
