"""A scan as SARIF 2.1.0, which code review on GitHub, GitLab and Azure DevOps shows beside the lines.

The schema: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from bridge.diff.observations import Severity
from bridge.diff.report.document import dumped
from bridge.diff.report.shown import plain
from bridge.scan.baseline import fingerprints
from bridge.scan.findings import Finding, Scan
from bridge.scan.rules import RULES, Rule, link

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: Final[dict[Severity, str]] = {"breaking": "error", "notice": "warning", "info": "note"}
PLACES: Final = list(RULES)


def as_sarif(scan: Scan, version: str, known: Collection[str] | None = None) -> bytes:
    """`version` is bridge's. With a baseline (`known`, its fingerprints) each result says whether it is new."""
    found = scan.findings
    driver = {
        "name": "bridge scan",
        "version": version,
        "rules": [_rule(each) for each in RULES.values()],
    }
    results = [_result(each, mark, known) for each, mark in zip(found, fingerprints(found), strict=True)]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return dumped({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.sentence},
        "help": {"text": f"{rule.cure} See {link(rule.id)}."},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"rungs": list(rule.rungs)},
    }


def _result(finding: Finding, fingerprint: str, known: Collection[str] | None) -> dict[str, Any]:
    state = {} if known is None else {"baselineState": "unchanged" if fingerprint in known else "new"}
    return {
        "ruleId": finding.rule,
        "ruleIndex": PLACES.index(finding.rule),
        "level": LEVELS[finding.severity],
        "message": {"text": plain(_message(finding))},
        "locations": [{"physicalLocation": _location(finding)}],
        "partialFingerprints": {"bridgeScan/v1": fingerprint},
        "properties": plain(
            {"sureness": finding.sureness, "operation": finding.operation, "notes": list(finding.notes)}
        ),
        **state,
    }


def _message(finding: Finding) -> str:
    sure = "" if finding.sureness == "certain" else f" ({finding.sureness}: {finding.why or 'by its words'})"
    becomes = f" It becomes {finding.becomes}." if finding.operation else f" {finding.becomes}"
    cell = f" Cell {finding.place.cell}." if finding.place.cell is not None else ""
    return f"{finding.message}{sure}.{becomes}{cell}".strip()


def _location(finding: Finding) -> dict[str, Any]:
    place = finding.place
    region = {"startLine": place.line, "startColumn": place.column, "snippet": {"text": plain(place.snippet)}}
    return {"artifactLocation": _artifact(place.path), "region": region}


def _artifact(path: str) -> dict[str, str]:
    """Relative paths are those of the folder that the scan ran in."""
    uri = quote(os.fsencode(path))
    return {"uri": f"file://{uri}"} if Path(path).is_absolute() else {"uri": uri, "uriBaseId": "%SRCROOT%"}
