"""A comparison as JSON. docs/diff-report.md has the schema and what of it is promised."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import orjson

from bridge.diff.observations import KINDS, MISSING, SEVERITIES, Comparison, Mismatch, Observation, Side
from bridge.diff.report import counts
from bridge.diff.report.counts import Counts, Table
from bridge.diff.report.shown import plain
from bridge.diff.report.spent import Seconds, Spent, Tokens, spent
from bridge.diff.tape import Exchange

FORMAT: Final = "bridge-diff/v1"

Object = dict[str, Any]


def as_json(comparison: Comparison) -> bytes:
    """One object, without line breaks. Bodies are not in it: they are on the tapes."""
    return dumped({**summary(comparison), "observations": [_observation(each) for each in comparison.observations]})


def dumped(document: Any) -> bytes:
    """Of a value that `plain` made. Half surrogate pairs, integers of more than 64 bits and numbers that JSON does not
    know are more than orjson takes; the last become null."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(_finite(document), allow_nan=False, separators=(",", ":")).encode("ascii")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def summary(comparison: Comparison) -> Object:
    counted = counts.counted(comparison)
    return {
        "format": FORMAT,
        "verdict": counts.verdict(counted),
        "says": f"{counts.WORDS[counts.verdict(counted)]} {counts.in_words(counted)}",
        "control": _side(comparison.control),
        "candidate": _side(comparison.candidate),
        "repeats": comparison.repeats,
        "notes": plain(comparison.notes),
        "exchanges": _exchanges(counted),
        "mismatches": {"unaccepted": _table(counted.unaccepted), "accepted": _table(counted.accepted)},
        "accepted": [{"note": plain(each.note), "count": each.count} for each in counts.accepted(comparison)],
        **_spent(spent(comparison)),
    }


def _side(side: Side) -> Object:
    return {"name": plain(side.name), "source": plain(side.source)}


def _exchanges(counted: Counts) -> Object:
    return {
        "total": counted.exchanges,
        "paired": counted.paired,
        "control_only": counted.control_only,
        "candidate_only": counted.candidate_only,
        "legs_only": counted.legs_only,
        "differing": counted.differing,
    }


def _table(table: Table) -> Object:
    return {kind: {severity: table[kind, severity] for severity in SEVERITIES} for kind in KINDS}


def _spent(spent: Spent) -> Object:
    return {
        "tokens": {"control": _tokens(spent.control_tokens), "candidate": _tokens(spent.candidate_tokens)},
        "seconds": {
            "exchanges": spent.timed,
            "control": _seconds(spent.control_seconds),
            "candidate": _seconds(spent.candidate_seconds),
        },
    }


def _tokens(tokens: Tokens | None) -> Object | None:
    return None if tokens is None else {"input": tokens.input, "output": tokens.output, "total": tokens.total}


def _seconds(seconds: Seconds | None) -> Object | None:
    return None if seconds is None else {"median": seconds.median, "total": seconds.total}


# --- observations


def _observation(observation: Observation) -> Object:
    exchange = observation.control or observation.candidate
    asked = None if exchange is None else {"method": exchange.request.method, "path": plain(exchange.request.path)}
    return {
        "number": observation.number,
        "id": counts.anchor(observation),
        "request": asked,
        "status": {"control": status(observation.control), "candidate": status(observation.candidate)},
        "mismatches": mismatches(observation),
    }


def status(exchange: Exchange | None) -> int | None:
    return None if exchange is None or exchange.answer is None else exchange.answer.status


def mismatches(observation: Observation) -> list[Object]:
    return [_mismatch(each, counts.anchor(observation, place)) for place, each in enumerate(observation.mismatches, 1)]


def _mismatch(mismatch: Mismatch, anchor: str) -> Object:
    """A side that has no value has no key."""
    values = {"control": mismatch.control, "candidate": mismatch.candidate}
    return {
        "id": anchor,
        "kind": mismatch.kind,
        "rule": plain(mismatch.rule),
        "path": plain(mismatch.path),
        "severity": mismatch.severity,
        "accepted": mismatch.is_accepted,
        "note": plain(mismatch.note),
        "detail": plain(mismatch.detail),
        **{side: plain(value) for side, value in values.items() if value is not MISSING},
    }
