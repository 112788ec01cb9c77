"""A scan as JSON. docs/scan.md has the schema and what of it is promised."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from bridge.diff.report.document import dumped
from bridge.diff.report.shown import plain
from bridge.scan import ladder
from bridge.scan.baseline import fingerprints
from bridge.scan.findings import Finding, Scan
from bridge.scan.rules import RULES, link

FORMAT: Final = "bridge-scan/v1"


def as_json(scan: Scan, known: Collection[str] = ()) -> bytes:
    """One object on one line. `known` are the fingerprints of a baseline."""
    found = scan.findings
    marks = fingerprints(found)
    return dumped(
        {
            "format": FORMAT,
            "says": ladder.in_words(found, scan.files),
            "files": scan.files,
            "severities": ladder.by_severity(found),
            "rules": dict(ladder.by_rule(found)),
            "rungs": [
                {"rung": each.rung, "says": each.says, "findings": each.findings, "files": each.files}
                for each in ladder.ladder(found)
            ],
            "findings": [_finding(each, mark, mark not in known) for each, mark in zip(found, marks, strict=True)],
            "skipped": [{"path": plain(path), "reason": plain(reason)} for path, reason in scan.skipped],
        }
    )


def _finding(finding: Finding, fingerprint: str, is_new: bool) -> dict[str, Any]:
    place, rule = finding.place, RULES[finding.rule]
    texts = {
        "path": place.path,
        "snippet": place.snippet,
        "message": finding.message,
        "becomes": finding.becomes,
        "why": finding.why,
        "notes": list(finding.notes),
    }
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "sureness": finding.sureness,
        "line": place.line,
        "column": place.column,
        "cell": place.cell,
        "operation": finding.operation,
        **plain(texts),
        "rungs": list(rule.rungs),
        "link": link(finding.rule, finding.operation),
        "fingerprint": fingerprint,
        "is_new": is_new,
    }
