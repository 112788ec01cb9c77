"""What accepts a mismatch: notes of the project, rules of the user's; and the gate that the rest has to pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from faults import CREATED, LISTING, STEPS, answer, answered
from stories import Side, tape

from bridge.diff.compare import compare, exit_code
from bridge.diff.compare.gate import heaviest
from bridge.diff.compare.meanings import MEANINGS
from bridge.diff.compare.notes import NOTES, Note, noted
from bridge.diff.compare.patterns import matches
from bridge.diff.compare.weights import WEIGHTS, mismatch
from bridge.diff.observations import MISSING, Comparison, Observation
from bridge.diff.observations import Side as Named
from bridge.diff.rules_file import parsed, read
from bridge.errors import ConfigurationError

PAPER = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
CONTROL = tape(Side(1))


def edited(place: int, **more: object) -> object:
    return answered(tape(Side(2)), place, body={**answer(tape(Side(2)), place).body, **more})


# --- notes


def sections() -> dict[str, str]:
    """The sections of the paper, by their anchors."""
    parts = re.split(r"^## (.*)$", PAPER.read_text("utf-8"), flags=re.MULTILINE)
    return {
        re.sub(r"[^\w]+", "-", name.lower()).strip("-"): text
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.mark.parametrize("note", NOTES, ids=[f"{note.anchor}: {note.path}" for note in NOTES])
def test_every_note_stands_in_the_paper(note: Note) -> None:
    assert f"\n| {note.row}" in sections()[note.anchor]
    assert set(note.rules) <= set(WEIGHTS) and note.text.endswith(f"(docs/conformance.md#{note.anchor})")


def test_keys_that_only_bridge_has_are_accepted_with_a_note() -> None:
    body = answer(tape(Side(2)), LISTING).body
    for message in body["data"]:
        message.update(status="completed", incomplete_details=None, incomplete_at=None, completed_at=1)
    found = compare(CONTROL, answered(tape(Side(2)), LISTING, body=body)).mismatches()
    assert {each.rule for each in found} == {"extra-key"} and len(found) == 8
    assert all(each.is_accepted and "docs/conformance.md#answers" in str(each.note) for each in found)


NOTED = [
    ("messages.list", mismatch("extra-key", "$.data[0].status", MISSING, "completed", "of a thread.message"), True),
    ("messages.list", mismatch("missing-key", "$.data[0].status", "completed", MISSING, "of a thread.message"), True),
    ("messages.list", mismatch("extra-key", "$.data[0].mood", MISSING, "good", "of a thread.message"), False),
    ("runs.retrieve", mismatch("missing-key", "$.status", "completed", MISSING, "of a thread.run"), False),
    ("runs.retrieve", mismatch("missing-key", "$.metadata", {}, MISSING, "of a thread.run"), False),
    ("runs.create", mismatch("missing-key", "events[7].data.metadata", {}, MISSING, "of a thread.run"), False),
    ("messages.list", mismatch("null", "$.data[0].status", "completed", None), False),
    ("steps.list", mismatch("extra-key", "$.data[3].expired_at", MISSING, None, "of a thread.run.step"), True),
    ("steps.list", mismatch("extra-key", "$.data[3].metadata", MISSING, None, "of a thread.run.step"), True),
    ("steps.list", mismatch("extra-key", "$.data[3].metadata", MISSING, {"a": "b"}, "of a thread.run.step"), True),
    ("runs.create", mismatch("extra-key", "events[7].data.metadata", MISSING, None, "of a thread.run.step"), True),
    ("steps.list", mismatch("step-tokens", "$.data[0].usage.prompt_tokens", 0, 90), True),
    ("runs.retrieve", mismatch("costlier", "$.usage.prompt_tokens", 10, 90), False),
    ("runs.create", mismatch("costlier", "events[9].data.usage.prompt_tokens", 0, 90), False),
    ("runs.retrieve", mismatch("statuses", "polls.statuses", ["queued", "completed"], ["completed"]), True),
    ("runs.retrieve", mismatch("statuses", "polls.statuses", ["requires_action", "completed"], ["completed"]), False),
    ("steps.list", mismatch("id-form", "$.data[0].step_details.tool_calls[0].id", "call_1x", "ci_1x"), True),
    ("steps.list", mismatch("id-form", "$.data[0].step_details.tool_calls[0].id", "call_1x", "tool-1"), False),
    ("messages.list", mismatch("text-normalised", "$.data[0].content[0].text.value", "a【1†b】", "a"), True),
    ("messages.list", mismatch("text-normalised", "$.data[0].content[0].text.value", "“a”", "'a'"), False),
    ("messages.modify", mismatch("missing-key", "$.file_ids", [], MISSING, "of a thread.message"), True),
    ("messages.modify", mismatch("extra-key", "$.attachments", MISSING, [], "of a thread.message"), True),
    ("messages.list", mismatch("extra-key", "$.data[0].attachments", MISSING, [], "of a thread.message"), False),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "found", "covered"), NOTED)
def test_what_notes_cover(operation: str, found: object, covered: bool) -> None:
    (told,) = noted(operation, [found])  # type: ignore[list-item]
    assert told.is_accepted is covered


# --- the paper


def test_the_paper_has_every_rule_and_every_meaning() -> None:
    told = (PAPER.parent / "diff-rules.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| (structure|tool|text|cost|latency) \| (\w+) \| (.*) \|$", told, re.MULTILINE)
    assert rows == [(name, each.kind, each.severity, each.sentence) for name, each in WEIGHTS.items()]
    assert [meaning.sentence for meaning in MEANINGS if f"\n- {meaning.sentence}\n" not in told] == []


def test_the_rules_of_the_paper_are_rules() -> None:
    told = (PAPER.parent / "diff-rules.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", told, re.DOTALL)
    assert [rule.what for rule in parsed(example, "the paper")] == ["accept", "ignore"]


# --- rules


RULES = """
[[accept]]
operation = "runs.*"
path = "$.metadata.*"
rule = "value"
reason = "the candidate writes its version there"

[[ignore]]
kind = "latency"
reason = "measured elsewhere"
"""


def test_rules_accept_and_ignore() -> None:
    candidate = edited(CREATED, metadata={"session": "red"})
    candidate = answered(candidate, CREATED, seconds=99.0)  # type: ignore[arg-type]
    assert {each.rule for each in compare(CONTROL, candidate).mismatches()} == {"value", "slower"}
    comparison = compare(CONTROL, candidate, rules=parsed(RULES, "rules.toml"))
    (told,) = comparison.mismatches()
    assert (told.rule, told.note) == ("value", "accepted: the candidate writes its version there")
    assert comparison.notes == ("1 mismatch is ignored by a rule: measured elsewhere",)


def test_a_rule_fits_its_operation_and_its_path_only() -> None:
    for selector in ('operation = "messages.*"', 'path = "$.metadata"', 'kind = "tool"', 'rule = "null"'):
        rules = parsed(f'[[accept]]\n{selector}\nreason = "x"', "rules.toml")
        (told,) = compare(CONTROL, edited(CREATED, metadata={"session": "red"}), rules=rules).mismatches()  # type: ignore[arg-type]
        assert not told.is_accepted, selector


def test_places_of_lists_in_paths() -> None:
    body = answer(tape(Side(2)), STEPS).body
    body["data"][1]["type"] = body["data"][0]["type"] = "other"
    for path, accepted in (("$.data[*].type", 2), ("$.data[1].type", 1), ("$.data[*]", 0), ("*", 2)):
        rules = parsed(f'[[accept]]\npath = "{path}"\nreason = "x"', "rules.toml")
        found = compare(CONTROL, answered(tape(Side(2)), STEPS, body=body), rules=rules).mismatches()
        assert [each.is_accepted for each in found].count(True) == accepted, path


PATTERNS = [
    ("*", "", True),
    ("**", "anything", True),
    ("", "", True),
    ("", "x", False),
    ("$.data", "$.data", True),
    ("$.data", "$.data.x", False),
    ("$.data", "x$.data", False),
    ("*.data", "$.data.data", True),
    ("a*a", "a", False),
    ("*aa", "aaa", True),
    ("a*b*c", "a-b-b-c", True),
    ("a*b*c", "a-c-b", False),
    ("$.data[*].x", "$.data[12].x", True),
    ("$.data[*].x", "$.data[a].x", False),
    ("$.data*.x", "$.data[1].y.x", True),
    ("*[*]", "$.a[1].b[2]", True),
    ("*[*]", "$.a[1].b", False),
    ("$.(a|b)", "$.a", False),
    ("*\n*", "a\nb", True),
    ("*" + "a*" * 40 + "b", "a" * 5_000, False),
    ("*" * 200 + "b", "a" * 5_000, False),
]


@pytest.mark.parametrize(("pattern", "text", "fits"), PATTERNS)
def test_patterns(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits


WRONG = [
    ("[[accept", r"rules\.toml is no TOML: "),
    ('[[allow]]\nreason = "x"', r"there is no table \[\[allow\]\]; rules are \[\[accept\]\] or \[\[ignore\]\]\."),
    ('accept = "x"', r"rules\.toml: accept is a list of tables, written \[\[accept\]\]\."),
    ("[accept]\nx = 1", r"rules\.toml: accept is a list of tables"),
    ('[[accept]]\nrule = "null"', r"rules\.toml, \[\[accept\]\] number 1 has no reason: "),
    ('[[accept]]\nrule = "null"\nreason = " "', r"number 1: reason is a text that says something"),
    ('[[accept]]\nrule = "null"\nreason = "x"\n[[accept]]\nreason = "x"', r"number 2 would fit every mismatch"),
    ('[[accept]]\nrules = "null"\nreason = "x"', r"there is no 'rules'; there are operation, path, kind, rule, reas"),
    ('[[ignore]]\nrule = "nul"\nreason = "x"', r"\[\[ignore\]\] number 1: rule cannot be 'nul'; it is one of annot"),
    ('[[ignore]]\nkind = "style"\nreason = "x"', r"kind cannot be 'style'; it is one of structure, tool, text, cost"),
    ('[[ignore]]\npath = 3\nreason = "x"', r"path is a text that says something"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong_rules_are_told_with_their_place(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parsed(text, "rules.toml")


def test_a_file_of_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULES)
    accepted, ignored = read(tmp_path / "rules.toml")
    assert (accepted.what, accepted.operation, accepted.kind, ignored.what, ignored.kind) == (
        "accept",
        "runs.*",
        None,
        "ignore",
        "latency",
    )
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(ConfigurationError, match="is no UTF-8 text"):
        read(tmp_path / "latin.toml")


# --- the gate


def found(*rules: str, note: str | None = None) -> Comparison:
    mismatches = tuple(mismatch(rule, "$", 1, 2) for rule in rules)
    told = tuple(type(each)(each.kind, each.rule, "$", 1, 2, each.severity, note) for each in mismatches)
    return Comparison(Named("a"), Named("b"), (Observation(1, None, None, told),))


GATES = [
    (("null", "value", "key-order"), {"breaking": 1, "notice": 1, "info": 1, "never": 0}),
    (("value", "key-order"), {"breaking": 0, "notice": 1, "info": 1, "never": 0}),
    (("key-order",), {"breaking": 0, "notice": 0, "info": 1, "never": 0}),
    ((), {"breaking": 0, "notice": 0, "info": 0, "never": 0}),
]


@pytest.mark.parametrize(("rules", "codes"), GATES)
def test_the_gate(rules: tuple[str, ...], codes: dict[str, int]) -> None:
    assert {gate: exit_code(found(*rules), gate) for gate in codes} == codes  # type: ignore[arg-type]
    assert exit_code(found(*rules)) == codes["breaking"]
    assert {exit_code(found(*rules, note="known"), gate) for gate in codes} == {0}  # type: ignore[arg-type]


def test_the_heaviest() -> None:
    assert heaviest(found("key-order", "null", "value")) == "breaking"
    assert heaviest(found("null", note="known")) is None
    with pytest.raises(ValueError, match="there is no gate 'all'"):
        exit_code(found(), "all")  # type: ignore[arg-type]
