"""A scan at the terminal, as JSON, as SARIF and as a page: what they hold, and that hostile text stays text."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from rich.console import Console

pytest.importorskip("libcst", reason="the extra `tools` is missing")

from bridge.errors import ConfigurationError
from bridge.scan import baseline
from bridge.scan.findings import Scan
from bridge.scan.ladder import ladder
from bridge.scan.operations import OPERATIONS
from bridge.scan.report import document, html, sarif, terminal
from bridge.scan.rules import GUIDE, RULES, RUNGS, link
from doors import environments
from scan.scan_samples import every_rule, hostile

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "scan.md").read_text("utf-8")
SCHEMA: Final = json.loads(next(re.finditer(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))[1])
SCANS: Final = [every_rule(), hostile(), Scan()]


# --- JSON


@pytest.mark.parametrize("scan", SCANS)
def test_json_fits_the_schema_of_the_docs(scan: Scan) -> None:
    told = json.loads(document.as_json(scan))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    assert told.keys() == SCHEMA["properties"].keys()
    for finding in told["findings"]:
        assert finding.keys() == SCHEMA["$defs"]["finding"]["properties"].keys()


def test_secrets_in_code_are_not_told() -> None:
    for data in (document.as_json(hostile()), sarif.as_sarif(hostile(), "1"), b"".join(html.page(hostile()))):
        assert b"sk-abc" not in data and b"[removed]" in data


# --- SARIF


def told_sarif(scan: Scan, known: set[str] | None = None) -> Any:
    return json.loads(sarif.as_sarif(scan, "0.1.0", known))


def test_sarif_places_every_finding_under_its_rule() -> None:
    (run,) = told_sarif(every_rule())["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == list(RULES)
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])
    first = run["results"][0]["locations"][0]["physicalLocation"]
    assert first["artifactLocation"] == {"uri": "app.py", "uriBaseId": "%SRCROOT%"}
    assert first["region"]["startLine"] == 1 and first["region"]["startColumn"] == 5
    assert {each["level"] for each in run["results"]} == {"error", "warning", "note"}


def test_sarif_tells_what_the_baseline_knows() -> None:
    scan = every_rule()
    known = set(baseline.fingerprints(scan.findings)[1:])
    states = [each["baselineState"] for each in told_sarif(scan, known)["runs"][0]["results"]]
    assert states == ["new"] + ["unchanged"] * (len(states) - 1)
    assert "baselineState" not in told_sarif(scan)["runs"][0]["results"][0]


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.needs("node")
def test_sarif_is_valid() -> None:
    """Against the schema of OASIS, as Microsoft's package for jest has it."""
    folder = environments.node_source("@microsoft/jest-sarif", "1.0.0-beta.0")
    schema = json.loads((folder / "lib/schemas/sarif-2.1.0-rtm.5.json").read_text("utf-8"))
    for scan in SCANS:
        for known in (None, set[str]()):
            jsonschema.Draft4Validator(schema).validate(told_sarif(scan, known))
    wrong = told_sarif(every_rule())
    wrong["runs"][0]["results"][0]["level"] = "breaking"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(schema).validate(wrong)


# --- the terminal


def printed(scan: Scan, limit: int = 50, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    terminal.show(console, scan, scan.findings, limit)
    written = console.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()


def test_the_terminal_fits_80_columns() -> None:
    text = printed(every_rule())
    assert max(map(len, text.splitlines())) <= 80
    assert all(f" {name}" in text for name in RULES)
    assert f"{len(RULES)} findings in 7 files: " in text
    rungs = text.partition("What is left on each rung")[2]
    assert re.findall(r"^\d", rungs, re.MULTILINE) == ["1", "2", "3", "4", "5"]


def test_the_terminal_tells_what_it_leaves_out() -> None:
    assert f"… and {len(RULES) - 3} more" in printed(every_rule(), limit=3)
    assert "Nothing of the Assistants API found in 0 files." in printed(Scan())


def test_hostile_text_moves_no_cursor() -> None:
    text = printed(hostile())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\udc80-\udcff]", text)
    assert "<U+001B>[31m<U+202E>[bold]x[/bold]" in text


# --- the page


def test_hostile_text_is_no_html() -> None:
    page = b"".join(html.page(hostile())).decode()
    assert "<img" not in page and "&lt;img src=x onerror=alert(1)&gt;" in page
    assert page.count("</script>") == 1
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page


def test_the_page_can_be_read_without_its_script() -> None:
    page = b"".join(html.page(every_rule())).decode()
    assert page.count('class="finding exchange') == len(RULES)
    assert all(f'data-rule="{name}"' in page for name in RULES)


# --- the baseline


def test_fingerprints_survive_a_move_and_tell_equal_lines_apart() -> None:
    from attrs import evolve

    first, *others = every_rule().findings
    moved = evolve(first, place=evolve(first.place, line=99))
    assert baseline.fingerprints([first]) == baseline.fingerprints([moved])
    assert len(set(baseline.fingerprints([first, moved, *others]))) == len(others) + 2
    assert baseline.new([first, moved], baseline.fingerprints([first])) == [moved]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "other", "findings": []}', '{"format": "x"}'])
def test_what_is_no_baseline(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scan.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        baseline.read(path)


# --- rules, rungs and papers


def test_every_rung_has_rules_and_every_rule_its_paragraph() -> None:
    assert {rung for rule in RULES.values() for rung in rule.rungs} == RUNGS.keys()
    assert all(f"| `{name}` | {rule.severity} |" in PAGE for name, rule in RULES.items())
    assert set(re.findall(r"^\| `([\w-]+)` \| \w+ \|", PAGE, re.MULTILINE)) == RULES.keys()


def test_what_is_left_is_counted_per_rung() -> None:
    left = ladder(every_rule().findings)
    assert [each.rung for each in left] == list(RUNGS)
    assert [each.findings for each in left] == [sum(rung in rule.rungs for rule in RULES.values()) for rung in RUNGS]


def test_links_lead_to_sections_of_the_guide() -> None:
    headings = re.findall(r"^#+ (.*)$", (ROOT / GUIDE).read_text("utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    wanted = {link(name) for name in RULES} | {link("call", name) for name in OPERATIONS}
    assert {each.removeprefix(f"{GUIDE}#") for each in wanted} <= anchors
