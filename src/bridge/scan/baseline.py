"""What was there before: findings by fingerprints that survive a move in the file, so that CI sees new ones only."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from bridge.errors import ConfigurationError
from bridge.scan.findings import Finding

FORMAT: Final = "bridge-scan-baseline/v1"


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """One for each, in their order: of rule, file, operation and line of code, numbered where a file has several alike.
    Line numbers are not in it."""
    seen: Counter[str] = Counter()
    made = []
    for each in findings:
        parts = (each.rule, each.place.path, each.operation or "", each.place.snippet)
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]
        made.append(f"{digest}-{seen[digest]}")
        seen[digest] += 1
    return made


def new(findings: Sequence[Finding], known: Iterable[str]) -> list[Finding]:
    """Those that the baseline does not know."""
    old = set(known)
    return [each for each, mark in zip(findings, fingerprints(findings), strict=True) if mark not in old]


def read(path: Path) -> frozenset[str]:
    """Raises ConfigurationError for what is no baseline."""
    try:
        document: Any = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the baseline {path} cannot be read: {error}") from error
    listed = document.get("findings") if isinstance(document, dict) and document.get("format") == FORMAT else None
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise ConfigurationError(f"{path} is no baseline ({FORMAT})")
    return frozenset(listed)


def written(findings: Sequence[Finding]) -> bytes:
    """The file, one finding a line, sorted, so that its changes can be read in review."""
    return (json.dumps({"format": FORMAT, "findings": sorted(fingerprints(findings))}, indent=1) + "\n").encode()
